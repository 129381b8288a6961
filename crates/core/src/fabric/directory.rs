use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::sync::{Mutex, lock};

/// Who has a name or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its thread.
    pub thread: u32,
    /// The slot of the process there.
    pub slot: u32,
    /// The generation of the process.
    pub generation: u32,
    /// The address of the name there.
    pub index: u32,
    /// The generation of the address.
    pub address_generation: u32,
    /// The process's id.
    pub id: u64,
}

/// Names of one kind on the whole node.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    holders: Mutex<FxHashMap<Arc<str>, Holder>>,
}

impl Directory {
    /// Gives a free name to what `holder` makes, and its address; none, and nothing is made, when it is
    /// taken.
    pub fn claim(&self, name: &str, holder: impl FnOnce() -> Holder) -> Option<u32> {
        let mut holders = lock(&self.holders);
        if holders.contains_key(name) {
            return None;
        }
        let holder = holder();
        holders.insert(name.into(), holder);
        Some(holder.index)
    }

    /// Who has a name.
    pub fn find(&self, name: &str) -> Option<Holder> {
        lock(&self.holders).get(name).copied()
    }

    /// Frees a name.
    pub fn release(&self, name: &str) {
        lock(&self.holders).remove(name);
    }

    /// Frees all names of a thread.
    pub fn forget(&self, thread: u32) {
        lock(&self.holders).retain(|_, holder| holder.thread != thread);
    }
}
