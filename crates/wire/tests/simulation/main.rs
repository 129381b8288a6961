//! Several nodes on a virtual clock: dials that cross, links that are lost, delayed or frozen, restarts; thousands of
//! seeds, each of which can be repeated: `SEED=17 cargo test -p tergo-wire --test simulation`.

#![allow(clippy::expect_used, reason = "these are tests")]

#[path = "../support/mod.rs"]
mod support;

mod ledger;
mod net;
mod node;
mod socket;

use std::time::Duration;

use ledger::Ledger;
use net::Net;
use node::Node;
use support::random::Random;
use tergo_wire::DownReason;

struct World {
    net: Net,
    nodes: Vec<Node>,
    ledger: Ledger,
    pool: u16,
}

impl World {
    fn new(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed);
        let pool = 1 + random.below(3) as u16;
        let nodes = (0..count).map(|at| Node::new(&name(at), 1, pool));
        Self {
            nodes: nodes.collect(),
            net: Net::new(random),
            ledger: Ledger::default(),
            pool,
        }
    }

    fn step(&mut self) {
        self.net.now += Duration::from_micros(200 + self.net.random.below(15_000));
        let now = self.net.now;
        let mut at = 0;
        while at < self.net.arriving.len() {
            if self.net.arriving[at].1 > now {
                at += 1;
                continue;
            }
            let (peer, _, end) = self.net.arriving.swap_remove(at);
            if let Some(node) = self
                .nodes
                .iter_mut()
                .find(|node| node.identity.name == peer)
            {
                node.accept(end, &mut self.net);
            }
        }
        for node in &mut self.nodes {
            node.run(&mut self.net, &mut self.ledger);
        }
        self.net.forget_dead();
    }

    fn pick(&mut self) -> (usize, String) {
        let count = self.nodes.len() as u64;
        let one = self.net.random.below(count) as usize;
        let other = (one + 1 + self.net.random.below(count - 1) as usize) % count as usize;
        (one, name(other))
    }

    fn send(&mut self, most: u64) {
        for _ in 0..self.net.random.below(most) {
            let (one, peer) = self.pick();
            let sender = 1 + self.net.random.below(6);
            let (random, ledger) = (&mut self.net.random, &mut self.ledger);
            self.nodes[one].send(&peer, sender, random, ledger);
        }
    }

    fn connect(&mut self) {
        let (one, peer) = self.pick();
        self.nodes[one].peers.connect(&peer, self.net.now);
        // Often both at the same time.
        if self.net.random.once_in(2) {
            let own = name(one);
            let other = self
                .nodes
                .iter_mut()
                .find(|node| node.identity.name == peer);
            let other = other.expect("there is one of that name");
            other.peers.connect(&own, self.net.now);
        }
    }

    fn socket(&mut self) -> Option<usize> {
        let count = self.net.sockets.len();
        if count == 0 {
            return None;
        }
        let at = self.net.random.below(count as u64) as usize;
        self.net.sockets.keys().nth(at).copied()
    }

    fn cut(&mut self) {
        if let Some(socket) = self.socket() {
            let (now, random) = (self.net.now, &mut self.net.random);
            if let Some(socket) = self.net.sockets.get_mut(&socket) {
                socket.cut(now, random);
            }
        }
    }

    fn freeze(&mut self) {
        let until = self.net.now + Duration::from_millis(self.net.random.below(6000));
        if let Some(socket) = self.socket()
            && let Some(socket) = self.net.sockets.get_mut(&socket)
        {
            socket.frozen_until = socket.frozen_until.max(until);
        }
    }

    /// A node ends and begins anew; its sockets are reset, or, if the power failed, silent for ever.
    fn restart(&mut self) {
        let at = self.net.random.below(self.nodes.len() as u64) as usize;
        let has_power = self.net.random.once_in(2);
        let creation = self.nodes[at].identity.creation + 1;
        let old = std::mem::replace(
            &mut self.nodes[at],
            Node::new(&name(at), creation, self.pool),
        );
        self.ledger.died(&old.identity);
        let links = old.connections.values().flat_map(|one| one.links.values());
        for end in links.chain(old.handshakes.keys()) {
            let Some(socket) = self.net.sockets.get_mut(&end.0) else {
                continue;
            };
            if has_power {
                socket.cut(self.net.now, &mut self.net.random);
                // Nobody is there any more to see it.
                socket.ways[1 - end.1].is_over = true;
            } else {
                socket.frozen_until = Duration::MAX;
            }
        }
    }

    fn disconnect(&mut self) {
        let (one, peer) = self.pick();
        let peers = &mut self.nodes[one].peers;
        if let Some(key) = peers.connection(&peer) {
            peers.disconnect(key, DownReason::Disconnected);
        }
    }

    fn fault(&mut self) {
        match self.net.random.below(100) {
            0..6 => self.cut(),
            6..10 => self.freeze(),
            10..11 => self.restart(),
            11..13 => self.disconnect(),
            13..30 => self.connect(),
            _ => {}
        }
    }

    /// No more faults, and everybody is connected to everybody again.
    fn calm_down(&mut self) {
        let end = self.net.now + Duration::from_secs(30);
        while self.net.now < end {
            for one in 0..self.nodes.len() {
                for other in 0..self.nodes.len() {
                    if one != other {
                        let now = self.net.now;
                        self.nodes[one].peers.connect(&name(other), now);
                    }
                }
            }
            for _ in 0..20 {
                self.step();
            }
            self.net.now += Duration::from_millis(100);
        }
        for _ in 0..400 {
            self.step();
        }
    }

    fn check(&mut self) {
        self.ledger.check();
        for node in &self.nodes {
            let up: Vec<_> = node.ups.difference(&node.downs).copied().collect();
            let known: Vec<_> = node.connections.keys().copied().collect();
            assert_eq!(up.len(), known.len(), "what is up is what there is");
            assert_eq!(
                known.len(),
                self.nodes.len() - 1,
                "{} has all peers",
                node.identity.name
            );
            assert!(node.handshakes.is_empty(), "no handshake is left over");
            for connection in node.connections.values() {
                let peer = self
                    .nodes
                    .iter()
                    .find(|one| one.identity.name == connection.peer);
                let peer = peer.expect("there is one of that name");
                assert_eq!(connection.peer_creation, peer.identity.creation);
                let theirs = peer.connections.values();
                let theirs = theirs.filter(|one| one.peer == node.identity.name);
                let ids: Vec<_> = theirs.map(|one| one.id).collect();
                assert_eq!(ids, [connection.id], "both have the same connection");
                assert_eq!(
                    connection.links.len(),
                    usize::from(self.pool),
                    "the pool is full"
                );
            }
        }
    }

    /// Everything that was taken is given back.
    fn check_credit(&mut self) {
        for node in &mut self.nodes {
            for connection in node.connections.values_mut() {
                let held = std::mem::take(&mut connection.held);
                connection.wire.release(held);
                let counters = connection.wire.counters();
                assert_eq!(counters.owed, 0, "all is released");
                assert_eq!(counters.queued, 0, "nothing waits");
            }
        }
        let pairs = self.nodes.len() * (self.nodes.len() - 1) / 2;
        let sockets = pairs * usize::from(self.pool);
        let live = self.net.sockets.values();
        let live = live
            .filter(|socket| socket.frozen_until < Duration::MAX)
            .count();
        assert_eq!(live, sockets, "no socket is left over");
    }
}

