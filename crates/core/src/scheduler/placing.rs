//! What other threads see of the processes and addresses here, and names that are one for the whole node.

use std::sync::Arc;

use super::kernel::Kernel;
use crate::fabric::{Block, Directory, Fabric, Holder};
use crate::layout::BLOCK_WORDS;
use crate::registry::{AddressBody, Registry};

/// A name for a process, or for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// Of a process.
    Process,
    /// Of an event; `notify`: its producer hears of the first and the last subscriber.
    Event { notify: bool },
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
            Naming::Process => registry.has_name(name),
            Naming::Event { .. } => registry.has_event(name),
        };
        if is_taken {
            return None;
        }
        let Some(port) = &self.port else {
            return Some(add(registry, slot, name, naming));
        };
        let fabric = port.fabric();
        let (seat, thread) = (port.seat(), port.thread());
        let generation = self.processes.get(slot).generation;
        let id = seat.id_of(slot);
        directory_of(fabric, naming).claim(name, || {
            let index = add(registry, slot, name, naming);
            let address_generation = registry.get(index).generation;
            seat.show_address(index, address_generation);
            Holder {
                thread,
                slot,
                generation,
                index,
                address_generation,
                id,
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
        match &self.registry.get(index).body {
            AddressBody::Name(name) => port.fabric().names.release(name),
            AddressBody::Event(event) if !event.name.is_empty() => {
                port.fabric().events.release(&event.name);
            }
            _ => {}
        }
    }
}

fn add(registry: &mut Registry, slot: u32, name: &str, naming: Naming) -> u32 {
    match naming {
        Naming::Process => registry.add_name(slot, name),
        Naming::Event { notify } => registry.add_event(slot, name, notify),
    }
}

fn directory_of(fabric: &Fabric, naming: Naming) -> &Directory {
    match naming {
        Naming::Process => &fabric.names,
        Naming::Event { .. } => &fabric.events,
    }
}
