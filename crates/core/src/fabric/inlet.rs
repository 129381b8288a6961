use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use super::inject::{Inject, Range};
use crate::sync::lock;

/// Wakes a member that sleeps.
pub(super) type Waker = Arc<dyn Fn() + Send + Sync>;

/// What is on its way to one member of a fabric.
#[derive(Default)]
pub(crate) struct Inlet {
    /// Frames.
    pub inject: Inject,
    /// By sender: chunks in use on the way here.
    chunks: Box<[AtomicU32]>,
    waker: Mutex<Option<Waker>>,
}

impl Inlet {
    /// One that nobody reads, for so many senders.
    pub fn new(senders: u32) -> Self {
        Self {
            inject: Inject::default(),
            chunks: (0..senders).map(|_| AtomicU32::new(0)).collect(),
            waker: Mutex::new(None),
        }
    }

    /// Adds frames and wakes who reads them; false when nobody does.
    pub fn push(&self, range: Range) -> bool {
        let must_wake = self.inject.push(range);
        if must_wake == Some(true) {
            self.wake();
        }
        must_wake.is_some()
    }

    /// Chunks of a sender that are in use.
    pub fn used(&self, sender: u32) -> u32 {
        self.chunks
            .get(sender as usize)
            .map_or(0, |used| used.load(Relaxed))
    }

    /// Chunks of all senders that are in use.
    pub fn used_by_all(&self) -> u32 {
        self.chunks.iter().map(|used| used.load(Relaxed)).sum()
    }

    /// One more chunk of a sender is on its way.
    pub fn add(&self, sender: u32) {
        if let Some(used) = self.chunks.get(sender as usize) {
            used.fetch_add(1, Relaxed);
        }
    }

    /// A chunk of a sender is not on its way any more.
    pub fn give_back(&self, sender: u32) {
        if let Some(used) = self.chunks.get(sender as usize) {
            let _ = used.fetch_update(Relaxed, Relaxed, |count| Some(count.saturating_sub(1)));
        }
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
