//! What was sent over which connection, and what of it has come.

use std::collections::HashMap;

use tergo_wire::{ConnectionKey, Identity};

use crate::support::{Got, OwnTarget};

/// A connection as its sending node calls it: name, creation, key.
type Path = (String, u64, u64);

#[derive(Debug, Default)]
pub struct Ledger {
    ways: HashMap<Path, Way>,
    /// Items that came.
    pub arrived: u64,
    /// Items that were lost with their connection.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Way {
    sent: HashMap<u64, u32>,
    got: HashMap<u64, u32>,
    is_down: bool,
}

impl Ledger {
    fn way(&mut self, name: &str, creation: u64, key: u64) -> &mut Way {
        self.ways
            .entry((name.to_owned(), creation, key))
            .or_default()
    }

    /// A sender has sent its next item.
    pub fn sent(&mut self, own: &Identity, key: ConnectionKey, sender: u64) {
        let way = self.way(&own.name, own.creation, key.0);
        assert!(!way.is_down, "an item is sent over what is down");
        *way.sent.entry(sender).or_default() += 1;
    }

    /// An item came: it has to be the next one of its sender on that connection.
    pub fn got(&mut self, peer: &str, creation: u64, own: &Identity, got: &Got) {
        let OwnTarget::Process(_, key, sequence) = got.target else {
            panic!("such a thing was never sent");
        };
        self.arrived += 1;
        let way = self.way(peer, creation, u64::from(key));
        let next = way.got.entry(got.sender.id).or_default();
        let sender = got.sender.id;
        assert_eq!(
            sequence, *next,
            "{} got item {sequence} of sender {sender} of {peer} ({creation}, {key}) out of order",
            own.name
        );
        *next += 1;
        assert!(way.sent[&sender] >= *next, "it was never sent");
    }

    /// A node was told that a connection is over.
    pub fn down(&mut self, own: &Identity, key: ConnectionKey) {
        self.way(&own.name, own.creation, key.0).is_down = true;
    }

    /// A node is gone with all that it knew.
    pub fn died(&mut self, own: &Identity) {
        for (path, way) in &mut self.ways {
            way.is_down |= path.0 == own.name && path.1 == own.creation;
        }
    }

    /// All that was sent has come, except over connections whose end the sender was told of.
    pub fn check(&mut self) {
        for (path, way) in &self.ways {
            for (sender, sent) in &way.sent {
                let got = way.got.get(sender).copied().unwrap_or(0);
                assert!(got <= *sent);
                assert!(
                    way.is_down || got == *sent,
                    "sender {sender} of {path:?} has sent {sent}, and {got} came"
                );
                self.lost += u64::from(*sent - got);
            }
        }
    }
}
