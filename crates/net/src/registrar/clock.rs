use std::time::Duration;

use tokio::time::Instant;

/// The time since the registrar of this node began, which is what `tergo-wire` calls the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    /// It is 0 now.
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// The time.
    pub fn now(self) -> Duration {
        self.0.elapsed()
    }

    /// When it is that time.
    pub fn instant(self, time: Duration) -> Instant {
        self.0 + time
    }
}
