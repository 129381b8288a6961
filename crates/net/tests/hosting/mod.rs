//! What the tests of registrar and routes share: nodes with a registrar, and waiting for what is to become true.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tergo_net::registrar::{
    Answering, EmbeddedOptions, EmbeddedRegistrar, EventSink, Registrar, RegistrarError,
    RegistrarEvent, Resolver,
};
use tergo_wire::registrar::{
    Announcement, ApplicationMode, ApplicationRoute, ApplicationState, ClientOptions, Message,
    Route,
};
use tokio::runtime::{Builder, Runtime};

/// After so long what has not become true never will.
const DEADLINE: Duration = Duration::from_secs(20);

/// A node as far as the registrar knows it, with a thread of its own.
pub struct Node {
    pub registrar: EmbeddedRegistrar,
    pub events: Arc<Mutex<Vec<RegistrarEvent>>>,
    runtime: Runtime,
}

impl Node {
    /// One that has not started.
    pub fn new(options: EmbeddedOptions) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let registrar = EmbeddedRegistrar::new(options, runtime.handle().clone());
        Self {
            registrar: registrar.expect("the options are good"),
            events: Arc::default(),
            runtime,
        }
    }

    /// One that is registered.
    pub fn started(options: EmbeddedOptions, announcement: Announcement) -> Self {
        let node = Self::new(options);
        node.start(announcement).expect("it registers");
        node
    }

    pub fn start(&self, announcement: Announcement) -> Result<(), RegistrarError> {
        self.wait(self.registrar.start(announcement, self.sink()))
    }

    pub fn register(&self, announcement: Announcement) {
        self.start(announcement).expect("it registers");
    }

    pub fn wait<T>(&self, answer: Answering<T>) -> Result<T, RegistrarError> {
        self.runtime.block_on(answer)
    }

    pub fn resolve(&self, node: &str) -> Result<Vec<Route>, RegistrarError> {
        self.wait(self.registrar.resolve(node))
    }

    pub fn nodes(&self) -> Vec<String> {
        self.wait(self.registrar.nodes()).expect("an answer")
    }

    pub fn saw(&self, event: &RegistrarEvent) -> bool {
        self.events.lock().expect("no panic").contains(event)
    }

    pub fn forget(&self) {
        self.events.lock().expect("no panic").clear();
    }

    /// Ends as a process that is killed does: its sockets close, nothing else.
    pub fn kill(self) {
        self.runtime.shutdown_timeout(DEADLINE);
    }

    fn sink(&self) -> EventSink {
        let events = Arc::clone(&self.events);
        Arc::new(move |event| events.lock().expect("no panic").push(event))
    }
}

/// Options for a host of its own: a port that is free, nothing reachable from elsewhere.
pub fn options() -> EmbeddedOptions {
    EmbeddedOptions {
        port: free_port(),
        udp_address: Some(Ipv4Addr::LOCALHOST.into()),
        ..EmbeddedOptions::default()
    }
}

/// A port that nobody has, TCP and UDP: below those that connections come from, so that it stays free until it is used.
pub fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(37);
    loop {
        let number = first.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + u16::try_from(number % 18_000).expect("it is small");
        let everywhere = (Ipv4Addr::UNSPECIFIED, port);
        if TcpListener::bind(everywhere).is_ok() && UdpSocket::bind(everywhere).is_ok() {
            return port;
        }
    }
}

pub fn route(port: u16) -> Route {
    Route {
        host: String::new(),
        port,
        tls: false,
        handshake: "tergo-handshake:1".to_owned(),
        protocol: "tergo-wire:1".to_owned(),
    }
}

pub fn announcement(node: &str, port: u16) -> Announcement {
    Announcement {
        node: node.to_owned(),
        hidden: false,
        routes: vec![route(port)],
        applications: Vec::new(),
    }
}

/// Waits until it is true.
pub fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < DEADLINE, "in vain: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// Options of a node that does not wait long.
pub fn impatient(options: &EmbeddedOptions) -> EmbeddedOptions {
    EmbeddedOptions {
        start_within: Duration::from_millis(300),
        client: ClientOptions {
            register_within: Duration::from_millis(100),
            ask_within: Duration::from_millis(500),
            ..ClientOptions::default()
        },
        ..options.clone()
    }
}

/// A message as it goes over the wire.
pub fn bytes(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out).expect("it fits");
    out
}

/// A route to an application that runs on a node.
pub fn web(node: &str, weight: u32) -> ApplicationRoute {
    ApplicationRoute {
        node: node.to_owned(),
        name: "web".to_owned(),
        weight,
        tags: Vec::new(),
        mode: ApplicationMode::Permanent,
        state: ApplicationState::Running,
    }
}
