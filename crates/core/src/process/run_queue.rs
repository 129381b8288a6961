use super::ProcessTable;
use crate::NIL;

/// Stands in `Process::previous_run` of a process that is not in the queue.
pub(super) const UNQUEUED: u32 = NIL - 1;

/// The processes that may run, in order; the links lie in the processes themselves.
#[derive(Debug)]
pub(crate) struct RunQueue {
    head: u32,
    tail: u32,
    len: u32,
}

impl RunQueue {
    /// A queue without processes.
    pub fn new() -> Self {
        Self {
            head: NIL,
            tail: NIL,
            len: 0,
        }
    }

    /// Processes in it.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether nobody may run.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first in the queue.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        (self.len > 0).then_some(self.head)
    }

    /// Adds a process that is not in the queue at its end.
    #[inline]
    pub fn push_back(&mut self, processes: &mut ProcessTable, slot: u32) {
        let process = processes.get_mut(slot);
        process.previous_run = self.tail;
        process.next_run = NIL;
        if self.tail == NIL {
            self.head = slot;
        } else {
            processes.get_mut(self.tail).next_run = slot;
        }
        self.tail = slot;
        self.len += 1;
    }

    /// Puts a process that is not in the queue before all others.
    pub fn push_front(&mut self, processes: &mut ProcessTable, slot: u32) {
        let process = processes.get_mut(slot);
        process.previous_run = NIL;
        process.next_run = self.head;
        if self.head == NIL {
            self.tail = slot;
        } else {
            processes.get_mut(self.head).previous_run = slot;
        }
        self.head = slot;
        self.len += 1;
    }

    /// Takes a process out, if it is in the queue.
    #[inline]
    pub fn remove(&mut self, processes: &mut ProcessTable, slot: u32) {
        let process = processes.get_mut(slot);
        let (previous, next) = (process.previous_run, process.next_run);
        if previous == UNQUEUED {
            return;
        }
        process.previous_run = UNQUEUED;
        if previous == NIL {
            self.head = next;
        } else {
            processes.get_mut(previous).next_run = next;
        }
        if next == NIL {
            self.tail = previous;
        } else {
            processes.get_mut(next).previous_run = previous;
        }
        self.len -= 1;
    }
}
