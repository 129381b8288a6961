use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::layout::BLOCK_WORDS;
use crate::sync::{RwLock, SharedWord, read, write};

/// 256 KiB of words that several threads share; never moved, alive as long as somebody holds a share.
///
/// Accesses are relaxed: who may read what somebody else wrote is settled by the queue between them.
#[derive(Debug)]
pub struct Block {
    words: Box<[SharedWord]>,
}

impl Block {
    /// A block of so many zeros.
    pub fn new(words: u32) -> Self {
        Self {
            words: (0..words).map(|_| SharedWord::new(0)).collect(),
        }
    }

    /// All words, as the TypeScript side sees them.
    pub fn words(&self) -> &[SharedWord] {
        &self.words
    }

    /// The value of a word.
    #[inline]
    pub fn get(&self, at: u32) -> u32 {
        self.words[at as usize].load(Relaxed)
    }

    /// So many words from one on.
    #[inline]
    pub(crate) fn words_at<const N: usize>(&self, at: u32) -> Option<&[SharedWord; N]> {
        self.words.get(at as usize..)?.first_chunk()
    }

    /// The values of so many words from one on.
    #[inline]
    pub(crate) fn read_words<const N: usize>(&self, at: u32) -> Option<[u32; N]> {
        let words = self.words_at::<N>(at)?;
        Some(std::array::from_fn(|index| words[index].load(Relaxed)))
    }

    /// Writes so many words from one on; nothing where they find no room.
    #[inline]
    pub(crate) fn write_words<const N: usize>(&self, at: u32, values: &[u32; N]) {
        let words = self.words_at::<N>(at);
        for (word, value) in words.into_iter().flatten().zip(values) {
            word.store(*value, Relaxed);
        }
    }

    /// Writes a word.
    #[inline]
    pub fn set(&self, at: u32, value: u32) {
        self.words[at as usize].store(value, Relaxed);
    }

    /// Writes a word: who sees it sees what was written before it, too.
    #[inline]
    pub fn publish(&self, at: u32, value: u32) {
        self.words[at as usize].store(value, Release);
    }

    /// The value of a word, and all that was written before it was published.
    pub fn acquire(&self, at: u32) -> u32 {
        self.words[at as usize].load(Acquire)
    }

    /// Writes a number of 64 bits into two words, the low one first.
    pub fn set_pair(&self, at: u32, value: u64) {
        self.set(at, value as u32);
        self.set(at + 1, (value >> 32) as u32);
    }

    /// The value of two words, the lower first.
    pub fn pair(&self, at: u32) -> u64 {
        u64::from(self.get(at + 1)) << 32 | u64::from(self.get(at))
    }

    /// Writes bytes from a word on; the rest of the last word becomes zero.
    pub(crate) fn write_bytes(&self, at: u32, bytes: &[u8]) {
        let words = &self.words[at as usize..][..bytes.len().div_ceil(4)];
        let (whole, rest) = bytes.as_chunks::<4>();
        for (word, four) in words.iter().zip(whole) {
            word.store(u32::from_ne_bytes(*four), Relaxed);
        }
        if let (Some(last), false) = (words.last(), rest.is_empty()) {
            let mut four = [0; 4];
            four[..rest.len()].copy_from_slice(rest);
            last.store(u32::from_ne_bytes(four), Relaxed);
        }
    }

    /// Appends so many bytes from a word on.
    pub(crate) fn read_bytes(&self, at: u32, length: u32, bytes: &mut Vec<u8>) {
        let begin = bytes.len();
        let words = &self.words[at as usize..][..length.div_ceil(4) as usize];
        bytes.resize(begin + 4 * words.len(), 0);
        let (fours, _) = bytes[begin..].as_chunks_mut::<4>();
        for (four, word) in fours.iter_mut().zip(words) {
            *four = word.load(Relaxed).to_ne_bytes();
        }
        bytes.truncate(begin + length as usize);
    }
}

/// A growing list of blocks, each of them written by one thread and read by all.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    blocks: RwLock<Vec<Arc<Block>>>,
}

impl Blocks {
    /// A block that is there.
    pub fn get(&self, number: u32) -> Option<Arc<Block>> {
        read(&self.blocks).get(number as usize).map(Arc::clone)
    }

    /// The block of that number, made with all before it when there is none yet.
    pub fn ensure(&self, number: u32) -> Arc<Block> {
        if let Some(block) = self.get(number) {
            return block;
        }
        let mut blocks = write(&self.blocks);
        while blocks.len() <= number as usize {
            blocks.push(Arc::new(Block::new(BLOCK_WORDS)));
        }
        Arc::clone(&blocks[number as usize])
    }

    /// Adds a block and gives its number.
    pub fn add(&self) -> u32 {
        let mut blocks = write(&self.blocks);
        blocks.push(Arc::new(Block::new(BLOCK_WORDS)));
        blocks.len() as u32 - 1
    }

    /// Sets one word of each so many to zero: the first ones.
    pub fn clear_each(&self, words: usize) {
        for block in read(&self.blocks).iter() {
            for word in block.words().iter().step_by(words) {
                word.store(0, Relaxed);
            }
        }
    }

    /// Sets all words to zero.
    pub fn clear(&self) {
        for block in read(&self.blocks).iter() {
            for word in block.words() {
                word.store(0, Relaxed);
            }
        }
    }
}
