#![allow(clippy::expect_used, reason = "this is a test")]

use tergo_wire::{Agreement, Features, Limits, PeerIdentity, Purpose, Role, TergoProtocol};

use super::*;

const PEER: &str = "peer@host";

fn identity(name: &str) -> Identity {
    Identity {
        name: name.to_owned(),
        creation: 1,
        features: Features::ALL,
        limits: Limits::default(),
        pool: 1,
        software: String::new(),
    }
}

fn peer(serial: u64) -> PeerIdentity {
    PeerIdentity {
        identity: identity(PEER),
        serial,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("the system allows it")
}

fn hub(handle: &Handle) -> Arc<Hub> {
    let options = NetworkOptions {
        own: identity("own@host"),
        cookie: Cookie::new(b"a secret of the tests, and of nobody else").expect("long enough"),
        tls: None,
        dial_within: Duration::from_secs(5),
        protocol: Arc::new(TergoProtocol::default()),
        controls: 0,
        help: Help::None,
        profiles: Arc::default(),
    };
    Hub::new(Fabric::new(1, 4), options, handle.clone())
}

/// The peer is let in by a first link; what follows from that is not done yet.
fn admit(hub: &Hub, serial: u64) -> ConnectionKey {
    let claim = Claim {
        peer: peer(serial),
        purpose: Purpose::First,
        connection_id: [serial as u8; 16],
    };
    let admitted = lock(&hub.peers).admit(&claim, hub.clock.now());
    let (_, LinkPlace { key, .. }) = admitted.expect("it is let in");
    key
}

fn agreement(key: ConnectionKey) -> Agreement {
    Agreement {
        role: Role::Acceptor,
        purpose: Purpose::First,
        version: 1,
        features: Features::ALL,
        own: identity("own@host"),
        peer: peer(key.0),
        connection_id: [0; 16],
        link: key.0,
        place: 0,
        pool: 1,
    }
}

/// Its connection begins.
fn begin(hub: &Hub, key: ConnectionKey) {
    let agreement = agreement(key);
    let parts = DriverParts {
        wire: hub.protocol.connection(&agreement),
        port: hub.fabric.connect().expect("a place is free"),
        gate: hub.gate,
        profiles: Arc::clone(&hub.profiles),
        clock: hub.clock,
    };
    let identity = (key, PEER.to_owned(), 1);
    let driver = LinkDriver::new(parts);
    let lately = Arc::clone(&hub.watched.lately);
    let connection = Connection::new(identity, 64, driver, (hub.help, hub.clock, lately));
    lock(&hub.table).connections.insert(key, connection);
}

/// All places for connections are taken.
fn crowded(runtime: &tokio::runtime::Runtime) -> (Arc<Hub>, Vec<tergo_core::LinkPort>) {
    let hub = hub(runtime.handle());
    let ports = std::iter::from_fn(|| hub.fabric.connect()).collect();
    (hub, ports)
}

fn failure_of(event: Option<NetworkEvent>) -> Option<DialFailure> {
    match event {
        Some(NetworkEvent::Failed { failure, .. }) => failure,
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn a_dial_fails_when_there_is_no_place_for_its_connection() {
    let runtime = runtime();
    let (hub, _ports) = crowded(&runtime);
    hub.connect(PEER);
    let event = runtime.block_on(async {
        loop {
            match hub.events.next() {
                None => tokio::task::yield_now().await,
                event => return event,
            }
        }
    });
    assert_eq!(failure_of(event), Some(DialFailure::full()));
}

#[test]
fn whoever_waits_for_a_connection_hears_that_the_last_place_was_taken_meanwhile() {
    let runtime = runtime();
    let (hub, _ports) = crowded(&runtime);
    let key = admit(&hub, 1);
    hub.act();
    let socket = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let stream = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
        crate::socket::Socket::new(stream, crate::channel::Channel::Plain)
    });
    let shaken = Shaken {
        agreement: Box::new(agreement(key)),
        socket: socket.expect("the system allows it"),
        rest: Vec::new(),
    };
    hub.attach(LinkPlace { key, place: 0 }, shaken);
    assert_eq!(failure_of(hub.events.next()), Some(DialFailure::full()));
    assert!(hub.connection_to(PEER).is_none());
}

#[test]
fn while_one_connection_takes_the_place_of_another_the_newer_is_meant() {
    let runtime = runtime();
    // Which of two a table shows first differs from table to table.
    for _ in 0..32 {
        let hub = hub(runtime.handle());
        let older = admit(&hub, 1);
        hub.act();
        begin(&hub, older);
        let found = hub.connection_to(PEER).expect("it is connected");
        assert_eq!(found.key, older);
        let newer = admit(&hub, 2);
        assert!(hub.connection_to(PEER).is_none(), "it has not begun yet");
        begin(&hub, newer);
        let found = hub.connection_to(PEER).expect("it is connected");
        assert_eq!(found.key, newer);
        hub.act();
        let left: Vec<_> = hub.connections().iter().map(|one| one.key).collect();
        assert_eq!(left, [newer]);
    }
}
