use std::collections::{HashMap, VecDeque};

use crate::Sender;
use crate::item::{ItemWriter, Parcel};
use crate::link::LinkCounters;
use crate::link::credit::{Credit, cost};
use crate::link::frame::{FIRST, FRAGMENT_BYTES, LAST};
use crate::link::outbound::{FragmentHead, Outbound};

/// The senders that have something large on its way, or waiting, each with what comes after it: they take turns.
#[derive(Debug)]
pub(crate) struct Lanes {
    waiting: HashMap<Key, Lane>,
    order: VecDeque<Key>,
    /// Which streams are in use.
    streams: Vec<bool>,
    /// Bytes of the items that have begun.
    begun: u64,
    /// The peer has room for so many.
    max_begun: u64,
    /// Bytes of all parcels.
    bytes: u64,
    /// An item has found no room since the last one went.
    is_missed: bool,
}

/// Thread, slot, generation.
type Key = (u8, u32, u32);

#[derive(Debug, Default)]
struct Lane {
    parcels: VecDeque<Parcel>,
    /// How far the first parcel has come, if it is a large one that has begun.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    stream: u32,
    head: Vec<u8>,
    sent: u64,
    total: u64,
}

/// What a sender's turn has brought.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Moved,
    Stuck,
}

impl Lanes {
    /// The peer takes so many large items at a time, and so many bytes of them.
    pub fn new(max_streams: u32, max_begun: u64) -> Self {
        Self {
            waiting: HashMap::new(),
            order: VecDeque::new(),
            streams: vec![false; max_streams as usize],
            begun: 0,
            max_begun,
            bytes: 0,
            is_missed: false,
        }
    }

    /// Whether nobody has something large.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether that sender has: then all it sends waits behind it.
    pub fn has(&self, sender: &Sender) -> bool {
        !self.is_empty() && self.waiting.contains_key(&key(sender))
    }

    /// The senders that have.
    pub fn ids(&self) -> impl Iterator<Item = u64> {
        let first = self
            .waiting
            .values()
            .filter_map(|lane| lane.parcels.front());
        first.map(|parcel| parcel.sender().id)
    }

    /// Bytes of all that waits.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// An item finds no room: true for the first since the last one went, whoever tries again.
    pub fn miss(&mut self) -> bool {
        !std::mem::replace(&mut self.is_missed, true)
    }

    /// Puts a parcel behind those of its sender.
    pub fn push(&mut self, parcel: Parcel) {
        let key = key(&parcel.sender());
        self.bytes += parcel.bytes();
        let lane = self.waiting.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Lane::default()
        });
        lane.parcels.push_back(parcel);
    }

    /// Lets the senders take turns until so many bytes wait to be written, or none can go on.
    pub fn pump(
        &mut self,
        out: &mut Outbound,
        credit: &mut Credit,
        until: usize,
        counters: &mut LinkCounters,
    ) {
        let mut stuck = 0;
        while stuck < self.order.len() && out.queued() < until {
            let Some(key) = self.order.pop_front() else {
                return;
            };
            match self.turn(key, out, credit, counters) {
                Turn::Moved => stuck = 0,
                Turn::Stuck => stuck += 1,
            }
            if self
                .waiting
                .get(&key)
                .is_some_and(|lane| lane.parcels.is_empty())
            {
                self.waiting.remove(&key);
            } else {
                self.order.push_back(key);
            }
        }
    }

    fn turn(
        &mut self,
        key: Key,
        out: &mut Outbound,
        credit: &mut Credit,
        counters: &mut LinkCounters,
    ) -> Turn {
        let Some(lane) = self.waiting.get_mut(&key) else {
            return Turn::Stuck;
        };
        let Some(parcel) = lane.parcels.front() else {
            return Turn::Stuck;
        };
        let bytes = parcel.bytes();
        let window = credit.window();
        if let Some(begun) = &mut lane.begun {
            let is_last = fragment(begun, parcel, out, counters);
            if is_last {
                self.streams[begun.stream as usize] = false;
                self.begun -= bytes;
                lane.begun = None;
                counters.items_out += 1;
                self.bytes -= bytes;
                self.is_missed = false;
                lane.parcels.pop_front();
            }
        } else if is_large(parcel) {
            let free = self.streams.iter().position(|is_used| !is_used);
            let has_room = self.begun == 0 || self.begun + bytes <= self.max_begun;
            let Some(stream) = free.filter(|_| has_room) else {
                return Turn::Stuck;
            };
            if !credit.has_room() {
                credit.save();
                return Turn::Stuck;
            }
            credit.spend_saved(cost(bytes, window));
            self.streams[stream] = true;
            self.begun += bytes;
            lane.begun = Some(begin(stream as u32, parcel));
        } else {
            if !credit.is_open() {
                return Turn::Stuck;
            }
            credit.spend(cost(bytes, window));
            out.item(&parcel.item(), parcel.compression, counters);
            self.bytes -= bytes;
            self.is_missed = false;
            lane.parcels.pop_front();
        }
        Turn::Moved
    }
}

fn key(sender: &Sender) -> Key {
    (sender.thread, sender.slot, sender.generation)
}

/// Whether an item travels in fragments.
pub(crate) fn is_large(parcel: &Parcel) -> bool {
    parcel.payload.len() > FRAGMENT_BYTES || !parcel.blobs.is_empty()
}

fn begin(stream: u32, parcel: &Parcel) -> Begun {
    let mut head = Vec::new();
    ItemWriter::default().write_large(&mut head, &parcel.item(), &parcel.blobs);
    let total = head.len() as u64 + parcel.bytes();
    Begun {
        stream,
        head,
        sent: 0,
        total,
    }
}

/// Writes the next fragment; true when it was the last.
fn fragment(
    begun: &mut Begun,
    parcel: &Parcel,
    out: &mut Outbound,
    counters: &mut LinkCounters,
) -> bool {
    let sent = begun.sent;
    let is_first = sent == 0;
    begun.sent = begun.total.min(sent + FRAGMENT_BYTES as u64);
    let is_last = begun.sent == begun.total;
    let head = FragmentHead {
        flags: if is_first { FIRST } else { 0 } | if is_last { LAST } else { 0 },
        stream: begun.stream,
        total: is_first.then_some(begun.total),
    };
    let write = |to: &mut Vec<u8>| write_part(begun, parcel, sent, to);
    out.fragment(head, parcel.compression, counters, write);
    is_last
}

/// Writes the bytes of a large item from there on, up to a fragment.
fn write_part(begun: &Begun, parcel: &Parcel, mut skip: u64, to: &mut Vec<u8>) {
    let parts = [&begun.head, &parcel.payload]
        .into_iter()
        .chain(&parcel.blobs);
    let mut room = FRAGMENT_BYTES;
    for part in parts {
        let length = part.len() as u64;
        if skip >= length {
            skip -= length;
            continue;
        }
        let part = &part[skip as usize..];
        skip = 0;
        let part = &part[..part.len().min(room)];
        to.extend_from_slice(part);
        room -= part.len();
        if room == 0 {
            return;
        }
    }
}
