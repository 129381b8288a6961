//! Names, aliases, events and nodes of the model.

use tergo_core::Verdict;
use tergo_core::layout::KIND_EVENT;

use super::relations::is_onto;
use super::{Address, Kind, Model};
use crate::support::record::Entry;

impl Model {
    pub fn register(&mut self, owner: usize, kind: Kind, name: &str, notify: bool) {
        let pid = self.processes[owner].pid;
        let answer = match kind {
            Kind::Name => self.driver.register_name(pid, name),
            Kind::Event => self.driver.register_event(pid, name, notify),
            _ => self.driver.create_alias(pid),
        };
        let is_taken = self.addresses.iter().any(|address| {
            let is_own_name = kind == Kind::Name && address.owner == owner;
            let is_same_name = kind != Kind::Alias && address.name == name;
            address.is_alive && address.kind == kind && (is_own_name || is_same_name)
        });
        if !self.processes[owner].is_alive {
            assert_eq!(answer, Err(Verdict::ProcessUnknown));
        } else if is_taken {
            assert_eq!(answer, Err(Verdict::Taken));
        } else {
            let addr = answer.expect("it is free");
            self.add_address(Address {
                addr,
                kind,
                owner,
                name: name.to_owned(),
                notify,
                is_alive: true,
            });
        }
    }

    pub fn node(&mut self, name: &str) {
        let addr = self.driver.node_address(name);
        if let Some(known) = self.find_node(name) {
            assert_eq!(self.addresses[known].addr, addr);
        } else {
            self.add_address(Address {
                addr,
                kind: Kind::Node,
                owner: usize::MAX,
                name: name.to_owned(),
                notify: false,
                is_alive: true,
            });
        }
    }

    pub fn node_down(&mut self, name: &str) {
        let reason = self.number();
        self.driver.node_down(name, reason);
        let told = self
            .find_node(name)
            .map_or(0, |node| self.fire(Kind::Node, node, reason));
        self.expect_shared(reason, told);
    }

    pub fn release(&mut self, address: usize) {
        let target = &mut self.addresses[address];
        if target.kind == Kind::Node {
            return;
        }
        let (kind, addr) = (target.kind, target.addr);
        let was_alive = std::mem::take(&mut target.is_alive);
        let reason = self.number();
        self.driver.release(addr, reason);
        let told = if was_alive {
            self.fire(kind, address, reason)
        } else {
            0
        };
        self.expect_shared(reason, told);
    }

    pub fn publish(&mut self, address: usize, queue: u32) {
        let payload = self.number();
        let event = &self.addresses[address];
        self.driver.publish(event.addr, queue, payload);
        let is_event = event.is_alive && event.kind == Kind::Event;
        let subscribers: Vec<usize> = self
            .relations
            .iter()
            .filter(|relation| is_event && is_onto(relation, Kind::Event, address))
            .map(|relation| relation.consumer)
            .collect();
        let entry = Entry::new(KIND_EVENT, queue, 0, payload);
        let mut told = 0;
        for consumer in subscribers {
            if self.has_room(consumer, queue) {
                self.push(consumer, entry);
                told += 1;
            }
        }
        self.expect_shared(payload, told);
    }

    fn add_address(&mut self, address: Address) {
        let is_stale = self
            .addresses
            .iter()
            .any(|known| known.addr == address.addr);
        assert!(!is_stale, "no address has the same generation twice");
        self.addresses.push(address);
    }

    pub(super) fn resident(&self, index: u32, kind: Kind) -> Option<usize> {
        self.addresses.iter().position(|address| {
            address.is_alive && address.kind == kind && address.addr.index == index
        })
    }

    fn find_node(&self, name: &str) -> Option<usize> {
        let mut addresses = self.addresses.iter();
        addresses.position(|address| address.kind == Kind::Node && address.name == name)
    }
}
