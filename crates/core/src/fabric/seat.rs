use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::block::{Block, Blocks};
use super::fallbacks::Fallbacks;
use super::inlet::Inlet;
use crate::layout::{
    BLOCK_WORDS, FRAME_WORDS, NAMED_CALL_WORDS, PRESENCE_BOUNDED, PRESENCE_FALLBACK,
    PRESENCE_GAUGE_SHIFT, PRESENCE_WORDS, STAT_DELIVERED, STAT_DROPPED, STAT_EVENTS_DELIVERED,
    STAT_EVENTS_DROPPED, STAT_EVENTS_PUBLISHED, STAT_JS_COUNTED, STAT_JS_COUNTS, STAT_MESSAGES,
    STAT_PAST, STAT_SPAWNED, STAT_TERMINATED, STAT_WORDS,
};
use crate::ring::RingMemory;
use crate::sync::{Mutex, SharedWord, fence, lock};

const SLOTS_A_BLOCK: u32 = BLOCK_WORDS / PRESENCE_WORDS;
// Frame numbers count in units of two words.
const _: () = assert!(FRAME_WORDS.is_multiple_of(2));

/// The place of one thread in a fabric: what it shows to the others, and what is on its way to it.
pub(crate) struct Seat {
    /// Frames on their way here.
    pub inlet: Inlet,
    /// Who lives in which slot.
    pub presence: Blocks,
    /// What stands at which address.
    pub addresses: Blocks,
    /// Bounded mailboxes.
    pub gauges: Blocks,
    /// Calls that peers have made by name, and that were taken here and are not answered.
    pub named_calls: Blocks,
    /// Where its processes want messages to go for which there is no room.
    pub fallbacks: Fallbacks,
    /// What it counts.
    pub statistics: Arc<Block>,
    /// 1 while somebody sits here.
    is_taken: SharedWord,
    /// Slots begin with the generation after this one.
    pub slot_floor: SharedWord,
    /// Addresses begin with the generation after this one.
    pub address_floor: SharedWord,
    ring: Mutex<Option<Arc<RingMemory>>>,
}

impl Seat {
    /// A place that nobody has, on a node of so many threads.
    pub fn new(threads: u32) -> Self {
        Self {
            inlet: Inlet::new(threads),
            presence: Blocks::default(),
            addresses: Blocks::default(),
            gauges: Blocks::default(),
            named_calls: Blocks::default(),
            fallbacks: Fallbacks::default(),
            statistics: Arc::new(Block::new(STAT_WORDS)),
            is_taken: SharedWord::new(0),
            slot_floor: SharedWord::new(0),
            address_floor: SharedWord::new(0),
            ring: Mutex::new(None),
        }
    }

    /// Takes the place: false when somebody has it. What the last one left is seen by who takes it.
    pub fn claim(&self) -> bool {
        self.is_taken
            .compare_exchange(0, 1, Acquire, Relaxed)
            .is_ok()
    }

    /// The place is free again: the last thing that who sat here does with it.
    pub fn vacate(&self) {
        self.is_taken.store(0, Release);
    }

    /// The ring of the scheduler that sits here.
    pub fn ring(&self) -> Option<Arc<RingMemory>> {
        lock(&self.ring).clone()
    }

    /// Who sits here now.
    pub fn set_ring(&self, ring: Option<Arc<RingMemory>>) {
        *lock(&self.ring) = ring;
    }

    /// A slot is granted: the process that may be spawned there has this id.
    pub fn granted(&self, slot: u32, generation: u32, id: u64) {
        let (block, at) = self.presence_of(slot);
        // Who sees one of these words sees before it that the former process is gone.
        fence(Release);
        block.set(at + 1, 0);
        block.set_pair(at + 2, id);
        self.slot_floor.fetch_max(generation, Relaxed);
    }

    /// A process lives in a slot from now on; with generation 0 nobody does.
    pub fn show(&self, slot: u32, generation: u32) {
        let (block, at) = self.presence_of(slot);
        if generation == 0 && block.get(at + 1) & PRESENCE_FALLBACK != 0 {
            self.fallbacks.forget(slot);
        }
        block.publish(at, generation);
    }

