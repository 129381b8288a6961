use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tergo_core::Fabric;
use tergo_core::layout::{CONTROL_CANCEL, CONTROL_PUBLISHED, CONTROL_THREAD_ENDED};
use tergo_net::{
    AcceptorOptions, Cookie, Help, ListenOptions, Network, NetworkEvent, NetworkOptions, Place,
    StaticRoute,
};
use tergo_wire::registrar::Route;
use tergo_wire::{Extensions, Features, Identity, Limits, Protocol, TergoProtocol};

use super::{CONTROL, PATIENCE, Thread};

/// A node.
pub struct Node {
    pub fabric: Arc<Fabric>,
    pub threads: Vec<Thread>,
    pub network: Network,
    pub name: String,
}

pub struct NodeOptions {
    pub threads: u32,
    pub quota: u32,
    pub pool: u16,
    pub creation: u64,
    pub limits: Limits,
    pub cookie: &'static [u8],
    pub help: Help,
    pub protocol: Arc<dyn Protocol>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            quota: 64,
            pool: 1,
            creation: 1,
            limits: Limits::default(),
            cookie: b"a cookie for the tests",
            help: Help::default(),
            protocol: Arc::new(TergoProtocol {
                extensions: Extensions::default(),
            }),
        }
    }
}

impl Node {
    pub fn start(name: &str, options: &NodeOptions) -> Self {
        let fabric = Fabric::new(options.threads, options.quota);
        let threads = (0..options.threads)
            .map(|number| Thread::join(&fabric, number))
            .collect();
        let own = Identity {
            name: name.to_owned(),
            creation: options.creation,
            features: Features::ALL,
            limits: options.limits,
            pool: options.pool,
            software: "test".to_owned(),
        };
        let network = Network::start(
            Arc::clone(&fabric),
            NetworkOptions {
                own,
                cookie: Cookie::new(options.cookie).expect("long enough"),
                tls: None,
                dial_within: Duration::from_secs(5),
                protocol: Arc::clone(&options.protocol),
                controls: 1 << CONTROL
                    | 1 << CONTROL_CANCEL
                    | 1 << CONTROL_PUBLISHED
                    | 1 << CONTROL_THREAD_ENDED,
                help: options.help,
                profiles: Arc::default(),
            },
        );
        let network = network.expect("a thread");
        Self {
            fabric,
            threads,
            network,
            name: name.to_owned(),
        }
    }

    /// Listens on a port of the system's choice.
    pub fn listen(&self) -> u16 {
        self.listen_with(AcceptorOptions::default())
    }

    pub fn listen_with(&self, options: AcceptorOptions) -> u16 {
        let mut place = ListenOptions::new(IpAddr::V4(Ipv4Addr::LOCALHOST));
        place.port = 0;
        let info = self.network.listen(&place, options).expect("a port");
        info.address.port()
    }

    /// Knows where another node is.
    pub fn knows(&self, name: &str, port: u16) {
        let route = StaticRoute {
            pattern: format!("^{name}$"),
            weight: 0,
            place: Place::Fixed(Route {
                host: "127.0.0.1".to_owned(),
                port,
                tls: false,
                handshake: String::new(),
                protocol: String::new(),
            }),
            cookie: None,
            tls: None,
            features: None,
            tally: Arc::default(),
        };
        self.network.add_route(route).expect("it is new");
    }

    /// The next event.
    pub fn event(&self) -> NetworkEvent {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(event) = self.network.next_event() {
                return event;
            }
            assert!(Instant::now() < deadline, "no event has come");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until it has read so many items of its first peer.
    pub fn await_items(&self, count: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.network.connections()[0].counters.total.items_in < count {
            assert!(Instant::now() < deadline, "they do not come");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The seat of the peer that is up next.
    pub fn up(&self) -> u32 {
        match self.event() {
            NetworkEvent::Up { seat, .. } => seat,
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// Waits until the connection of each has so many links.
pub fn await_links(nodes: &[&Node], count: u16) {
    let deadline = Instant::now() + PATIENCE;
    let links = |node: &Node| node.network.connections()[0].counters.links;
    while nodes.iter().any(|node| links(node) < count) {
        assert!(Instant::now() < deadline, "the pool does not fill");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Two nodes that are connected, and the seat of each other.
pub fn pair(options: &NodeOptions) -> ((Node, u32), (Node, u32)) {
    pair_with(options, |_, _| {})
}

/// The same; something is done with both before they are connected.
pub fn pair_with(
    options: &NodeOptions,
    prepare: impl FnOnce(&Node, &Node),
) -> ((Node, u32), (Node, u32)) {
    let (one, two) = (
        Node::start("one@localhost", options),
        Node::start("two@localhost", options),
    );
    prepare(&one, &two);
    let port = two.listen();
    one.knows("two@localhost", port);
    one.network.connect("two@localhost");
    let seats = (one.up(), two.up());
    ((one, seats.0), (two, seats.1))
}
