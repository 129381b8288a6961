use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::block::Block;
use super::fabric::Fabric;
use super::frame::Frame;
use super::frame_head::{FrameHead, FrameSender};
use super::inject::Range;
use super::link_seat::LinkSeat;
use crate::layout::{
    BLOCK_WORDS, CONTROL_PEER_GONE, CONTROL_PEER_UP, FLAG_BLOBS, FLAG_NAMED, FORMAT_INT,
    FORMAT_RAW, FRAME_CONTROL, FRAME_MESSAGE, FRAME_WORDS,
};

/// The longest payload of a frame, bytes, the list of its blobs included.
pub const MAX_PAYLOAD: usize = (BLOCK_WORDS - FRAME_WORDS) as usize * 4;

/// A chunk that this connection fills for a thread.
#[derive(Debug)]
struct Open {
    chunk: u32,
    block: Arc<Block>,
    at: u32,
    handed: u32,
}

/// What a connection knows of a thread.
#[derive(Debug, Default)]
struct Lane {
    open: Option<Open>,
    /// For which of the schedulers that have sat there; 0: none was told of the peer.
    joins: u32,
    /// Whether something was written since the last look of [`LinkPort::rest`].
    is_warm: bool,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is written, and is handed over by [`LinkPort::hand_over`].
    Written,
    /// There is no room on the way to its thread; the connection is woken when there is.
    Full,
    /// There is no such thread, and the frame is no message that somebody may wait for; or it fits in no chunk.
    Lost,
}

/// A frame for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Its words.
    pub head: FrameHead,
    /// The thread that wrote it.
    pub from: u32,
}

/// One connection's end of a fabric: what the threads send to the peer, what the peer sends to them.
#[derive(Debug)]
pub struct LinkPort {
    fabric: Arc<Fabric>,
    number: u32,
    /// By thread.
    lanes: Vec<Lane>,
    ranges: VecDeque<Range>,
    taken: Vec<Range>,
    /// The chunk that is being read.
    reading: Option<(u32, Arc<Block>)>,
    /// Who the peer is, as the threads are told.
    introduction: Vec<u8>,
}

impl LinkPort {
    pub(super) fn new(fabric: Arc<Fabric>, number: u32) -> Self {
        let lanes = (0..fabric.threads()).map(|_| Lane::default()).collect();
        Self {
            fabric,
            number,
            lanes,
            ranges: VecDeque::new(),
            taken: Vec::new(),
            reading: None,
            introduction: Vec::new(),
        }
    }

