//! Two nodes over a real socket: what reaches whom, in which order.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::{CONTROL, Got, NodeOptions, encode, pair};

#[test]
fn frames_of_processes_reach_processes_of_the_other_node_in_order() {
    let ((mut one, to_two), (mut two, to_one)) = pair(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..1000 {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    one.threads[0].turn();
    let messages = two.threads[0].messages(1000);
    let values: Vec<_> = messages.iter().map(|message| message.integer).collect();
    assert_eq!(values, (0..1000).collect::<Vec<_>>());
    assert_eq!(messages[0].seat, to_one);
    assert_eq!(messages[0].sender, (0, alice.slot, alice.generation));
    assert!(two.threads[0].send(to_one, alice, bob, b"back"));
    two.threads[0].turn();
    assert_eq!(one.threads[0].messages(1)[0].payload, encode(b"back"));
}

#[test]
fn names_controls_and_blobs_arrive() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        threads: 2,
        ..NodeOptions::default()
    });
    let alice = one.threads[1].spawn();
    let bob = two.threads[1].spawn();
    two.threads[1].name(bob, "bob");
    let thread = &mut one.threads[1];
    assert!(thread.send_named(to_two, "bob", alice, b"by name"));
    assert!(thread.send_blob(to_two, bob, alice, &vec![7; 100_000]));
    assert!(thread.send_control(to_two, CONTROL | 1 << 24, 9, b"control"));
    thread.turn();
    let messages = two.threads[1].messages(2);
    assert!(messages[0].payload.ends_with(&encode(b"by name")));
    assert_eq!(messages[1].blobs, [vec![7; 100_000]]);
    let control = two.threads[1].find(|got| match got {
        Got::Control { op: CONTROL, frame } => Some(frame.clone()),
        _ => None,
    });
    assert_eq!(control.payload, encode(b"control"));
}
