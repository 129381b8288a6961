use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::fabric::Fabric;
use super::frame::Frame;
use super::inject::Range;
use super::seat::Seat;
use crate::NIL;
use crate::layout::{BLOCK_WORDS, FRAME_WORDS, MAX_SEATS, MAX_THREADS, PORT_AT};
use crate::ring::RingMemory;

/// Frames that a turn puts into mailboxes at most: what is on its way must not hold up those who have something.
const FRAMES_A_TURN: u32 = 16_384;
/// How long a thread looks for frames before it sleeps.
const SPIN: Duration = Duration::from_micros(50);
/// A sleep that ended sooner makes looking worth while.
const SHORT_SLEEP: Duration = Duration::from_micros(150);

/// A chunk that this thread fills.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    chunk: u32,
    /// The word up to which it was handed over.
    handed: u32,
    /// Nobody reads what is written into it, and JavaScript does not know yet.
    is_dead: bool,
}

/// What is known of a chunk that came.
#[derive(Clone, Copy, Debug, Default)]
struct Incoming {
    sender: u32,
    /// Frames that are not released.
    unreleased: u32,
    /// Of these, those that the inbox handed over.
    handed: u32,
    /// Whether nothing more comes in it.
    is_last: bool,
}

/// One thread's end of a fabric: what it sends, what it receives, how it sleeps.
#[derive(Debug)]
pub(crate) struct Port {
    fabric: Arc<Fabric>,
    thread: u32,
    /// By receiver; as long as the highest number so far.
    outgoing: Vec<Option<Outgoing>>,
    /// Receivers for which a chunk is open.
    receivers: Vec<u32>,
    /// By chunk.
    incoming: Vec<Incoming>,
    ranges: Vec<Range>,
    backlog: VecDeque<Range>,
    /// Chunks with frames that the inbox has handed over.
    touched: Vec<u32>,
    /// Of these frames, those that have blobs.
    with_blobs: Vec<u32>,
    unreleased: u64,
    slept_at: Option<Instant>,
    is_spinning_worth: bool,
    /// Frames that came.
    pub(crate) frames_in: u64,
    /// Ranges that were handed over.
    pub(crate) ranges_out: u64,
    /// Chunks that were refused.
    pub(crate) refusals: u32,
    /// How often it was woken from sleep.
    pub(crate) wake_ups: u32,
}

impl Port {
    /// The end of a thread that has joined.
    pub(super) fn new(fabric: Arc<Fabric>, thread: u32) -> Self {
        Self {
            outgoing: vec![None; fabric.seats.len()],
            receivers: Vec::new(),
            fabric,
            thread,
            incoming: Vec::new(),
            ranges: Vec::new(),
            backlog: VecDeque::new(),
            touched: Vec::new(),
            with_blobs: Vec::new(),
            unreleased: 0,
            slept_at: None,
            is_spinning_worth: false,
            frames_in: 0,
            ranges_out: 0,
            refusals: 0,
            wake_ups: 0,
        }
    }

