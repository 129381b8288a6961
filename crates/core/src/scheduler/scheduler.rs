use std::sync::Arc;

use super::placing::{EventTraits, Naming};
use super::{Verdict, kernel::Kernel};
use crate::NIL;
use crate::counters::{Counters, ProcessCounters};
use crate::fabric::{Block, Fabric, Holder, JoinError, OsThread, Owner, Port, Refusal};
use crate::layout::{
    GRANT_MAX, ID_LO, IN_USED, MORE, NEXT_TIMER_LO, OUT_WORDS, RESULT_A, RESULT_B, RESULT_C,
    RESULT_D, RESULT_E, RESULT_F, RESULT_G, RESULT_H, STATUS, STATUS_AT, STATUS_OK,
};
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
        Self::with(Arc::new(RingMemory::new()), None)
    }

    /// The scheduler of one thread of a node that has several.
    ///
    /// # Errors
    /// When the node has no such thread, or its place is taken.
    pub fn join(fabric: &Arc<Fabric>, thread: u32) -> Result<Self, JoinError> {
        let ring = Arc::new(RingMemory::new());
        let port = fabric.join(thread, &ring)?;
        Ok(Self::with(ring, Some(port)))
    }

    fn with(ring: Arc<RingMemory>, port: Option<Port>) -> Self {
        let kernel = Kernel::new(port);
        let scheduler = Self { ring, kernel };
        scheduler.write_outlook();
        scheduler
    }

    /// The memory that is shared with TypeScript.
    pub fn ring(&self) -> &Arc<RingMemory> {
        &self.ring
    }

    /// The block of gauges of that number, which is made, with those before it, when there is none.
    pub fn gauge_block(&mut self, number: u32) -> Arc<Block> {
        self.flush();
        self.kernel.gauge_block(number)
    }

    /// Carries out the commands in the outbox, fires the timers that are due and writes the inbox
    /// anew. What the last turn wrote there must have been read or returned.
    #[inline]
    pub fn turn(&mut self) {
        self.kernel.processes.end_quarantine();
        if let Some(port) = &mut self.kernel.port {
            port.stay_awake();
        }
        self.drain();
        self.kernel.exchange(&self.ring);
        let used = self.kernel.fill_inbox(&self.ring);
        self.ring.set_header(IN_USED, used as u32);
        self.write_outlook();
        self.kernel.show_statistics();
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
        let first_id = self.kernel.take_ids(granted);
        self.ring.set_header_pair(ID_LO, first_id);
        self.kernel.show_grants(self.ring.grants(), first_id);
    }

    /// Registers a name for a process that has none. Names are told apart from those of events.
    pub fn register_name(&mut self, slot: u32, generation: u32, name: &str) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        if self.kernel.processes.detail(slot).name != NIL {
            return Verdict::Taken;
        }
        let Some(index) = self.kernel.add_named(slot, name, Naming::Process) else {
            return Verdict::Taken;
        };
        self.kernel.processes.detail_mut(slot).name = index;
        self.own(slot, index)
    }

    /// Reserves a name for a process of another thread that has none. That thread is to be told, so that it takes the
    /// name by [`Self::take_name`].
    pub fn reserve_name(&mut self, thread: u32, slot: u32, generation: u32, name: &str) -> Verdict {
        self.flush();
        let owner = Owner {
            thread,
            slot,
            generation,
        };
        match self.kernel.reserve_name(owner, name) {
            Ok(()) => Verdict::Ok,
            Err(Refusal::Taken) => Verdict::Taken,
            Err(Refusal::HasOne) => Verdict::TargetExist,
            Err(Refusal::Gone) => Verdict::ProcessUnknown,
        }
    }

    /// A process takes the name that another thread has reserved for it; if it has ended, the name is free.
    pub fn take_name(&mut self, slot: u32, generation: u32, name: &str) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            self.kernel.cancel_name(slot, generation, name);
            return Verdict::ProcessUnknown;
        }
        if self.kernel.processes.detail(slot).name != NIL {
            return Verdict::Taken;
        }
        let Some(index) = self.kernel.add_named(slot, name, Naming::Reserved) else {
            return Verdict::NameUnknown;
        };
        self.kernel.processes.detail_mut(slot).name = index;
        self.own(slot, index)
    }

    /// Frees a name for all threads of the node; true when somebody had it: then the results say who. Its own thread is
    /// to be told, and releases the address.
    pub fn withdraw_name(&mut self, name: &str) -> bool {
        self.flush();
        let holder = self.kernel.withdraw_name(name);
        self.answer_holder(holder)
    }

    /// Creates an alias of a process.
    pub fn create_alias(&mut self, slot: u32, generation: u32) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        let index = self.kernel.registry.add_alias(slot);
        self.kernel.show_address(index);
        self.own(slot, index)
    }

    /// Registers an event that a process publishes.
    pub fn register_event(
        &mut self,
        slot: u32,
        generation: u32,
        name: &str,
        traits: EventTraits,
    ) -> Verdict {
        self.flush();
        if !self.kernel.processes.is_live(slot, generation) {
            return Verdict::ProcessUnknown;
        }
        match self.kernel.add_named(slot, name, Naming::Event(traits)) {
            Some(index) => self.own(slot, index),
            None => Verdict::Taken,
        }
    }

    /// An address that stands for something of another thread: for an event, or for anything else.
    pub fn add_proxy(&mut self, is_event: bool) -> Verdict {
        self.flush();
        let index = self.kernel.registry.add_proxy(is_event);
        self.answer(index)
    }

    /// Whether some thread of the node has this name; then the results say who.
    pub fn find_name(&mut self, name: &str) -> bool {
        let port = self.kernel.port.as_ref();
        let holder = port.and_then(|port| port.fabric().names.find(name));
        self.answer_holder(holder)
    }

    /// Whether some thread of the node has this event; then the results say who.
    pub fn find_event(&mut self, name: &str) -> bool {
        let port = self.kernel.port.as_ref();
        let holder = port.and_then(|port| port.fabric().events.find(name));
        self.answer_holder(holder)
    }

    /// Closes the chunk for another thread and opens the next: its number, or all ones.
    pub fn open(&mut self, receiver: u32, is_forced: bool) -> u32 {
        let port = self.kernel.port.as_mut();
        port.map_or(NIL, |port| {
            port.outgoing.open(receiver, is_forced, &self.ring)
        })
    }

    /// Whether another member receives what is written for it; it may have ended without this thread having heard of that yet.
    pub fn reaches(&self, receiver: u32) -> bool {
        let port = self.kernel.port.as_ref();
        port.is_some_and(|port| port.outgoing.reaches(receiver))
    }

    /// Closes the chunk for a member that is gone: nothing is written for it any more.
    pub fn close_chunk(&mut self, receiver: u32) {
        if let Some(port) = &mut self.kernel.port {
            port.outgoing.close_chunk(receiver, &self.ring);
        }
    }

    /// Hands over what was written for other threads, without taking a turn.
    pub fn hand_over(&mut self) {
        if let Some(port) = &mut self.kernel.port {
            port.outgoing.hand_over(&self.ring);
        }
    }

    /// Keeps what was kept for another thread, and not yet taken there, for one more, without a copy: the number, or 0.
    pub fn share_blob(&mut self, receiver: u32, blob: u32, is_forced: bool) -> u32 {
        let port = self.kernel.port.as_mut();
        port.map_or(0, |port| {
            port.outgoing.share_blob(receiver, blob, is_forced)
        })
    }

    /// Keeps a copy of bytes for another thread, of which a frame in the open chunk will tell: the number, or 0. Of the same frame
    /// `of_same` bytes are kept already.
    pub fn put_blob(&mut self, receiver: u32, bytes: &[u8], of_same: u64, is_forced: bool) -> u32 {
        let port = self.kernel.port.as_mut();
        port.map_or(0, |port| {
            port.outgoing.put_blob(receiver, bytes, of_same, is_forced)
        })
    }

    /// What is known of this OS thread, and can be done with it, while [`Self::doze`] looks for frames.
    pub fn set_os_thread(os_thread: impl OsThread + 'static) {
        Port::set_os_thread(Box::new(os_thread));
    }

    /// The thread has no work: true when it may sleep.
    pub fn doze(&mut self) -> bool {
        let may_sleep = self.kernel.port.as_mut().is_none_or(Port::doze);
        self.kernel.show_statistics();
        self.ring.set_header(MORE, (!may_sleep).into());
        may_sleep
    }

    /// The thread has nothing left to do: it sleeps, or `MORE` says that it is to call [`Self::doze`] when all else is done.
    pub fn nap(&mut self) {
        let may_sleep = self.kernel.port.as_mut().is_none_or(Port::nap);
        self.ring.set_header(MORE, (!may_sleep).into());
    }

    /// What connects it with other threads.
    pub fn fabric(&self) -> Option<&Arc<Fabric>> {
        self.kernel.port.as_ref().map(Port::fabric)
    }

    /// Its number among the threads of the node.
    pub fn thread(&self) -> u32 {
        self.kernel.port.as_ref().map_or(0, Port::thread)
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

    /// The relations that a process has made and that stand, two numbers each: the relation's kind
    /// with the target's kind above its two bits, and the token.
    pub fn relations(&mut self, slot: u32, generation: u32) -> Vec<u32> {
        self.flush();
        self.kernel.relations_of(slot, generation)
    }

    /// The counters of the whole scheduler; what it shows to others is that of now, too.
    pub fn counters(&mut self) -> Counters {
        self.flush();
        self.kernel.show_statistics();
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

    fn answer_holder(&self, holder: Option<Holder>) -> bool {
        let Some(holder) = holder else {
            return false;
        };
        for (word, value) in [
            (RESULT_A, holder.owner.slot | holder.owner.thread << 24),
            (RESULT_B, holder.owner.generation),
            (RESULT_C, holder.place.index),
            (RESULT_D, holder.place.generation),
            (RESULT_E, holder.id as u32),
            (RESULT_F, (holder.id >> 32) as u32),
            (RESULT_G, holder.serial),
            (RESULT_H, holder.guard),
        ] {
            self.ring.set_header(word, value);
        }
        true
    }

    fn answer(&self, index: u32) -> Verdict {
        let generation = self.kernel.registry.get(index).generation;
        self.ring.set_header(RESULT_A, index);
        self.ring.set_header(RESULT_B, generation);
        Verdict::Ok
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.kernel.orphan_frames(&self.ring);
    }
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}
