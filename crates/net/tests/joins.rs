//! Further links of a connection that come to nothing.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::{Node, NodeOptions};
use tergo_net::NetworkEvent;
use tergo_net::wire::{
    Agreement, DialSettings, Features, Handshake, HandshakeStep, Identity, Limits, Purpose,
};

/// A node that dials by hand.
struct Dialer {
    options: NodeOptions,
    port: u16,
    serial: u64,
}

impl Dialer {
    /// A link as far as its proof is ready to be written.
    fn begin(&mut self, purpose: Purpose) -> (TcpStream, Box<dyn Handshake>) {
        self.serial += 1;
        let own = Identity {
            name: "hand@localhost".to_owned(),
            creation: 1,
            features: Features::ALL,
            limits: Limits::default(),
            pool: 1,
            software: String::new(),
        };
        let mut handshake = self.options.protocol.dial(DialSettings {
            own,
            peer: "one@localhost".to_owned(),
            purpose,
            cookie: self.options.cookie.to_vec(),
            nonce: [self.serial as u8; 32],
            exporter: None,
            deadline: Duration::MAX,
        });
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("somebody listens");
        while handshake.step() != HandshakeStep::Prove {
            exchange(&mut stream, &mut *handshake);
        }
        handshake.prove(self.serial);
        (stream, handshake)
    }

    fn link(&mut self, purpose: Purpose) -> (TcpStream, HandshakeStep) {
        let (mut stream, mut handshake) = self.begin(purpose);
        while handshake.step() == HandshakeStep::Wait {
            exchange(&mut stream, &mut *handshake);
        }
        (stream, handshake.step())
    }
}

/// Writes what is to be said, and takes an answer.
fn exchange(stream: &mut TcpStream, handshake: &mut dyn Handshake) {
    say(stream, handshake);
    let mut bytes = [0; 1024];
    // What the link itself says comes after, and is not looked at.
    let count = stream.read(&mut bytes).expect("it answers");
    assert!(count > 0, "it has hung up");
    handshake.input(&bytes[..count]);
}

fn say(stream: &mut TcpStream, handshake: &mut dyn Handshake) {
    let count = handshake.output().len();
    stream.write_all(handshake.output()).expect("it listens");
    handshake.written(count);
}

fn agreed(step: HandshakeStep) -> Option<Box<Agreement>> {
    match step {
        HandshakeStep::Done(agreement) => Some(agreement),
        _ => None,
    }
}

#[test]
fn a_link_that_breaks_before_it_is_one_does_not_take_the_connection_with_it() {
    let options = NodeOptions {
        pool: 2,
        ..NodeOptions::default()
    };
    let one = Node::start("one@localhost", &options);
    let port = one.listen();
    let mut hand = Dialer {
        options,
        port,
        serial: 0,
    };
    let (_first, step) = hand.link(Purpose::First);
    let id = agreed(step).expect("it is let in").connection_id;
    one.up();
    let join = Purpose::Join { id, place: 1 };
    for _ in 0..20 {
        let (mut stream, mut handshake) = hand.begin(join);
        say(&mut stream, &mut *handshake);
        // It resets the other end, which has not answered yet.
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .expect("it is a socket");
    }
    let event = one.network.next_event();
    assert!(
        !matches!(event, Some(NetworkEvent::Down { .. })),
        "{event:?}"
    );
    let deadline = std::time::Instant::now() + support::PATIENCE;
    // The links before may be in its place until it is known that they broke.
    while agreed(hand.link(join).1).is_none() {
        assert!(std::time::Instant::now() < deadline, "no link is taken");
    }
}
