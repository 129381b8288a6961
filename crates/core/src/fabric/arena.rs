use std::sync::Arc;

use super::block::{Block, Blocks};
use crate::sync::{Mutex, lock};

/// Most chunks: their numbers have sixteen bits.
const MAX_CHUNKS: u32 = 1 << 16;

/// The blocks that carry frames, of all threads of a node.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    blocks: Blocks,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<u32>,
    made: u32,
}

impl Arena {
    /// Takes a free chunk, or makes one; none when there are as many as can be numbered.
    pub fn take(&self) -> Option<u32> {
        let mut state = lock(&self.state);
        if let Some(chunk) = state.free.pop() {
            return Some(chunk);
        }
        if state.made == MAX_CHUNKS {
            return None;
        }
        state.made += 1;
        Some(self.blocks.add())
    }

    /// Gives a chunk back.
    pub fn free(&self, chunk: u32) {
        lock(&self.state).free.push(chunk);
    }

    /// The memory of a chunk.
    pub fn block(&self, chunk: u32) -> Option<Arc<Block>> {
        self.blocks.get(chunk)
    }

    /// Chunks that were made, and those of them that are free.
    pub fn counts(&self) -> (u32, u32) {
        let state = lock(&self.state);
        (state.made, state.free.len() as u32)
    }
}
