use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tergo_core::layout::{
    COMMAND_KIND_SHIFT, COMMAND_QUEUE_SHIFT, GAUGE_WORDS, GRANT_AT, GRANTED, KIND_MESSAGE, MORE,
    NEXT_TIMER_HI, NEXT_TIMER_LO, NOW_HI, NOW_LO, OP_EXIT, OP_LIMIT, OP_PUBLISH, OP_READY,
    OP_RELATE, OP_RELEASE, OP_RESUME, OP_RETURN, OP_SEND, OP_SPAWN, OP_SUSPEND, OP_TIMER_CANCEL,
    OP_TIMER_START, OP_UNRELATE, OUT_AT, OUT_USED, OUT_WORDS, RESULT_A, RESULT_B, STATUS,
    STATUS_OK,
};
use tergo_core::{EventTraits, RingMemory, Scheduler, Verdict};

use super::record::{Record, read_inbox};

/// A process: slot and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid {
    pub slot: u32,
    pub generation: u32,
}

/// An address: index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Addr {
    pub index: u32,
    pub generation: u32,
}

/// Writes commands and reads records, as the driver in TypeScript does.
pub struct Driver {
    pub scheduler: Scheduler,
    pub ring: Arc<RingMemory>,
    used: u32,
    grants: VecDeque<Pid>,
}

impl Driver {
    pub fn new() -> Self {
        Self::over(Scheduler::new())
    }

    pub fn over(scheduler: Scheduler) -> Self {
        let ring = Arc::clone(scheduler.ring());
        Self {
            scheduler,
            ring,
            used: 0,
            grants: VecDeque::new(),
        }
    }

    /// One command; flushes before it when the outbox is full.
    pub fn write(&mut self, op: u32, kind: u32, queue: u32, words: [u32; 3]) {
        if self.used == OUT_WORDS {
            self.flush();
        }
        let head = op | kind << COMMAND_KIND_SHIFT | queue << COMMAND_QUEUE_SHIFT;
        let at = OUT_AT + self.used;
        for (offset, value) in [head, words[0], words[1], words[2]].into_iter().enumerate() {
            self.ring.set_word(at + offset as u32, value);
        }
        self.used += 4;
    }

    pub fn seal(&mut self) {
        self.ring.set_header(OUT_USED, self.used);
        self.used = 0;
    }

    pub fn flush(&mut self) {
        self.seal();
        self.scheduler.flush();
        self.check();
    }

    /// A turn without looking at what it wrote.
    pub fn turn_unread(&mut self) {
        self.seal();
        self.scheduler.turn();
    }

    pub fn turn(&mut self) -> Vec<Record> {
        self.turn_unread();
        self.check();
        read_inbox(&self.ring)
    }

    /// Turns until there is nothing left to do.
    pub fn turns(&mut self) -> Vec<Record> {
        let mut records = self.turn();
        while self.has_more() {
            records.extend(self.turn());
        }
        records
    }

    pub fn has_more(&self) -> bool {
        self.ring.header(MORE) != 0
    }

    pub fn check(&self) {
        assert_eq!(self.ring.header(STATUS), STATUS_OK, "no command is refused");
    }

    /// The fault that stands in the header, which is read by that.
    pub fn fault(&mut self) -> u32 {
        let status = self.ring.header(STATUS);
        self.ring.set_header(STATUS, STATUS_OK);
        status
    }

    pub fn set_now(&mut self, now: u64) {
        self.ring.set_header(NOW_LO, now as u32);
        self.ring.set_header(NOW_HI, (now >> 32) as u32);
    }

    pub fn next_timer(&self) -> Option<u64> {
        let (low, high) = (NEXT_TIMER_LO, NEXT_TIMER_HI);
        let next = u64::from(self.ring.header(high)) << 32 | u64::from(self.ring.header(low));
        (next != u64::MAX).then_some(next)
    }

    pub fn grant(&mut self) -> Pid {
        if self.grants.is_empty() {
            self.seal();
            self.scheduler.grant();
            for pair in 0..self.ring.header(GRANTED) {
                let at = GRANT_AT + 2 * pair;
                self.grants.push_back(Pid {
                    slot: self.ring.word(at),
                    generation: self.ring.word(at + 1),
                });
            }
        }
        self.grants.pop_front().expect("slots are left")
    }

    /// Forgets what was granted, so that the next spawn asks anew.
    pub fn discard_grants(&mut self) {
        self.grants.clear();
    }

    pub fn spawn(&mut self) -> Pid {
        self.spawn_as(true)
    }

