//! A second, naive implementation of the whole protocol: lists that are searched from end to end.

mod relations;

use std::collections::{HashMap, VecDeque};

use tergo_core::Verdict;
use tergo_core::layout::{
    KIND_EVENT, KIND_EVENT_START, KIND_EVENT_STOP, KIND_MESSAGE, TARGET_ALIAS, TARGET_EVENT,
    TARGET_NAME,
};

use relations::{is_onto, is_same};

use super::driver::{Addr, Driver, Pid};
use super::record::{Entry, Record};

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pid,
    Name,
    Alias,
    Event,
    Node,
}

impl Kind {
    /// Relation kind bits and target kind.
    fn bits(self) -> (u32, u32) {
        match self {
            Self::Pid => (0, 0),
            Self::Name => (0, TARGET_NAME),
            Self::Alias => (0, TARGET_ALIAS),
            Self::Event => (0, TARGET_EVENT),
            Self::Node => (2, 0),
        }
    }

    fn unknown(self) -> Verdict {
        match self {
            Self::Pid => Verdict::ProcessUnknown,
            Self::Name => Verdict::NameUnknown,
            Self::Alias => Verdict::AliasUnknown,
            Self::Event => Verdict::EventUnknown,
            Self::Node => Verdict::TargetUnknown,
        }
    }
}

pub struct Process {
    pub pid: Pid,
    pub is_alive: bool,
    is_ready: bool,
    is_suspended: bool,
    /// Limit and gauge.
    bound: Option<(u32, u32)>,
    /// What the gauge says of each queue.
    gauged: [u32; 4],
    queues: [VecDeque<Entry>; 4],
}

pub struct Address {
    pub addr: Addr,
    pub kind: Kind,
    owner: usize,
    name: String,
    notify: bool,
    pub is_alive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Relation {
    consumer: usize,
    kind: Kind,
    /// Index among the model's processes or addresses.
    target: usize,
    is_monitor: bool,
    token: u32,
}

/// What a link or monitor is asked for; consumer and target are indexes in the model.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub consumer: usize,
    pub kind: Kind,
    pub target: usize,
    pub is_monitor: bool,
}

/// A slice of the last turn, as far as it has not been given back.
struct Slice {
    slot: u32,
    process: usize,
    offset: u32,
    entries: Vec<Entry>,
}

/// The model, and the scheduler that it is compared with.
pub struct Model {
    pub driver: Driver,
    pub processes: Vec<Process>,
    pub addresses: Vec<Address>,
    relations: Vec<Relation>,
    slices: Vec<Slice>,
    /// Control records that must come, and how often.
    expected: HashMap<String, u32>,
    next_number: u32,
    next_gauge: u32,
}

impl Model {
    pub fn new() -> Self {
        Self {
            driver: Driver::new(),
            processes: Vec::new(),
            addresses: Vec::new(),
            relations: Vec::new(),
            slices: Vec::new(),
            expected: HashMap::new(),
            next_number: 0,
            next_gauge: 0,
        }
    }

    pub fn spawn(&mut self, is_ready: bool) {
        let pid = self.driver.spawn_as(is_ready);
        let stale = self.processes.iter().find(|process| process.pid == pid);
        assert!(stale.is_none(), "no slot has the same generation twice");
        self.processes.push(Process {
            pid,
            is_alive: true,
            is_ready,
            is_suspended: false,
            bound: None,
            gauged: [0; 4],
            queues: Default::default(),
        });
    }

    pub fn ready(&mut self, process: usize) {
        self.driver.ready(self.processes[process].pid);
        self.processes[process].is_ready = true;
    }

    pub fn suspend(&mut self, process: usize) {
        self.driver.suspend(self.processes[process].pid);
        let process = &mut self.processes[process];
        process.is_suspended = process.is_ready;
    }

    pub fn resume(&mut self, process: usize) {
        self.driver.resume(self.processes[process].pid);
        self.processes[process].is_suspended = false;
    }

    pub fn send(&mut self, process: usize, queue: u32) {
        let payload = self.number();
        let pid = self.processes[process].pid;
        self.driver.send(pid, queue, payload);
        let entry = Entry::new(KIND_MESSAGE, queue, 0, payload);
        if self.processes[process].is_alive {
            self.push(process, entry);
        } else {
            self.expect_dropped(pid.slot, entry);
        }
    }

    pub fn limit(&mut self, process: usize, limit: u32) {
        if self.processes[process].is_alive && self.next_gauge < 1024 {
            let gauge = self.next_gauge;
            self.next_gauge += 1;
            self.driver.limit(self.processes[process].pid, limit, gauge);
            self.processes[process].bound = (limit > 0).then_some((limit, gauge));
            self.processes[process].gauged = [0; 4];
        }
    }

    pub fn exit(&mut self, process: usize) {
        let reason = self.number();
        let pid = self.processes[process].pid;
        self.driver.exit(pid, reason);
        if !self.processes[process].is_alive {
            return self.expect_shared(reason, 0);
        }
        self.processes[process].is_alive = false;
        for queue in std::mem::take(&mut self.processes[process].queues) {
            for entry in queue {
                self.expect_dropped(pid.slot, entry);
            }
        }
        while let Some(own) = self.position(|relation| relation.consumer == process) {
            self.withdraw(own);
        }
        let mut told = self.fire(Kind::Pid, process, reason);
        for address in (0..self.addresses.len()).rev() {
            let owned = &mut self.addresses[address];
            if owned.owner == process && std::mem::take(&mut owned.is_alive) {
                let kind = owned.kind;
                told += self.fire(kind, address, reason);
            }
        }
        self.expect_shared(reason, told);
    }

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

