use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Address, AddressBody, EventState};
use crate::NIL;
use crate::relation::TargetKind;

/// All addresses of a scheduler, and who has which name.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    addresses: Vec<Address>,
    free: Vec<u32>,
    names: FxHashMap<Arc<str>, u32>,
    events: FxHashMap<Arc<str>, u32>,
    nodes: FxHashMap<Arc<str>, u32>,
    aliases: u32,
    /// Addresses begin with the generation after this one.
    floor: u32,
}

impl Registry {
    /// An empty registry; what will stand in it has generations above `floor`.
    pub fn new(floor: u32) -> Self {
        Self {
            floor,
            ..Self::default()
        }
    }

    /// Whether a process has this name.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Whether there is an event of this name.
    pub fn has_event(&self, name: &str) -> bool {
        self.events.contains_key(name)
    }

    /// Registers a free name for a process. The caller keeps the owner's list; so for all three.
    pub fn add_name(&mut self, owner: u32, name: &str) -> u32 {
        let name: Arc<str> = name.into();
        let index = self.add(owner, AddressBody::Name(Arc::clone(&name)));
        self.names.insert(name, index);
        index
    }

    /// Creates an alias of a process.
    pub fn add_alias(&mut self, owner: u32) -> u32 {
        self.aliases += 1;
        self.add(owner, AddressBody::Alias)
    }

    /// Registers an event under a free name.
    pub fn add_event(&mut self, owner: u32, name: &str, notify: bool) -> u32 {
        let name: Arc<str> = name.into();
        let state = EventState {
            name: Arc::clone(&name),
            notify,
        };
        let index = self.add(owner, AddressBody::Event(Box::new(state)));
        self.events.insert(name, index);
        index
    }

    /// An address that stands for something elsewhere and belongs to no process: for an event, so that
    /// it can be published here, or for anything else.
    pub fn add_proxy(&mut self, is_event: bool) -> u32 {
        let body = if is_event {
            AddressBody::Event(Box::default())
        } else {
            AddressBody::Proxy
        };
        self.add(NIL, body)
    }

    /// The address of a node, which is made when there is none yet.
    pub fn node(&mut self, name: &str) -> u32 {
        if let Some(index) = self.find_node(name) {
            return index;
        }
        let index = self.add(NIL, AddressBody::Node);
        self.nodes.insert(name.into(), index);
        index
    }

    /// The address of a node, if there is one.
    pub fn find_node(&self, name: &str) -> Option<u32> {
        self.nodes.get(name).copied()
    }

    /// Whether the address was ever handed out.
    pub fn is_known(&self, index: u32) -> bool {
        (index as usize) < self.addresses.len()
    }

    /// An address that is known.
    pub fn get(&self, index: u32) -> &Address {
        &self.addresses[index as usize]
    }

    /// An address that is known.
    pub fn get_mut(&mut self, index: u32) -> &mut Address {
        &mut self.addresses[index as usize]
    }

    /// Whether what stands at an index that is known stands for something elsewhere.
    pub fn is_proxy(&self, index: u32) -> bool {
        matches!(self.get(index).body, AddressBody::Proxy)
    }

    /// Which kind of target stands at an index.
    pub fn kind(&self, index: u32) -> Option<TargetKind> {
        self.addresses.get(index as usize)?.body.kind()
    }

    /// Which kind of target stands at an index in this generation.
    pub fn live_kind(&self, index: u32, generation: u32) -> Option<TargetKind> {
        let address = self.addresses.get(index as usize)?;
        (address.generation == generation).then(|| address.body.kind())?
    }

    /// Frees an address; the index is used again with the next generation, as long as there is one.
    pub fn remove(&mut self, index: u32) {
        let address = self.get_mut(index);
        let is_reusable = address.generation < u32::MAX;
        match std::mem::replace(&mut address.body, AddressBody::Free) {
            AddressBody::Name(name) => drop(self.names.remove(&name)),
            AddressBody::Event(event) => drop(self.events.remove(&event.name)),
            AddressBody::Alias => self.aliases -= 1,
            AddressBody::Node | AddressBody::Proxy | AddressBody::Free => {}
        }
        if is_reusable {
            self.free.push(index);
        }
    }

    /// Puts an address at the head of its owner's list.
    pub fn link_owned(&mut self, head: u32, index: u32) -> u32 {
        let address = self.get_mut(index);
        address.next_owned = head;
        address.previous_owned = NIL;
        if head != NIL {
            self.get_mut(head).previous_owned = index;
        }
        index
    }

    /// Takes an address out of its owner's list, and gives the list's head.
    pub fn unlink_owned(&mut self, head: u32, index: u32) -> u32 {
        let address = self.get(index);
        let (next, previous) = (address.next_owned, address.previous_owned);
        if next != NIL {
            self.get_mut(next).previous_owned = previous;
        }
        if previous == NIL {
            return next;
        }
        self.get_mut(previous).next_owned = next;
        head
    }

    /// The address after one in its owner's list, or `NIL`.
    pub fn next_owned(&self, index: u32) -> u32 {
        self.get(index).next_owned
    }

    /// The addresses of an owner's list.
    pub fn owned(&self, head: u32) -> impl Iterator<Item = &Address> {
        let at = self.addresses.get(head as usize);
        std::iter::successors(at, |address| {
            self.addresses.get(address.next_owned as usize)
        })
    }

    /// Names registered.
    pub fn names(&self) -> usize {
        self.names.len()
    }

    /// Aliases that exist.
    pub fn aliases(&self) -> u32 {
        self.aliases
    }

    /// Events registered.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Bytes allocated, without those of the names themselves.
    pub fn bytes(&self) -> usize {
        let named = self.names.capacity() + self.events.capacity() + self.nodes.capacity();
        self.addresses.capacity() * size_of::<Address>()
            + self.free.capacity() * size_of::<u32>()
            + named * (size_of::<(Arc<str>, u32)>() + 1)
            + self.events.len() * size_of::<EventState>()
    }

    fn add(&mut self, owner: u32, body: AddressBody) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.addresses.push(Address {
                generation: self.floor,
                ..Address::FREE
            });
            self.addresses.len() as u32 - 1
        });
        let generation = self.get(index).generation.saturating_add(1);
        *self.get_mut(index) = Address {
            generation,
            owner,
            body,
            ..Address::FREE
        };
        index
    }
}