    /// What it is an end of.
    pub fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }

    /// Its number.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// Its place.
    pub(crate) fn seat(&self) -> &Seat {
        &self.fabric.seats[self.thread as usize]
    }

    /// The highest generations that slots and addresses have had at this place.
    pub fn floors(&self) -> (u32, u32) {
        let seat = self.seat();
        let (slots, addresses) = (&seat.slot_floor, &seat.address_floor);
        (slots.load(Relaxed), addresses.load(Relaxed))
    }

    /// Bytes of large values on their way here.
    pub fn blob_bytes(&self) -> u64 {
        self.fabric.blobs.bytes(self.thread)
    }

    /// Closes the chunk for a member, as far as it is written, and opens the next; `NIL` when the quota
    /// is used up or nobody is there.
    pub fn open(&mut self, receiver: u32, is_forced: bool, ring: &RingMemory) -> u32 {
        if receiver == self.thread {
            return NIL;
        }
        self.close(receiver, ring);
        let Some(inlet) = self.fabric.inlet(receiver) else {
            return NIL;
        };
        if !inlet.inject.is_open() {
            return NIL;
        }
        if !is_forced && inlet.used(self.thread) >= self.fabric.quota {
            self.refusals += 1;
            return NIL;
        }
        let Some(chunk) = self.fabric.arena.take() else {
            return NIL;
        };
        inlet.add(self.thread);
        let index = receiver as usize;
        if self.outgoing.len() <= index {
            self.outgoing.resize(index + 1, None);
        }
        self.outgoing[index] = Some(Outgoing {
            chunk,
            handed: 0,
            is_dead: false,
        });
        self.receivers.push(receiver);
        chunk
    }

    /// Hands over what was written for a member, and closes the chunk: nothing is written into it any more.
    pub fn close(&mut self, receiver: u32, ring: &RingMemory) {
        if receiver >= MAX_SEATS {
            return;
        }
        self.hand_over_to(receiver, ring, true);
        ring.set_word(PORT_AT + receiver, 0);
    }

    /// Hands over what was written since the last time.
    #[inline]
    pub(crate) fn hand_over(&mut self, ring: &RingMemory) {
        for at in 0..self.receivers.len() {
            self.hand_over_to(self.receivers[at], ring, false);
        }
    }

    /// Takes what came; gives the frames with their numbers and senders, as many as a turn may have, one by one.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(Frame, u32, u32)) {
        if self.seat().inlet.inject.is_pending() {
            let mut ranges = std::mem::take(&mut self.ranges);
            self.seat().inlet.inject.take(&mut ranges);
            self.backlog.extend(ranges.drain(..));
            self.ranges = ranges;
        }
        let mut left = FRAMES_A_TURN;
        while left > 0 {
            let Some(mut range) = self.backlog.pop_front() else {
                return;
            };
            left = self.walk(&mut range, left, &mut each);
            if range.from < range.to {
                self.backlog.push_front(range);
            } else {
                self.finish(range);
            }
        }
    }

    /// Whether frames came that were not taken yet.
    #[inline]
    pub(crate) fn has_more(&self) -> bool {
        !self.backlog.is_empty() || self.seat().inlet.inject.is_pending()
    }

    /// Whether some frame of another thread is in a mailbox or an inbox.
    #[inline]
    pub(crate) fn holds_frames(&self) -> bool {
        self.unreleased > 0
    }

    /// The inbox hands a frame over.
    #[inline]
    pub(crate) fn handed(&mut self, number: u32, has_blobs: bool) {
        let chunk = Frame::chunk_of(number);
        let Some(incoming) = self.incoming.get_mut(chunk as usize) else {
            return;
        };
        if incoming.handed == 0 {
            self.touched.push(chunk);
        }
        incoming.handed += 1;
        if has_blobs {
            self.with_blobs.push(number);
        }
    }

    /// A frame that was handed over waits in a mailbox again.
    pub(crate) fn kept(&mut self, number: u32) {
        if let Some(incoming) = self.incoming.get_mut(Frame::chunk_of(number) as usize) {
            incoming.handed = incoming.handed.saturating_sub(1);
        }
        if let Some(at) = self.with_blobs.iter().rposition(|known| *known == number) {
            self.with_blobs.swap_remove(at);
        }
    }

    /// A turn begins: what was handed over, and not given back, is done with.
    pub(crate) fn release(&mut self) {
        for at in 0..self.with_blobs.len() {
            self.forget_blobs(self.with_blobs[at]);
        }
        self.with_blobs.clear();
        for at in 0..self.touched.len() {
            let chunk = self.touched[at];
            let incoming = &mut self.incoming[chunk as usize];
            let done = std::mem::take(&mut incoming.handed);
            incoming.unreleased = incoming.unreleased.saturating_sub(done);
            self.unreleased = self.unreleased.saturating_sub(done.into());
            let incoming = *incoming;
            self.free_if_done(chunk, incoming);
        }
        self.touched.clear();
    }

    /// The thread has read its inbox and has no work: true when it may sleep. Looks for frames for a moment
    /// when that paid off lately.
    pub fn doze(&mut self) -> bool {
        // Whoever found the way here full must not wait for a turn that nobody asks for.
        self.release();
        if self.has_more() || (self.is_spinning_worth && self.spin()) {
            return false;
        }
        if !self.seat().inlet.inject.fall_asleep() {
            return false;
        }
        self.slept_at = Some(Instant::now());
        true
    }

    /// The thread is awake.
    #[inline]
    pub(crate) fn stay_awake(&mut self) {
        self.seat().inlet.inject.stay_awake();
        if let Some(since) = self.slept_at.take() {
            self.wake_ups += 1;
            self.is_spinning_worth = since.elapsed() < SHORT_SLEEP;
        }
    }

    /// Chunks in use on the way here.
    pub(crate) fn chunks_in_use(&self) -> u32 {
        self.seat().inlet.used_by_all()
    }

    fn hand_over_to(&mut self, receiver: u32, ring: &RingMemory, is_last: bool) {
        let Some(Some(outgoing)) = self.outgoing.get_mut(receiver as usize) else {
            return;
        };
        let written = (ring.word(PORT_AT + receiver) / 4).min(BLOCK_WORDS);
        let from = outgoing.handed;
        let to = written.max(from);
        if is_last {
            return self.close_outgoing(receiver, to);
        }
        if from == to || outgoing.is_dead {
            return;
        }
        outgoing.handed = to;
        let range = Range {
            chunk: outgoing.chunk,
            sender: self.thread,
            from,
            to,
            is_last,
        };
        self.ranges_out += 1;
        if !self.push(receiver, range) {
            self.bury(receiver);
        }
    }

    /// Nobody reads what is written for a receiver. JavaScript may still write into the chunk, so that nobody
    /// else gets it until it is closed.
    #[cold]
    fn bury(&mut self, receiver: u32) {
        if let Some(outgoing) = &mut self.outgoing[receiver as usize] {
            outgoing.is_dead = true;
        }
        self.give_back(receiver, self.thread);
    }

    fn push(&self, receiver: u32, range: Range) -> bool {
        let inlet = self.fabric.inlet(receiver);
        inlet.is_some_and(|inlet| inlet.push(range))
    }

    /// A chunk is not on its way any more.
    fn give_back(&self, receiver: u32, sender: u32) {
        if let Some(inlet) = self.fabric.inlet(receiver) {
            inlet.give_back(sender);
        }
        if sender >= MAX_THREADS {
            self.fabric.tell_room();
        }
    }

    /// Tells of the frames of a range; gives how many more the turn may have.
    fn walk(
        &mut self,
        range: &mut Range,
        limit: u32,
        each: &mut impl FnMut(Frame, u32, u32),
    ) -> u32 {
        let Some(block) = self.fabric.arena.block(range.chunk) else {
            range.from = range.to;
            return limit;
        };
        let mut left = limit;
        while left > 0 && range.from + FRAME_WORDS <= range.to {
            let frame = Frame::read(&block, range.from);
            // What cannot be a frame is the end of the range: its sender wrote nonsense.
            let Some(end) = frame.end(range.from).filter(|end| *end <= range.to) else {
                range.from = range.to;
                break;
            };
            let number = Frame::number(range.chunk, range.from);
            range.from = end;
            each(frame, number, range.sender);
            left -= 1;
        }
        self.count(range, limit - left);
        left
    }

    fn count(&mut self, range: &Range, frames: u32) {
        self.frames_in += u64::from(frames);
        self.unreleased += u64::from(frames);
        let incoming = self.incoming_mut(range.chunk);
        incoming.sender = range.sender;
        incoming.unreleased += frames;
    }

    /// All frames of a range have been told of.
    fn finish(&mut self, range: Range) {
        if !range.is_last {
            return;
        }
        let incoming = self.incoming_mut(range.chunk);
        incoming.sender = range.sender;
        incoming.is_last = true;
        let incoming = *incoming;
        self.free_if_done(range.chunk, incoming);
    }

    fn free_if_done(&mut self, chunk: u32, incoming: Incoming) {
        if incoming.is_last && incoming.unreleased == 0 {
            self.incoming[chunk as usize] = Incoming::default();
            self.fabric.arena.free(chunk);
            self.give_back(self.thread, incoming.sender);
        }
    }

    fn incoming_mut(&mut self, chunk: u32) -> &mut Incoming {
        let index = chunk as usize;
        if self.incoming.len() <= index {
            self.incoming.resize(index + 1, Incoming::default());
        }
        &mut self.incoming[index]
    }

    /// Those that nobody has taken are freed.
    fn forget_blobs(&self, number: u32) {
        let Some(block) = self.fabric.arena.block(Frame::chunk_of(number)) else {
            return;
        };
        for blob in Frame::blobs(&block, Frame::word_of(number)) {
            drop(self.fabric.take_blob(blob));
        }
    }

    /// Looks for frames, and lets others run meanwhile; true when some came.
    fn spin(&mut self) -> bool {
        let until = Instant::now() + SPIN;
        while Instant::now() < until {
            if self.seat().inlet.inject.is_pending() {
                return true;
            }
            std::thread::yield_now();
        }
        self.is_spinning_worth = false;
        false
    }

    /// Gives up all that this thread held, and its place.
    fn leave(&mut self) {
        let fabric = Arc::clone(&self.fabric);
        let seat = &fabric.seats[self.thread as usize];
        self.backlog.extend(seat.inlet.inject.close());
        for range in std::mem::take(&mut self.backlog) {
            let incoming = self.incoming_mut(range.chunk);
            incoming.sender = range.sender;
            incoming.is_last |= range.is_last;
            // So that it counts as known, though none of its frames was taken.
            incoming.unreleased = incoming.unreleased.max(1);
        }
        for (chunk, incoming) in self.incoming.iter().enumerate() {
            if incoming.is_last && incoming.unreleased > 0 {
                fabric.arena.free(chunk as u32);
                self.give_back(self.thread, incoming.sender);
            }
        }
        while let Some(receiver) = self.receivers.last() {
            let handed = self.outgoing[*receiver as usize].map_or(0, |outgoing| outgoing.handed);
            // What was not handed over is lost; the receiver frees the chunk when it is done with the rest.
            self.close_outgoing(*receiver, handed);
        }
        fabric.blobs.forget(self.thread);
        fabric.names.forget(self.thread);
        fabric.events.forget(self.thread);
        seat.clear();
        fabric.tell_room();
    }

    /// The last range of a chunk, up to a word.
    fn close_outgoing(&mut self, receiver: u32, to: u32) {
        self.receivers.retain(|known| *known != receiver);
        let Some(outgoing) = self.outgoing[receiver as usize].take() else {
            return;
        };
        let range = Range {
            chunk: outgoing.chunk,
            sender: self.thread,
            from: outgoing.handed,
            to,
            is_last: true,
        };
        if !outgoing.is_dead && self.push(receiver, range) {
            self.ranges_out += 1;
            return;
        }
        self.fabric.arena.free(outgoing.chunk);
        if !outgoing.is_dead {
            self.give_back(receiver, self.thread);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.leave();
    }
}
