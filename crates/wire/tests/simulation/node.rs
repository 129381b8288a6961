//! One node as a driver would run it: peers, handshakes, connections; no thread, no socket of its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tergo_wire::{
    Action, Agreement, CloseReason, Connection, ConnectionKey, Delivery, DialId, DialSettings,
    DownReason, Extensions, Handshake, HandshakeError, HandshakeStep, Identity, Incoming, LinkLoss,
    LinkPlace, Peers, Protocol, Purpose, TergoProtocol,
};

use crate::ledger::Ledger;
use crate::net::Net;
use crate::support::random::Random;
use crate::support::{COOKIE, Got, OwnTarget, bytes, identity, number};

/// A socket and which end of it.
pub type End = (usize, usize);

pub struct Node {
    pub identity: Identity,
    pub peers: Peers,
    pub connections: BTreeMap<ConnectionKey, Conn>,
    pub handshakes: BTreeMap<End, Shaking>,
    /// All that were told as up, and as down.
    pub ups: HashSet<ConnectionKey>,
    pub downs: HashSet<ConnectionKey>,
    protocol: TergoProtocol,
}

pub struct Conn {
    pub wire: Box<dyn Connection>,
    pub peer: String,
    pub peer_creation: u64,
    pub id: [u8; 16],
    pub links: BTreeMap<u16, End>,
    /// What came and is not released yet.
    pub held: u64,
    /// By sender: how many items it has sent over it.
    pub sent: HashMap<u64, u32>,
}

pub struct Shaking {
    handshake: Box<dyn Handshake>,
    dial: Option<DialId>,
    link: Option<LinkPlace>,
    rest: Vec<u8>,
}

impl Node {
    pub fn new(name: &str, creation: u64, pool: u16) -> Self {
        let mut identity = identity(name, creation);
        identity.pool = pool;
        identity.limits.window = 256 << 10;
        identity.limits.keep_alive = Duration::from_secs(1);
        Self {
            peers: Peers::new(name, pool),
            identity,
            connections: BTreeMap::new(),
            handshakes: BTreeMap::new(),
            ups: HashSet::new(),
            downs: HashSet::new(),
            protocol: TergoProtocol {
                extensions: Extensions::default(),
            },
        }
    }

    /// Does all that can be done now.
    pub fn run(&mut self, net: &mut Net, ledger: &mut Ledger) {
        let now = net.now;
        self.peers.tick(now);
        self.act(net, ledger);
        let shaking: Vec<_> = self.handshakes.keys().copied().collect();
        for end in shaking {
            self.shake(end, net, ledger);
            self.act(net, ledger);
        }
        let keys: Vec<_> = self.connections.keys().copied().collect();
        for key in keys {
            self.drive(key, net, ledger);
            self.act(net, ledger);
        }
    }

    /// Somebody has dialled.
    pub fn accept(&mut self, end: End, net: &mut Net) {
        let settings = tergo_wire::AcceptSettings {
            own: self.identity.clone(),
            cookie: COOKIE.into(),
            nonce: net.nonce(),
            exporter: None,
            deadline: net.now + Duration::from_secs(5),
        };
        let handshake = self.protocol.accept(settings);
        self.begin(end, handshake, None);
    }

    fn begin(&mut self, end: End, handshake: Box<dyn Handshake>, dial: Option<DialId>) {
        let shaking = Shaking {
            handshake,
            dial,
            link: None,
            rest: Vec::new(),
        };
        self.handshakes.insert(end, shaking);
    }

    fn act(&mut self, net: &mut Net, ledger: &mut Ledger) {
        while let Some(action) = self.peers.next_action() {
            match action {
                Action::Dial {
                    dial,
                    peer,
                    purpose,
                } => self.dial(dial, &peer, purpose, net),
                Action::Abandon(dial) => self.abandon(dial, net),
                Action::DropLink(link) => self.lose(link, DownReason::Lost, net),
                Action::Up { key, .. } => assert!(self.ups.insert(key), "it came up twice"),
                Action::Down { key, reason, .. } => self.down(key, reason, net, ledger),
                Action::Probe(key) => {
                    if let Some(connection) = self.connections.get_mut(&key) {
                        let deadline = net.now + Duration::from_secs(1);
                        connection.wire.probe(net.now, deadline);
                    }
                }
                Action::Failed { .. } => {}
            }
        }
    }

