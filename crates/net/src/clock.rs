use std::time::{Duration, Instant};

/// The time as `tergo-wire` counts it: since the network began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// It is zero now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The time.
    pub fn now(self) -> Duration {
        self.start.elapsed()
    }

    /// That time for a timer of tokio.
    pub fn instant(self, at: Duration) -> tokio::time::Instant {
        (self.start + at).into()
    }
}
