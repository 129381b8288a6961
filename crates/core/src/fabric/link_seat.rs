use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::inlet::Inlet;
use super::orphan::Orphan;
use crate::sync::{Mutex, SharedWord, lock};

/// The place of one connection in a fabric.
pub(crate) struct LinkSeat {
    /// Frames for the peer.
    pub inlet: Inlet,
    is_taken: SharedWord,
    /// Whether it found no room on the way to a thread, and wants to hear when there is.
    is_waiting: SharedWord,
    /// What the peer waits for, and what ended with a thread.
    orphans: Mutex<Vec<Orphan>>,
    has_orphans: SharedWord,
    /// Object shapes of the peer; they stay until another one has the place.
    shapes: Mutex<Vec<Arc<str>>>,
}

impl LinkSeat {
    /// A place that nobody has, on a node of so many threads.
    pub fn new(threads: u32) -> Self {
        Self {
            inlet: Inlet::new(threads),
            is_taken: SharedWord::new(0),
            is_waiting: SharedWord::new(0),
            orphans: Mutex::default(),
            has_orphans: SharedWord::new(0),
            shapes: Mutex::default(),
        }
    }

    /// A connection has it from now on.
    pub fn take(&self) {
        self.is_taken.store(1, Ordering::SeqCst);
        lock(&self.shapes).clear();
        drop(self.take_orphans());
        self.inlet.inject.open();
    }

    /// The connection is gone, and has left nothing behind that it did not hand over.
    pub fn leave(&self) {
        self.inlet.set_waker(None);
        self.is_waiting.store(0, Ordering::SeqCst);
        self.is_taken.store(0, Ordering::SeqCst);
    }

    /// Whether a connection has it.
    pub fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::SeqCst) != 0
    }

    /// The next shape of the peer.
    pub fn add_shape(&self, text: &str) {
        lock(&self.shapes).push(text.into());
    }

    /// The shape of the peer that has that number, from 1.
    pub fn shape(&self, number: u32) -> Option<Arc<str>> {
        let index = (number as usize).checked_sub(1)?;
        lock(&self.shapes).get(index).map(Arc::clone)
    }

    /// A thread has ended with what the peer waits for. The connection is to be woken after it.
    pub fn add_orphan(&self, orphan: Orphan) {
        lock(&self.orphans).push(orphan);
        self.has_orphans.store(1, Ordering::SeqCst);
    }

    /// Whether a thread has ended with something that the peer waits for; may be late.
    #[inline]
    pub fn has_orphans(&self) -> bool {
        self.has_orphans.load(Ordering::Relaxed) != 0
    }

    /// What ended so since the last time.
    pub fn take_orphans(&self) -> Vec<Orphan> {
        let mut orphans = lock(&self.orphans);
        self.has_orphans.store(0, Ordering::SeqCst);
        std::mem::take(&mut orphans)
    }

    /// It wants to hear when there is room again.
    pub fn wait(&self) {
        self.is_waiting.store(1, Ordering::SeqCst);
    }

    /// It does not any more; true when it did.
    pub fn stop_waiting(&self) -> bool {
        self.is_waiting.swap(0, Ordering::SeqCst) != 0
    }
}

impl std::fmt::Debug for LinkSeat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LinkSeat").finish_non_exhaustive()
    }
}
