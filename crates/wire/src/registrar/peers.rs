use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::ClientEvent;

/// The most nodes that are kept in mind, far more than a registrar takes; others are not told of.
const MAX_NODES: usize = 16_384;

/// The other nodes of the host as a client knows them, so that each is told once to come and once to
/// go, although the registrar itself may go and another one begins with nothing.
#[derive(Debug)]
pub(super) struct Peers {
    own: String,
    /// With whether the registrar of now knows of it.
    nodes: BTreeMap<String, bool>,
    /// When those that it does not know are gone.
    gone_at: Option<Duration>,
}

impl Peers {
    /// None but the node itself, which is not told of.
    pub fn new(own: String) -> Self {
        Self {
            own,
            nodes: BTreeMap::new(),
            gone_at: None,
        }
    }

    /// One is there.
    pub fn joined(&mut self, node: String, events: &mut VecDeque<ClientEvent>) {
        let is_known = self.nodes.contains_key(&node);
        if node == self.own || (!is_known && self.nodes.len() >= MAX_NODES) {
            return;
        }
        if self.nodes.insert(node.clone(), true).is_none() {
            events.push_back(ClientEvent::Joined(node));
        }
    }

    /// One is gone.
    pub fn left(&mut self, node: String, events: &mut VecDeque<ClientEvent>) {
        if self.nodes.remove(&node).is_some() {
            events.push_back(ClientEvent::Left(node));
        }
    }

    /// The registrar is gone: what is known counts until the next one has had its time.
    pub fn doubt(&mut self) {
        self.gone_at = None;
        self.nodes
            .values_mut()
            .for_each(|is_known| *is_known = false);
    }

    /// A registrar is there; who does not register with it by then is gone.
    pub fn settle_by(&mut self, at: Duration) {
        self.gone_at = self.nodes.values().any(|is_known| !is_known).then_some(at);
    }

    /// When `tick` should be called.
    pub fn deadline(&self) -> Option<Duration> {
        self.gone_at
    }

    /// Tells of those that did not come back.
    pub fn tick(&mut self, now: Duration, events: &mut VecDeque<ClientEvent>) {
        if self.gone_at.is_none_or(|at| at > now) {
            return;
        }
        self.gone_at = None;
        let gone = self.nodes.iter().filter(|(_, is_known)| !**is_known);
        let gone: Vec<_> = gone.map(|(node, _)| node.clone()).collect();
        for node in gone {
            self.left(node, events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrar_cannot_fill_the_memory_with_names() {
        let mut peers = Peers::new("a@host".to_owned());
        let mut events = VecDeque::new();
        for number in 0..MAX_NODES + 100 {
            peers.joined(format!("n{number}@host"), &mut events);
        }
        assert_eq!((peers.nodes.len(), events.len()), (MAX_NODES, MAX_NODES));
        peers.left("n0@host".to_owned(), &mut events);
        peers.joined("another@host".to_owned(), &mut events);
        assert_eq!(
            events.back(),
            Some(&ClientEvent::Joined("another@host".to_owned()))
        );
    }
}
