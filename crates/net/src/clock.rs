use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// When somebody first asked for the time.
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The time by which the threads of this OS process tell each other when calls are over.
pub fn steady_now() -> Duration {
    FIRST.elapsed()
}

/// The time as `tergo-wire` counts it: since the network began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// What the threads said then.
    steady: Duration,
}

impl Clock {
    /// It is zero now.
    pub fn new() -> Self {
        let steady = steady_now();
        Self {
            start: *FIRST + steady,
            steady,
        }
    }

    /// The time.
    pub fn now(self) -> Duration {
        self.start.elapsed()
    }

    /// That time as the threads have it: the lowest bits of its ms.
    pub fn steady_ms(self, at: Duration) -> u32 {
        let steady = self.steady + at;
        (steady.as_secs() as u32)
            .wrapping_mul(1000)
            .wrapping_add(steady.subsec_millis())
    }

    /// That time for a timer of tokio.
    pub fn instant(self, at: Duration) -> tokio::time::Instant {
        (self.start + at).into()
    }
}
