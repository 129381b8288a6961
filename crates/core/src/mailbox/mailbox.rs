use std::sync::atomic::AtomicU32;

use super::{Message, MessagePool, queue::Queue};

/// The four queues of a process: urgent, system, main, log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mailbox {
    queues: [Queue; 4],
}

impl Mailbox {
    /// A mailbox without messages.
    pub const EMPTY: Self = Self {
        queues: [Queue::EMPTY; 4],
    };

    /// Adds a message at the end of its queue.
    #[inline]
    pub fn push_back(&mut self, pool: &mut MessagePool, message: Message) {
        self.queues[message.queue()].push_back(pool, message);
    }

    /// Puts a message before all others of its queue.
    pub fn push_front(&mut self, pool: &mut MessagePool, message: Message) {
        self.queues[message.queue()].push_front(pool, message);
    }

    /// Messages in all queues.
    #[inline]
    pub fn len(&self) -> usize {
        self.queues.iter().map(|queue| queue.len() as usize).sum()
    }

    /// Whether no queue has a message.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.queues
            .iter()
            .fold(0, |lengths, queue| lengths | queue.len())
            == 0
    }

    /// Messages in each queue.
    pub fn lengths(&self) -> [u32; 4] {
        self.queues.map(|queue| queue.len())
    }

    /// Moves as many messages as there are entries, those of the higher queues first.
    #[inline]
    pub fn take(&mut self, pool: &mut MessagePool, entries: &[[AtomicU32; 2]]) {
        let mut entries = entries.iter();
        for queue in &mut self.queues {
            queue.take(pool, &mut entries);
        }
    }

    /// Empties the queues and gives the chain of each that had messages.
    pub fn detach(&mut self) -> impl Iterator<Item = u32> {
        let chains = self.queues.each_mut().map(Queue::detach);
        chains.into_iter().flatten()
    }
}
