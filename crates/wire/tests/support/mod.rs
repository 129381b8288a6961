//! What the tests of the crate have in common: nodes, handshakes, and links between two connections.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::time::Duration;

use tergo_core::layout::{DEADLINE_SHIFT, FORMAT_INT, FORMAT_INT_REQUEST, KIND_REQUEST};
use tergo_wire::{
    AcceptSettings, Admission, Agreement, Algorithm, Compression, Connection, Delivery,
    DialSettings, Extensions, Features, Handshake, HandshakeStep, Identity, Incoming, Item, Limits,
    LinkError, Protocol, Purpose, Sender, Target, TergoProtocol,
};

pub mod random;

pub const START: Duration = Duration::from_secs(1000);
pub const COOKIE: &[u8] = b"a cookie of more than thirty-two bytes";
/// Format of the values of `ts/codec`.
pub const VALUE: u8 = 1;

pub fn identity(name: &str, creation: u64) -> Identity {
    Identity {
        name: name.into(),
        creation,
        features: Features::ALL,
        limits: Limits::default(),
        pool: 1,
        software: "tergo/test".into(),
    }
}

pub fn dial_settings(own: Identity, peer: &str, purpose: Purpose, nonce: u8) -> DialSettings {
    DialSettings {
        own,
        peer: peer.into(),
        purpose,
        cookie: COOKIE.into(),
        nonce: [nonce; 32],
        exporter: None,
        deadline: START + Duration::from_secs(5),
    }
}

pub fn accept_settings(own: Identity, nonce: u8) -> AcceptSettings {
    AcceptSettings {
        own,
        cookie: COOKIE.into(),
        nonce: [nonce; 32],
        exporter: None,
        deadline: START + Duration::from_secs(5),
    }
}

/// Gives the output of one end to the other; true when something moved.
pub fn carry(from: &mut dyn Handshake, to: &mut dyn Handshake) -> bool {
    let bytes = from.output().to_vec();
    let used = to.input(&bytes);
    from.written(used);
    used > 0
}

/// Lets two ends come to an end; the dialer's serial is 1, what the acceptor admits is given.
pub fn shake(
    dialer: &mut dyn Handshake,
    acceptor: &mut dyn Handshake,
    admission: Admission,
) -> (HandshakeStep, HandshakeStep) {
    loop {
        let moved = carry(dialer, acceptor) | carry(acceptor, dialer);
        match (dialer.step(), acceptor.step()) {
            (HandshakeStep::Prove, _) => dialer.prove(1),
            (_, HandshakeStep::Ask(_)) => acceptor.admit(admission),
            (one, other) if !moved => return (one, other),
            _ => {}
        }
    }
}

/// Both ends of a link that was agreed on.
pub fn agree(
    dialer: &Identity,
    acceptor: &Identity,
    purpose: Purpose,
    (link, place): (u64, u16),
) -> (Agreement, Agreement) {
    let protocol = TergoProtocol::default();
    let mut one = protocol.dial(dial_settings(dialer.clone(), &acceptor.name, purpose, 1));
    let mut other = protocol.accept(accept_settings(acceptor.clone(), 2));
    let admission = Admission {
        serial: link,
        place,
    };
    match shake(&mut *one, &mut *other, admission) {
        (HandshakeStep::Done(one), HandshakeStep::Done(other)) => (*one, *other),
        steps => panic!("the handshake failed: {steps:?}"),
    }
}

/// Two connections with one link between them.
pub struct Pair {
    pub one: Box<dyn Connection>,
    pub other: Box<dyn Connection>,
    pub now: Duration,
    /// What came at the second as values only.
    pub alike: Alike,
}

/// What differs in its value only from the item before, and is taken as such.
#[derive(Clone, Copy, Debug)]
pub struct Alike {
    /// So many at most are taken one after the other.
    pub most: usize,
    /// So many were.
    pub taken: usize,
}

impl Default for Alike {
    fn default() -> Self {
        Self {
            most: usize::MAX,
            taken: 0,
        }
    }
}

pub fn pair(dialer: &Identity, acceptor: &Identity) -> Pair {
    let protocol = TergoProtocol {
        extensions: Extensions::default().with(1),
    };
    let (one, other) = agree(dialer, acceptor, Purpose::First, (7, 0));
    let mut pair = Pair {
        one: protocol.connection(&one),
        other: protocol.connection(&other),
        now: START,
        alike: Alike::default(),
    };
    pair.one.open(&one, START);
    pair.other.open(&other, START);
    pair
}

pub fn default_pair() -> Pair {
    pair(&identity("a@host", 1), &identity("b@host", 1))
}

