//! What other threads see of the processes and addresses here, and names that are one for the whole node.

use std::sync::Arc;

use super::kernel::Kernel;
use crate::NIL;
use crate::fabric::{Block, Holder, Owner, Place, Port, Refusal};
use crate::layout::BLOCK_WORDS;
use crate::registry::{AddressBody, Registry};

/// What an event has besides its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventTraits {
    /// Its producer hears of the first and the last subscriber.
    pub notify: bool,
    /// What other threads need to know of who may publish; 0: anybody may.
    pub guard: u32,
}

/// A name for a process, or for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Of a process.
    Process,
    /// Of a process, given by another thread.
    Reserved,
    /// Of an event.
    Event(EventTraits),
}

impl Kernel {
    /// The process of this generation lives in a slot from now on; with generation 0 nobody does.
    #[inline]
    pub fn show_process(&self, slot: u32, generation: u32) {
        if let Some(port) = &self.port {
            port.seat().show(slot, generation);
        }
    }

    /// Slots that are granted, with the id of the first process.
    pub fn show_grants(&self, pairs: impl Iterator<Item = (u32, u32)>, first_id: u64) {
        if let Some(port) = &self.port {
            for ((slot, generation), id) in pairs.zip(first_id..) {
                port.seat().granted(slot, generation, id);
            }
        }
    }

    /// Takes `count` consecutive process ids, and gives the first.
    pub fn take_ids(&mut self, count: u32) -> u64 {
        if let Some(port) = &self.port {
            return port.fabric().take_ids(count);
        }
        let first = self.next_id;
        self.next_id += u64::from(count);
        first
    }

    /// The block of gauges of that number, made with all before it when there is none yet.
    pub fn gauge_block(&mut self, number: u32) -> Arc<Block> {
        self.gauges.ensure(number, |next| match &self.port {
            Some(port) => port.seat().gauges.ensure(next),
            None => Arc::new(Block::new(BLOCK_WORDS)),
        })
    }

    /// Gives a name to a living process or its event; none when somebody of the node has it.
    pub fn add_named(&mut self, slot: u32, name: &str, naming: Naming) -> Option<u32> {
        let registry = &mut self.registry;
        let is_taken = match naming {
            Naming::Process | Naming::Reserved => registry.has_name(name),
            Naming::Event(_) => registry.has_event(name),
        };
        if is_taken {
            return None;
        }
        let Some(port) = &self.port else {
            return Some(add(registry, slot, name, naming));
        };
        let (fabric, seat) = (port.fabric(), port.seat());
        let owner = Owner {
            thread: port.thread(),
            slot,
            generation: self.processes.get(slot).generation,
        };
        let mut place = || {
            let index = add(registry, slot, name, naming);
            let generation = registry.get(index).generation;
            seat.show_address(index, generation);
            Place { index, generation }
        };
        let holder = |place, guard| Holder {
            owner,
            id: seat.id_of(slot),
            place,
            serial: 0,
            guard,
        };
        match naming {
            Naming::Process => fabric.names.claim_only(name, owner, || holder(place(), 0)),
            Naming::Reserved => fabric.names.take(name, owner, place),
            Naming::Event(EventTraits { guard, .. }) => {
                fabric.events.claim(name, || holder(place(), guard))
            }
        }
    }

    /// Gives a free name to a process of another thread that has none. That thread is to take it.
    pub fn reserve_name(&self, owner: Owner, name: &str) -> Result<(), Refusal> {
        let Some(fabric) = self.port.as_ref().map(Port::fabric) else {
            return Err(Refusal::Gone);
        };
        fabric.names.reserve(name, owner, || {
            let seat = fabric.seats.get(owner.thread as usize)?;
            seat.living(owner.slot, owner.generation)
        })
    }

    /// Gives up what another thread has reserved for a process here that has ended.
    pub fn cancel_name(&self, slot: u32, generation: u32, name: &str) {
        if let Some(port) = &self.port {
            let owner = Owner {
                thread: port.thread(),
                slot,
                generation,
            };
            port.fabric().names.cancel(name, owner);
        }
    }

    /// Frees a name for all threads; who had it. Its own thread has to be told.
    pub fn withdraw_name(&self, name: &str) -> Option<Holder> {
        let fabric = self.port.as_ref()?.fabric();
        fabric.names.withdraw(name, |holder| {
            let seat = fabric.seats.get(holder.owner.thread as usize);
            if let Some(seat) = seat.filter(|_| holder.place.index != NIL) {
                seat.hide_address(holder.place.index);
            }
        })
    }

    /// An address that stands is shown to other threads.
    pub fn show_address(&self, index: u32) {
        if let Some(port) = &self.port {
            let generation = self.registry.get(index).generation;
            port.seat().show_address(index, generation);
        }
    }

    /// An address is about to be free: nobody finds it any more.
    pub fn withdraw_address(&self, index: u32) {
        let Some(port) = &self.port else {
            return;
        };
        port.seat().hide_address(index);
        let (fabric, thread) = (port.fabric(), port.thread());
        let address = self.registry.get(index);
        let place = Place {
            index,
            generation: address.generation,
        };
        match &address.body {
            AddressBody::Name(name) => fabric.names.release(name, thread, place),
            AddressBody::Event(event) if !event.name.is_empty() => {
                fabric.events.release(&event.name, thread, place);
            }
            _ => {}
        }
    }
}

fn add(registry: &mut Registry, slot: u32, name: &str, naming: Naming) -> u32 {
    match naming {
        Naming::Process | Naming::Reserved => registry.add_name(slot, name),
        Naming::Event(EventTraits { notify, .. }) => registry.add_event(slot, name, notify),
    }
}
