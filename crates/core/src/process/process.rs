use super::{budget::Budget, lifecycle::Lifecycle, run_queue::UNQUEUED};
use crate::mailbox::Mailbox;

/// What sending and scheduling need of a process: one cache line of 64 bytes.
///
/// Together with [`ProcessDetail`](super::ProcessDetail) a process takes 96 bytes in all tables.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Process {
    /// Messages that wait.
    pub mailbox: Mailbox,
    /// Tells the processes apart that lived in this slot, one after the other.
    pub generation: u32,
    /// The process after this one in the run queue.
    pub(super) next_run: u32,
    /// The process before this one in the run queue; `UNQUEUED` when it is not in the queue.
    pub(super) previous_run: u32,
    /// Where the slot is in its life.
    pub lifecycle: Lifecycle,
    /// How long its slices may be.
    pub budget: Budget,
    /// Whether its mailbox is bounded; then `ProcessDetail` says how.
    pub is_bounded: bool,
}

impl Process {
    /// A slot that was never granted.
    pub const VACANT: Self = Self {
        mailbox: Mailbox::EMPTY,
        generation: 0,
        next_run: UNQUEUED,
        previous_run: UNQUEUED,
        lifecycle: Lifecycle::Vacant,
        budget: Budget::FIRST,
        is_bounded: false,
    };

    /// Whether it is the process of this generation, and alive.
    #[inline]
    pub fn is_live(&self, generation: u32) -> bool {
        self.generation == generation && self.lifecycle.is_alive()
    }

    /// Whether it belongs into the run queue and is not there.
    #[inline]
    pub fn wants_to_run(&self) -> bool {
        self.awaits_messages() && !self.mailbox.is_empty()
    }

    /// Whether a message would bring it into the run queue.
    #[inline]
    pub fn awaits_messages(&self) -> bool {
        self.lifecycle == Lifecycle::Running && !self.is_queued()
    }

    /// Whether it stands in the run queue.
    #[inline]
    pub fn is_queued(&self) -> bool {
        self.previous_run != UNQUEUED
    }

    /// A process begins in this slot.
    pub fn spawn(&mut self, is_ready: bool) {
        self.budget = Budget::FIRST;
        self.lifecycle = if is_ready {
            Lifecycle::Running
        } else {
            Lifecycle::Starting
        };
    }

    /// Its `init` is over.
    pub fn ready(&mut self) {
        if self.lifecycle == Lifecycle::Starting {
            self.lifecycle = Lifecycle::Running;
        }
    }

    /// It takes no message for now.
    pub fn suspend(&mut self) {
        if self.lifecycle == Lifecycle::Running {
            self.lifecycle = Lifecycle::Suspended;
            self.budget.suspended();
        }
    }

    /// It takes messages again.
    pub fn resume(&mut self) {
        if self.lifecycle == Lifecycle::Suspended {
            self.lifecycle = Lifecycle::Running;
        }
    }
}
