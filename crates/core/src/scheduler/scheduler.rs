use std::sync::Arc;

use super::{Verdict, kernel::Kernel};
use crate::NIL;
use crate::counters::{Counters, EventCounters, ProcessCounters};
use crate::layout::{
    GRANT_MAX, ID_LO, IN_USED, MORE, NEXT_TIMER_LO, OUT_WORDS, RESULT_A, RESULT_B, STATUS,
    STATUS_AT, STATUS_OK,
};
use crate::mailbox::GaugeMemory;
use crate::ring::{Fault, RingMemory};

/// The actors of one JS thread: their mailboxes, relations, names, events and timers.
///
/// It is driven from outside through the shared memory: `docs/design/crossing.md` specifies the
/// commands and records. Every call reads the commands first that were written before it.
#[derive(Debug)]
pub struct Scheduler {
    ring: Arc<RingMemory>,
    kernel: Kernel,
}

impl Scheduler {
    /// A scheduler without processes, with a memory of its own.
    pub fn new() -> Self {
        let scheduler = Self {
            ring: Arc::new(RingMemory::new()),
            kernel: Kernel::new(),
        };
        scheduler.write_outlook();
        scheduler
    }

    /// The memory that is shared with TypeScript.
    pub fn ring(&self) -> &Arc<RingMemory> {
        &self.ring
    }

    /// The gauges of bounded mailboxes.
    pub fn gauges(&self) -> &Arc<GaugeMemory> {
        &self.kernel.gauges
    }

    /// Doubles the gauges. The old memory is not read any more.
    pub fn grow_gauges(&mut self) -> &Arc<GaugeMemory> {
        self.flush();
        self.kernel.gauges = Arc::new(self.kernel.gauges.doubled());
        &self.kernel.gauges
    }

    /// Carries out the commands in the outbox, fires the timers that are due and writes the inbox
    /// anew. What the last turn wrote there must have been read or returned.
    #[inline]
    pub fn turn(&mut self) {
        self.kernel.processes.end_quarantine();
        self.drain();
        let used = self.kernel.fill_inbox(&self.ring);
        self.ring.set_header(IN_USED, used as u32);
        self.write_outlook();
    }

    /// Carries out the commands in the outbox and leaves the inbox as it is.
    pub fn flush(&mut self) {
        self.drain();
        self.write_outlook();
    }

    /// Grants slots and ids for new processes, as many as fit in the grant area.
    pub fn grant(&mut self) {
        self.flush();
        let processes = &mut self.kernel.processes;
        let slots = std::iter::from_fn(|| processes.grant()).take(GRANT_MAX as usize);
        let granted = self.ring.write_grants(slots);
        let first_id = self.kernel.processes.take_ids(granted);
        self.ring.set_header_pair(ID_LO, first_id);
    }

    /// Registers a name for a process that has none. Names are told apart from those of events.
    pub fn register_name(&mut self, slot: u32, generation: u32, name: &str) -> Verdict {
        self.flush();
        let Kernel {
            processes,
            registry,
            ..
        } = &mut self.kernel;
        if !processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        if processes.detail(slot).name != NIL || registry.has_name(name) {
            return Verdict::Taken;
        }
        let index = registry.add_name(slot, name);
        processes.detail_mut(slot).name = index;
        self.own(slot, index)
    }

    /// Creates an alias of a process.
    pub fn create_alias(&mut self, slot: u32, generation: u32) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        let index = self.kernel.registry.add_alias(slot);
        self.own(slot, index)
    }

    /// Registers an event that a process publishes. With `notify` the process hears of the first and
    /// the last subscriber.
    pub fn register_event(
        &mut self,
        slot: u32,
        generation: u32,
        name: &str,
        notify: bool,
    ) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        if self.kernel.registry.has_event(name) {
            return Verdict::Taken;
        }
        let index = self.kernel.registry.add_event(slot, name, notify);
        self.own(slot, index)
    }

    /// The address of a node, onto which relations can be made.
    pub fn node_address(&mut self, name: &str) -> Verdict {
        self.flush();
        let index = self.kernel.registry.node(name);
        self.answer(index)
    }

    /// The connection to a node is lost: its relations fire with this reason.
    pub fn node_down(&mut self, name: &str, reason: u32) {
        self.drain();
        self.kernel.node_down(name, reason);
        self.write_outlook();
    }

    /// The counters of a process that is alive.
    pub fn process_counters(&mut self, slot: u32, generation: u32) -> Option<ProcessCounters> {
        self.flush();
        self.kernel.process_counters(slot, generation)
    }

    /// The counters of an event that is registered.
    pub fn event_counters(&mut self, index: u32, generation: u32) -> Option<EventCounters> {
        self.flush();
        self.kernel.event_counters(index, generation)
    }

    /// The relations that a process has made and that stand, two numbers each: the relation's kind
    /// with the target's kind above its two bits, and the token.
    pub fn relations(&mut self, slot: u32, generation: u32) -> Vec<u32> {
        self.flush();
        self.kernel.relations_of(slot, generation)
    }

    /// The counters of the whole scheduler.
    pub fn counters(&mut self) -> Counters {
        self.flush();
        self.kernel.counters()
    }

    #[inline]
    fn drain(&mut self) {
        let (used, is_whole) = self.ring.take_outbox_used();
        for (number, command) in self.ring.commands(used).enumerate() {
            if let Err(fault) = self.kernel.execute(command, &self.ring) {
                let at = number as u32 * crate::layout::COMMAND_WORDS;
                self.report(fault, at);
            }
        }
        if !is_whole {
            self.report(Fault::Truncated, (used as u32).min(OUT_WORDS));
        }
    }

    /// Leaves the first fault standing until TypeScript has read it.
    #[cold]
    fn report(&self, fault: Fault, at: u32) {
        if self.ring.header(STATUS) == STATUS_OK {
            self.ring.set_header(STATUS, fault as u32);
            self.ring.set_header(STATUS_AT, at);
        }
    }

    /// Tells whether there is work already, and when the next timer makes some.
    #[inline]
    fn write_outlook(&self) {
        self.ring.set_header(MORE, self.kernel.has_more().into());
        let next = self.kernel.wheel.next_due().unwrap_or(u64::MAX);
        self.ring.set_header_pair(NEXT_TIMER_LO, next);
    }

    fn own(&mut self, slot: u32, index: u32) -> Verdict {
        let detail = self.kernel.processes.detail_mut(slot);
        detail.addresses = self.kernel.registry.link_owned(detail.addresses, index);
        self.answer(index)
    }

    fn answer(&self, index: u32) -> Verdict {
        let generation = self.kernel.registry.get(index).generation;
        self.ring.set_header(RESULT_A, index);
        self.ring.set_header(RESULT_B, generation);
        Verdict::Ok
    }
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}
