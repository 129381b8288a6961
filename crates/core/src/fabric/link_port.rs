use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::blobs::BlobBytes;
use super::block::Block;
use super::fabric::Fabric;
use super::frame::Frame;
use super::frame_head::FrameHead;
use super::inject::{Range, words_of};
use super::link_seat::LinkSeat;
use super::link_writer::{Claim, Delivery, Inbound, LinkWriter, list_bytes};
use super::open_chunk::FrameRun;
use crate::layout::{FLAG_BLOBS, FRAME_MESSAGE, FRAME_WORDS};
use crate::sync::SharedWord;

const HEAD: usize = FRAME_WORDS as usize;
/// Frames whose values are read at a time.
const MOST_ALIKE: usize = 256;
/// No more of them are read when they have so many bytes.
const MOST_BYTES: usize = 16 << 10;

/// One connection's end of a fabric: what the threads send to the peer, what the peer sends to them.
///
/// It takes a seat with a number above those of the threads, and gives it back when it is dropped.
#[derive(Debug)]
pub struct LinkPort {
    fabric: Arc<Fabric>,
    number: u32,
    writer: LinkWriter,
    ranges: VecDeque<Range>,
    taken: Vec<Range>,
    /// The chunk that is being read.
    reading: Option<(u32, Arc<Block>)>,
    /// Where the frame ends that was read last.
    end: u32,
    /// Its head, of a plain message; else zeros, which are no frame.
    last: [u32; HEAD],
}

impl LinkPort {
    pub(super) fn new(fabric: Arc<Fabric>, number: u32) -> Self {
        Self {
            writer: LinkWriter::new(Arc::clone(&fabric), number),
            fabric,
            number,
            ranges: VecDeque::new(),
            taken: Vec::new(),
            reading: None,
            end: 0,
            last: [0; HEAD],
        }
    }

    /// The number of its seat.
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

    /// Tells each thread who is there, and how large messages it takes, by `CONTROL_PEER_UP`, before anything else comes
    /// from this connection; also those that join later, with the first that comes for them, or by [`Self::greet_new`].
    pub fn introduce(&mut self, name: &str, creation: u64, features: u64, max_message: u64) {
        let mut introduction = Vec::with_capacity(24 + name.len());
        introduction.extend(creation.to_le_bytes());
        introduction.extend(features.to_le_bytes());
        introduction.extend(max_message.to_le_bytes());
        introduction.extend(name.as_bytes());
        self.writer.introduce(introduction);
    }

    /// Tells those threads who is there that have joined since they were told.
    pub fn greet_new(&mut self) {
        self.writer.greet_new();
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
        let seat = self.seat();
        !self.ranges.is_empty() || seat.is_some_and(|seat| seat.inlet.inject.is_pending())
    }

    /// The next frame for the peer; the bytes of its payload are appended without the list of blobs, whose
    /// numbers take the place of those in `blobs`. It comes again until [`Self::advance`].
    pub fn next(&mut self, payload: &mut Vec<u8>, blobs: &mut Vec<u32>) -> Option<FrameHead> {
        loop {
            let range = self.front()?;
            self.turn_to(range.chunk)?;
            let (_, block) = self.reading.as_ref()?;
            let frame = Frame::read(block, range.from);
            let end = frame.end(range.from);
            let Some(end) = end.filter(|end| *end <= range.to) else {
                // A thread wrote nonsense: it is the end of the range.
                self.skip_to(range.to);
                continue;
            };
            let (words, before) = frame.whole_head(block);
            let (head, length) = FrameHead::read(&words);
            let is_plain = head.op == FRAME_MESSAGE && head.flags == 0 && head.options == 0;
            self.last = if is_plain { words } else { [0; HEAD] };
            blobs.clear();
            if head.flags & FLAG_BLOBS != 0 {
                blobs.extend(Frame::blobs(block, range.from));
            }
            if length > 0 {
                let skipped = list_bytes(blobs.len()).min(length);
                let first = range.from + before + skipped / 4;
                block.read_bytes(first, length - skipped, payload);
            }
            self.end = end;
            return Some(head);
        }
    }

    /// The values of the frames that come next, as long as these are plain messages that differ from the last one in their
    /// value only, and not too many: of each its number, or how many bytes of the payload are its. They come again until
    /// [`Self::advance_alike`].
    #[inline]
    pub fn next_alike(&self, values: &mut Vec<u32>, payload: &mut Vec<u8>) {
        let (Some(range), Some((chunk, block))) = (self.ranges.front(), &self.reading) else {
            return;
        };
        let mut at = range.from;
        while *chunk == range.chunk && values.len() < MOST_ALIKE && payload.len() < MOST_BYTES {
            let words = block.words_at::<HEAD>(at);
            let Some(words) = words.filter(|words| is_alike(words, &self.last)) else {
                return;
            };
            let value = words[1].load(Relaxed);
            let Some(end) = self.end_of(at, value).filter(|end| *end <= range.to) else {
                return;
            };
            let length = FrameHead::length(self.last[0], value);
            if length > 0 {
                block.read_bytes(at + FRAME_WORDS, length, payload);
            }
            values.push(value);
            at = end;
        }
    }

