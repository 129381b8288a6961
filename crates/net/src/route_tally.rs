use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::sync::lock;

/// What became of the dials along a static route.
#[derive(Debug, Default)]
pub struct RouteTally {
    dials: AtomicU64,
    successes: AtomicU64,
    last_failure: Mutex<Option<(String, Instant)>>,
}

/// What a tally says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// How often a link was dialled.
    pub dials: u64,
    /// How many of these became links.
    pub successes: u64,
    /// Why the last one that failed did, for people, and how long ago that was.
    pub last_failure: Option<(String, Duration)>,
}

impl RouteTally {
    /// A dial begins.
    pub fn dial(&self) {
        self.dials.fetch_add(1, Relaxed);
    }

    /// It has become a link.
    pub fn succeed(&self) {
        self.successes.fetch_add(1, Relaxed);
    }

    /// It has come to nothing.
    pub fn fail(&self, why: &str) {
        *lock(&self.last_failure) = Some((why.to_owned(), Instant::now()));
    }

    /// What it says now.
    pub fn counts(&self) -> RouteCounts {
        let last = lock(&self.last_failure).clone();
        RouteCounts {
            dials: self.dials.load(Relaxed),
            successes: self.successes.load(Relaxed),
            last_failure: last.map(|(why, at)| (why, at.elapsed())),
        }
    }
}
