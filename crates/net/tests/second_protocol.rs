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

use support::{CONTROL, Got, NodeOptions, encode, pair};
use telegraph::Telegraph;
use tergo_wire::DownReason;

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
    let ((one, _), (mut two, _)) = pair(&telegraphed());
    assert!(one.network.disconnect("two@localhost"));
    let reason = two.threads[0].find(|got| match got {
        Got::Gone(reason) => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, DownReason::Goodbye as u32);
}
