//! What the fuzzer runs, and what a replay of its corpora runs: any bytes end one link at most, and never panic.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tergo_wire::{
    AcceptSettings, Admission, Agreement, CookieAcceptor, CookieDialer, Delivery, DialSettings,
    Extensions, Features, Handshake, HandshakeStep, Identity, Incoming, Item, Limits, Packer,
    Peers, Protocol, Purpose, ScanWorld, Sender, Target as ItemTarget, TergoProtocol, scan,
};

const NOW: Duration = Duration::from_secs(1);
const ADMISSION: Admission = Admission {
    serial: 1,
    place: 0,
};

/// The name of a folder of corpora, and what its files are given to.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 6] = [
    ("link", link),
    ("handshake", handshake),
    ("member", member),
    ("scan", value),
    ("packer", packer),
    ("registrar", registrar),
];

fn identity(name: &str) -> Identity {
    Identity {
        name: name.into(),
        creation: 1,
        features: Features::ALL,
        limits: Limits {
            window: 256 << 10,
            max_message: 1 << 20,
            ..Limits::default()
        },
        pool: 1,
        software: String::new(),
    }
}

fn dialer() -> CookieDialer {
    CookieDialer::new(DialSettings {
        own: identity("a@host"),
        peer: "b@host".into(),
        purpose: Purpose::First,
        cookie: b"cookie".to_vec(),
        nonce: [1; 32],
        exporter: None,
        deadline: NOW,
    })
}

fn acceptor() -> CookieAcceptor {
    CookieAcceptor::new(AcceptSettings {
        own: identity("b@host"),
        cookie: b"cookie".to_vec(),
        nonce: [2; 32],
        exporter: None,
        deadline: NOW,
    })
}

fn carry(from: &mut dyn Handshake, to: &mut dyn Handshake) {
    let bytes = from.output().to_vec();
    let used = to.input(&bytes);
    from.written(used);
}

/// Frames that a peer sends; the first byte says how they are cut.
pub fn link(data: &[u8]) {
    let (mut one, mut other) = (dialer(), acceptor());
    carry(&mut one, &mut other);
    carry(&mut other, &mut one);
    one.prove(1);
    carry(&mut one, &mut other);
    other.admit(ADMISSION);
    let HandshakeStep::Done(agreement) = other.step() else {
        panic!("an honest handshake fails");
    };
    let protocol = TergoProtocol {
        extensions: Extensions::default().with(1),
    };
    let mut connection = protocol.connection(&agreement);
    connection.open(&agreement, NOW);
    let (&cut, data) = data.split_first().unwrap_or((&0, data));
    // Which of those that are alike find no room, and come by `next`.
    let mut choice = cut;
    for piece in data.chunks(usize::from(cut).max(1) * 16) {
        let space = connection.space(0);
        space[..piece.len()].copy_from_slice(piece);
        connection.filled(0, piece.len(), NOW);
        loop {
            match connection.next(0, NOW) {
                Err(_) | Ok(Some(Incoming::Goodbye(_))) => return,
                Ok(None) => break,
                Ok(Some(Incoming::Item { cost, blobs, .. })) => {
                    drop(blobs);
                    let alike = connection.next_alike(0, &mut |_, _| {
                        choice = choice.rotate_left(1);
                        choice & 1 == 0
                    });
                    connection.release(cost + alike);
                }
                Ok(Some(Incoming::Shape { .. })) => {}
            }
        }
        let count = connection.output(0, NOW).len();
        connection.written(0, count, NOW);
    }
    let counters = connection.counters();
    assert!(counters.owed <= 300 << 10, "more than the window came");
    connection.tick(NOW);
}

/// What comes instead of a handshake, to both ends, at each of its points.
pub fn handshake(data: &[u8]) {
    let (&point, data) = data.split_first().unwrap_or((&0, data));
    let (mut one, mut other) = (dialer(), acceptor());
    if point & 1 != 0 {
        carry(&mut one, &mut other);
    }
    if point & 2 != 0 {
        carry(&mut other, &mut one);
        one.prove(1);
    }
    for piece in data.chunks(usize::from(point >> 2).max(1)) {
        one.input(piece);
        other.input(piece);
    }
    assert!(
        !matches!(one.step(), HandshakeStep::Done(_)),
        "it got in without the cookie"
    );
    assert!(
        !matches!(other.step(), HandshakeStep::Ask(_)),
        "it got in without the cookie"
    );
    let mut peers = Peers::new("b@host", 1);
    peers.tick(NOW);
    assert!(peers.next_action().is_none());
}

