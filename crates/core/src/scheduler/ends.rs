//! Ends: of processes, of addresses, of connections; and who hears of them.

use super::kernel::Kernel;
use crate::NIL;
use crate::layout::{KIND_DOWN, KIND_EXIT, QUEUE_SYSTEM, QUEUE_URGENT};
use crate::mailbox::Message;
use crate::relation::{List, TargetKind};
use crate::ring::{Command, Fault};

impl Kernel {
    /// `EXIT`: a process is gone.
    pub fn exit(&mut self, command: Command) -> Result<(), Fault> {
        let (slot, generation, reason) = (command.first, command.second, command.third);
        if !self.processes.is_live(slot, generation) {
            self.share(reason, 0);
            return self.late(slot);
        }
        // This may still put a notice into its own mailbox, so the mailbox comes after it.
        self.forget_own_relations(slot);
        self.run_queue.remove(&mut self.processes, slot);
        for chain in self.processes.get_mut(slot).mailbox.detach() {
            self.pending.orphan(slot, chain);
        }
        let detail = *self.processes.detail(slot);
        self.processes.vacate(slot);
        self.show_process(slot, 0);
        let told = self.fire(detail.relations, reason);
        let told = told + self.release_all(detail.addresses, reason);
        self.share(reason, told);
        self.tallies.terminated += 1;
        Ok(())
    }

    /// `RELEASE`: a name, alias or event is given up.
    pub fn release(&mut self, command: Command) -> Result<(), Fault> {
        let (index, generation, reason) = (command.first, command.second, command.third);
        match self.registry.live_kind(index, generation) {
            None => {
                self.share(reason, 0);
                self.late_address(index)
            }
            Some(TargetKind::Node) if !self.registry.is_proxy(index) => {
                self.share(reason, 0);
                Err(Fault::Address)
            }
            Some(kind) => {
                self.disown(index, kind);
                let told = self.free_address(index, reason);
                self.share(reason, told);
                Ok(())
            }
        }
    }

    /// The connection to a node is lost.
    pub fn node_down(&mut self, name: &str, reason: u32) {
        let mut told = 0;
        if let Some(index) = self.registry.find_node(name) {
            let address = self.registry.get_mut(index);
            let relations = std::mem::replace(&mut address.relations, NIL);
            address.relation_count = 0;
            told = self.fire(relations, reason);
        }
        self.share(reason, told);
    }

    /// Tells the consumer of each relation in a target's list, which is gone then, and gives how many
    /// there were.
    fn fire(&mut self, relations: u32, reason: u32) -> u32 {
        let (mut head, mut count) = (relations, 0);
        while head != NIL {
            let index = head;
            head = self.relations.unlink(List::Target, head, index);
            let relation = *self.relations.get(index);
            self.unlink_from_consumer(index);
            self.relations.free(index);
            let (kind, queue) = if relation.is_monitor {
                (KIND_DOWN, QUEUE_SYSTEM)
            } else {
                (KIND_EXIT, QUEUE_URGENT)
            };
            let message = Message::new(kind, queue, relation.token, reason);
            self.push(relation.consumer, message);
            count += 1;
        }
        count
    }

    fn forget_own_relations(&mut self, slot: u32) {
        let detail = self.processes.detail_mut(slot);
        let mut head = std::mem::replace(&mut detail.own_relations, NIL);
        while head != NIL {
            let index = head;
            head = self.relations.unlink(List::Consumer, head, index);
            self.withdraw(index);
        }
    }

    /// Frees all addresses of an owner that is gone.
    fn release_all(&mut self, addresses: u32, reason: u32) -> u32 {
        let (mut at, mut told) = (addresses, 0);
        while at != NIL {
            let index = at;
            at = self.registry.next_owned(index);
            told += self.free_address(index, reason);
        }
        told
    }

    fn free_address(&mut self, index: u32, reason: u32) -> u32 {
        let relations = self.registry.get(index).relations;
        self.withdraw_address(index);
        self.registry.remove(index);
        self.fire(relations, reason)
    }

    /// Takes an address from its owner, if it has one, who lives on.
    fn disown(&mut self, index: u32, kind: TargetKind) {
        let owner = self.registry.get(index).owner;
        if owner == NIL {
            return;
        }
        let head = self.processes.detail(owner).addresses;
        let head = self.registry.unlink_owned(head, index);
        let detail = self.processes.detail_mut(owner);
        detail.addresses = head;
        if kind == TargetKind::Name {
            detail.name = NIL;
        }
    }
}