/// An item that came, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub target: OwnTarget,
    pub sender: Sender,
    pub head: [u8; 4],
    pub integer: i32,
    pub payload: Vec<u8>,
    pub blobs: Vec<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnTarget {
    Process(u8, u32, u32),
    Name(String),
    Control(u8, u32, u32),
}

impl Got {
    pub fn item(&self) -> Item<'_> {
        Item {
            target: match &self.target {
                OwnTarget::Process(thread, slot, generation) => Target::Process {
                    thread: *thread,
                    slot: *slot,
                    generation: *generation,
                },
                OwnTarget::Name(name) => Target::Name(name),
                OwnTarget::Control(thread, first, second) => Target::Control {
                    thread: *thread,
                    first: *first,
                    second: *second,
                },
            },
            sender: self.sender,
            kind: self.head[0],
            queue: self.head[1],
            flags: self.head[2],
            format: self.head[3],
            integer: self.integer,
            payload: &self.payload,
        }
    }

    pub fn of(item: &Item<'_>, blobs: Vec<Vec<u8>>) -> Self {
        Self {
            target: match item.target {
                Target::Process {
                    thread,
                    slot,
                    generation,
                } => OwnTarget::Process(thread, slot, generation),
                Target::Name(name) => OwnTarget::Name(name.into()),
                Target::Control {
                    thread,
                    first,
                    second,
                } => OwnTarget::Control(thread, first, second),
            },
            sender: item.sender,
            head: [item.kind, item.queue, item.flags, item.format],
            integer: item.integer,
            payload: item.payload.to_vec(),
            blobs,
        }
    }

    /// Whether it differs from another one in its value only, and has no blobs.
    fn is_alike(&self, other: &Self) -> bool {
        let has_no_blobs = self.blobs.is_empty() && other.blobs.is_empty();
        let is_same = self.target == other.target && self.sender == other.sender;
        has_no_blobs && is_same && self.head == other.head
    }
}

/// A plain message with a whole number.
pub fn number(sender: u64, integer: i32) -> Got {
    Got {
        target: OwnTarget::Process(0, 1000, 1),
        sender: Sender {
            thread: 1,
            slot: sender as u32,
            generation: 1,
            id: sender,
        },
        head: [12, 2, 0, 0],
        integer,
        payload: Vec::new(),
        blobs: Vec::new(),
    }
}

/// A plain message with a run of bytes in its payload: a value as `ts/codec` writes it.
pub fn bytes(sender: u64, length: usize, fill: u8) -> Got {
    let mut payload = vec![20, 1];
    let mut left = length;
    while left > 127 {
        payload.push(left as u8 | 128);
        left >>= 7;
    }
    payload.push(left as u8);
    payload.resize(payload.len() + length, fill);
    Got {
        head: [12, 2, 0, VALUE],
        payload,
        ..number(sender, 0)
    }
}

/// A request for a number: of which call, how many ms that has left, and the number.
pub fn number_request(sender: u64, [call, left, value]: [u32; 3]) -> Got {
    Got {
        head: [KIND_REQUEST as u8, 2, 0, FORMAT_INT_REQUEST as u8],
        payload: [call, left << DEADLINE_SHIFT, value]
            .map(u32::to_le_bytes)
            .concat(),
        ..number(sender, 0)
    }
}

/// A plain message whose value is an array of blobs.
pub fn blobs(sender: u64, lengths: &[usize]) -> Got {
    let mut payload = vec![12, lengths.len() as u8];
    for place in 0..lengths.len() as u8 {
        payload.extend_from_slice(&[21, 1, place, 0, 0, 0]);
    }
    let fills = lengths.iter().enumerate();
    Got {
        head: [12, 2, 1, VALUE],
        payload,
        blobs: fills
            .map(|(at, length)| vec![at as u8 + 1; *length])
            .collect(),
        ..number(sender, 0)
    }
}

/// Sends; panics when it is refused.
pub fn send(connection: &mut dyn Connection, got: &Got) {
    let mut blobs = got.blobs.clone();
    connection
        .send(&got.item(), Delivery::default(), &mut blobs)
        .expect("there is room");
    assert!(blobs.is_empty());
}

/// All that has come over a link; what it takes of the window is released if that is wanted.
pub fn receive(
    connection: &mut dyn Connection,
    place: u16,
    now: Duration,
    is_released: bool,
) -> Result<Vec<Got>, LinkError> {
    let (all, released) = take(connection, place, now, &mut Alike::default())?;
    if is_released {
        connection.release(released);
    }
    Ok(all)
}

