use crate::layout::{
    KIND_EVENT_START, KIND_EVENT_STOP, KIND_RESPONSE, KIND_SIGNAL, TAG_EXTRA_SHIFT, TAG_QUEUE_SHIFT,
};

/// What a mailbox holds and a slice hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Kind, queue and extra.
    pub tag: u32,
    /// Index of the JS slab entry behind it.
    pub payload: u32,
}

impl Message {
    /// A message of `kind` for `queue`; `extra` keeps its lowest 26 bits.
    #[inline]
    pub fn new(kind: u32, queue: u32, extra: u32, payload: u32) -> Self {
        Self {
            tag: kind | queue << TAG_QUEUE_SHIFT | extra << TAG_EXTRA_SHIFT,
            payload,
        }
    }

    /// Index of the queue it belongs to, below four.
    #[inline]
    pub fn queue(self) -> usize {
        (self.tag >> TAG_QUEUE_SHIFT & 3) as usize
    }

    /// Whether it takes up room in a bounded mailbox: exits, notices and answers do not.
    #[inline]
    pub fn is_counted(self) -> bool {
        let kind = self.tag & ((1 << TAG_QUEUE_SHIFT) - 1);
        !(KIND_SIGNAL..=KIND_RESPONSE).contains(&kind)
    }

    /// Whether it tells of an event's first or last subscriber: then no slab entry stands behind it.
    #[inline]
    pub fn is_notice(self) -> bool {
        let kind = self.tag & ((1 << TAG_QUEUE_SHIFT) - 1);
        kind == KIND_EVENT_START || kind == KIND_EVENT_STOP
    }
}
