//! A second, naive implementation of the whole protocol: lists that are searched from end to end.

mod addresses;
mod processes;
mod relations;
mod turns;

use std::collections::{HashMap, VecDeque};

use tergo_core::Verdict;
use tergo_core::layout::{
    KIND_EVENT_START, KIND_EVENT_STOP, TARGET_ALIAS, TARGET_EVENT, TARGET_NAME,
};

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

    pub fn flush(&mut self) {
        self.driver.flush();
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