/// All that has come over a link, and what it takes of the window.
fn take(
    connection: &mut dyn Connection,
    place: u16,
    now: Duration,
    alike: &mut Alike,
) -> Result<(Vec<Got>, u64), LinkError> {
    let (mut all, mut released) = (Vec::new(), 0);
    loop {
        match connection.next(place, now)? {
            None | Some(Incoming::Goodbye(_)) => return Ok((all, released)),
            Some(Incoming::Item { item, blobs, cost }) => {
                let first = Got::of(&item, blobs);
                all.push(first.clone());
                released += cost
                    + take_alike(connection, place, alike, &mut |integer, payload| {
                        all.push(Got {
                            integer,
                            payload: payload.into(),
                            ..first.clone()
                        });
                    });
            }
            Some(Incoming::Shape { .. }) => {}
        }
    }
}

fn take_alike(
    connection: &mut dyn Connection,
    place: u16,
    alike: &mut Alike,
    each: &mut dyn FnMut(i32, &[u8]),
) -> u64 {
    let mut left = alike.most;
    connection.next_alike(place, &mut |integer, payload| {
        if left > 0 {
            left -= 1;
            alike.taken += 1;
            each(integer, payload);
            return true;
        }
        false
    })
}

/// Carries at most so many bytes over a link; gives how many there were.
pub fn transfer(
    from: &mut dyn Connection,
    to: &mut dyn Connection,
    place: u16,
    most: usize,
    now: Duration,
) -> usize {
    let bytes = from.output(place, now);
    let space = to.space(place);
    let count = bytes.len().min(space.len()).min(most);
    space[..count].copy_from_slice(&bytes[..count]);
    to.filled(place, count, now);
    from.written(place, count, now);
    count
}

impl Pair {
    /// Carries all that the first has to say, in pieces of at most so many bytes; gives what came.
    pub fn flow(&mut self, most: usize) -> Result<Vec<Got>, LinkError> {
        let mut all = Vec::new();
        loop {
            let there = transfer(&mut *self.one, &mut *self.other, 0, most, self.now);
            let (got, released) = take(&mut *self.other, 0, self.now, &mut self.alike)?;
            self.other.release(released);
            all.extend(got);
            let back = transfer(&mut *self.other, &mut *self.one, 0, most, self.now);
            receive(&mut *self.one, 0, self.now, true)?;
            if there + back == 0 {
                return Ok(all);
            }
        }
    }

    /// The first sends all, what differs in its value only as such if that may be; gives what came at the second, and how
    /// many were such.
    pub fn exchange_alike(&mut self, items: &[Got], most: usize) -> (Vec<Got>, usize) {
        let (mut all, mut alike) = (Vec::new(), 0);
        let mut left = items;
        while let Some((first, rest)) = left.split_first() {
            let mut blobs = first.blobs.clone();
            let sent = self
                .one
                .send(&first.item(), Delivery::default(), &mut blobs);
            if sent.is_err() {
                all.extend(self.flow(most).expect("what comes is right"));
                continue;
            }
            let sent = self.send_again(rest.iter().take_while(|got| got.is_alike(first)));
            alike += sent;
            left = &rest[sent..];
        }
        all.extend(self.flow(most).expect("what comes is right"));
        (all, alike)
    }

    /// Gives how many of them went.
    fn send_again<'a>(&mut self, items: impl Iterator<Item = &'a Got>) -> usize {
        let (mut values, mut payload) = (Vec::new(), Vec::new());
        for got in items {
            values.push(match u32::from(got.head[3]) {
                FORMAT_INT => got.integer.cast_unsigned(),
                _ => got.payload.len() as u32,
            });
            payload.extend_from_slice(&got.payload);
        }
        self.one.send_again(&values, &payload)
    }

    /// The first sends all; gives what came at the second.
    pub fn exchange(&mut self, items: &[Got], delivery: Delivery, most: usize) -> Vec<Got> {
        let mut all = Vec::new();
        for got in items {
            let mut blobs = got.blobs.clone();
            while self.one.send(&got.item(), delivery, &mut blobs).is_err() {
                all.extend(self.flow(most).expect("what comes is right"));
            }
        }
        all.extend(self.flow(most).expect("what comes is right"));
        all
    }
}

/// A delivery that is to be compressed.
pub fn packed(algorithm: Algorithm) -> Delivery {
    Delivery {
        compression: Some(Compression {
            algorithm,
            level: 3,
            threshold: 100,
        }),
        is_unordered: false,
    }
}

/// What each sender has sent, in its order.
pub fn by_sender(items: &[Got]) -> Vec<(Sender, Vec<&Got>)> {
    let mut all: Vec<(Sender, Vec<&Got>)> = Vec::new();
    for item in items {
        match all.iter_mut().find(|(sender, _)| *sender == item.sender) {
            Some((_, list)) => list.push(item),
            None => all.push((item.sender, vec![item])),
        }
    }
    all.sort_by_key(|(sender, _)| (sender.id, sender.slot, sender.thread, sender.generation));
    all
}