    /// The number of its place: above those of the threads.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What it is an end of.
    pub fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }

    /// What is called when threads have something for the peer, or room again, after [`Self::fall_asleep`].
    pub fn on_wake(&self, waker: Arc<dyn Fn() + Send + Sync>) {
        if let Some(seat) = self.seat() {
            seat.inlet.set_waker(Some(waker));
        }
    }

    /// Tells each thread, before anything else from this connection, who is there.
    pub fn introduce(&mut self, name: &str, creation: u64, features: u64) {
        self.introduction.clear();
        self.introduction.extend(creation.to_le_bytes());
        self.introduction.extend(features.to_le_bytes());
        self.introduction.extend(name.as_bytes());
        for thread in 0..self.lanes.len() as u32 {
            self.ready(thread, true, 0);
        }
        self.hand_over();
    }

    /// True when the next push wakes the connection: nothing is there for the peer.
    pub fn fall_asleep(&self) -> bool {
        self.ranges.is_empty()
            && self
                .seat()
                .is_none_or(|seat| seat.inlet.inject.fall_asleep())
    }

    /// Whether a thread has something for the peer.
    #[inline]
    pub fn has_more(&self) -> bool {
        !self.ranges.is_empty()
            || self
                .seat()
                .is_some_and(|seat| seat.inlet.inject.is_pending())
    }

    /// The next frame for the peer; the bytes of its payload are appended, without the list of blobs, whose
    /// numbers are. It comes again until [`Self::advance`].
    pub fn next(&mut self, payload: &mut Vec<u8>, blobs: &mut Vec<u32>) -> Option<Outbound> {
        loop {
            let range = *self.front()?;
            let block = self.block(range.chunk)?;
            let frame = Frame::read(&block, range.from);
            let end = frame.end(range.from);
            if end.is_none_or(|end| end > range.to) {
                // A thread wrote nonsense: it is the end of the range.
                self.skip_to(range.to);
                continue;
            }
            let (head, length) = FrameHead::read(&block, range.from);
            let mut skipped = 0;
            if head.flags & FLAG_BLOBS != 0 {
                *blobs = Frame::blobs(&block, range.from);
                skipped = list_bytes(blobs.len()).min(length);
            }
            let first = range.from + FRAME_WORDS + skipped / 4;
            block.read_bytes(first, length - skipped, payload);
            let from = range.sender;
            return Some(Outbound { head, from });
        }
    }

    /// The frame that [`Self::next`] gave is done with.
    pub fn advance(&mut self) {
        let Some(range) = self.ranges.front().copied() else {
            return;
        };
        let end = self.block(range.chunk).and_then(|block| {
            let frame = Frame::read(&block, range.from);
            frame.end(range.from)
        });
        self.skip_to(end.unwrap_or(range.to));
    }

    /// The bytes of a blob, which are the caller's now; none when they are gone.
    pub fn take_blob(&self, number: u32) -> Option<Vec<u8>> {
        self.fabric.take_blob(number)
    }

    /// Bytes that wait for the peer in chunks and blobs; whole chunks count.
    pub fn waiting_bytes(&self) -> u64 {
        let chunks = self.seat().map_or(0, |seat| seat.inlet.used_by_all());
        u64::from(chunks) * u64::from(BLOCK_WORDS) * 4 + self.fabric.blobs.bytes(self.number)
    }

    /// Where the process with a name is: thread, slot and generation.
    pub fn find_name(&self, name: &str) -> Option<(u32, u32, u32)> {
        let holder = self.fabric.names.find(name)?;
        Some((holder.thread, holder.slot, holder.generation))
    }

    /// Writes a frame of the peer for the thread that it names. With a name it goes to the thread and process
    /// that has the name, and carries it. The blobs are taken when the frame is written, not before.
    ///
    /// A message to a thread or a name that is not there goes to thread 0, for a process that does not exist:
    /// TypeScript answers whoever waits.
    pub fn deliver(
        &mut self,
        head: &FrameHead,
        name: Option<&str>,
        payload: &[u8],
        blobs: &mut Vec<Vec<u8>>,
    ) -> Delivery {
        let mut head = *head;
        head.flags &= !(FLAG_BLOBS | FLAG_NAMED);
        if let Some(name) = name {
            head.flags |= FLAG_NAMED;
            (head.thread, head.first, head.second) = self.find_name(name).unwrap_or_default();
        }
        if !self.is_there(head.thread) {
            if head.op != FRAME_MESSAGE || !self.is_there(0) {
                return Delivery::Lost;
            }
            (head.thread, head.first, head.second) = (0, 0, 0);
        }
        let list = if blobs.is_empty() {
            0
        } else {
            list_bytes(blobs.len())
        };
        let prefix = name.map_or(0, |name| name_bytes(name.len()));
        let length = list + prefix + payload.len() as u32;
        if length as usize > MAX_PAYLOAD {
            return Delivery::Lost;
        }
        let bytes = blobs.iter().map(|blob| blob.len() as u64).sum();
        if !self.has_room(head.thread, bytes) || !self.ready(head.thread, false, length) {
            return Delivery::Full;
        }
        let numbers = self.keep(head.thread, blobs);
        if !numbers.is_empty() {
            head.flags |= FLAG_BLOBS;
        }
        self.write(&head, &numbers, name, payload);
        Delivery::Written
    }

    /// Hands over to the threads what was written for them.
    pub fn hand_over(&mut self) {
        for thread in 0..self.lanes.len() as u32 {
            self.hand_over_to(thread, false);
        }
    }

    /// To be called now and then: gives up the chunks into which nothing was written since the last time.
    pub fn rest(&mut self) {
        for thread in 0..self.lanes.len() as u32 {
            let lane = &mut self.lanes[thread as usize];
            if !std::mem::take(&mut lane.is_warm) {
                self.hand_over_to(thread, true);
            }
        }
    }

    /// Gives the place up; the threads hear of it, with a number that says why, after all else.
    pub fn leave(mut self, reason: u32) {
        self.say_gone(reason);
    }

    fn say_gone(&mut self, reason: u32) {
        if self.introduction.is_empty() {
            return;
        }
        for thread in 0..self.lanes.len() as u32 {
            if self.ready(thread, true, 0) {
                let head = FrameHead {
                    op: FRAME_CONTROL,
                    format: FORMAT_INT,
                    integer: reason,
                    thread,
                    first: CONTROL_PEER_GONE,
                    ..FrameHead::default()
                };
                self.write(&head, &[], None, &[]);
            }
            self.hand_over_to(thread, true);
            self.lanes[thread as usize].joins = 0;
        }
        self.introduction.clear();
    }

    fn seat(&self) -> Option<&LinkSeat> {
        self.fabric.link(self.number)
    }

    fn front(&mut self) -> Option<&Range> {
        if self.ranges.is_empty() {
            let seat = self.fabric.link(self.number)?;
            if seat.inlet.inject.is_pending() {
                seat.inlet.inject.take(&mut self.taken);
                self.ranges.extend(self.taken.drain(..));
            }
        }
        while self
            .ranges
            .front()
            .is_some_and(|range| range.from >= range.to)
        {
            self.skip_to(u32::MAX);
        }
        self.ranges.front()
    }

    /// The first range is read up to a word.
    fn skip_to(&mut self, word: u32) {
        let Some(range) = self.ranges.front_mut() else {
            return;
        };
        range.from = word.min(range.to).max(range.from);
        if range.from < range.to {
            return;
        }
        let range = *range;
        self.ranges.pop_front();
        self.finish(range);
    }

    fn finish(&mut self, range: Range) {
        if !range.is_last {
            return;
        }
        self.reading = self
            .reading
            .take()
            .filter(|(number, _)| *number != range.chunk);
        self.fabric.arena.free(range.chunk);
        if let Some(seat) = self.seat() {
            seat.inlet.give_back(range.sender);
        }
    }

    fn block(&mut self, chunk: u32) -> Option<Arc<Block>> {
        match &self.reading {
            Some((number, block)) if *number == chunk => Some(Arc::clone(block)),
            _ => {
                let block = self.fabric.arena.block(chunk)?;
                self.reading = Some((chunk, Arc::clone(&block)));
                Some(block)
            }
        }
    }

    fn is_there(&self, thread: u32) -> bool {
        let seat = self.fabric.seats.get(thread as usize);
        seat.is_some_and(|seat| seat.inlet.inject.is_open())
    }

    /// Whether large values of so many bytes may go to a thread; if not, the connection is woken when they may.
    fn has_room(&self, thread: u32, bytes: u64) -> bool {
        let (blobs, limit) = (&self.fabric.blobs, self.fabric.blob_limit());
        bytes == 0 || self.may(|| blobs.has_room(thread, bytes, limit))
    }

    /// Whether there is room; if not, the connection is woken when there is.
    fn may(&self, has_room: impl Fn() -> bool) -> bool {
        if has_room() {
            return true;
        }
        if let Some(seat) = self.seat() {
            seat.wait();
        }
        self.fabric.note_waiting();
        has_room()
    }

    fn keep(&self, thread: u32, blobs: &mut Vec<Vec<u8>>) -> Vec<u32> {
        let kept = blobs.drain(..).filter_map(|bytes| {
            let blobs = &self.fabric.blobs;
            blobs.keep(thread, bytes, u64::MAX)
        });
        kept.collect()
    }

    /// Sees to an open chunk with room for so many bytes of payload; false when there is none to be had.
    fn ready(&mut self, thread: u32, is_forced: bool, length: u32) -> bool {
        let Some(seat) = self.fabric.seats.get(thread as usize) else {
            return false;
        };
        let joins = seat.joins.load(Relaxed);
        if self.lanes[thread as usize].joins != joins {
            // What was written for who sat there before would find nobody.
            self.hand_over_to(thread, true);
            return self.greet(thread, joins) && self.ready(thread, is_forced, length);
        }
        let words = FRAME_WORDS + length.next_multiple_of(8) / 4;
        let open = &self.lanes[thread as usize].open;
        if open
            .as_ref()
            .is_some_and(|open| open.at + words <= BLOCK_WORDS)
        {
            return true;
        }
        self.open(thread, is_forced)
    }

    /// Tells a thread, before anything else, who the peer is.
    fn greet(&mut self, thread: u32, joins: u32) -> bool {
        if !self.is_there(thread) || !self.open(thread, true) {
            return false;
        }
        self.lanes[thread as usize].joins = joins;
        if self.introduction.is_empty() {
            return true;
        }
        let head = FrameHead {
            op: FRAME_CONTROL,
            format: FORMAT_RAW,
            thread,
            first: CONTROL_PEER_UP,
            sender: FrameSender::default(),
            ..FrameHead::default()
        };
        let introduction = std::mem::take(&mut self.introduction);
        self.write(&head, &[], None, &introduction);
        self.introduction = introduction;
        true
    }

    fn open(&mut self, thread: u32, is_forced: bool) -> bool {
        self.hand_over_to(thread, true);
        let fabric = Arc::clone(&self.fabric);
        let inlet = &fabric.seats[thread as usize].inlet;
        let has_room = || inlet.used(self.number) < fabric.quota;
        if !inlet.inject.is_open() || !(is_forced || self.may(has_room)) {
            return false;
        }
        let Some(chunk) = fabric.arena.take() else {
            return false;
        };
        let Some(block) = fabric.arena.block(chunk) else {
            return false;
        };
        inlet.add(self.number);
        self.lanes[thread as usize].open = Some(Open {
            chunk,
            block,
            at: 0,
            handed: 0,
        });
        true
    }

    /// Into the open chunk, which has room.
    fn write(&mut self, head: &FrameHead, blobs: &[u32], name: Option<&str>, payload: &[u8]) {
        let lane = &mut self.lanes[head.thread as usize];
        lane.is_warm = true;
        let Some(open) = &mut lane.open else {
            return;
        };
        let mut at = open.at + FRAME_WORDS;
        if !blobs.is_empty() {
            open.block.set(at, blobs.len() as u32);
            for (index, number) in blobs.iter().enumerate() {
                open.block.set(at + 1 + index as u32, *number);
            }
            at += list_bytes(blobs.len()) / 4;
        }
        if let Some(name) = name {
            open.block.set(at, name.len() as u32);
            open.block.write_bytes(at + 1, name.as_bytes());
            at += name_bytes(name.len()) / 4;
        }
        open.block.write_bytes(at, payload);
        let length = (at - open.at - FRAME_WORDS) * 4 + payload.len() as u32;
        head.write(&open.block, open.at, self.number, length);
        open.at += FRAME_WORDS + length.next_multiple_of(8) / 4;
    }

    fn hand_over_to(&mut self, thread: u32, is_last: bool) {
        let lane = &mut self.lanes[thread as usize];
        let Some(open) = &mut lane.open else {
            return;
        };
        let (chunk, from, to) = (open.chunk, open.handed, open.at);
        if from == to && !is_last {
            return;
        }
        open.handed = to;
        if is_last {
            lane.open = None;
        }
        let sender = self.number;
        let range = Range {
            chunk,
            sender,
            from,
            to,
            is_last,
        };
        let inlet = &self.fabric.seats[thread as usize].inlet;
        if !inlet.push(range) {
            self.lanes[thread as usize].open = None;
            self.fabric.arena.free(chunk);
            inlet.give_back(sender);
        }
    }
}

impl Drop for LinkPort {
    fn drop(&mut self) {
        self.say_gone(0);
        let fabric = Arc::clone(&self.fabric);
        let Some(seat) = fabric.link(self.number) else {
            return;
        };
        for thread in 0..self.lanes.len() as u32 {
            self.hand_over_to(thread, true);
        }
        self.ranges.extend(seat.inlet.inject.close());
        while let Some(range) = self.ranges.pop_front() {
            self.finish(range);
        }
        fabric.blobs.forget(self.number);
        seat.leave();
    }
}

/// Takes the payload of a frame with `FLAG_NAMED` apart: the name, and where the value begins.
pub fn split_name(payload: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = payload.split_first_chunk::<4>()?;
    let length = u32::from_ne_bytes(*length) as usize;
    let name = str::from_utf8(rest.get(..length)?).ok()?;
    Some((name, payload.get(name_bytes(length) as usize..)?))
}

/// Bytes of a name of so many bytes before the value.
fn name_bytes(length: usize) -> u32 {
    (4 + length as u32).next_multiple_of(8)
}

/// Bytes of the list of so many blobs before the value.
fn list_bytes(blobs: usize) -> u32 {
    (4 * (1 + blobs as u32)).next_multiple_of(8)
}
