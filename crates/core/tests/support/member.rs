use std::sync::Arc;

use tergo_core::layout::{
    AGAIN_BACK_SHIFT, AGAIN_WORDS, BLOCK_WORDS, FAR, FLAG_BLOBS, FORMAT_INT, FRAME_AGAIN,
    FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT, FRAME_MESSAGE, FRAME_QUEUE_SHIFT,
    FRAME_WORDS, KIND_FAR, QUEUE_MAIN,
};
use tergo_core::{Block, Fabric, Scheduler};

use super::driver::{Driver, Pid};
use super::record::Record;

/// No chunk.
pub const NONE: u32 = u32::MAX;
/// Messages of one word that a chunk holds.
pub const PER_CHUNK: u32 = BLOCK_WORDS / (FRAME_WORDS + 2);
/// Head of a message to the main queue.
pub const MESSAGE: u32 = FRAME_MESSAGE
    | KIND_FAR << FRAME_KIND_SHIFT
    | QUEUE_MAIN << FRAME_QUEUE_SHIFT
    | 1 << FRAME_FORMAT_SHIFT;

/// One thread of a node: a driver, and the chunk that it fills for each other thread.
pub struct Member {
    pub driver: Driver,
    pub open: Vec<Option<(Arc<Block>, u32)>>,
}

impl Member {
    pub fn join(fabric: &Arc<Fabric>, thread: u32) -> Self {
        let scheduler = Scheduler::join(fabric, thread).expect("the place is free");
        let open = vec![None; fabric.threads() as usize];
        let driver = Driver::over(scheduler);
        Self { driver, open }
    }

    pub fn fabric(&self) -> Arc<Fabric> {
        Arc::clone(self.driver.scheduler.fabric().expect("it has joined"))
    }

    /// Sees to a chunk with room for a frame of so many words of payload; false when there is none.
    pub fn has_room(&mut self, to: u32, payload: u32) -> bool {
        let room = BLOCK_WORDS - words_of(payload);
        let open = self.open[to as usize].as_ref();
        if open.is_some_and(|(_, at)| *at <= room) {
            return true;
        }
        let number = self.driver.scheduler.open(to, false);
        if number == NONE {
            return false;
        }
        let block = self.fabric().chunk(number).expect("the chunk is there");
        self.open[to as usize] = Some((block, 0));
        true
    }

    /// Writes a frame of so many words of payload; false when there is no chunk.
    pub fn frame(&mut self, to: u32, head: u32, target: (u32, u32), payload: &[u32]) -> bool {
        if !self.has_room(to, payload.len() as u32) {
            return false;
        }
        let (block, at) = self.open[to as usize].as_mut().expect("one is open");
        block.set(*at, head);
        let is_int = head >> FRAME_FORMAT_SHIFT & 0xFF == FORMAT_INT;
        block.set(*at + 1, if is_int { 0 } else { 4 * payload.len() as u32 });
        block.set(*at + 2, target.0);
        block.set(*at + 3, target.1);
        for (index, word) in payload.iter().enumerate() {
            block.set(*at + FRAME_WORDS + index as u32, *word);
        }
        *at += words_of(payload.len() as u32);
        self.driver.ring.write_port(to, 4 * *at);
        true
    }

    /// A message whose value is `value`, in its payload.
    pub fn message(&mut self, to: u32, pid: Pid, value: u32) -> bool {
        self.frame(to, MESSAGE, (pid.slot, pid.generation), &[value])
    }

    /// One more message like the one that was written last, whose head stands at a word, or wherever else that says.
    pub fn again(&mut self, to: u32, first: u32, value: Option<u32>) {
        let (block, at) = self.open[to as usize].as_mut().expect("one is open");
        let format = u32::from(value.is_some()) << FRAME_FORMAT_SHIFT;
        let back = (*at).wrapping_sub(first) / 2;
        block.set(*at, FRAME_AGAIN | back << AGAIN_BACK_SHIFT | format);
        block.set(*at + 1, value.map_or(0, |_| 4));
        if let Some(value) = value {
            block.set(*at + AGAIN_WORDS, value);
        }
        *at += AGAIN_WORDS + if value.is_some() { 2 } else { 0 };
        self.driver.ring.write_port(to, 4 * *at);
    }

