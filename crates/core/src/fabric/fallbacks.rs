use rustc_hash::FxHashMap;

use crate::sync::{Mutex, lock};

/// Where a process wants messages to go for which there is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The name of the process that takes them.
    pub to: String,
    /// What they are marked with.
    pub tag: String,
}

/// The fallbacks of the processes of one thread: whoever finds the way there full must not have to ask it.
pub(crate) struct Fallbacks {
    /// By slot, with its generation.
    entries: Mutex<FxHashMap<u32, (u32, Fallback)>>,
}

impl Default for Fallbacks {
    fn default() -> Self {
        Self {
            entries: Mutex::new(FxHashMap::default()),
        }
    }
}

impl Fallbacks {
    /// That of the process of this generation in a slot.
    pub fn show(&self, slot: u32, generation: u32, fallback: Fallback) {
        lock(&self.entries).insert(slot, (generation, fallback));
    }

    /// That of the process of this generation in a slot.
    pub fn get(&self, slot: u32, generation: u32) -> Option<Fallback> {
        let entries = lock(&self.entries);
        let (of, fallback) = entries.get(&slot)?;
        (*of == generation).then(|| fallback.clone())
    }

    /// Nobody lives in the slot any more.
    pub fn forget(&self, slot: u32) {
        lock(&self.entries).remove(&slot);
    }

    /// Nobody lives here any more.
    pub fn clear(&self) {
        lock(&self.entries).clear();
    }
}
