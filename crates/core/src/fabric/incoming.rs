use std::collections::VecDeque;
use std::sync::Arc;

use super::fabric::Fabric;
use super::frame::Frame;
use super::inject::Range;
use crate::layout::MAX_SEATS;

/// What is known of a chunk that came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunk {
    /// Who filled it, or for whom it was filled.
    pub sender: u32,
    /// Frames that came in it.
    pub frames: u32,
    /// Of these, those that are not released.
    pub unreleased: u32,
    /// Of these, those that the inbox handed over.
    pub handed: u32,
    /// Whether nothing more comes in it.
    pub is_last: bool,
}

impl Chunk {
    /// Whether it is held by a few frames out of many.
    pub fn is_sparse(self) -> bool {
        self.is_last && self.unreleased > 0 && self.unreleased < self.frames / 4
    }
}

/// What one thread receives, and has not done with: its own book-keeping, which no other thread sees.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(super) fabric: Arc<Fabric>,
    pub(super) thread: u32,
    /// By number.
    pub(super) chunks: Vec<Chunk>,
    ranges: Vec<Range>,
    backlog: VecDeque<Range>,
    /// Chunks with frames that the inbox has handed over.
    touched: Vec<u32>,
    /// Of these frames, those that have blobs.
    with_blobs: Vec<u32>,
    unreleased: u64,
    /// By sender: the chunk to which frames of sparse chunks are moved, and where the next one goes.
    pub(super) refuges: Vec<Option<(u32, u32)>>,
    /// Frames that came.
    pub frames: u64,
    /// Frames that were moved.
    pub evacuated: u64,
}

impl Incoming {
    /// Of a thread that has joined.
    pub fn new(fabric: Arc<Fabric>, thread: u32) -> Self {
        Self {
            refuges: vec![None; MAX_SEATS as usize],
            fabric,
            thread,
            chunks: Vec::new(),
            ranges: Vec::new(),
            backlog: VecDeque::new(),
            touched: Vec::new(),
            with_blobs: Vec::new(),
            unreleased: 0,
            frames: 0,
            evacuated: 0,
        }
    }

    /// Takes what came; gives the frames with their numbers, at most `limit`, one by one, and who sent them.
    pub fn receive(&mut self, limit: u32, mut each: impl FnMut(Frame, u32, u32)) {
        self.take_ranges();
        let mut left = limit;
        while left > 0 {
            let Some(mut range) = self.backlog.pop_front() else {
                return;
            };
            left = self.walk(&mut range, left, &mut each);
            if range.from < range.to {
                self.backlog.push_front(range);
            } else if range.is_last {
                let chunk = self.chunk_mut(range);
                chunk.is_last = true;
                self.free_if_done(range.chunk);
            }
        }
    }

    /// Whether frames came that were not taken yet.
    #[inline]
    pub fn has_more(&self) -> bool {
        !self.backlog.is_empty() || self.inject_is_pending()
    }

    /// Whether some frame is in a mailbox or an inbox.
    #[inline]
    pub fn holds_frames(&self) -> bool {
        self.unreleased > 0
    }

