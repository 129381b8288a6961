use crate::NIL;

/// Stands in `bucket` of a timer that does not run.
const STOPPED: u16 = u16::MAX;

/// A timer; TypeScript chose its index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerEntry {
    /// When it is due, ms.
    pub(super) due: u64,
    /// Tells apart the timers that had this index, one after the other.
    pub(super) sequence: u32,
    /// Time between two ticks, ms; 0 for a timer that fires once.
    pub(super) period: u32,
    /// The timer after it in its bucket.
    pub(super) next: u32,
    /// The timer before it in its bucket.
    pub(super) previous: u32,
    /// Which bucket it is in.
    pub(super) bucket: u16,
}

impl TimerEntry {
    /// A timer that does not run.
    pub(super) const IDLE: Self = Self {
        due: 0,
        sequence: 0,
        period: 0,
        next: NIL,
        previous: NIL,
        bucket: STOPPED,
    };

    /// A timer that is due at `due`, and again after each `period` unless that is 0.
    pub fn new(due: u64, period: u32, sequence: u32) -> Self {
        Self {
            due,
            sequence,
            period,
            ..Self::IDLE
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.bucket != STOPPED
    }

    /// Marks it as stopped.
    pub(super) fn stop(&mut self) {
        self.bucket = STOPPED;
    }

    /// Moves a repeated timer to its first tick after `now`.
    pub(super) fn skip_past(&mut self, now: u64) {
        let period = u64::from(self.period);
        let missed = (now - self.due) / period;
        self.due += (missed + 1) * period;
    }
}