    fn dial(&mut self, dial: DialId, peer: &str, purpose: Purpose, net: &mut Net) {
        let settings = DialSettings {
            own: self.identity.clone(),
            peer: peer.into(),
            purpose,
            cookie: COOKIE.into(),
            nonce: net.nonce(),
            exporter: None,
            deadline: net.now + Duration::from_secs(5),
        };
        let handshake = self.protocol.dial(settings);
        match net.dial(peer) {
            Some(end) => self.begin(end, handshake, Some(dial)),
            None => self.peers.dial_failed(dial, None, net.now),
        }
    }

    fn abandon(&mut self, dial: DialId, net: &mut Net) {
        let shaking = self.handshakes.iter();
        let end = shaking
            .filter(|(_, one)| one.dial == Some(dial))
            .map(|(end, _)| *end)
            .next();
        if let Some(end) = end {
            self.handshakes.remove(&end);
            net.close(end);
        }
    }

    fn down(&mut self, key: ConnectionKey, reason: DownReason, net: &mut Net, ledger: &mut Ledger) {
        assert!(self.ups.contains(&key), "it goes down and never came up");
        assert!(self.downs.insert(key), "it goes down twice");
        ledger.down(&self.identity, key);
        // A link that was admitted, and not agreed on yet.
        let shaking = self.handshakes.iter();
        let late: Vec<_> = shaking
            .filter(|(_, one)| one.link.is_some_and(|link| link.key == key))
            .map(|(end, _)| *end)
            .collect();
        for end in late {
            self.handshakes.remove(&end);
            net.close(end);
        }
        let Some(mut connection) = self.connections.remove(&key) else {
            return;
        };
        connection.wire.close(match reason {
            DownReason::Lost => CloseReason::LinkLost,
            _ => CloseReason::Disconnected,
        });
        for (place, end) in connection.links {
            let bytes = connection.wire.output(place, net.now).to_vec();
            net.write(end, &bytes);
            net.close(end);
        }
    }

    fn lose(&mut self, link: LinkPlace, reason: DownReason, net: &mut Net) {
        let Some(connection) = self.connections.get_mut(&link.key) else {
            return;
        };
        let Some(end) = connection.links.remove(&link.place) else {
            return;
        };
        net.close(end);
        let loss = connection.wire.lost(link.place);
        let is_fatal = loss == LinkLoss::Fatal;
        self.peers.link_lost(link, is_fatal, reason, net.now);
    }

    fn shake(&mut self, end: End, net: &mut Net, ledger: &mut Ledger) {
        let Some(mut shaking) = self.handshakes.remove(&end) else {
            return;
        };
        while let Some(piece) = net.read(end) {
            shaking.rest.extend_from_slice(&piece);
        }
        let is_ended = net.is_ended(end);
        loop {
            let used = shaking.handshake.input(&shaking.rest);
            shaking.rest.drain(..used);
            shaking.handshake.expire(net.now);
            match shaking.handshake.step() {
                HandshakeStep::Wait if used > 0 => {}
                HandshakeStep::Wait => break,
                HandshakeStep::Prove => {
                    let serial = shaking.dial.and_then(|dial| self.peers.prove(dial));
                    let Some(serial) = serial else {
                        return net.close(end);
                    };
                    shaking.handshake.prove(serial);
                }
                HandshakeStep::Ask(claim) => match self.peers.admit(&claim, net.now) {
                    Ok((admission, link)) => {
                        shaking.link = Some(link);
                        shaking.handshake.admit(admission);
                    }
                    Err(refusal) => shaking.handshake.refuse(refusal),
                },
                HandshakeStep::Done(agreement) => {
                    net.write(end, shaking.handshake.output());
                    // What was admitted may end another connection: first that.
                    self.act(net, ledger);
                    self.agreed(end, &shaking, &agreement, net);
                    return;
                }
                HandshakeStep::Failed(error) => {
                    net.write(end, shaking.handshake.output());
                    net.close(end);
                    self.failed(&shaking, Some(error), net);
                    return;
                }
            }
        }
        let bytes = shaking.handshake.output().to_vec();
        net.write(end, &bytes);
        shaking.handshake.written(bytes.len());
        if is_ended {
            net.close(end);
            return self.failed(&shaking, None, net);
        }
        self.handshakes.insert(end, shaking);
    }

