use std::time::Duration;

/// When a link says something of itself, and when it has heard nothing for too long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    /// A ping goes out so often.
    period: Duration,
    /// Nothing came for so long: it is lost.
    patience: Duration,
    next_ping: Duration,
    heard: Duration,
    ticked: Duration,
    /// Something must have come until then.
    probe: Option<Duration>,
    /// The ping that is not answered yet.
    token: Option<u64>,
    round_trip_us: u64,
}

impl KeepAlive {
    /// The link is open since `now`: the first ping is due at once.
    pub fn new(period: Duration, patience: Duration, now: Duration) -> Self {
        Self {
            period,
            patience,
            next_ping: now,
            heard: now,
            ticked: now,
            probe: None,
            token: None,
            round_trip_us: 0,
        }
    }

    /// Something came.
    pub fn heard(&mut self, now: Duration) {
        self.heard = now;
        self.probe = None;
    }

    /// The token of a ping, if one is due.
    pub fn ping(&mut self, now: Duration) -> Option<u64> {
        if now < self.next_ping {
            return None;
        }
        self.next_ping = now + self.period;
        let token = now.as_micros() as u64;
        self.token = Some(token);
        Some(token)
    }

    /// An answer came.
    pub fn pong(&mut self, token: u64, now: Duration) {
        if self.token != Some(token) {
            return;
        }
        self.token = None;
        let sample = (now.as_micros() as u64).saturating_sub(token).max(1);
        self.round_trip_us = match self.round_trip_us {
            0 => sample,
            known => (7 * known + sample) / 8,
        };
    }

    /// Time to the peer and back, µs; 0: not known.
    pub fn round_trip_us(&self) -> u64 {
        self.round_trip_us
    }

    /// A ping goes out now, and something must come before `deadline`.
    pub fn probe(&mut self, now: Duration, deadline: Duration) {
        self.next_ping = now;
        self.probe.get_or_insert(deadline);
    }

    /// Whether nothing came for too long.
    pub fn is_silent(&mut self, now: Duration) -> bool {
        // Who has not looked for longer than this was stopped itself, and gives what waits for it the time to be read.
        if now.saturating_sub(self.ticked) > self.patience / 2 {
            let grace = self.patience.saturating_sub(self.period / 2);
            self.heard = self.heard.max(now.saturating_sub(grace));
            self.probe = self.probe.map(|probe| probe.max(now + self.period / 2));
        }
        self.ticked = now;
        now >= self.deadline()
    }

    /// When it is silent.
    fn deadline(&self) -> Duration {
        let silent = self.heard + self.patience;
        self.probe.map_or(silent, |probe| probe.min(silent))
    }

    /// When it has to be asked again: also so often that nobody who does so takes it that he was stopped.
    pub fn next(&self) -> Duration {
        let look = self.ticked + self.patience / 5 * 2;
        self.deadline().min(self.next_ping).min(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    /// When a peer that has said nothing since the start is found silent by who looks whenever he has to; none: never.
    fn silent_after(period: Duration, patience: Duration) -> Option<Duration> {
        let mut alive = KeepAlive::new(period, patience, START);
        let mut now = START;
        for _ in 0..1000 {
            if alive.is_silent(now) {
                return Some(now.saturating_sub(START));
            }
            // Whoever is alive says so.
            alive.ping(now);
            now = alive.next();
        }
        None
    }

    #[test]
    fn a_peer_that_speaks_more_often_than_this_node_is_found_silent_as_soon() {
        let patience = Duration::from_secs(3);
        for period_ms in [100, 1000, 2000, 3000, 4000, 15_000, 3_600_000] {
            let after = silent_after(Duration::from_millis(period_ms), patience);
            assert_eq!(after, Some(patience), "with a period of {period_ms} ms");
        }
    }

    #[test]
    fn who_was_stopped_itself_gives_what_waits_for_it_the_time_to_be_read() {
        for period in [1, 15, 60].map(Duration::from_secs) {
            let patience = Duration::from_secs(45);
            let mut alive = KeepAlive::new(period, patience, START);
            assert!(!alive.is_silent(START));
            let late = START + 2 * patience;
            assert!(!alive.is_silent(late));
            alive.heard(late);
            assert!(!alive.is_silent(alive.next()));
        }
    }
}
