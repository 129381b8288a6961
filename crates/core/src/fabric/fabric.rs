use std::sync::atomic::{Ordering, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use super::arena::Arena;
use super::blobs::{Blob, BlobBytes, Blobs};
use super::block::Block;
use super::directory::Directory;
use super::fallbacks::Fallback;
use super::frame::Frame;
use super::glance::Glance;
use super::inject::Range;
use super::inlet::Inlet;
use super::link_port::LinkPort;
use super::link_seat::LinkSeat;
use super::on_the_way::OnTheWay;
use super::orphan::Orphan;
use super::port::Port;
use super::seat::Seat;
use super::shapes::Shapes;
use super::way::Way;
use crate::layout::{BLOCK_WORDS, MAX_SEATS, MAX_THREADS};
use crate::ring::RingMemory;
use crate::scheduler::FIRST_ID;
use crate::sync::{Mutex, RwLock, SharedCount, SharedWord, fence, lock, read, write};

/// So many object shapes have a number.
const MAX_SHAPES: usize = 4096;
/// So many variants of them.
const MAX_VARIANTS: usize = 2048;

/// Why a thread cannot join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The node has no thread of that number.
    Unknown,
    /// Another one has that number.
    Taken,
}

/// What a thread does while it looks around.
#[derive(Clone)]
pub(crate) struct Looker(pub Arc<dyn Fn(Glance) + Send + Sync>);

impl std::fmt::Debug for Looker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Looker")
    }
}

