//! What is known of the event loop of a scheduler's thread, and when it is told that it hangs.

use std::sync::Arc;

use tergo_core::layout::{CURRENT, CURRENT_OVER, SLOT_MASK};
use tergo_core::{RingMemory, Standstill};

use crate::voice::Voice;

/// How an event loop does; all times are of work, not of waiting.
#[derive(Clone, Copy)]
pub struct LoopTimes {
    /// Changes whenever it has done all that there was.
    pub turns: u32,
    /// For how long it has not.
    pub unturned_ns: u64,
    /// Since some moment.
    pub worked_ns: u64,
    /// The longest that it did not turn, of late.
    pub longest_ns: u64,
}

/// Measures an event loop, and can be asked on any thread.
pub trait Meter: Send + Sync {
    /// None: the loop has ended, or does not count.
    fn times(&self) -> Option<LoopTimes>;
}

/// The event loop of a scheduler's thread.
pub struct WatchedLoop {
    pub ring: Arc<RingMemory>,
    meter: Arc<dyn Meter>,
    /// How long it had worked when the scheduler began.
    worked_before: Option<u64>,
    standstill: Standstill,
    /// Tells when it hangs.
    pub voice: Option<Voice>,
}

impl WatchedLoop {
    /// Begins to watch.
    pub fn new(ring: Arc<RingMemory>, meter: Arc<dyn Meter>) -> Self {
        Self {
            worked_before: meter.times().map(|times| times.worked_ns),
            standstill: Standstill::default(),
            voice: None,
            ring,
            meter,
        }
    }

    /// How it does, since the scheduler began.
    pub fn times(&mut self) -> Option<LoopTimes> {
        let times = self.meter.times()?;
        let before = *self.worked_before.get_or_insert(times.worked_ns);
        Some(LoopTimes {
            worked_ns: times.worked_ns.saturating_sub(before),
            ..times
        })
    }

    /// What is to be told of it, once a second.
    pub fn look(&mut self) -> Option<String> {
        let voice = self.voice.as_ref()?;
        let times = self.meter.times()?;
        let ms = times.unturned_ns / 1_000_000;
        if !self.standstill.look(times.turns, ms) {
            return None;
        }
        let current = self.ring.header(CURRENT);
        let slot = (current != u32::MAX).then_some(current & SLOT_MASK);
        Some(voice.hangs(ms, slot, current & CURRENT_OVER == 0))
    }
}
