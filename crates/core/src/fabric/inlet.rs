use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use super::inject::{Inject, Range};
use super::way::Way;
use crate::layout::{MAX_SEATS, MAX_THREADS};
use crate::sync::{Mutex, SharedCount, SharedWord, lock};

/// Wakes a member that sleeps.
pub(super) type Waker = Arc<dyn Fn() + Send + Sync>;

/// What is on its way to one member of a fabric.
#[derive(Default)]
pub(crate) struct Inlet {
    /// Frames.
    pub inject: Inject,
    /// By sending thread: how much is on its way here.
    ways: Box<[Way]>,
    /// By connection, once there is one.
    link_ways: OnceLock<Box<[Way]>>,
    /// How much is on its way here, all in all: a look at each way would cost every turn the more the more peers there are.
    chunks: SharedWord,
    blob_bytes: SharedCount,
    crowded: SharedWord,
    waker: Mutex<Option<Waker>>,
}

impl Inlet {
    /// One that nobody reads, for so many threads that send.
    pub fn new(threads: u32) -> Self {
        Self {
            ways: (0..threads).map(|_| Way::default()).collect(),
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

    /// Connections may send here from now on.
    pub fn open_to_links(&self) {
        let links = MAX_THREADS..MAX_SEATS;
        self.link_ways
            .get_or_init(|| links.map(|_| Way::default()).collect());
    }

    /// How much is on its way from a member; none for one that cannot send here.
    #[inline]
    pub fn way(&self, sender: u32) -> Option<&Way> {
        match sender.checked_sub(MAX_THREADS) {
            None => self.ways.get(sender as usize),
            Some(link) => self.link_ways.get()?.get(link as usize),
        }
    }

    /// A chunk of a member is on its way here from now on.
    pub fn add_chunk(&self, sender: u32, quota: u32) {
        if let Some(way) = self.way(sender) {
            self.chunks.fetch_add(1, Relaxed);
            if way.add_chunk(quota) {
                self.crowded.fetch_add(1, Relaxed);
            }
        }
    }

    /// It is free again.
    pub fn remove_chunk(&self, sender: u32, quota: u32) {
        if let Some(way) = self.way(sender) {
            self.chunks.fetch_sub(1, Relaxed);
            if way.remove_chunk(quota) {
                self.crowded.fetch_sub(1, Relaxed);
            }
        }
    }

    /// So many bytes of a member travel here beside the frames from now on.
    pub fn add_blob(&self, sender: u32, size: u64) {
        if let Some(way) = self.way(sender) {
            way.add_blob(size);
            self.blob_bytes.fetch_add(size, Relaxed);
        }
    }

    /// They were taken, or are lost.
    pub fn remove_blob(&self, sender: u32, size: u64) {
        if let Some(way) = self.way(sender) {
            way.remove_blob(size);
            self.blob_bytes.fetch_sub(size, Relaxed);
        }
    }

    /// Chunks on their way here.
    pub fn chunks(&self) -> u32 {
        self.chunks.load(Relaxed)
    }

    /// Bytes of large values on their way here.
    pub fn blob_bytes(&self) -> u64 {
        self.blob_bytes.load(Relaxed)
    }

    /// Whether some way here is crowded.
    pub fn is_crowded(&self) -> bool {
        self.crowded.load(Relaxed) != 0
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
