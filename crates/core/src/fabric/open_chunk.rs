use std::sync::Arc;

use super::block::Block;
use super::frame_head::FrameHead;
use crate::layout::{BLOCK_WORDS, FORMAT_INT, FRAME_WORDS};

const HEAD: usize = FRAME_WORDS as usize;

/// A chunk that a connection fills for a thread.
#[derive(Debug)]
pub(super) struct OpenChunk {
    /// Its number.
    pub chunk: u32,
    /// Its memory.
    pub block: Arc<Block>,
    /// Where the next frame goes.
    pub at: u32,
    /// The word up to which it was handed over.
    pub handed: u32,
}

impl OpenChunk {
    /// One into which nothing was written.
    pub fn new(chunk: u32, block: Arc<Block>) -> Self {
        Self {
            chunk,
            block,
            at: 0,
            handed: 0,
        }
    }

    /// Whether a frame of so many words fits in.
    #[inline]
    pub fn has_room(&self, words: usize) -> bool {
        self.at as usize + words <= BLOCK_WORDS as usize
    }
}

/// Writes frames that differ in their value only, one behind the other.
#[derive(Debug)]
pub struct FrameRun<'a> {
    open: &'a mut OpenChunk,
    words: [u32; HEAD],
    is_int: bool,
}

impl<'a> FrameRun<'a> {
    /// Frames with that head, of who is behind the connection in `seat`.
    #[inline]
    pub(super) fn new(open: &'a mut OpenChunk, head: &FrameHead, seat: u32) -> Self {
        Self {
            open,
            words: head.words(seat, 0),
            is_int: head.format == FORMAT_INT,
        }
    }

    /// Writes a frame: its number, or the bytes of its payload if the format has them, of which `second_word` takes the place
    /// of the second word. False, and nothing was written: there is no room for it.
    #[inline]
    pub fn write(&mut self, integer: u32, payload: &[u8], second_word: Option<u32>) -> bool {
        let words = HEAD + payload.len().next_multiple_of(8) / 4;
        if !self.open.has_room(words) {
            return false;
        }
        let OpenChunk { block, at, .. } = &mut *self.open;
        self.words[1] = if self.is_int {
            integer
        } else {
            payload.len() as u32
        };
        block.write_words(*at, &self.words);
        if !payload.is_empty() {
            block.write_bytes(*at + FRAME_WORDS, payload);
        }
        if let Some(word) = second_word {
            block.set(*at + FRAME_WORDS + 1, word);
        }
        *at += words as u32;
        true
    }
}
