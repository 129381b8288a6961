use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Record;
use crate::layout::{CONTROL_WORDS, REC_SLICE, RECORD_OP_SHIFT};

/// Words of a slice before its entries.
const SLICE_HEAD: usize = 2;
/// Words of one entry of a slice.
const ENTRY_WORDS: usize = 2;

/// Fills the inbox from its start.
#[derive(Debug)]
pub(crate) struct InboxWriter<'a> {
    words: &'a [AtomicU32],
    used: usize,
}

impl<'a> InboxWriter<'a> {
    /// A writer at the start of `words`.
    #[inline]
    pub fn new(words: &'a [AtomicU32]) -> Self {
        Self { words, used: 0 }
    }

    /// Words written so far.
    #[inline]
    pub fn used(&self) -> usize {
        self.used
    }

    /// How many control records still fit.
    #[inline]
    pub fn records_left(&self) -> usize {
        (self.words.len() - self.used) / CONTROL_WORDS as usize
    }

    /// How many entries a slice that starts here could have.
    #[inline]
    pub fn entries_left(&self) -> usize {
        (self.words.len() - self.used).saturating_sub(SLICE_HEAD) / ENTRY_WORDS
    }

    /// Writes a control record; the caller has asked `records_left`.
    #[inline]
    pub fn record(&mut self, record: Record) {
        let area = &self.words[self.used..];
        if let Some([head, first, second]) = area.first_chunk() {
            head.store(record.head, Relaxed);
            first.store(record.first, Relaxed);
            second.store(record.second, Relaxed);
            self.used += CONTROL_WORDS as usize;
        }
    }

    /// Writes the head of a slice and gives the space for its entries; the caller has asked
    /// `entries_left`.
    #[inline]
    pub fn slice(&mut self, slot: u32, count: usize) -> &'a [[AtomicU32; ENTRY_WORDS]] {
        let area = &self.words[self.used..][..SLICE_HEAD + ENTRY_WORDS * count];
        area[0].store(REC_SLICE << RECORD_OP_SHIFT | slot, Relaxed);
        area[1].store(count as u32, Relaxed);
        self.used += area.len();
        area[SLICE_HEAD..].as_chunks().0
    }
}
