use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::layout::{
    COMMAND_KIND_SHIFT, COMMAND_QUEUE_SHIFT, COMMAND_WORDS, TAG_EXTRA_SHIFT, TAG_QUEUE_SHIFT,
};

// `Command::tag` shifts kind and queue down together.
const _: () = assert!(COMMAND_QUEUE_SHIFT - COMMAND_KIND_SHIFT == TAG_QUEUE_SHIFT);

/// Four words of the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command {
    /// Op, kind and queue.
    head: u32,
    /// Word 1, mostly a slot.
    pub first: u32,
    /// Word 2, mostly a generation.
    pub second: u32,
    /// Word 3, mostly a payload.
    pub third: u32,
}

impl Command {
    /// Reads the words of one command.
    #[inline]
    pub fn read([head, first, second, third]: &[AtomicU32; COMMAND_WORDS as usize]) -> Self {
        Self {
            head: head.load(Relaxed),
            first: first.load(Relaxed),
            second: second.load(Relaxed),
            third: third.load(Relaxed),
        }
    }

    /// What to do.
    #[inline]
    pub fn op(self) -> u32 {
        self.head & ((1 << COMMAND_KIND_SHIFT) - 1)
    }

    /// The kind of message, relation or timer.
    #[inline]
    pub fn kind(self) -> u32 {
        self.head >> COMMAND_KIND_SHIFT & 0xF
    }

    /// The queue, or the target kind of a relation.
    #[inline]
    pub fn queue(self) -> u32 {
        self.head >> COMMAND_QUEUE_SHIFT & 3
    }

    /// The tag of the message that this command sends: kind and queue, no extra.
    #[inline]
    pub fn tag(self) -> u32 {
        self.head >> COMMAND_KIND_SHIFT & ((1 << TAG_EXTRA_SHIFT) - 1)
    }
}
