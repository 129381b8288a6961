//! Another protocol in the place of Tergo's own: who uses the network notices nothing.

#![allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "this is a test"
)]

mod support;
mod telegraph;

use std::sync::Arc;

use support::{CONTROL, Got, Node, NodeOptions, encode, pair};
use telegraph::Telegraph;
use tergo_net::NetworkEvent;
use tergo_wire::{
    AcceptSettings, Agreement, Connection, DialSettings, DownReason, Handshake, Protocol,
    TergoProtocol,
};

/// The handshake of one protocol, and the rest of another.
struct Mixed<H, C>(H, C);

impl<H: Protocol, C: Protocol> Protocol for Mixed<H, C> {
    fn versions(&self) -> (&str, &str) {
        (self.0.versions().0, self.1.versions().1)
    }

    fn dial(&self, settings: DialSettings) -> Box<dyn Handshake> {
        self.0.dial(settings)
    }

    fn accept(&self, settings: AcceptSettings) -> Box<dyn Handshake> {
        self.0.accept(settings)
    }

    fn connection(&self, agreement: &Agreement) -> Box<dyn Connection> {
        self.1.connection(agreement)
    }
}

fn telegraphed() -> NodeOptions {
    NodeOptions {
        protocol: Arc::new(Telegraph),
        ..NodeOptions::default()
    }
}

#[test]
fn nodes_connect_and_exchange_messages_in_order() {
    let ((mut one, to_two), (mut two, to_one)) = pair(&telegraphed());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..1000 {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    assert!(one.threads[0].send(to_two, bob, alice, b"last"));
    assert!(one.threads[0].send_control(to_two, CONTROL, 9, b"control"));
    one.threads[0].turn();
    let messages = two.threads[0].messages(1001);
    let values: Vec<_> = messages[..1000]
        .iter()
        .map(|message| message.integer)
        .collect();
    assert_eq!(values, (0..1000).collect::<Vec<_>>());
    assert_eq!(messages[1000].payload, encode(b"last"));
    assert_eq!(messages[0].seat, to_one);
    assert_eq!(messages[0].sender, (0, alice.slot, alice.generation));
    let control = two.threads[0].find(|got| match got {
        Got::Control { op: CONTROL, frame } => Some(frame.clone()),
        _ => None,
    });
    assert_eq!(control.payload, encode(b"control"));
    assert!(two.threads[0].send(to_one, alice, bob, b"back"));
    two.threads[0].turn();
    assert_eq!(one.threads[0].messages(1)[0].payload, encode(b"back"));
}

#[test]
fn who_says_goodbye_is_gone() {
    let ((one, to_two), (mut two, _)) = pair(&telegraphed());
    one.network.disconnect(to_two);
    let reason = two.threads[0].find(|got| match got {
        Got::Gone(reason) => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, DownReason::Goodbye as u32);
}

/// Two nodes that talk by that protocol exchange a value; how they tell others that they do.
fn talk(protocol: Arc<dyn Protocol>) -> (String, String) {
    let options = NodeOptions {
        protocol,
        ..NodeOptions::default()
    };
    let ((mut one, to_two), (mut two, _)) = pair(&options);
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    assert!(one.threads[0].send(to_two, bob, alice, b"a value"));
    one.threads[0].turn();
    assert_eq!(two.threads[0].messages(1)[0].payload, encode(b"a value"));
    let route = two.network.routes().remove(0);
    (route.handshake, route.protocol)
}

#[test]
fn handshake_and_the_rest_are_replaced_one_by_one() {
    let own = TergoProtocol::default;
    for (told, expected) in [
        (talk(Arc::new(Telegraph)), ("greeting:1", "lines:1")),
        (
            talk(Arc::new(Mixed(Telegraph, own()))),
            ("greeting:1", "tergo:1"),
        ),
        (
            talk(Arc::new(Mixed(own(), Telegraph))),
            ("tergo:1", "lines:1"),
        ),
    ] {
        assert_eq!((&*told.0, &*told.1), expected);
    }
}

#[test]
fn nodes_of_different_protocols_do_not_connect() {
    let one = Node::start("one@localhost", &telegraphed());
    let two = Node::start("two@localhost", &NodeOptions::default());
    one.knows("two@localhost", two.listen());
    one.network.connect("two@localhost");
    let failed = one.event();
    assert!(matches!(failed, NetworkEvent::Failed { .. }), "{failed:?}");
    assert!(two.network.connections().is_empty());
}
