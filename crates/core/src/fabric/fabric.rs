use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::arena::Arena;
use super::blobs::{Blob, Blobs};
use super::block::Block;
use super::directory::Directory;
use super::port::Port;
use super::seat::Seat;
use super::shapes::Shapes;
use super::way::Way;
use crate::layout::MAX_THREADS;
use crate::ring::RingMemory;
use crate::scheduler::FIRST_ID;
use crate::sync::SharedCount;

/// Why a thread cannot join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The node has no thread of that number.
    Unknown,
    /// Another one has that number.
    Taken,
}

/// What the threads of one node share.
#[derive(Debug)]
pub struct Fabric {
    /// By thread.
    pub(crate) seats: Box<[Seat]>,
    /// What carries frames.
    pub(crate) arena: Arena,
    /// Large values.
    pub(crate) blobs: Blobs,
    /// Names of processes.
    pub(crate) names: Directory,
    /// Names of events.
    pub(crate) events: Directory,
    shapes: Shapes,
    next_id: SharedCount,
    /// So many chunks' bytes may be on their way from one thread to another.
    pub(crate) quota: u32,
}

impl Fabric {
    /// A fabric for so many threads, of which none has joined.
    pub fn new(threads: u32, quota: u32) -> Arc<Self> {
        let threads = threads.clamp(1, MAX_THREADS);
        Arc::new(Self {
            seats: (0..threads).map(|_| Seat::new(threads)).collect(),
            arena: Arena::default(),
            blobs: Blobs::default(),
            names: Directory::default(),
            events: Directory::default(),
            shapes: Shapes::default(),
            next_id: SharedCount::new(FIRST_ID),
            quota: quota.max(2),
        })
    }

    /// Takes the place of a thread.
    ///
    /// # Errors
    /// When there is no such place, or somebody has it.
    pub(crate) fn join(
        self: &Arc<Self>,
        thread: u32,
        ring: &Arc<RingMemory>,
    ) -> Result<Port, JoinError> {
        let seat = self.seats.get(thread as usize).ok_or(JoinError::Unknown)?;
        if !seat.claim() {
            return Err(JoinError::Taken);
        }
        seat.set_ring(Some(Arc::clone(ring)));
        seat.inject.open();
        Ok(Port::new(Arc::clone(self), thread))
    }

    /// Threads that there may be.
    pub fn threads(&self) -> u32 {
        self.seats.len() as u32
    }

    /// How the thread is woken when frames come while it sleeps.
    pub fn on_wake(&self, thread: u32, waker: Arc<dyn Fn() + Send + Sync>) {
        if let Some(seat) = self.seats.get(thread as usize) {
            seat.set_waker(Some(waker));
        }
    }

    /// The memory of a chunk.
    pub fn chunk(&self, number: u32) -> Option<Arc<Block>> {
        self.arena.block(number)
    }

    /// Chunks that were made, and those of them that are free.
    pub fn chunk_counts(&self) -> (u32, u32) {
        self.arena.counts()
    }

    /// A block of what a thread shows of its processes.
    pub fn presence(&self, thread: u32, block: u32) -> Option<Arc<Block>> {
        self.seats.get(thread as usize)?.presence.get(block)
    }

    /// A block of what a thread shows of its addresses.
    pub fn address_presence(&self, thread: u32, block: u32) -> Option<Arc<Block>> {
        self.seats.get(thread as usize)?.addresses.get(block)
    }

    /// A block of the gauges of a thread.
    pub fn gauge_block(&self, thread: u32, block: u32) -> Option<Arc<Block>> {
        self.seats.get(thread as usize)?.gauges.get(block)
    }

    /// What a thread counts.
    pub fn statistics(&self, thread: u32) -> Option<Arc<Block>> {
        Some(Arc::clone(&self.seats.get(thread as usize)?.statistics))
    }

    /// The ring of a thread.
    pub fn ring(&self, thread: u32) -> Option<Arc<RingMemory>> {
        self.seats.get(thread as usize)?.ring()
    }

    /// Takes a large value that is on its way.
    pub fn take_blob(&self, number: u32) -> Option<Vec<u8>> {
        let blob = self.blobs.take(number)?;
        Some(self.arrived(blob))
    }

    /// Large values that nobody has taken yet.
    pub fn blobs_on_their_way(&self) -> usize {
        self.blobs.len()
    }

    /// The number of an object shape; 0 when no more can be had.
    pub fn shape(&self, text: &str) -> u32 {
        self.shapes.number(text)
    }

    /// The object shape of a number.
    pub fn shape_text(&self, number: u32) -> Option<Arc<str>> {
        self.shapes.text(number)
    }

    /// Nobody will take any more what is kept for a thread.
    pub(crate) fn forget_blobs(&self, receiver: u32) {
        for blob in self.blobs.take_all(receiver) {
            drop(self.arrived(blob));
        }
    }

    /// How much is on its way from one thread to another.
    pub(crate) fn way(&self, sender: u32, receiver: u32) -> &Way {
        &self.seats[receiver as usize].ways[sender as usize]
    }

    /// A chunk that was on its way is free for all.
    pub(crate) fn free_chunk(&self, chunk: u32, sender: u32, receiver: u32) {
        self.way(sender, receiver).remove_chunk();
        self.arena.free(chunk);
    }

    fn arrived(&self, blob: Blob) -> Vec<u8> {
        let size = blob.bytes.len() as u64;
        self.way(blob.sender, blob.receiver).remove_blob(size);
        blob.bytes
    }

    /// Takes so many consecutive process ids, and gives the first.
    pub(crate) fn take_ids(&self, count: u32) -> u64 {
        self.next_id.fetch_add(u64::from(count), Relaxed)
    }
}