    /// Where the next frame goes, a word of the chunk that is open.
    pub fn next_at(&self, to: u32) -> u32 {
        self.open[to as usize].as_ref().map_or(0, |(_, at)| *at)
    }

    /// The same with a large value beside it; its number, 0 when there is no room.
    pub fn message_with_blob(&mut self, to: u32, pid: Pid, bytes: &[u8]) -> u32 {
        self.frame_with_blob(to, pid, bytes, &[0])
    }

    /// A frame that names a large value before its payload. The value counts for the chunk that is open.
    pub fn frame_with_blob(&mut self, to: u32, pid: Pid, bytes: &[u8], payload: &[u32]) -> u32 {
        if !self.has_room(to, payload.len() as u32 + 2) {
            return 0;
        }
        let blob = self.driver.scheduler.put_blob(to, bytes, 0, false);
        if blob != 0 {
            let head = MESSAGE | FLAG_BLOBS << FRAME_FLAGS_SHIFT;
            let words: Vec<u32> = [1, blob].iter().chain(payload).copied().collect();
            self.frame(to, head, (pid.slot, pid.generation), &words);
        }
        blob
    }

    /// The next chunk, though the quota is used up.
    pub fn force(&mut self, to: u32) -> bool {
        let number = self.driver.scheduler.open(to, true);
        let block = self.fabric().chunk(number);
        let is_open = block.is_some();
        if let Some(block) = block {
            self.open[to as usize] = Some((block, 0));
        }
        is_open
    }

    /// A word of what it shows of itself.
    pub fn statistic(&self, word: u32) -> u32 {
        let thread = self.driver.scheduler.thread();
        let statistics = self.fabric().statistics(thread);
        statistics.expect("it has joined").get(word)
    }

    /// Pid of a process that takes all, and of one that takes nothing.
    pub fn busy_and_waiting(&mut self) -> (Pid, Pid) {
        let (busy, waiting) = (self.driver.spawn(), self.driver.spawn());
        self.driver.suspend(waiting);
        self.driver.turn();
        (busy, waiting)
    }

    /// The value in a frame.
    pub fn value(&self, frame: u32) -> u32 {
        assert!(frame & FAR != 0, "it is the number of a frame");
        let block = self.fabric().chunk(frame >> 15 & 0xFFFF).expect("a chunk");
        let at = (frame & 0x7FFF) * 2;
        let is_again = block.get(at) & 0xF == FRAME_AGAIN;
        let words = if is_again { AGAIN_WORDS } else { FRAME_WORDS };
        block.get(at + words)
    }

    /// The values of the messages that the records hand over.
    pub fn values(&self, records: &[Record]) -> Vec<u32> {
        let slices = records.iter().filter_map(|record| match record {
            Record::Slice { entries, .. } => Some(entries),
            _ => None,
        });
        slices
            .flatten()
            .map(|entry| self.value(entry.payload))
            .collect()
    }
}

/// Words of a frame.
fn words_of(payload: u32) -> u32 {
    FRAME_WORDS + payload.next_multiple_of(2)
}

/// The two threads of a node.
pub fn pair(quota: u32) -> (Member, Member) {
    let fabric = Fabric::new(2, quota);
    (Member::join(&fabric, 0), Member::join(&fabric, 1))
}

/// All chunks are free and nothing travels beside frames.
pub fn assert_all_free(fabric: &Fabric) {
    let (made, free) = fabric.chunk_counts();
    assert_eq!(made, free, "chunks are lost");
    assert_eq!(fabric.blobs_on_their_way(), 0, "large values are lost");
}