    pub fn spawn_as(&mut self, is_ready: bool) -> Pid {
        let pid = self.grant();
        let words = [pid.slot, pid.generation, is_ready.into()];
        self.write(OP_SPAWN, 0, 0, words);
        pid
    }

    pub fn ready(&mut self, pid: Pid) {
        self.write(OP_READY, 0, 0, [pid.slot, pid.generation, 0]);
    }

    pub fn exit(&mut self, pid: Pid, reason: u32) {
        self.write(OP_EXIT, 0, 0, [pid.slot, pid.generation, reason]);
    }

    pub fn suspend(&mut self, pid: Pid) {
        self.write(OP_SUSPEND, 0, 0, [pid.slot, pid.generation, 0]);
    }

    pub fn resume(&mut self, pid: Pid) {
        self.write(OP_RESUME, 0, 0, [pid.slot, pid.generation, 0]);
    }

    pub fn send(&mut self, pid: Pid, queue: u32, payload: u32) {
        let words = [pid.slot, pid.generation, payload];
        self.write(OP_SEND, KIND_MESSAGE, queue, words);
    }

    pub fn give_back(&mut self, slot: u32, offset: u32, entries: u32) {
        self.write(OP_RETURN, 0, 0, [slot, offset, entries]);
    }

    pub fn relate(&mut self, kind: u32, target_kind: u32, words: [u32; 3]) {
        self.write(OP_RELATE, kind, target_kind, words);
    }

    pub fn unrelate(&mut self, kind: u32, target_kind: u32, words: [u32; 3]) {
        self.write(OP_UNRELATE, kind, target_kind, words);
    }

    pub fn release(&mut self, address: Addr, reason: u32) {
        let words = [address.index, address.generation, reason];
        self.write(OP_RELEASE, 0, 0, words);
    }

    pub fn publish(&mut self, event: Addr, queue: u32, payload: u32) {
        let words = [event.index, event.generation, payload];
        self.write(OP_PUBLISH, 0, queue, words);
    }

    pub fn limit(&mut self, pid: Pid, limit: u32, gauge: u32) {
        self.scheduler.gauge_block(0);
        self.write(OP_LIMIT, 0, 0, [pid.slot, limit, gauge]);
    }

    pub fn start_timer(&mut self, index: u32, delay: u32, sequence: u32, is_repeated: bool) {
        let words = [index, delay, sequence];
        self.write(OP_TIMER_START, is_repeated.into(), 0, words);
    }

    pub fn cancel_timer(&mut self, index: u32, sequence: u32) {
        self.write(OP_TIMER_CANCEL, 0, 0, [index, sequence, 0]);
    }

    pub fn register_name(&mut self, pid: Pid, name: &str) -> Result<Addr, Verdict> {
        self.seal();
        let verdict = self.scheduler.register_name(pid.slot, pid.generation, name);
        self.address(verdict)
    }

    pub fn create_alias(&mut self, pid: Pid) -> Result<Addr, Verdict> {
        self.seal();
        let verdict = self.scheduler.create_alias(pid.slot, pid.generation);
        self.address(verdict)
    }

    pub fn register_event(&mut self, pid: Pid, name: &str, notify: bool) -> Result<Addr, Verdict> {
        self.seal();
        let verdict = self.scheduler.register_event(
            pid.slot,
            pid.generation,
            name,
            EventTraits { notify, guard: 0 },
        );
        self.address(verdict)
    }

    pub fn node_address(&mut self, name: &str) -> Addr {
        self.seal();
        let verdict = self.scheduler.node_address(name);
        self.address(verdict).expect("a node always has an address")
    }

    pub fn node_down(&mut self, name: &str, reason: u32) {
        self.seal();
        self.scheduler.node_down(name, reason);
    }

    /// The value of a queue's gauge.
    pub fn gauge(&mut self, gauge: u32, queue: u32) -> u32 {
        let block = self.scheduler.gauge_block(0);
        block.words()[(GAUGE_WORDS * gauge + queue) as usize].load(Relaxed)
    }

    pub fn set_gauge(&mut self, gauge: u32, queue: u32, value: u32) {
        let block = self.scheduler.gauge_block(0);
        block.words()[(GAUGE_WORDS * gauge + queue) as usize].store(value, Relaxed);
    }

    fn address(&self, verdict: Verdict) -> Result<Addr, Verdict> {
        match verdict {
            Verdict::Ok => Ok(Addr {
                index: self.ring.header(RESULT_A),
                generation: self.ring.header(RESULT_B),
            }),
            refused => Err(refused),
        }
    }
}
