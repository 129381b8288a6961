use crate::RingMemory;
use crate::layout::{BLOCKED_MS, BLOCKED_SLOT, BUSY, CURRENT, CURRENT_OVER, PROGRESS};

/// From how long on a callback counts as one that blocks, ms.
const BLOCKED_FROM_MS: u64 = 100;

/// What is known of the callback that runs.
///
/// | from | when | to |
/// |---|---|---|
/// | any | not busy, or in nobody's callback | `Idle` |
/// | any | busy, other progress than before | `Running` |
/// | `Running` | 100 ms over, and TypeScript has read of the last block | `Reporting`, which is written |
/// | `Reporting` | TypeScript has read it, so the callback is over | `Reported` |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// None runs.
    Idle,
    /// One runs since then at the latest.
    Running { since: u64 },
    /// One runs too long; `written` is what the header says.
    Reporting { since: u64, written: u32 },
    /// The one that ran too long is over, though no other has begun.
    Reported,
}

/// Watches one ring for a callback that blocks its thread.
#[derive(Debug)]
pub(super) struct BlockWatch {
    phase: Phase,
    progress: u32,
}

impl BlockWatch {
    /// A watch that has not looked yet.
    pub fn new() -> Self {
        Self {
            phase: Phase::Idle,
            progress: 0,
        }
    }

    /// Looks at the ring and writes into its header if a callback blocks; tells whether the thread
    /// is busy. To be called every few milliseconds; `now` is any clock that does not go back, ms.
    pub fn look(&mut self, ring: &RingMemory, now: u64) -> bool {
        let is_busy = ring.header(BUSY) != 0;
        let progress = ring.header(PROGRESS);
        self.phase = match self.phase {
            _ if !is_busy || ring.header(CURRENT) & CURRENT_OVER != 0 => Phase::Idle,
            Phase::Idle => Phase::Running { since: now },
            _ if progress != self.progress => Phase::Running { since: now },
            Phase::Running { since } if now - since >= BLOCKED_FROM_MS => {
                begin_report(ring, since, now)
            }
            Phase::Reporting { since, written } => go_on(ring, since, written, now),
            phase => phase,
        };
        self.progress = progress;
        is_busy
    }
}

impl Default for BlockWatch {
    fn default() -> Self {
        Self::new()
    }
}

fn begin_report(ring: &RingMemory, since: u64, now: u64) -> Phase {
    if ring.header(BLOCKED_MS) != 0 {
        return Phase::Running { since };
    }
    let written = blocked_for(since, now);
    // The slot first: TypeScript reads it when it sees a time.
    ring.set_header(BLOCKED_SLOT, ring.header(CURRENT));
    ring.set_header(BLOCKED_MS, written);
    Phase::Reporting { since, written }
}

/// Only replaces the time that is still there: a zero says that TypeScript has read it.
fn go_on(ring: &RingMemory, since: u64, written: u32, now: u64) -> Phase {
    let longer = blocked_for(since, now);
    if ring.exchange_header(BLOCKED_MS, written, longer) {
        Phase::Reporting {
            since,
            written: longer,
        }
    } else {
        Phase::Reported
    }
}

fn blocked_for(since: u64, now: u64) -> u32 {
    u32::try_from(now - since).unwrap_or(u32::MAX)
}