fn name(at: usize) -> String {
    format!("{}@host", char::from(b'a' + at as u8))
}

fn simulate(seed: u64, count: usize, steps: usize) -> (u64, u64) {
    let mut world = World::new(seed, count);
    world.connect();
    for _ in 0..steps {
        world.send(12);
        world.fault();
        world.step();
    }
    world.calm_down();
    // What is in the middle of being released goes on.
    for _ in 0..30 {
        world.send(40);
        world.step();
    }
    for _ in 0..600 {
        world.step();
    }
    world.check();
    world.check_credit();
    (world.ledger.arrived, world.ledger.lost)
}

/// All seeds, or the one of the environment; names the seed that fails.
fn seeds(count: u64, run: impl Fn(u64) -> (u64, u64)) {
    let only = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let (mut arrived, mut lost) = (0, 0);
    for seed in only.map_or(0..count, |seed: u64| seed..seed + 1) {
        let guard = Named(seed);
        let (more, less) = run(seed);
        std::mem::forget(guard);
        (arrived, lost) = (arrived + more, lost + less);
    }
    println!("{arrived} items arrived, {lost} were lost with their connection");
    assert!(
        arrived > 0 && (lost > 0 || only.is_some()),
        "the simulation does nothing"
    );
}

/// Says which seed it was when a test fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        eprintln!("this was SEED={}", self.0);
    }
}

/// How many seeds: more with `SEEDS` in the environment.
fn many(count: u64) -> u64 {
    let seeds = std::env::var("SEEDS").ok();
    seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(count)
}

#[test]
fn two_nodes_keep_all_promises_whatever_happens_between_them() {
    seeds(many(300), |seed| simulate(seed, 2, 400));
}

#[test]
fn five_nodes_keep_all_promises_whatever_happens_between_them() {
    seeds(many(60), |seed| simulate(seed, 5, 500));
}

#[test]
fn dials_that_cross_end_in_one_connection() {
    for seed in 0..many(1000) {
        let guard = Named(seed);
        let mut world = World::new(seed, 2);
        world.pool = 1;
        world.net.has_refusals = false;
        for node in &mut world.nodes {
            *node = Node::new(&node.identity.name, 1, 1);
        }
        let (first, second) = (name(0), name(1));
        let now = world.net.now;
        let wait = world.net.random.below(30);
        world.nodes[0].peers.connect(&second, now);
        for _ in 0..wait {
            world.step();
        }
        let now = world.net.now;
        world.nodes[1].peers.connect(&first, now);
        for _ in 0..400 {
            world.step();
        }
        for node in &world.nodes {
            assert_eq!(node.ups.len(), 1, "one connection came up");
            assert_eq!(node.downs.len(), 0, "and stays");
        }
        std::mem::forget(guard);
    }
}
