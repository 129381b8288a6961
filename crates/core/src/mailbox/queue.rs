use std::slice::Iter;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Message, MessagePool};
use crate::NIL;

/// A first-in, first-out list of messages whose nodes lie in a [`MessagePool`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    head: u32,
    /// Meaningful only while `head` is not `NIL`.
    tail: u32,
    len: u32,
}

impl Queue {
    /// A queue without messages.
    pub const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        len: 0,
    };

    /// Messages in it.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Adds a message at the end.
    #[inline]
    pub fn push_back(&mut self, pool: &mut MessagePool, message: Message) {
        let node = pool.add(message, NIL);
        if self.len == 0 {
            self.head = node;
        } else {
            pool.link(self.tail, node);
        }
        self.tail = node;
        self.len += 1;
    }

    /// Adds a message before all others.
    pub fn push_front(&mut self, pool: &mut MessagePool, message: Message) {
        let node = pool.add(message, self.head);
        if self.len == 0 {
            self.tail = node;
        }
        self.head = node;
        self.len += 1;
    }

    /// Moves messages into `entries`, as many as there are of the fewer.
    #[inline]
    pub fn take(&mut self, pool: &mut MessagePool, entries: &mut Iter<'_, [AtomicU32; 2]>) {
        let first = self.head;
        let (mut last, mut taken) = (NIL, 0);
        while taken < self.len {
            let Some([tag, payload]) = entries.next() else {
                break;
            };
            let (message, next) = pool.read(self.head);
            tag.store(message.tag, Relaxed);
            payload.store(message.payload, Relaxed);
            last = self.head;
            self.head = next;
            taken += 1;
        }
        if taken > 0 {
            self.len -= taken;
            pool.release(first, last, taken);
        }
    }

    /// Empties the queue and gives its first node: the whole chain is the caller's now.
    pub fn detach(&mut self) -> Option<u32> {
        let head = (self.len > 0).then_some(self.head);
        *self = Self::EMPTY;
        head
    }
}
