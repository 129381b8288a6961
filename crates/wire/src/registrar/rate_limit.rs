use std::time::Duration;

/// How often something may happen: so many at once, and so many each second in the long run.
#[derive(Clone, Copy, Debug)]
pub(super) struct RateLimit {
    per_second: u32,
    burst: u32,
    /// What is left, in thousandths.
    left: u64,
    at: Duration,
}

impl RateLimit {
    /// Nothing has happened yet.
    pub fn new(per_second: u32, burst: u32, now: Duration) -> Self {
        Self {
            per_second,
            burst,
            left: u64::from(burst) * 1000,
            at: now,
        }
    }

    /// Whether it may happen once more; then it has.
    pub fn take(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.at);
        let passed_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        self.at += Duration::from_millis(passed_ms);
        let gained = passed_ms.saturating_mul(u64::from(self.per_second));
        let most = u64::from(self.burst) * 1000;
        self.left = self.left.saturating_add(gained).min(most);
        if self.left < 1000 {
            return false;
        }
        self.left -= 1000;
        true
    }

    /// Whether nothing has happened for so long that it is as good as new.
    pub fn is_full(&self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.at).as_secs();
        passed > u64::from(self.burst / self.per_second.max(1))
    }
}
