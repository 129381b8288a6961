use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::block::Block;
use super::fabric::Fabric;
use super::frame::Frame;
use super::inject::Range;
use super::lookout::Lookout;
use super::seat::Seat;
use crate::NIL;
use crate::layout::{BLOCK_WORDS, FRAME_WORDS, PORT_AT};
use crate::ring::RingMemory;

/// Frames that a turn puts into mailboxes at most: what is on its way must not hold up those who have something.
const FRAMES_A_TURN: u32 = 16_384;

/// A chunk that this thread fills.
#[derive(Clone, Copy, Debug)]
struct Outgoing {
    chunk: u32,
    /// The word up to which it was handed over.
    handed: u32,
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
    /// By receiving thread.
    outgoing: Vec<Option<Outgoing>>,
    /// By chunk.
    incoming: Vec<Incoming>,
    ranges: Vec<Range>,
    backlog: VecDeque<Range>,
    /// Chunks with frames that the inbox has handed over.
    touched: Vec<u32>,
    /// Of these frames, those that have blobs.
    with_blobs: Vec<u32>,
    unreleased: u64,
    lookout: Lookout,
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
            fabric,
            thread,
            incoming: Vec::new(),
            ranges: Vec::new(),
            backlog: VecDeque::new(),
            touched: Vec::new(),
            with_blobs: Vec::new(),
            unreleased: 0,
            lookout: Lookout::new(),
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

    /// Closes the chunk for a thread, as far as it is written, and opens the next; `NIL` when the quota
    /// is used up or nobody is there.
    pub fn open(&mut self, receiver: u32, is_forced: bool, ring: &RingMemory) -> u32 {
        if receiver as usize >= self.outgoing.len() || receiver == self.thread {
            return NIL;
        }
        self.hand_over_to(receiver, ring, true);
        ring.set_word(PORT_AT + receiver, 0);
        let seat = &self.fabric.seats[receiver as usize];
        if !seat.inject.is_open() {
            return NIL;
        }
        let used = &seat.chunks[self.thread as usize];
        if !is_forced && used.load(Relaxed) >= self.fabric.quota {
            self.refusals += 1;
            return NIL;
        }
        let Some(chunk) = self.fabric.arena.take() else {
            return NIL;
        };
        used.fetch_add(1, Relaxed);
        self.outgoing[receiver as usize] = Some(Outgoing { chunk, handed: 0 });
        chunk
    }

    /// Hands over what was written since the last time.
    #[inline]
    pub(crate) fn hand_over(&mut self, ring: &RingMemory) {
        for receiver in 0..self.outgoing.len() {
            if self.outgoing[receiver].is_some() {
                self.hand_over_to(receiver as u32, ring, false);
            }
        }
    }

    /// Takes what came; gives the frames with their numbers, as many as a turn may have, one by one.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(Frame, u32)) {
        if self.seat().inject.is_pending() {
            let mut ranges = std::mem::take(&mut self.ranges);
            self.seat().inject.take(&mut ranges);
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
        !self.backlog.is_empty() || self.seat().inject.is_pending()
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
        if self.has_more() {
            return false;
        }
        let inject = &self.fabric.seats[self.thread as usize].inject;
        if self.lookout.look(|| inject.is_pending()) {
            return false;
        }
        if !self.seat().inject.fall_asleep() {
            return false;
        }
        self.lookout.sleeps();
        true
    }

    /// The thread is awake.
    #[inline]
    pub(crate) fn stay_awake(&mut self) {
        self.seat().inject.stay_awake();
        if self.lookout.wakes() {
            self.wake_ups += 1;
        }
    }

    /// Chunks in use on the way here.
    pub(crate) fn chunks_in_use(&self) -> u32 {
        let chunks = self.seat().chunks.iter();
        chunks.map(|count| count.load(Relaxed)).sum()
    }

    fn hand_over_to(&mut self, receiver: u32, ring: &RingMemory, is_last: bool) {
        let Some(outgoing) = &mut self.outgoing[receiver as usize] else {
            return;
        };
        let written = (ring.word(PORT_AT + receiver) / 4).min(BLOCK_WORDS);
        let (chunk, from) = (outgoing.chunk, outgoing.handed);
        let to = written.max(from);
        if from == to && !is_last {
            return;
        }
        outgoing.handed = to;
        let sender = self.thread;
        let range = Range {
            chunk,
            sender,
            from,
            to,
            is_last,
        };
        self.ranges_out += 1;
        let seat = &self.fabric.seats[receiver as usize];
        match seat.inject.push(range) {
            Some(true) => seat.wake(),
            Some(false) => {}
            None => {
                self.fabric.arena.free(chunk);
                give_back(seat, sender);
                self.outgoing[receiver as usize] = None;
                ring.set_word(PORT_AT + receiver, 0);
            }
        }
        if is_last {
            self.outgoing[receiver as usize] = None;
        }
    }

    /// Tells of the frames of a range; gives how many more the turn may have.
    fn walk(&mut self, range: &mut Range, limit: u32, each: &mut impl FnMut(Frame, u32)) -> u32 {
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
            each(frame, number);
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
            give_back(self.seat(), incoming.sender);
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
        for blob in blobs_of(&block, Frame::word_of(number)) {
            drop(self.fabric.blobs.take(blob));
        }
    }

    /// Gives up all that this thread held, and its place.
    fn leave(&mut self) {
        let fabric = Arc::clone(&self.fabric);
        let seat = &fabric.seats[self.thread as usize];
        self.backlog.extend(seat.inject.close());
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
                give_back(seat, incoming.sender);
            }
        }
        for receiver in 0..self.outgoing.len() {
            self.close_outgoing(receiver);
        }
        fabric.blobs.forget(self.thread);
        fabric.names.forget(self.thread);
        fabric.events.forget(self.thread);
        seat.clear();
    }

    /// What was not handed over is lost; the receiver frees the chunk when it is done with the rest.
    fn close_outgoing(&mut self, receiver: usize) {
        let Some(Outgoing { chunk, handed }) = self.outgoing[receiver].take() else {
            return;
        };
        let seat = &self.fabric.seats[receiver];
        let range = Range {
            chunk,
            sender: self.thread,
            from: handed,
            to: handed,
            is_last: true,
        };
        match seat.inject.push(range) {
            Some(true) => seat.wake(),
            Some(false) => {}
            None => {
                self.fabric.arena.free(chunk);
                give_back(seat, self.thread);
            }
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A chunk is not on its way any more.
fn give_back(seat: &Seat, sender: u32) {
    let used = &seat.chunks[sender as usize];
    let _ = used.fetch_update(Relaxed, Relaxed, |count| Some(count.saturating_sub(1)));
}

/// The numbers of the blobs of the frame at a word.
fn blobs_of(block: &Block, at: u32) -> Vec<u32> {
    let first = at + FRAME_WORDS;
    let count = block.get(first).min(BLOCK_WORDS - first - 1);
    (0..count)
        .map(|index| block.get(first + 1 + index))
        .collect()
}
