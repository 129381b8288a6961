use std::sync::Arc;

use super::BlockWatch;
use crate::RingMemory;
use crate::layout::WATCHDOG_ASLEEP;

/// How often to look, ms.
pub const LOOK_EVERY_MS: u64 = 20;
/// How long nobody has been busy before it is worth to sleep, ms: who wakes it up again pays as much as for one look or two.
const SLEEP_AFTER_MS: u64 = 200;

/// The rings that are watched, and whether watching them is of any use.
///
/// Falling asleep takes two looks: a thread that became busy while the flag was being set may not
/// have seen it, so the watchdog looks once more before it sleeps.
#[derive(Debug, Default)]
pub struct Watchdog {
    rings: Vec<(Arc<RingMemory>, BlockWatch)>,
    /// When somebody was busy last, ms; none before the first look since waking.
    busy_at: Option<u64>,
    is_drowsy: bool,
}

impl Watchdog {
    /// A watchdog without rings.
    pub const fn new() -> Self {
        Self {
            rings: Vec::new(),
            busy_at: None,
            is_drowsy: false,
        }
    }

    /// Watches one more ring.
    pub fn watch(&mut self, ring: Arc<RingMemory>) {
        self.rings.push((ring, BlockWatch::new()));
    }

    /// Watches a ring no longer.
    pub fn forget(&mut self, ring: &Arc<RingMemory>) {
        self.rings
            .retain(|(watched, _)| !Arc::ptr_eq(watched, ring));
    }

    /// Looks at every ring; false when there is nothing to look for until `wake`.
    pub fn look(&mut self, now: u64) -> bool {
        let mut is_busy = false;
        for (ring, watch) in &mut self.rings {
            is_busy |= watch.look(ring, now);
        }
        if is_busy && self.is_drowsy {
            self.wake();
        }
        let busy_at = *self.busy_at.get_or_insert(now);
        if is_busy {
            self.busy_at = Some(now);
        } else if self.is_drowsy || self.rings.is_empty() {
            return false;
        } else if now - busy_at >= SLEEP_AFTER_MS {
            self.is_drowsy = true;
            self.flag(1);
        }
        true
    }

    /// Somebody is busy again.
    pub fn wake(&mut self) {
        self.is_drowsy = false;
        self.busy_at = None;
        self.flag(0);
    }

    fn flag(&self, value: u32) {
        for (ring, _) in &self.rings {
            ring.set_header(WATCHDOG_ASLEEP, value);
        }
    }
}