/// What the threads of one node share.
#[derive(Debug)]
pub struct Fabric {
    /// By thread.
    pub(crate) seats: Box<[Seat]>,
    /// Places of connections, made when they are first needed.
    links: Box<[OnceLock<LinkSeat>]>,
    /// Held while a connection takes a place.
    linking: Mutex<()>,
    /// Whether some connection waits for room on the way to a thread.
    are_links_waiting: SharedWord,
    /// What a thread does while it looks around before it sleeps.
    looker: RwLock<Option<Looker>>,
    /// The way to a place that there is not.
    nowhere: Way,
    /// What carries frames.
    pub(crate) arena: Arena,
    /// Large values.
    pub(crate) blobs: Blobs,
    /// Names of processes.
    pub(crate) names: Directory,
    /// Names of events.
    pub(crate) events: Directory,
    shapes: Shapes,
    variants: Shapes,
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
            links: (MAX_THREADS..MAX_SEATS).map(|_| OnceLock::new()).collect(),
            linking: Mutex::new(()),
            are_links_waiting: SharedWord::new(0),
            looker: RwLock::new(None),
            nowhere: Way::default(),
            arena: Arena::default(),
            blobs: Blobs::default(),
            names: Directory::default(),
            events: Directory::default(),
            shapes: Shapes::new(MAX_SHAPES),
            variants: Shapes::new(MAX_VARIANTS),
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
        seat.inlet.inject.open();
        Ok(Port::new(Arc::clone(self), thread))
    }

    /// Whether there is a place for one more connection.
    pub fn has_place(&self) -> bool {
        let _guard = lock(&self.linking);
        self.free_link().is_some()
    }

    /// Takes a place for a connection; none when all are taken.
    pub fn connect(self: &Arc<Self>) -> Option<LinkPort> {
        let _guard = lock(&self.linking);
        let free = self.free_link()?;
        let seat = self.links[free].get_or_init(|| LinkSeat::new(self.threads()));
        seat.take();
        for thread in &self.seats {
            thread.inlet.open_to_links();
        }
        Some(LinkPort::new(Arc::clone(self), MAX_THREADS + free as u32))
    }

    /// What is on its way to a thread or a connection; none for a place that nobody ever had.
    #[inline]
    pub(crate) fn inlet(&self, member: u32) -> Option<&Inlet> {
        if member < MAX_THREADS {
            return Some(&self.seats.get(member as usize)?.inlet);
        }
        Some(&self.link(member)?.inlet)
    }

    /// The place of a connection; none for one that nobody ever had.
    pub(crate) fn link(&self, member: u32) -> Option<&LinkSeat> {
        let index = member.checked_sub(MAX_THREADS)?;
        self.links.get(index as usize)?.get()
    }

    /// A connection that found no room will look again.
    pub(crate) fn note_waiting(&self) {
        self.are_links_waiting.store(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// Threads that there may be.
    pub fn threads(&self) -> u32 {
        self.seats.len() as u32
    }

    /// How the thread is woken when frames come while it sleeps.
    pub fn on_wake(&self, thread: u32, waker: Arc<dyn Fn() + Send + Sync>) {
        if let Some(seat) = self.seats.get(thread as usize) {
            seat.inlet.set_waker(Some(waker));
        }
    }

    /// What threads call when they have nothing to do, before they sleep and after it; none: they only look for frames of
    /// other threads.
    pub fn on_look(&self, looker: Option<Arc<dyn Fn(Glance) + Send + Sync>>) {
        *write(&self.looker) = looker.map(Looker);
    }

    /// What a thread does besides looking for frames.
    pub(crate) fn look(&self, glance: Glance) {
        let looker = read(&self.looker).clone();
        if let Some(Looker(look)) = looker {
            look(glance);
        }
    }

    /// Whether a thread sleeps; may be late.
    pub fn is_asleep(&self, thread: u32) -> bool {
        let seat = self.seats.get(thread as usize);
        seat.is_some_and(|seat| seat.inlet.inject.is_asleep())
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
    pub fn take_blob(&self, number: u32) -> Option<BlobBytes> {
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

    /// The number of a variant of an object shape, which no peer is told of; 0 when no more can be had.
    pub fn variant(&self, text: &str) -> u32 {
        self.variants.number(text)
    }

    /// The variant of a number.
    pub fn variant_text(&self, number: u32) -> Option<Arc<str>> {
        self.variants.text(number)
    }

    /// How many object shapes have a number.
    #[inline]
    pub fn shape_count(&self) -> u32 {
        self.shapes.count()
    }

    /// The shape that the peer behind a connection has told by that number, from 1.
    pub fn peer_shape(&self, member: u32, number: u32) -> Option<Arc<str>> {
        self.link(member)?.shape(number)
    }

    /// Nobody will take any more what is kept for a thread.
    pub(crate) fn forget_blobs(&self, receiver: u32) {
        for blob in self.blobs.take_all(receiver) {
            drop(self.arrived(blob));
        }
    }

    /// How much is on its way from one thread to another.
    pub(crate) fn way(&self, sender: u32, receiver: u32) -> &Way {
        let inlet = self.inlet(receiver);
        let way = inlet.and_then(|inlet| inlet.way(sender));
        way.unwrap_or(&self.nowhere)
    }

    /// How much is on its way to a member, from one and from all.
    pub fn on_the_way(&self, sender: u32, receiver: u32) -> OnTheWay {
        let chunk_bytes = |chunks: u32| u64::from(chunks) * u64::from(BLOCK_WORDS) * 4;
        self.inlet(receiver)
            .map_or_else(OnTheWay::default, |inlet| OnTheWay {
                chunk_bytes: chunk_bytes(inlet.chunks()),
                blob_bytes: inlet.blob_bytes(),
                own_bytes: self.way(sender, receiver).bytes(),
                limit: chunk_bytes(self.quota),
            })
    }

    /// Where a process wants messages to go for which there is no room.
    pub fn fallback(&self, thread: u32, slot: u32, generation: u32) -> Option<Fallback> {
        let seat = self.seats.get(thread as usize)?;
        seat.fallbacks.get(slot, generation)
    }

    /// Shows that of a process of a thread.
    pub fn show_fallback(&self, thread: u32, slot: u32, generation: u32, fallback: Fallback) {
        if let Some(seat) = self.seats.get(thread as usize) {
            seat.fallbacks.show(slot, generation, fallback);
        }
    }

    /// A chunk is on its way from now on.
    pub(crate) fn add_chunk(&self, sender: u32, receiver: u32) {
        if let Some(inlet) = self.inlet(receiver) {
            inlet.add_chunk(sender, self.quota);
        }
    }

    /// So many bytes are on their way beside the frames from now on.
    pub(crate) fn add_blob(&self, sender: u32, receiver: u32, size: u64) {
        if let Some(inlet) = self.inlet(receiver) {
            inlet.add_blob(sender, size);
        }
    }

    /// A chunk that was on its way is free for all.
    pub(crate) fn free_chunk(&self, chunk: u32, sender: u32, receiver: u32) {
        if let Some(inlet) = self.inlet(receiver) {
            inlet.remove_chunk(sender, self.quota);
        }
        self.arena.free(chunk);
        self.tell_room(sender);
    }

    /// Whether there ever was a connection.
    pub(crate) fn has_links(&self) -> bool {
        self.links.iter().any(|link| link.get().is_some())
    }

    /// A frame for a thread that has ended was not done with: a peer that waits for it, and cannot know where it was, is told.
    pub(crate) fn orphan(&self, number: u32, thread: u32) {
        if let Some(block) = self.arena.block(Frame::chunk_of(number)) {
            self.orphan_at(&block, Frame::word_of(number), thread);
        }
    }

    /// The same for those that lie side by side.
    pub(crate) fn orphan_range(&self, range: Range, thread: u32) {
        let Some(block) = self.arena.block(range.chunk) else {
            return;
        };
        let mut at = range.from;
        while at < range.to {
            self.orphan_at(&block, at, thread);
            let Some(end) = Frame::read(&block, at).end(at) else {
                return;
            };
            at = end;
        }
    }

    /// Calls by name that a thread has taken, and not answered: the same.
    pub(crate) fn orphan_calls(&self, thread: u32) {
        let seat = self.seats.get(thread as usize);
        for (station, number) in seat.map(Seat::open_calls).unwrap_or_default() {
            let (link, orphan) = Orphan::of_call(station, number, thread);
            self.add_orphan(link, orphan);
        }
    }

    /// A block of the named calls of a thread, which is made when there is none.
    pub fn named_calls(&self, thread: u32, block: u32) -> Option<Arc<Block>> {
        Some(self.seats.get(thread as usize)?.named_calls.ensure(block))
    }

    /// Connections to peers that are to be told of something go on.
    pub(crate) fn wake_for_orphans(&self) {
        for seat in self.links.iter().filter_map(OnceLock::get) {
            if seat.has_orphans() {
                seat.inlet.wake();
            }
        }
    }

    fn orphan_at(&self, chunk: &Block, at: u32, thread: u32) {
        if let Some((seat, orphan)) = Orphan::read(chunk, at, thread) {
            self.add_orphan(seat, orphan);
        }
    }

    fn add_orphan(&self, seat: u32, orphan: Orphan) {
        if let Some(link) = self.link(seat) {
            link.add_orphan(orphan);
        }
    }

    fn arrived(&self, blob: Blob) -> BlobBytes {
        let size = blob.bytes.size();
        if let Some(inlet) = self.inlet(blob.receiver) {
            inlet.remove_blob(blob.sender, size);
        }
        self.tell_room(blob.sender);
        blob.bytes
    }

    /// The highest id of any process so far: those of a thread that begins later have higher ones.
    pub fn last_id(&self) -> u64 {
        self.next_id.load(Relaxed) - 1
    }

    /// Takes so many consecutive process ids, and gives the first.
    pub(crate) fn take_ids(&self, count: u32) -> u64 {
        self.next_id.fetch_add(u64::from(count), Relaxed)
    }

    /// There is more room on the way from a sender: connections that wait for it hear of it.
    #[inline]
    fn tell_room(&self, sender: u32) {
        if sender < MAX_THREADS {
            return;
        }
        // Pairs with the fence in `note_waiting`: one of the two sees what the other wrote.
        fence(Ordering::SeqCst);
        if self.are_links_waiting.load(Relaxed) != 0 {
            self.wake_waiting();
        }
    }

    #[cold]
    fn wake_waiting(&self) {
        self.are_links_waiting.store(0, Ordering::SeqCst);
        for seat in self.links.iter().filter_map(OnceLock::get) {
            if seat.stop_waiting() {
                seat.inlet.wake();
            }
        }
    }

    fn free_link(&self) -> Option<usize> {
        (0..self.links.len()).find(|index| self.is_free(*index))
    }

    /// Nobody has the place, and nothing of who had it is left anywhere: whoever comes next meets nothing old.
    fn is_free(&self, index: usize) -> bool {
        let Some(seat) = self.links[index].get() else {
            return true;
        };
        let number = MAX_THREADS + index as u32;
        let threads = 0..self.threads();
        let left: u32 = threads
            .map(|thread| self.way(number, thread).chunks())
            .sum();
        !seat.is_taken() && seat.inlet.chunks() == 0 && left == 0
    }
}
