use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Command, InboxWriter};
use crate::layout::{
    COMMAND_WORDS, GRANT_AT, GRANT_MAX, GRANTED, HEADER_WORDS, IN_AT, IN_USED, IN_WORDS, MORE,
    NEXT_TIMER_LO, NOW_HI, NOW_LO, OUT_AT, OUT_USED, OUT_WORDS, PORT_AT, PORT_MARKS_AT,
    TOTAL_WORDS,
};
use crate::mailbox::Message;

/// The block of words that one JS thread and its scheduler share: header, grant area, outbox, inbox.
///
/// All accesses are relaxed: the JS thread that writes the words is the one that makes the native
/// call which reads them. Only the watchdog looks on from another thread, and any value does for it.
#[derive(Debug)]
pub struct RingMemory {
    words: Box<[AtomicU32; TOTAL_WORDS as usize]>,
}

impl RingMemory {
    /// A block of zeros.
    #[expect(
        clippy::large_stack_arrays,
        reason = "270 KB once a scheduler, at the bottom of the stack"
    )]
    pub fn new() -> Self {
        Self {
            words: Box::new([const { AtomicU32::new(0) }; TOTAL_WORDS as usize]),
        }
    }

    /// All words, as the TypeScript side sees them.
    #[inline]
    pub fn words(&self) -> &[AtomicU32] {
        self.words.as_slice()
    }

    /// The value of any word.
    #[inline]
    pub fn word(&self, at: u32) -> u32 {
        self.words[at as usize].load(Relaxed)
    }

    /// Writes any word.
    #[inline]
    pub fn set_word(&self, at: u32, value: u32) {
        self.words[at as usize].store(value, Relaxed);
    }

    /// So many bytes are written in the open chunk for a member: what TypeScript does for each frame.
    pub fn write_port(&self, member: u32, bytes: u32) {
        self.set_word(PORT_AT + member, bytes);
        let marks = PORT_MARKS_AT + member / 32;
        self.set_word(marks, self.word(marks) | 1 << (member % 32));
    }

    /// Takes the marks of 32 members, the lowest bit for the first of them: who something was written for since the last time.
    #[inline]
    pub(crate) fn take_marks(&self, group: u32) -> u32 {
        let at = PORT_MARKS_AT + group;
        let marks = self.word(at);
        if marks != 0 {
            self.set_word(at, 0);
        }
        marks
    }

    /// The value of a header word.
    #[inline]
    pub fn header(&self, word: u32) -> u32 {
        debug_assert!(word < HEADER_WORDS);
        self.words[word as usize].load(Relaxed)
    }

    /// Writes a header word.
    #[inline]
    pub fn set_header(&self, word: u32, value: u32) {
        debug_assert!(word < HEADER_WORDS);
        self.words[word as usize].store(value, Relaxed);
    }

    /// Writes a header word unless somebody else has changed it from `expected` meanwhile.
    pub(crate) fn exchange_header(&self, word: u32, expected: u32, value: u32) -> bool {
        self.words[word as usize]
            .compare_exchange(expected, value, Relaxed, Relaxed)
            .is_ok()
    }

    /// Writes a number of 64 bits into the header word `low` and the one after it.
    #[inline]
    pub(crate) fn set_header_pair(&self, low: u32, value: u64) {
        self.set_header(low, value as u32);
        self.set_header(low + 1, (value >> 32) as u32);
    }

    /// The time as TypeScript last wrote it, ms: a whole number that is safe there, so that adding a
    /// delay to it cannot overflow here.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        let now = u64::from(self.header(NOW_HI)) << 32 | u64::from(self.header(NOW_LO));
        now & ((1 << 53) - 1)
    }

    /// Answers for a scheduler that is no more: there is nothing to read, to do or to wait for, and
    /// what was written is thrown away.
    pub fn silence(&self) {
        for word in [OUT_USED, IN_USED, MORE, GRANTED] {
            self.set_header(word, 0);
        }
        self.set_header_pair(NEXT_TIMER_LO, u64::MAX);
    }

    /// Takes what `OUT_USED` says was written and resets it: the words of whole commands, and
    /// whether the number was a possible one.
    #[inline]
    pub(crate) fn take_outbox_used(&self) -> (usize, bool) {
        let claimed = self.header(OUT_USED);
        self.set_header(OUT_USED, 0);
        let used = claimed.min(OUT_WORDS) / COMMAND_WORDS * COMMAND_WORDS;
        (used as usize, used == claimed)
    }

    /// The commands in the first `used` words of the outbox.
    #[inline]
    pub(crate) fn commands(&self, used: usize) -> impl Iterator<Item = Command> {
        let outbox = &self.words[OUT_AT as usize..][..used];
        let (commands, _) = outbox.as_chunks::<{ COMMAND_WORDS as usize }>();
        commands.iter().map(Command::read)
    }

    /// A writer at the start of the inbox.
    #[inline]
    pub(crate) fn inbox(&self) -> InboxWriter<'_> {
        InboxWriter::new(&self.words[IN_AT as usize..][..IN_WORDS as usize])
    }

    /// Entries of a slice in the inbox; those that would lie beyond its end are left out.
    pub(crate) fn inbox_entries(
        &self,
        offset: usize,
        count: usize,
    ) -> impl DoubleEndedIterator<Item = Message> {
        let inbox = &self.words[IN_AT as usize..][..IN_WORDS as usize];
        let (entries, _) = inbox.get(offset..).unwrap_or_default().as_chunks::<2>();
        let entries = &entries[..count.min(entries.len())];
        entries.iter().map(|[tag, payload]| Message {
            tag: tag.load(Relaxed),
            payload: payload.load(Relaxed),
        })
    }

    /// Three words of the inbox; those beyond its end are 0.
    pub(crate) fn inbox_words(&self, offset: usize) -> [u32; 3] {
        let inbox = &self.words[IN_AT as usize..][..IN_WORDS as usize];
        let word = |at: usize| inbox.get(at).map_or(0, |word| word.load(Relaxed));
        [word(offset), word(offset + 1), word(offset + 2)]
    }

    /// The pairs that were granted last.
    pub(crate) fn grants(&self) -> impl Iterator<Item = (u32, u32)> {
        let (area, _) = self.words[GRANT_AT as usize..][..2 * GRANT_MAX as usize].as_chunks::<2>();
        let granted = self.header(GRANTED) as usize;
        let pairs = area.iter().take(granted);
        pairs.map(|[slot, generation]| (slot.load(Relaxed), generation.load(Relaxed)))
    }

    /// Writes the pairs of slot and generation that were granted.
    pub(crate) fn write_grants(&self, pairs: impl Iterator<Item = (u32, u32)>) -> u32 {
        let (area, _) = self.words[GRANT_AT as usize..][..2 * GRANT_MAX as usize].as_chunks::<2>();
        let mut granted = 0;
        for ([slot_word, generation_word], (slot, generation)) in area.iter().zip(pairs) {
            slot_word.store(slot, Relaxed);
            generation_word.store(generation, Relaxed);
            granted += 1;
        }
        self.set_header(GRANTED, granted);
        granted
    }
}

impl Default for RingMemory {
    fn default() -> Self {
        Self::new()
    }
}