    /// Whether the inbox has handed over some that are not done with.
    pub fn has_handed(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The inbox hands a frame over.
    #[inline]
    pub fn handed(&mut self, number: u32, has_blobs: bool) {
        let index = Frame::chunk_of(number);
        let Some(chunk) = self.chunks.get_mut(index as usize) else {
            return;
        };
        if chunk.handed == 0 {
            self.touched.push(index);
        }
        chunk.handed += 1;
        if has_blobs {
            self.with_blobs.push(number);
        }
    }

    /// A frame that was handed over waits in a mailbox again.
    pub fn kept(&mut self, number: u32) {
        if let Some(chunk) = self.chunks.get_mut(Frame::chunk_of(number) as usize) {
            chunk.handed = chunk.handed.saturating_sub(1);
        }
        if let Some(at) = self.with_blobs.iter().rposition(|known| *known == number) {
            self.with_blobs.swap_remove(at);
        }
    }

    /// What was handed over, and not given back, is done with.
    pub fn release(&mut self) {
        for at in 0..self.with_blobs.len() {
            self.forget_blobs(self.with_blobs[at]);
        }
        self.with_blobs.clear();
        for at in 0..self.touched.len() {
            let index = self.touched[at];
            let done = std::mem::take(&mut self.chunks[index as usize].handed);
            self.count_released(index, done);
        }
        self.touched.clear();
    }

    /// Frames that came, or were under way to here, and were not taken: side by side, and `queued` is the rest of them.
    pub fn untaken(&mut self, queued: Vec<Range>) -> impl Iterator<Item = Range> {
        self.backlog.extend(queued);
        self.backlog.iter().copied()
    }

    /// Nothing is received any more; `queued` is what was under way to here.
    pub fn close(&mut self, queued: Vec<Range>) {
        self.backlog.extend(queued);
        for range in std::mem::take(&mut self.backlog) {
            let chunk = self.chunk_mut(range);
            chunk.is_last |= range.is_last;
            // So that it counts as known, though none of its frames was taken.
            chunk.unreleased = chunk.unreleased.max(1);
        }
        for (number, chunk) in std::mem::take(&mut self.chunks).iter().enumerate() {
            // Those that are not closed are their senders', who hear of the end by their next range.
            if chunk.is_last && chunk.unreleased > 0 {
                self.fabric
                    .free_chunk(number as u32, chunk.sender, self.thread);
            }
        }
    }

    /// So many frames of a chunk are done with.
    pub(super) fn count_released(&mut self, index: u32, frames: u32) {
        let chunk = &mut self.chunks[index as usize];
        chunk.unreleased = chunk.unreleased.saturating_sub(frames);
        self.unreleased = self.unreleased.saturating_sub(frames.into());
        self.free_if_done(index);
    }

    /// So many frames of a chunk wait to be released.
    pub(super) fn count_came(&mut self, index: u32, frames: u32) {
        let chunk = &mut self.chunks[index as usize];
        chunk.frames += frames;
        chunk.unreleased += frames;
        self.unreleased += u64::from(frames);
    }

    /// The chunk of that number, which its sender fills.
    pub(super) fn chunk_from(&mut self, number: u32, sender: u32) -> &mut Chunk {
        let index = number as usize;
        if self.chunks.len() <= index {
            self.chunks.resize(index + 1, Chunk::default());
        }
        let chunk = &mut self.chunks[index];
        chunk.sender = sender;
        chunk
    }

    fn chunk_mut(&mut self, range: Range) -> &mut Chunk {
        self.chunk_from(range.chunk, range.sender)
    }

    fn take_ranges(&mut self) {
        if self.inject_is_pending() {
            let inject = &self.fabric.seats[self.thread as usize].inlet.inject;
            inject.take(&mut self.ranges);
            self.backlog.extend(self.ranges.drain(..));
        }
    }

    fn inject_is_pending(&self) -> bool {
        let inlet = &self.fabric.seats[self.thread as usize].inlet;
        inlet.inject.is_pending()
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
        while left > 0 && range.from < range.to {
            // What cannot be a frame is the end of the range: its sender wrote nonsense.
            let is_even = range.from.is_multiple_of(2);
            let frame = is_even.then(|| Frame::read(&block, range.from));
            let whole = frame.and_then(|frame| Some((frame, frame.end(range.from)?)));
            let Some((frame, end)) = whole.filter(|(_, end)| *end <= range.to) else {
                range.from = range.to;
                break;
            };
            let number = Frame::number(range.chunk, range.from);
            range.from = end;
            each(frame, number, range.sender);
            left -= 1;
        }
        let frames = limit - left;
        self.frames += u64::from(frames);
        self.chunk_mut(*range);
        self.count_came(range.chunk, frames);
        left
    }

    fn free_if_done(&mut self, index: u32) {
        let chunk = self.chunks[index as usize];
        if !chunk.is_last || chunk.unreleased > 0 {
            return;
        }
        self.chunks[index as usize] = Chunk::default();
        let refuge = &mut self.refuges[chunk.sender as usize];
        if refuge.is_some_and(|(number, _)| number == index) {
            *refuge = None;
        }
        self.fabric.free_chunk(index, chunk.sender, self.thread);
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
}