    /// The mailbox of a process is bounded by a gauge.
    pub fn show_gauge(&self, slot: u32, gauge: Option<u32>) {
        let (block, at) = self.presence_of(slot);
        let fallback = block.get(at + 1) & PRESENCE_FALLBACK;
        let bound = gauge.map_or(0, |gauge| gauge << PRESENCE_GAUGE_SHIFT | PRESENCE_BOUNDED);
        block.set(at + 1, fallback | bound);
    }

    /// The id of the process of that generation, if it lives in that slot.
    pub fn living(&self, slot: u32, generation: u32) -> Option<u64> {
        let block = self.presence.get(slot / SLOTS_A_BLOCK)?;
        let at = slot % SLOTS_A_BLOCK * PRESENCE_WORDS;
        if generation == 0 || block.acquire(at) != generation {
            return None;
        }
        let id = block.pair(at + 2);
        // The slot may have changed hands meanwhile.
        fence(Acquire);
        (block.get(at) == generation).then_some(id)
    }

    /// The id of the process in a slot.
    pub fn id_of(&self, slot: u32) -> u64 {
        let (block, at) = self.presence_of(slot);
        block.pair(at + 2)
    }

    /// Something stands at an address from now on.
    pub fn show_address(&self, index: u32, generation: u32) {
        let block = self.addresses.ensure(index / BLOCK_WORDS);
        block.publish(index % BLOCK_WORDS, generation);
        self.address_floor.fetch_max(generation, Relaxed);
    }

    /// Nothing stands at an address any more.
    pub fn hide_address(&self, index: u32) {
        let block = self.addresses.ensure(index / BLOCK_WORDS);
        block.set(index % BLOCK_WORDS, 0);
    }

    /// The named calls that are not answered: the station of who waits, and the number there.
    pub fn open_calls(&self) -> Vec<(u32, u32)> {
        let blocks = (0..).map_while(|number| self.named_calls.get(number));
        let words = |block: Arc<Block>| {
            let pairs = (0..BLOCK_WORDS / NAMED_CALL_WORDS).map(move |index| {
                let at = index * NAMED_CALL_WORDS;
                (block.get(at + 1), block.get(at))
            });
            pairs.filter(|(station, _)| *station != 0)
        };
        blocks.flat_map(words).collect()
    }

    /// Nobody sits here any more.
    pub fn clear(&self) {
        self.presence.clear_each(PRESENCE_WORDS as usize);
        // Who sees anything else of them gone sees before it that they are.
        fence(Release);
        self.presence.clear();
        self.addresses.clear();
        self.named_calls.clear();
        self.fallbacks.clear();
        self.set_ring(None);
        self.inlet.set_waker(None);
        self.add_up();
        for word in 0..STAT_PAST {
            self.statistics.set(word, 0);
        }
    }

    /// What the node has counted does not become less by the end of a thread.
    fn add_up(&self) {
        let statistics = &self.statistics;
        let add = |at: u32, count: u64| {
            let sum = statistics.pair(STAT_PAST + at).wrapping_add(count);
            statistics.set_pair(STAT_PAST + at, sum);
        };
        // The node's own process is not counted. All others end with their thread, and what they have not taken is dropped.
        let spawned = statistics.pair(STAT_SPAWNED).saturating_sub(1);
        add(STAT_SPAWNED, spawned);
        add(STAT_TERMINATED, spawned);
        let untaken = statistics.get(STAT_MESSAGES).into();
        add(STAT_DROPPED, untaken);
        add(STAT_JS_COUNTS, untaken);
        let js = (0..STAT_JS_COUNTED).map(|index| STAT_JS_COUNTS + 2 * index);
        let core = [
            STAT_DELIVERED,
            STAT_DROPPED,
            STAT_EVENTS_PUBLISHED,
            STAT_EVENTS_DELIVERED,
            STAT_EVENTS_DROPPED,
        ];
        for at in core.into_iter().chain(js) {
            add(at, statistics.pair(at));
        }
    }

    fn presence_of(&self, slot: u32) -> (Arc<Block>, u32) {
        let block = self.presence.ensure(slot / SLOTS_A_BLOCK);
        (block, slot % SLOTS_A_BLOCK * PRESENCE_WORDS)
    }
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Seat").finish_non_exhaustive()
    }
}
