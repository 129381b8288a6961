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

fn hub(handle: &Handle) -> Arc<Hub> {
    let options = NetworkOptions {
        own: identity("own@host"),
        cookie: Cookie::new(b"a secret of the tests, and of nobody else").expect("long enough"),
        tls: None,
        dial_within: Duration::from_secs(5),
        protocol: Arc::new(TergoProtocol::default()),
        controls: 0,
        help: Help::None,
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

/// Its connection begins.
fn begin(hub: &Hub, key: ConnectionKey) {
    let agreement = Agreement {
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
    };
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

#[test]
fn while_one_connection_takes_the_place_of_another_the_newer_is_meant() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system allows it");
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
