use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::NIL;
use crate::sync::{Mutex, MutexGuard, lock};

/// A process of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    /// Its thread.
    pub thread: u32,
    /// Its slot there.
    pub slot: u32,
    /// Its generation.
    pub generation: u32,
}

/// Where a name stands on the thread of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address there; `NIL` as long as that thread has not taken it.
    pub index: u32,
    /// The generation of the address.
    pub generation: u32,
}

impl Place {
    /// Of a name that another thread has given, and that the owner's thread has not taken yet.
    const RESERVED: Self = Self {
        index: NIL,
        generation: 0,
    };
}

/// Who has a name or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The process.
    pub owner: Owner,
    /// The process's id.
    pub id: u64,
    /// Where it stands.
    pub place: Place,
    /// Tells it apart from who had the name before.
    pub serial: u32,
    /// Of an event: what others need to know of who may publish; 0: anybody may.
    pub guard: u32,
}

impl Holder {
    fn is_reserved_for(&self, owner: Owner) -> bool {
        self.owner == owner && self.place == Place::RESERVED
    }
}

/// Why a name was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The name is somebody else's.
    Taken,
    /// The process has one.
    HasOne,
    /// The process has ended.
    Gone,
}

/// Names of one kind on the whole node.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    holders: FxHashMap<Arc<str>, Holder>,
    /// Processes that have a name, which is one at most; events are not listed.
    named: FxHashSet<Owner>,
    last_serial: u32,
}

impl State {
    fn insert(&mut self, name: &str, holder: Holder, is_only: bool) {
        if is_only {
            self.named.insert(holder.owner);
        }
        self.last_serial = self.last_serial.wrapping_add(1);
        let serial = self.last_serial;
        self.holders
            .insert(name.into(), Holder { serial, ..holder });
    }

    fn remove(&mut self, name: &str) -> Option<Holder> {
        let holder = self.holders.remove(name)?;
        self.named.remove(&holder.owner);
        Some(holder)
    }
}

impl Directory {
    /// Gives a free name to a process that has none, and to what `holder` makes; none, and nothing is made, when that
    /// cannot be.
    pub fn claim_only(
        &self,
        name: &str,
        owner: Owner,
        holder: impl FnOnce() -> Holder,
    ) -> Option<u32> {
        let mut state = self.state();
        if state.holders.contains_key(name) || state.named.contains(&owner) {
            return None;
        }
        let holder = holder();
        state.insert(name, holder, true);
        Some(holder.place.index)
    }

    /// The same, however many names the process has.
    pub fn claim(&self, name: &str, holder: impl FnOnce() -> Holder) -> Option<u32> {
        let mut state = self.state();
        if state.holders.contains_key(name) {
            return None;
        }
        let holder = holder();
        state.insert(name, holder, false);
        Some(holder.place.index)
    }

    /// Gives a free name to a process of another thread, which has to take it. `id_of_living` gives the id of the
    /// process if it lives.
    ///
    /// # Errors
    /// When it cannot be given.
    pub fn reserve(
        &self,
        name: &str,
        owner: Owner,
        id_of_living: impl FnOnce() -> Option<u64>,
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.holders.contains_key(name) {
            return Err(Refusal::Taken);
        }
        if state.named.contains(&owner) {
            return Err(Refusal::HasOne);
        }
        // Under the lock: a thread that ends shows no process any more before it gives its names up.
        let id = id_of_living().ok_or(Refusal::Gone)?;
        let holder = Holder {
            owner,
            id,
            place: Place::RESERVED,
            serial: 0,
            guard: 0,
        };
        state.insert(name, holder, true);
        Ok(())
    }

    /// The thread of the owner takes a name that another one has reserved; none, and nothing is made, when that does
    /// not stand any more.
    pub fn take(&self, name: &str, owner: Owner, place: impl FnOnce() -> Place) -> Option<u32> {
        let mut state = self.state();
        let holder = state.holders.get_mut(name)?;
        if !holder.is_reserved_for(owner) {
            return None;
        }
        holder.place = place();
        Some(holder.place.index)
    }

    /// Gives up what was reserved for a process and not taken.
    pub fn cancel(&self, name: &str, owner: Owner) {
        let mut state = self.state();
        let holder = state.holders.get(name);
        if holder.is_some_and(|holder| holder.is_reserved_for(owner)) {
            state.remove(name);
        }
    }

    /// Frees a name, whoever has it; `hide` hears of who had it before somebody else can have it.
    pub fn withdraw(&self, name: &str, hide: impl FnOnce(&Holder)) -> Option<Holder> {
        let mut state = self.state();
        let holder = state.remove(name)?;
        hide(&holder);
        Some(holder)
    }

    /// Who has a name.
    pub fn find(&self, name: &str) -> Option<Holder> {
        self.state().holders.get(name).copied()
    }

    /// Frees a name that stands at that place of a thread; another thread may have done so.
    pub fn release(&self, name: &str, thread: u32, place: Place) {
        let mut state = self.state();
        let holder = state.holders.get(name);
        if holder.is_some_and(|holder| holder.owner.thread == thread && holder.place == place) {
            state.remove(name);
        }
    }

    /// Frees all names of a thread.
    pub fn forget(&self, thread: u32) {
        let mut state = self.state();
        state
            .holders
            .retain(|_, holder| holder.owner.thread != thread);
        state.named.retain(|owner| owner.thread != thread);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}
