use std::sync::Arc;

use super::inject::{Inject, Range};
use super::way::Way;
use crate::sync::{Mutex, lock};

/// Wakes a member that sleeps.
pub(super) type Waker = Arc<dyn Fn() + Send + Sync>;

/// What is on its way to one member of a fabric.
#[derive(Default)]
pub(crate) struct Inlet {
    /// Frames.
    pub inject: Inject,
    /// By sender: how much is on its way here.
    pub ways: Box<[Way]>,
    waker: Mutex<Option<Waker>>,
}

impl Inlet {
    /// One that nobody reads, for so many senders.
    pub fn new(senders: u32) -> Self {
        Self {
            ways: (0..senders).map(|_| Way::default()).collect(),
            ..Self::default()
        }
    }

    /// Adds frames for one incarnation and wakes it; false when it does not receive any more.
    pub fn push(&self, range: Range, incarnation: u32) -> bool {
        let must_wake = self.inject.push(range, incarnation);
        if must_wake == Some(true) {
            self.wake();
        }
        must_wake.is_some()
    }

    /// Chunks on their way here.
    pub fn chunks(&self) -> u32 {
        self.ways.iter().map(Way::chunks).sum()
    }

    /// Bytes of large values on their way here.
    pub fn blob_bytes(&self) -> u64 {
        self.ways.iter().map(Way::blob_bytes).sum()
    }

    /// How to wake who reads.
    pub fn set_waker(&self, waker: Option<Waker>) {
        // Dropped after the lock is given back: it may be the last share of something of Node.js.
        let _former = std::mem::replace(&mut *lock(&self.waker), waker);
    }

    /// Wakes who reads.
    pub fn wake(&self) {
        let waker = lock(&self.waker).clone();
        if let Some(waker) = waker {
            waker();
        }
    }
}
