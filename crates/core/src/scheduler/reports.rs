//! What is told on request: counters and relations.

use super::kernel::Kernel;
use crate::counters::{Counters, ProcessCounters};
use crate::layout::{BLOCK_WORDS, RELATION_MONITOR};
use crate::registry::AddressBody;
use crate::relation::{List, Relation};

impl Kernel {
    /// The counters of the scheduler.
    pub fn counters(&self) -> Counters {
        let tallies = &self.tallies;
        Counters {
            spawned: tallies.spawned,
            terminated: tallies.terminated,
            sent: tallies.sent,
            delivered: tallies.delivered,
            dropped: tallies.dropped,
            events_published: tallies.events_published,
            events_delivered: tallies.events_delivered,
            events_dropped: tallies.events_dropped,
            turns: tallies.turns,
            processes: self.processes.live().into(),
            names: self.registry.names() as u64,
            aliases: self.registry.aliases().into(),
            events: self.registry.events() as u64,
            links: self.relations.links().into(),
            monitors: self.relations.monitors().into(),
            timers: self.wheel.running().into(),
            messages: self.pool.in_use().into(),
            table_bytes: self.table_bytes() as u64,
        }
    }

    /// The counters of a process that is alive.
    pub fn process_counters(&self, slot: u32, generation: u32) -> Option<ProcessCounters> {
        if !self.processes.is_live(slot, generation) {
            return None;
        }
        let process = self.processes.get(slot);
        let detail = self.processes.detail(slot);
        let mut counters = ProcessCounters {
            queued: process.mailbox.lengths(),
            delivered: detail.delivered,
            ..ProcessCounters::default()
        };
        for relation in self.relations.iter(List::Consumer, detail.own_relations) {
            if relation.is_monitor {
                counters.monitors += 1;
            } else {
                counters.links += 1;
            }
        }
        for address in self.registry.owned(detail.addresses) {
            match address.body {
                AddressBody::Alias => counters.aliases += 1,
                AddressBody::Event(_) => counters.events += 1,
                _ => {}
            }
        }
        Some(counters)
    }

    /// The relations that a process has made: kind and token of each.
    pub fn relations_of(&self, slot: u32, generation: u32) -> Vec<u32> {
        if !self.processes.is_live(slot, generation) {
            return Vec::new();
        }
        let head = self.processes.detail(slot).own_relations;
        let relations = self.relations.iter(List::Consumer, head);
        relations.flat_map(describe).collect()
    }

    fn table_bytes(&self) -> usize {
        self.processes.bytes()
            + self.pool.bytes()
            + self.relations.bytes()
            + self.registry.bytes()
            + self.wheel.bytes()
            + self.pending.bytes()
            + (self.gauges.blocks() * BLOCK_WORDS) as usize * size_of::<u32>()
    }
}

fn describe(relation: &Relation) -> [u32; 2] {
    let (node_bit, target_kind) = relation.target.kind.encode();
    let kind = node_bit | (u32::from(relation.is_monitor) * RELATION_MONITOR);
    [kind | target_kind << 2, relation.token]
}
