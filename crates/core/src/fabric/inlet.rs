use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use super::inject::{Inject, Range};
use super::way::Way;
use crate::layout::{MAX_SEATS, MAX_THREADS};
use crate::sync::{Mutex, SharedWord, lock};

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
    /// So many connections there were at once at most.
    links: SharedWord,
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

    /// A connection sends here from now on.
    pub fn open_to_link(&self, link: u32) {
        let links = MAX_THREADS..MAX_SEATS;
        self.link_ways
            .get_or_init(|| links.map(|_| Way::default()).collect());
        self.links.fetch_max(link + 1, Relaxed);
    }

    /// How much is on its way from a member; none for one that cannot send here.
    #[inline]
    pub fn way(&self, sender: u32) -> Option<&Way> {
        match sender.checked_sub(MAX_THREADS) {
            None => self.ways.get(sender as usize),
            Some(link) => self.link_ways.get()?.get(link as usize),
        }
    }

    /// The ways of all who have sent here.
    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        let links = self.link_ways.get().into_iter().flatten();
        let links = links.take(self.links.load(Relaxed) as usize);
        self.ways.iter().chain(links)
    }

    /// Chunks on their way here.
    pub fn chunks(&self) -> u32 {
        self.ways().map(Way::chunks).sum()
    }

    /// Bytes of large values on their way here.
    pub fn blob_bytes(&self) -> u64 {
        self.ways().map(Way::blob_bytes).sum()
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
