use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::fabric::Block;
use crate::layout::{BLOCK_WORDS, GAUGE_WORDS, PRESENCE_GAUGE_SHIFT};
use crate::sync::SharedWord;

/// Gauges of a block.
const GAUGES_A_BLOCK: u32 = BLOCK_WORDS / GAUGE_WORDS;
/// What is shown of a process has room for gauges up to here.
const LAST_BLOCK: u32 = (u32::MAX >> PRESENCE_GAUGE_SHIFT) / GAUGES_A_BLOCK;
/// Where the limit stands in a gauge, after the counts of the four queues.
const LIMIT_AT: u32 = 4;

/// The gauges of bounded mailboxes, shared with the TypeScript side: how many messages of each queue
/// were accepted and not yet taken, and how many may be.
///
/// All counting is atomic: other threads of a node count here, too.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    blocks: Vec<Arc<Block>>,
}

impl Gauges {
    /// The block of that number, made with all before it when there is none yet.
    pub fn ensure(&mut self, number: u32, make: impl FnMut(u32) -> Arc<Block>) -> Arc<Block> {
        let number = number.min(LAST_BLOCK);
        self.blocks.extend((self.blocks()..=number).map(make));
        Arc::clone(&self.blocks[number as usize])
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// Says how many messages a queue may have; false when there is no such gauge.
    pub fn set_limit(&self, gauge: u32, limit: u32) -> bool {
        let Some(block) = self.block_of(gauge) else {
            return false;
        };
        block.set(word_of(gauge) + LIMIT_AT, limit);
        true
    }

    /// Counts one more in a queue, unless it stands at `limit`: then false.
    pub fn accept(&self, gauge: u32, queue: usize, limit: u32) -> bool {
        let Some(block) = self.block_of(gauge) else {
            return false;
        };
        let word = &block.words()[word_of(gauge) as usize + queue];
        let has_room = word.fetch_add(1, Relaxed) < limit;
        if !has_room {
            take_one(word);
        }
        has_room
    }

    /// Counts one less in a queue. Never below none: a process may have ended, and the next one have its gauge,
    /// while somebody still counts for the first; what is wrong by that is right again when the mailbox is empty.
    #[cfg(any(test, loom))]
    pub fn retract(&self, gauge: u32, queue: usize) {
        if let Some(block) = self.block_of(gauge) {
            take_one(&block.words()[word_of(gauge) as usize + queue]);
        }
    }

    fn block_of(&self, gauge: u32) -> Option<&Arc<Block>> {
        self.blocks.get((gauge / GAUGES_A_BLOCK) as usize)
    }
}

fn take_one(word: &SharedWord) {
    let _ = word.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1));
}

fn word_of(gauge: u32) -> u32 {
    gauge % GAUGES_A_BLOCK * GAUGE_WORDS
}