    /// The frames of these values, the first of those that [`Self::next_alike`] gave, are done with.
    #[inline]
    pub fn advance_alike(&mut self, values: &[u32]) {
        let from = self.ranges.front().map_or(0, |range| range.from);
        let end = (values.iter()).try_fold(from, |at, value| self.end_of(at, *value));
        self.skip_to(end.unwrap_or(from));
    }

    /// The frame that [`Self::next`] gave is done with.
    #[inline]
    pub fn advance(&mut self) {
        self.skip_to(self.end);
    }

    /// The bytes of a blob, which are the caller's now; none when they are gone.
    pub fn take_blob(&self, number: u32) -> Option<Vec<u8>> {
        self.fabric.take_blob(number).map(BlobBytes::into_vec)
    }

    /// Bytes of frames that threads have handed over and the peer has not been sent, and of what travels beside them.
    pub fn waiting_bytes(&self) -> u64 {
        let Some(seat) = self.seat() else {
            return 0;
        };
        let words = words_of(&self.ranges) + seat.inlet.inject.waiting_words();
        4 * words + seat.inlet.blob_bytes()
    }

    /// Writes a frame of the peer for the thread that it names, or on which somebody has the name that it is for.
    /// Blobs are taken when the frame is written, not before.
    ///
    /// A message to a thread or a name that is not there goes to thread 0, for a process that does not exist:
    /// TypeScript answers whoever waits.
    #[inline]
    pub fn deliver(
        &mut self,
        inbound: &Inbound<'_>,
        claim: Claim,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Delivery {
        self.writer.deliver(inbound, claim, blobs)
    }

    /// Writes frames of the peer that have that head, as [`Self::deliver`] does, into the chunk that is open for their thread;
    /// none if none is, and where there is no room for one: then it is for [`Self::deliver`].
    #[inline]
    pub fn run_of(&mut self, head: &FrameHead) -> Option<FrameRun<'_>> {
        self.writer.run_of(head)
    }

    /// The thread to which a frame of the peer would go now.
    pub fn thread_of(&self, inbound: &Inbound<'_>) -> u32 {
        self.writer.thread_of(inbound)
    }

    /// The peer has told its next object shape: their numbers count from 1.
    pub fn add_shape(&self, text: &str) {
        if let Some(seat) = self.seat() {
            seat.add_shape(text);
        }
    }

    /// Hands over to the threads what was delivered.
    pub fn hand_over(&mut self) {
        self.writer.hand_over();
    }

    /// To be called now and then: gives up the chunks into which nothing was delivered since the last time.
    pub fn rest(&mut self) {
        self.writer.rest();
    }

    /// Gives the seat up; threads that know the peer hear of it after all else, by `CONTROL_PEER_GONE` with a number
    /// that says why.
    pub fn leave(mut self, reason: u32) {
        self.writer.say_gone(reason);
    }

    /// Where a frame ends that differs from the last one in its value only.
    #[inline]
    fn end_of(&self, at: u32, value: u32) -> Option<u32> {
        let length = FrameHead::length(self.last[0], value);
        Some(at + FRAME_WORDS + length.checked_next_multiple_of(8)? / 4)
    }

    fn seat(&self) -> Option<&LinkSeat> {
        self.fabric.link(self.number)
    }

    #[inline]
    fn front(&mut self) -> Option<Range> {
        if self.ranges.is_empty() {
            let seat = self.fabric.link(self.number)?;
            if seat.inlet.inject.is_pending() {
                seat.inlet.inject.take(&mut self.taken);
                self.ranges.extend(self.taken.drain(..));
            }
        }
        while let Some(range) = self.ranges.front() {
            if range.from < range.to {
                return Some(*range);
            }
            self.skip_to(u32::MAX);
        }
        None
    }

    /// The first range is read up to a word.
    #[inline]
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
        let reading = self.reading.take();
        self.reading = reading.filter(|(number, _)| *number != range.chunk);
        self.fabric
            .free_chunk(range.chunk, range.sender, self.number);
    }

    /// That chunk is being read from now on; none when there is none.
    #[inline]
    fn turn_to(&mut self, chunk: u32) -> Option<()> {
        let is_there = self.reading.as_ref().is_some_and(|(at, _)| *at == chunk);
        if !is_there {
            self.reading = Some((chunk, self.fabric.arena.block(chunk)?));
        }
        Some(())
    }
}

/// Whether a head differs from another one in its value only. Each word is compared where it stands: a copy of them costs
/// several times as much.
#[inline]
fn is_alike(words: &[SharedWord; HEAD], last: &[u32; HEAD]) -> bool {
    let differs = |at: usize| words[at].load(Relaxed) ^ last[at];
    differs(0) | (2..HEAD).fold(0, |bits, at| bits | differs(at)) == 0
}

impl Drop for LinkPort {
    fn drop(&mut self) {
        self.writer.say_gone(0);
        let fabric = Arc::clone(&self.fabric);
        let Some(seat) = fabric.link(self.number) else {
            return;
        };
        self.ranges.extend(seat.inlet.inject.close());
        while let Some(range) = self.ranges.pop_front() {
            self.finish(range);
        }
        fabric.forget_blobs(self.number);
        seat.leave();
    }
}
