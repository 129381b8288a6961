//! Links, monitors and subscriptions of the model.

use tergo_core::Verdict;
use tergo_core::layout::{
    KIND_DOWN, KIND_EVENT_START, KIND_EVENT_STOP, KIND_EXIT, QUEUE_SYSTEM, QUEUE_URGENT,
};

use super::{Address, Asked, Kind, Model, Relation};
use crate::support::record::{Entry, Record};

impl Model {
    pub fn relate(&mut self, asked: Asked) {
        let token = self.number();
        let relation = self.ask(asked, token);
        let (bits, target_kind) = asked.kind.bits();
        let kind = bits | u32::from(asked.is_monitor);
        self.driver
            .relate(kind, target_kind, self.words(asked, token));
        let verdict = self.try_relate(relation, asked.kind);
        self.expect_verdict(token, verdict);
    }

    pub fn unrelate(&mut self, asked: Asked) {
        let token = self.number();
        let relation = self.ask(asked, token);
        let (bits, target_kind) = asked.kind.bits();
        let kind = bits | u32::from(asked.is_monitor);
        self.driver
            .unrelate(kind, target_kind, self.words(asked, token));
        let found = relation.and_then(|wanted| self.position(|one| is_same(one, &wanted)));
        if let Some(found) = found {
            self.expect_verdict(token, Verdict::Ok);
            self.withdraw(found);
        } else {
            self.expect_verdict(token, Verdict::TargetUnknown);
        }
    }

    pub(super) fn fire(&mut self, kind: Kind, target: usize, reason: u32) -> u32 {
        let mut told = 0;
        while let Some(at) = self.position(|relation| is_onto(relation, kind, target)) {
            let relation = self.relations.remove(at);
            let (kind, queue) = if relation.is_monitor {
                (KIND_DOWN, QUEUE_SYSTEM)
            } else {
                (KIND_EXIT, QUEUE_URGENT)
            };
            let entry = Entry::new(kind, queue, relation.token, reason);
            self.push(relation.consumer, entry);
            told += 1;
        }
        told
    }

    pub(super) fn withdraw(&mut self, at: usize) {
        let relation = self.relations.remove(at);
        self.expect(&Record::Freed {
            token: relation.token,
        });
        let is_last = !self
            .relations
            .iter()
            .any(|other| is_onto(other, relation.kind, relation.target));
        if relation.kind == Kind::Event && is_last {
            self.notify(relation.target, KIND_EVENT_STOP);
        }
    }

    pub(super) fn notify(&mut self, event: usize, kind: u32) {
        let Address {
            owner,
            notify,
            addr,
            ..
        } = self.addresses[event];
        if notify && self.processes[owner].is_alive {
            let entry = Entry::new(kind, QUEUE_SYSTEM, addr.generation, addr.index);
            self.push(owner, entry);
        }
    }

    pub(super) fn try_relate(&mut self, relation: Option<Relation>, kind: Kind) -> Verdict {
        let Some(relation) = relation else {
            return Verdict::ProcessUnknown;
        };
        if relation.target == usize::MAX {
            return kind.unknown();
        }
        if self.position(|one| is_same(one, &relation)).is_some() {
            return Verdict::TargetExist;
        }
        self.relations.push(relation);
        let onto = |one: &&Relation| is_onto(one, kind, relation.target);
        if kind == Kind::Event && self.relations.iter().filter(onto).count() == 1 {
            self.notify(relation.target, KIND_EVENT_START);
        }
        Verdict::Ok
    }

    /// The relation that a command without generations means, if its consumer is alive; its target is
    /// `usize::MAX` when there is none.
    pub(super) fn ask(&self, asked: Asked, token: u32) -> Option<Relation> {
        let consumer = self.occupant(self.processes[asked.consumer].pid.slot)?;
        let target = match asked.kind {
            Kind::Pid => self.occupant(self.processes[asked.target].pid.slot),
            kind => self.resident(self.addresses[asked.target].addr.index, kind),
        };
        Some(Relation {
            consumer,
            kind: asked.kind,
            target: target.unwrap_or(usize::MAX),
            is_monitor: asked.is_monitor,
            token,
        })
    }

    pub(super) fn words(&self, asked: Asked, token: u32) -> [u32; 3] {
        let index = match asked.kind {
            Kind::Pid => self.processes[asked.target].pid.slot,
            _ => self.addresses[asked.target].addr.index,
        };
        [self.processes[asked.consumer].pid.slot, index, token]
    }

    pub(super) fn position(&self, is_wanted: impl Fn(&Relation) -> bool) -> Option<usize> {
        self.relations.iter().position(is_wanted)
    }
}

pub(super) fn is_onto(relation: &Relation, kind: Kind, target: usize) -> bool {
    relation.kind == kind && relation.target == target
}

pub(super) fn is_same(one: &Relation, other: &Relation) -> bool {
    is_onto(one, other.kind, other.target)
        && one.consumer == other.consumer
        && one.is_monitor == other.is_monitor
}