    pub fn flush(&mut self) {
        self.driver.flush();
    }

    /// A turn: all that it writes is expected, and each slice is what the queues have to give.
    pub fn turn(&mut self) {
        self.slices.clear();
        for record in self.driver.turn() {
            match record {
                Record::Slice {
                    slot,
                    offset,
                    entries,
                } => self.read_slice(slot, offset, entries),
                control => self.read_control(&format!("{control:?}")),
            }
        }
    }

    /// Gives back the last `count` entries of a slice of the last turn.
    pub fn give_back(&mut self, slice: usize, count: usize) {
        let Some(slice) = self.slices.get_mut(slice) else {
            return;
        };
        let kept = slice.entries.len() - count.min(slice.entries.len());
        let returned = slice.entries.split_off(kept);
        let (slot, process) = (slice.slot, slice.process);
        let offset = slice.offset + 2 * kept as u32;
        self.driver.give_back(slot, offset, returned.len() as u32);
        for &entry in returned.iter().rev() {
            if self.processes[process].is_alive {
                self.processes[process].queues[entry.queue()].push_front(entry);
                self.gauge(process, entry, 1);
            } else {
                self.expect_dropped(slot, entry);
            }
        }
    }

    /// Ends everything and checks that nothing is left of it.
    pub fn finish(mut self) {
        (0..self.processes.len()).for_each(|process| self.exit(process));
        self.turn();
        while self.driver.has_more() {
            self.turn();
        }
        assert_eq!(self.expected, HashMap::new(), "all that was expected came");
        let counters = self.driver.scheduler.counters();
        let left = [
            counters.processes,
            counters.messages,
            counters.links,
            counters.monitors,
            counters.names,
            counters.aliases,
            counters.events,
        ];
        assert_eq!(left, [0; 7], "nothing is left");
    }

    fn number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number
    }

    fn add_address(&mut self, address: Address) {
        let is_stale = self
            .addresses
            .iter()
            .any(|known| known.addr == address.addr);
        assert!(!is_stale, "no address has the same generation twice");
        self.addresses.push(address);
    }

    fn read_slice(&mut self, slot: u32, offset: u32, entries: Vec<Entry>) {
        let process = self.occupant(slot).expect("only the living take messages");
        let taker = &mut self.processes[process];
        assert!(
            taker.is_ready && !taker.is_suspended,
            "it may take messages"
        );
        assert!(!entries.is_empty(), "no slice is empty");
        for &entry in &entries {
            let queue = taker.queues.iter_mut().find(|queue| !queue.is_empty());
            let next = queue.and_then(VecDeque::pop_front);
            assert_eq!(next, Some(entry), "the highest queue's first message");
        }
        for &entry in &entries {
            self.gauge(process, entry, -1);
        }
        self.slices.push(Slice {
            slot,
            process,
            offset,
            entries,
        });
    }

    fn read_control(&mut self, record: &str) {
        let count = self.expected.get_mut(record);
        let count = count.unwrap_or_else(|| panic!("{record} was not expected"));
        *count -= 1;
        if *count == 0 {
            self.expected.remove(record);
        }
    }

    fn push(&mut self, process: usize, entry: Entry) {
        self.processes[process].queues[entry.queue()].push_back(entry);
    }

    /// As TypeScript would when a message is taken or given back. Only events are counted here, so
    /// that the core's part is seen alone.
    fn gauge(&mut self, process: usize, entry: Entry, change: i32) {
        let Some((_, gauge)) = self.processes[process].bound else {
            return;
        };
        if entry.kind() == KIND_EVENT {
            self.driver.flush();
            let queue = entry.queue();
            let model = &mut self.processes[process].gauged[queue];
            assert_eq!(self.driver.gauge(gauge, queue as u32), *model);
            *model = model.saturating_add_signed(change);
            self.driver.set_gauge(gauge, queue as u32, *model);
        }
    }

    fn has_room(&mut self, process: usize, queue: u32) -> bool {
        let process = &mut self.processes[process];
        let Some((limit, _)) = process.bound else {
            return true;
        };
        let gauged = &mut process.gauged[queue as usize];
        let has_room = *gauged < limit;
        *gauged += u32::from(has_room);
        has_room
    }

    fn occupant(&self, slot: u32) -> Option<usize> {
        let mut processes = self.processes.iter();
        processes.position(|process| process.is_alive && process.pid.slot == slot)
    }

    fn resident(&self, index: u32, kind: Kind) -> Option<usize> {
        self.addresses.iter().position(|address| {
            address.is_alive && address.kind == kind && address.addr.index == index
        })
    }

    fn find_node(&self, name: &str) -> Option<usize> {
        let mut addresses = self.addresses.iter();
        addresses.position(|address| address.kind == Kind::Node && address.name == name)
    }

    fn expect(&mut self, record: &Record) {
        *self.expected.entry(format!("{record:?}")).or_default() += 1;
    }

    fn expect_shared(&mut self, payload: u32, count: u32) {
        self.expect(&Record::Shared { payload, count });
    }

    fn expect_verdict(&mut self, token: u32, verdict: Verdict) {
        let status = verdict as u32;
        self.expect(&Record::Verdict { token, status });
    }

    fn expect_dropped(&mut self, slot: u32, entry: Entry) {
        if !matches!(entry.kind(), KIND_EVENT_START | KIND_EVENT_STOP) {
            self.expect(&Record::Dropped { slot, entry });
        }
    }
}
