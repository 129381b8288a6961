use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Words of a gauge: one a queue.
const GAUGE_WORDS: usize = 4;
/// Gauges of a new block.
const FIRST_GAUGES: usize = 1024;

/// The gauges of bounded mailboxes, shared with the TypeScript side: how many messages of each queue
/// were accepted and not yet taken.
#[derive(Debug)]
pub struct GaugeMemory {
    words: Box<[AtomicU32]>,
}

impl GaugeMemory {
    /// 1024 gauges that stand at zero.
    pub fn new() -> Self {
        Self {
            words: zeros(FIRST_GAUGES * GAUGE_WORDS).collect(),
        }
    }

    /// Twice as many gauges with the same values; the new ones stand at zero.
    #[must_use]
    pub fn doubled(&self) -> Self {
        let old = self.words.iter().map(|word| word.load(Relaxed));
        Self {
            words: old
                .map(AtomicU32::new)
                .chain(zeros(self.words.len()))
                .collect(),
        }
    }

    /// All words, as the TypeScript side sees them.
    pub fn words(&self) -> &[AtomicU32] {
        &self.words
    }

    /// Whether there is a gauge `index`.
    pub(crate) fn contains(&self, index: u32) -> bool {
        (index as usize) < self.words.len() / GAUGE_WORDS
    }

    /// Counts one more in a queue, unless it stands at `limit`: then false.
    pub(crate) fn accept(&self, index: u32, queue: usize, limit: u32) -> bool {
        let Some(word) = self.words.get(index as usize * GAUGE_WORDS + queue) else {
            return false;
        };
        let waiting = word.load(Relaxed);
        if waiting >= limit {
            return false;
        }
        word.store(waiting + 1, Relaxed);
        true
    }
}

impl Default for GaugeMemory {
    fn default() -> Self {
        Self::new()
    }
}

fn zeros(count: usize) -> impl Iterator<Item = AtomicU32> {
    (0..count).map(|_| AtomicU32::new(0))
}
