//! Frames that wait long must not hold the chunks that they came in.

use super::frame::Frame;
use super::incoming::Incoming;
use crate::layout::{BLOCK_WORDS, FRAME_WORDS};

impl Incoming {
    /// Which chunks are held by a few frames, by number, when some way here is crowded; empty when too few
    /// are for it to be worth while. Nothing may be in the inbox.
    pub fn sparse_chunks(&self) -> Vec<bool> {
        let quota = self.fabric.quota;
        let inlet = &self.fabric.seats[self.thread as usize].inlet;
        if !inlet.is_crowded() {
            return Vec::new();
        }
        let is_worth = |number: usize| {
            let chunk = self.chunks[number];
            let is_refuge = self.refuges[chunk.sender as usize]
                .is_some_and(|(refuge, _)| refuge as usize == number);
            let way = inlet.way(chunk.sender);
            chunk.is_sparse() && !is_refuge && way.is_some_and(|way| way.is_crowded(quota))
        };
        let sparse: Vec<bool> = (0..self.chunks.len()).map(is_worth).collect();
        // Each time costs a look at every message that waits here.
        let count = sparse.iter().filter(|is_sparse| **is_sparse).count() as u32;
        if count > quota / 16 {
            sparse
        } else {
            Vec::new()
        }
    }

    /// Moves a frame that waits into a chunk with others of its kind, which counts on the way that it came;
    /// gives its new number.
    pub fn evacuate(&mut self, number: u32) -> u32 {
        let old = Frame::chunk_of(number);
        let at = Frame::word_of(number);
        let Some(block) = self.fabric.arena.block(old) else {
            return number;
        };
        let frame = Frame::read(&block, at);
        let Some(end) = frame.end(at) else {
            return number;
        };
        let (head, words) = frame.whole_head(&block);
        let payload = end - at - words;
        let sender = self.chunks[old as usize].sender;
        let Some((refuge, to)) = self.room_for(FRAME_WORDS + payload, sender) else {
            return number;
        };
        let Some(target) = self.fabric.arena.block(refuge) else {
            return number;
        };
        target.write_words(to, &head);
        let start = to + FRAME_WORDS;
        for word in 0..payload {
            target.set(start + word, block.get(at + words + word));
        }
        self.refuges[sender as usize] = Some((refuge, start + payload));
        self.evacuated += 1;
        self.count_came(refuge, 1);
        self.count_released(old, 1);
        Frame::number(refuge, to)
    }

    /// A chunk for what came from a sender and waits, and a word in it after which so many are free.
    fn room_for(&mut self, words: u32, sender: u32) -> Option<(u32, u32)> {
        if let Some((refuge, at)) = self.refuges[sender as usize]
            && at + words <= BLOCK_WORDS
        {
            return Some((refuge, at));
        }
        let refuge = self.fabric.arena.take()?;
        self.fabric.add_chunk(sender, self.thread);
        self.chunk_from(refuge, sender).is_last = true;
        self.refuges[sender as usize] = Some((refuge, 0));
        Some((refuge, 0))
    }
}