/// What somebody says of itself who knows the cookie: first to an acceptor, then to a dialer. What is believed is a node, and
/// can be talked to.
pub fn member(data: &[u8]) {
    let (&is_dialled, said) = data.split_first().unwrap_or((&0, data));
    let said = &said[..said.len().min(900)];
    let (mut one, mut other) = (dialer(), acceptor());
    let mut transcript = one.output()[MAGIC..].to_vec();
    carry(&mut one, &mut other);
    transcript.extend_from_slice(other.output());
    let step = if is_dialled & 1 == 0 {
        other.input(&proved(&mut transcript, 3, said, b"tergo dialer"));
        other.admit(ADMISSION);
        other.step()
    } else {
        carry(&mut other, &mut one);
        one.prove(1);
        transcript.extend_from_slice(one.output());
        one.input(&proved(&mut transcript, 4, said, b"tergo acceptor"));
        one.step()
    };
    if let HandshakeStep::Done(agreement) = step {
        talk(&agreement);
    }
}

/// Bytes before the dialer's first message that no proof covers.
const MAGIC: usize = 8;

/// A message with the proof that docs/protocol.md asks for.
fn proved(transcript: &mut Vec<u8>, kind: u8, said: &[u8], label: &[u8]) -> Vec<u8> {
    let length = said.len() as u16 + 32;
    let mut message = [&[kind], &length.to_le_bytes()[..], said].concat();
    transcript.extend_from_slice(&message);
    let mut mac = Hmac::<Sha256>::new_from_slice(b"cookie").expect("any length will do");
    mac.update(label);
    mac.update(&[0]);
    mac.update(transcript);
    message.extend_from_slice(&mac.finalize().into_bytes());
    message
}

/// One small item and one in fragments to a peer with whatever limits it has told.
fn talk(agreement: &Agreement) {
    assert!(agreement.peer.identity.is_sound());
    let mut connection = TergoProtocol::default().connection(agreement);
    connection.open(agreement, NOW);
    for (length, blobs) in [(8, 0), (40_000, 0), (4000, 1)] {
        let payload = vec![0; length];
        let mut blobs = vec![vec![7; 100_000]; blobs];
        let item = Item {
            target: ItemTarget::Process {
                thread: 0,
                slot: 1,
                generation: 1,
            },
            sender: Sender::default(),
            kind: 0,
            queue: 0,
            flags: 0,
            format: 1,
            integer: 0,
            payload: &payload,
        };
        let _ = connection.send(&item, Delivery::default(), &mut blobs);
    }
    while let count @ 1.. = connection.output(0, NOW).len() {
        connection.written(0, count, NOW);
    }
    connection.tick(NOW);
    connection.next_deadline();
}

/// A value.
pub fn value(data: &[u8]) {
    let world = ScanWorld {
        shapes: &[0, 1, 2, 64],
        extensions: Extensions::default().with(1).with(2),
        blobs: &[],
    };
    let _ = scan(data, world);
}

/// Compressed bytes; and those that are compressed come back.
pub fn packer(data: &[u8]) {
    let (mut press, mut raw) = (Packer::default(), Vec::new());
    let _ = press.unpack(data, Features::ALL, &mut raw);
    for algorithm in [
        tergo_wire::Algorithm::Lz4,
        tergo_wire::Algorithm::Zstd,
        tergo_wire::Algorithm::Gzip,
    ] {
        let compression = tergo_wire::Compression {
            algorithm,
            level: data.len() as u8,
            threshold: 0,
        };
        let mut packed = Vec::new();
        if data.len() <= 64 << 10 && press.pack(compression, data, &mut packed) {
            let result = press.unpack(&packed, Features::ALL, &mut raw);
            assert_eq!(result, Ok(()));
            assert_eq!(raw, data);
        }
    }
}

/// What registrars and their clients say to each other.
pub fn registrar(data: &[u8]) {
    tergo_wire::registrar::fuzz(data);
}
