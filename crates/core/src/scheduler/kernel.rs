use super::{pending::Pending, tallies::Tallies};
use crate::fabric::Port;
use crate::layout::{
    OP_EXIT, OP_LIMIT, OP_PUBLISH, OP_READY, OP_RELATE, OP_RELEASE, OP_RESUME, OP_RETURN, OP_SEND,
    OP_SPAWN, OP_SUSPEND, OP_TIMER_CANCEL, OP_TIMER_START, OP_UNRELATE,
};
use crate::mailbox::{Gauges, Message, MessagePool};
use crate::process::{Bound, ProcessTable, RunQueue};
use crate::registry::Registry;
use crate::relation::RelationTable;
use crate::ring::{Command, Fault, Record, RingMemory};
use crate::timer::{TimerEntry, TimerWheel};

/// Id of the first process of a node.
pub(crate) const FIRST_ID: u64 = 1000;

/// All tables of a scheduler: everything but the memory that it shares.
#[derive(Debug)]
pub(super) struct Kernel {
    pub processes: ProcessTable,
    pub pool: MessagePool,
    pub run_queue: RunQueue,
    pub relations: RelationTable,
    pub registry: Registry,
    pub wheel: TimerWheel,
    /// Whether some may be due that had to wait for the next turn.
    pub are_timers_late: bool,
    pub pending: Pending,
    pub gauges: Gauges,
    pub tallies: Tallies,
    /// Words of the inbox that the last turn wrote.
    pub inbox_used: usize,
    /// What connects it with other threads, if there are any.
    pub port: Option<Port>,
    /// Id of the next process, of a node with one thread.
    pub next_id: u64,
}

impl Kernel {
    /// Empty tables; generations begin above those that the port's predecessor had.
    pub fn new(port: Option<Port>) -> Self {
        let (slot_floor, address_floor) = port.as_ref().map_or((0, 0), Port::floors);
        Self {
            processes: ProcessTable::new(slot_floor),
            pool: MessagePool::new(),
            run_queue: RunQueue::new(),
            relations: RelationTable::new(),
            registry: Registry::new(address_floor),
            wheel: TimerWheel::new(),
            are_timers_late: false,
            pending: Pending::default(),
            gauges: Gauges::default(),
            tallies: Tallies::default(),
            inbox_used: 0,
            port,
            next_id: FIRST_ID,
        }
    }

    /// Carries out one command.
    #[inline]
    pub fn execute(&mut self, command: Command, ring: &RingMemory) -> Result<(), Fault> {
        if command.op() == OP_SEND {
            return self.send(command);
        }
        self.execute_other(command, ring)
    }

    /// Whether the next turn has work already.
    #[inline]
    pub fn has_more(&self) -> bool {
        !self.run_queue.is_empty()
            || !self.pending.is_empty()
            || self.are_timers_late
            || self
                .port
                .as_ref()
                .is_some_and(|port| port.incoming.has_more())
    }

    /// Puts a process into the run queue if it belongs there.
    #[inline]
    pub fn schedule(&mut self, slot: u32) {
        if self.processes.get(slot).wants_to_run() {
            self.run_queue.push_back(&mut self.processes, slot);
        }
    }

    /// Puts a message into the mailbox of the process in a slot that is known to be alive.
    #[inline]
    pub fn push(&mut self, slot: u32, message: Message) {
        let process = self.processes.get_mut(slot);
        process.mailbox.push_back(&mut self.pool, message);
        if process.awaits_messages() {
            self.run_queue.push_back(&mut self.processes, slot);
        }
    }

    /// Tells in how many mailboxes a payload stands.
    pub fn share(&mut self, payload: u32, count: u32) {
        self.pending.push(Record::shared(payload, count));
    }

    /// A slot that does not have the process it is said to have: late, or never granted.
    pub fn late(&self, slot: u32) -> Result<(), Fault> {
        if self.processes.is_known(slot) {
            Ok(())
        } else {
            Err(Fault::Slot)
        }
    }

    fn execute_other(&mut self, command: Command, ring: &RingMemory) -> Result<(), Fault> {
        match command.op() {
            OP_SPAWN => self.spawn(command),
            OP_READY => self.ready(command),
            OP_EXIT => self.exit(command),
            OP_SUSPEND => self.suspend(command),
            OP_RESUME => self.resume(command),
            OP_RETURN => self.take_back(command, ring),
            OP_RELATE => self.relate(command),
            OP_UNRELATE => self.unrelate(command),
            OP_RELEASE => self.release(command),
            OP_PUBLISH => self.publish(command),
            OP_TIMER_START => self.start_timer(command, ring.now()),
            OP_TIMER_CANCEL => self.wheel.cancel(command.first, command.second),
            OP_LIMIT => self.limit(command),
            _ => Err(Fault::Op),
        }
    }

    fn spawn(&mut self, command: Command) -> Result<(), Fault> {
        let is_ready = command.third != 0;
        if !self
            .processes
            .spawn(command.first, command.second, is_ready)
        {
            return Err(Fault::Slot);
        }
        self.show_process(command.first, command.second);
        self.tallies.spawned += 1;
        Ok(())
    }

    fn ready(&mut self, command: Command) -> Result<(), Fault> {
        let Some(process) = self.processes.live_mut(command.first, command.second) else {
            return self.late(command.first);
        };
        process.ready();
        self.schedule(command.first);
        Ok(())
    }

    fn suspend(&mut self, command: Command) -> Result<(), Fault> {
        let Some(process) = self.processes.live_mut(command.first, command.second) else {
            return self.late(command.first);
        };
        process.suspend();
        self.run_queue.remove(&mut self.processes, command.first);
        Ok(())
    }

    fn resume(&mut self, command: Command) -> Result<(), Fault> {
        let Some(process) = self.processes.live_mut(command.first, command.second) else {
            return self.late(command.first);
        };
        process.resume();
        self.schedule(command.first);
        Ok(())
    }

    fn limit(&mut self, command: Command) -> Result<(), Fault> {
        let (slot, limit, gauge) = (command.first, command.second, command.third);
        let is_bounded = limit > 0;
        if is_bounded && !self.gauges.set_limit(gauge, limit) {
            return Err(Fault::Address);
        }
        let Some(process) = self.processes.occupant_mut(slot) else {
            return self.late(slot);
        };
        process.is_bounded = is_bounded;
        self.processes.detail_mut(slot).bound = Bound { limit, gauge };
        if let Some(port) = &self.port {
            port.seat().show_gauge(slot, is_bounded.then_some(gauge));
        }
        Ok(())
    }

    fn start_timer(&mut self, command: Command, now: u64) -> Result<(), Fault> {
        let delay = command.second;
        let is_repeated = command.kind() != 0;
        let period = if is_repeated { delay.max(1) } else { 0 };
        let timer = TimerEntry::new(now + u64::from(delay), period, command.third);
        self.wheel.start(command.first, timer)
    }
}