    fn failed(&mut self, shaking: &Shaking, error: Option<HandshakeError>, net: &Net) {
        if let Some(dial) = shaking.dial {
            self.peers.dial_failed(dial, error, net.now);
        }
    }

    fn agreed(&mut self, end: End, shaking: &Shaking, agreement: &Agreement, net: &mut Net) {
        let link = match shaking.dial {
            Some(dial) => self.peers.dialled(dial, agreement, net.now),
            None => shaking.link,
        };
        let Some(link) = link else {
            return net.close(end);
        };
        if agreement.purpose == Purpose::First {
            let connection = Conn {
                wire: self.protocol.connection(agreement),
                peer: agreement.peer.identity.name.clone(),
                peer_creation: agreement.peer.identity.creation,
                id: agreement.connection_id,
                links: BTreeMap::new(),
                held: 0,
                sent: HashMap::new(),
            };
            assert!(self.connections.insert(link.key, connection).is_none());
        }
        let Some(connection) = self.connections.get_mut(&link.key) else {
            return net.close(end);
        };
        connection.wire.open(agreement, net.now);
        assert!(connection.links.insert(link.place, end).is_none());
        let mut rest = &shaking.rest[..];
        while !rest.is_empty() {
            let space = connection.wire.space(link.place);
            let count = space.len().min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            connection.wire.filled(link.place, count, net.now);
            rest = &rest[count..];
        }
    }

    fn drive(&mut self, key: ConnectionKey, net: &mut Net, ledger: &mut Ledger) {
        let now = net.now;
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let mut gone = Vec::new();
        let places: Vec<_> = connection
            .links
            .iter()
            .map(|(place, end)| (*place, *end))
            .collect();
        // Twice: what one link brings may let another go on.
        for (place, end) in places.iter().chain(&places) {
            while connection.wire.has_space(*place)
                && let Some(piece) = net.read_some(*end, connection.wire.space(*place).len())
            {
                connection.wire.space(*place)[..piece.len()].copy_from_slice(&piece);
                connection.wire.filled(*place, piece.len(), now);
                if connection.take(*place, now, &self.identity, ledger) {
                    return self.peers.disconnect(key, DownReason::Goodbye);
                }
            }
            if connection.take(*place, now, &self.identity, ledger) {
                return self.peers.disconnect(key, DownReason::Goodbye);
            }
            if net.is_ended(*end) {
                gone.push((*place, DownReason::Lost));
            }
        }
        if net.random.once_in(3) {
            let count = net.random.below(connection.held + 1);
            connection.wire.release(count);
            connection.held -= count;
        }
        for (place, end) in &places {
            let bytes = connection.wire.output(*place, now).to_vec();
            let count = net.write(*end, &bytes);
            connection.wire.written(*place, count, now);
        }
        if let Some(place) = connection.wire.tick(now) {
            gone.push((place, DownReason::Silence));
        }
        for (place, reason) in gone {
            self.lose(LinkPlace { key, place }, reason, net);
        }
    }

    /// Sends the next item of a sender to a peer, if that is connected and has room.
    pub fn send(&mut self, peer: &str, sender: u64, random: &mut Random, ledger: &mut Ledger) {
        let Some(key) = self.peers.connection(peer) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let sequence = connection.sent.get(&sender).copied().unwrap_or(0);
        let mut item = match random.below(20) {
            0 => bytes(sender, 33_000 + random.below(100_000) as usize, 1),
            1..4 => bytes(sender, random.below(3000) as usize, 1),
            _ => number(sender, 1),
        };
        item.target = OwnTarget::Process(0, key.0 as u32, sequence);
        let result = connection
            .wire
            .send(&item.item(), Delivery::default(), &mut Vec::new());
        if result.is_ok() {
            connection.sent.insert(sender, sequence + 1);
            ledger.sent(&self.identity, key, sender);
        }
    }
}

impl Conn {
    /// Takes all that came over a link; true at the goodbye.
    fn take(&mut self, place: u16, now: Duration, own: &Identity, ledger: &mut Ledger) -> bool {
        loop {
            match self.wire.next(place, now).expect("what comes is right") {
                None => return false,
                Some(Incoming::Goodbye(_)) => return true,
                Some(Incoming::Shape { .. }) => {}
                Some(Incoming::Item { item, cost, .. }) => {
                    self.held += cost;
                    let got = Got::of(&item, Vec::new());
                    ledger.got(&self.peer, self.peer_creation, own, &got);
                }
            }
        }
    }
}
