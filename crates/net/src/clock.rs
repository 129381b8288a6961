use std::time::{Duration, Instant};

/// The time as `tergo-wire` counts it: since the network began.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    /// What the machine's clock said then.
    machine: Duration,
}

impl Clock {
    /// It is zero now.
    pub(crate) fn new() -> Self {
        Self::with_machine(Duration::ZERO)
    }

    /// The same, when the clock by which the threads tell each other when calls are over says `machine`.
    pub fn with_machine(machine: Duration) -> Self {
        Self {
            start: Instant::now(),
            machine,
        }
    }

    /// The time.
    pub(crate) fn now(self) -> Duration {
        self.start.elapsed()
    }

    /// That time by the clock of the threads: the lowest bits of its ms.
    pub(crate) fn machine_ms(self, at: Duration) -> u32 {
        let machine = self.machine + at;
        (machine.as_secs() as u32)
            .wrapping_mul(1000)
            .wrapping_add(machine.subsec_millis())
    }

    /// That time for a timer of tokio.
    pub(crate) fn instant(self, at: Duration) -> tokio::time::Instant {
        (self.start + at).into()
    }
}
