//! Links and monitors: made, undone, and what events' producers hear of it.

use super::{Verdict, kernel::Kernel};
use crate::layout::{
    KIND_EVENT_START, KIND_EVENT_STOP, QUEUE_SYSTEM, RELATION_MONITOR, RELATION_SILENT,
    TAG_EXTRA_SHIFT,
};
use crate::mailbox::Message;
use crate::registry::AddressBody;
use crate::relation::{List, Relation, Target, TargetKind};
use crate::ring::{Command, Fault, Record};

impl Kernel {
    /// `RELATE`: a link or monitor.
    pub fn relate(&mut self, command: Command) -> Result<(), Fault> {
        let relation = decode(command);
        let verdict = self.try_relate(relation);
        let record = Record::verdict(relation.token, verdict as u32);
        self.pending.push(record);
        self.check_relation(&relation)
    }

    /// `UNRELATE`: takes a link or monitor back.
    pub fn unrelate(&mut self, command: Command) -> Result<(), Fault> {
        let wanted = decode(command);
        let found = self.relations.find(&wanted);
        let verdict = if found.is_some() {
            Verdict::Ok
        } else {
            Verdict::TargetUnknown
        };
        self.pending
            .push(Record::verdict(wanted.token, verdict as u32));
        if let Some(index) = found {
            self.unlink_from_consumer(index);
            self.withdraw(index);
        }
        self.late(wanted.consumer)
    }

    /// Removes a relation that its consumer's list does not have any more, and tells that it is gone
    /// without firing.
    pub fn withdraw(&mut self, index: u32) {
        let relation = *self.relations.get(index);
        let head = self.relations_onto(relation.target);
        let head = self.relations.unlink(List::Target, head, index);
        self.set_relations_onto(relation.target, head);
        self.relations.free(index);
        self.pending.push(Record::freed(relation.token));
        if relation.target.kind != TargetKind::Pid {
            self.count_relation(relation.target, -1);
        }
    }

    /// Takes a relation out of its consumer's list.
    pub fn unlink_from_consumer(&mut self, index: u32) {
        let consumer = self.relations.get(index).consumer;
        let head = self.processes.detail(consumer).own_relations;
        let head = self.relations.unlink(List::Consumer, head, index);
        self.processes.detail_mut(consumer).own_relations = head;
    }

    /// The first of the relations onto a target that exists.
    pub fn relations_onto(&self, target: Target) -> u32 {
        match target.kind {
            TargetKind::Pid => self.processes.detail(target.index).relations,
            _ => self.registry.get(target.index).relations,
        }
    }

    /// An address that is not what it is said to be: late, or never handed out.
    pub fn late_address(&self, index: u32) -> Result<(), Fault> {
        if self.registry.is_known(index) {
            Ok(())
        } else {
            Err(Fault::Address)
        }
    }

    fn try_relate(&mut self, relation: Relation) -> Verdict {
        if !self.processes.is_occupied(relation.consumer) {
            return Verdict::ProcessUnknown;
        }
        if !self.is_target(relation.target) || !is_token(relation.token) {
            return Verdict::unknown(relation.target.kind);
        }
        let Some(index) = self.relations.add(relation) else {
            return Verdict::TargetExist;
        };
        let head = self.relations_onto(relation.target);
        let head = self.relations.append(List::Target, head, index);
        self.set_relations_onto(relation.target, head);
        let detail = self.processes.detail_mut(relation.consumer);
        detail.own_relations = self
            .relations
            .append(List::Consumer, detail.own_relations, index);
        if relation.target.kind != TargetKind::Pid {
            self.count_relation(relation.target, 1);
        }
        Verdict::Ok
    }

    fn check_relation(&self, relation: &Relation) -> Result<(), Fault> {
        self.late(relation.consumer)?;
        match relation.target.kind {
            _ if !is_token(relation.token) => Err(Fault::Address),
            TargetKind::Pid => self.late(relation.target.index),
            _ => self.late_address(relation.target.index),
        }
    }

    fn is_target(&self, target: Target) -> bool {
        match target.kind {
            TargetKind::Pid => self.processes.is_occupied(target.index),
            kind => self.registry.kind(target.index) == Some(kind),
        }
    }

    fn set_relations_onto(&mut self, target: Target, head: u32) {
        match target.kind {
            TargetKind::Pid => self.processes.detail_mut(target.index).relations = head,
            _ => self.registry.get_mut(target.index).relations = head,
        }
    }

    /// Counts the relations onto an address; the producer of an event that asked for it hears of the
    /// first and the last.
    fn count_relation(&mut self, target: Target, change: i32) {
        let address = self.registry.get_mut(target.index);
        let before = address.relation_count;
        address.relation_count = before.saturating_add_signed(change);
        let kind = match (before, address.relation_count) {
            (0, _) => KIND_EVENT_START,
            (_, 0) => KIND_EVENT_STOP,
            _ => return,
        };
        let (owner, generation) = (address.owner, address.generation);
        let is_heard = matches!(&address.body, AddressBody::Event(event) if event.notify);
        if is_heard && self.processes.is_occupied(owner) {
            let notice = Message::new(kind, QUEUE_SYSTEM, generation, target.index);
            self.push(owner, notice);
        }
    }
}

fn decode(command: Command) -> Relation {
    let kind = TargetKind::decode(command.kind(), command.queue());
    Relation {
        consumer: command.first,
        target: Target {
            index: command.second,
            kind,
        },
        is_monitor: command.kind() & RELATION_MONITOR != 0,
        is_silent: command.kind() & RELATION_SILENT != 0,
        token: command.third,
    }
}

/// A token has to fit in the extra of a tag.
fn is_token(token: u32) -> bool {
    token <= u32::MAX >> TAG_EXTRA_SHIFT
}
