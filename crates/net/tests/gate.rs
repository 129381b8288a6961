//! What a peer may send, said by one that sends what it likes.

#![allow(
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "this is a test"
)]

mod support;
mod telegraph;

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use support::{CONTROL, Got, Node, NodeOptions};
use telegraph::Telegraph;
use tergo_core::MAX_PAYLOAD;
use tergo_core::layout::{
    CONTROL_CANCEL, CONTROL_PUBLISHED, CONTROL_THREAD_ENDED, KIND_ADDRESSED, KIND_EVENT, KIND_FAR,
    KIND_INSPECT, KIND_REQUEST, KIND_SIGNAL,
};
use tergo_net::NetworkEvent;
use tergo_net::wire::DownReason;

/// What becomes of a peer that sends a control item with that first word to a node with two threads.
fn after_control(first: u32) -> (Node, NetworkEvent) {
    after(&format!("1 0 {first} 9 0 0 0 0 7 0 0 0 0 "))
}

/// What becomes of a peer that sends an item, as `Lines` reads it, to a node with two threads.
fn after(item: &str) -> (Node, NetworkEvent) {
    let node = Node::start(
        "one@localhost",
        &NodeOptions {
            threads: 2,
            protocol: Arc::new(Telegraph),
            ..NodeOptions::default()
        },
    );
    let mut peer = TcpStream::connect(("127.0.0.1", node.listen())).expect("it listens");
    let said = format!("two@localhost 1 1\n{item}\nbye\n");
    peer.write_all(said.as_bytes()).expect("it is written");
    node.up();
    let event = node.event();
    (node, event)
}

fn is_broken(event: &NetworkEvent) -> bool {
    let NetworkEvent::Down { reason, fault, .. } = event else {
        panic!("unexpected {event:?}");
    };
    let is_broken = *reason == DownReason::Protocol;
    assert_eq!(fault.is_some(), is_broken, "it is told how, {fault:?}");
    is_broken
}

/// Where a number stands a frame has no room for a name, whose bytes would be taken for further frames.
#[test]
fn no_number_goes_to_a_name() {
    for (format, is_allowed) in [(0, false), (1, true)] {
        let (_, event) = after(&format!(
            "2 0 0 0 {KIND_ADDRESSED} 2 0 {format} 7 0 0 0 1 00"
        ));
        assert_eq!(is_broken(&event), !is_allowed, "format {format}");
    }
}

#[test]
fn who_sends_lives_on_a_thread_that_there_can_be() {
    for (thread, is_allowed) in [(63, true), (64, false), (255, false)] {
        let (_, event) = after(&format!("0 0 0 0 {KIND_FAR} 2 0 0 7 {thread} 0 0 1 "));
        assert_eq!(is_broken(&event), !is_allowed, "thread {thread}");
    }
}

#[test]
fn a_value_that_no_frame_has_room_for_is_a_blob_or_ends_the_connection() {
    for (bytes, is_allowed) in [(MAX_PAYLOAD, true), (MAX_PAYLOAD + 1, false)] {
        let value = "00".repeat(bytes);
        let (_, event) = after(&format!("0 0 0 0 {KIND_FAR} 2 0 1 0 0 0 0 1 {value}"));
        assert_eq!(is_broken(&event), !is_allowed, "{bytes} bytes");
    }
}

#[test]
fn only_publications_ends_of_threads_and_cancellings_may_be_for_several_threads() {
    for others in [1 << 6, 1 << 8, 1 << 23, 1 << 24] {
        let (_, event) = after_control(CONTROL | others);
        assert!(is_broken(&event), "{others:x}");
    }
    for op in [CONTROL_PUBLISHED, CONTROL_THREAD_ENDED, CONTROL_CANCEL] {
        let (_, event) = after_control(op | 1 << 24);
        assert!(is_broken(&event), "there are no such threads");
        let (mut node, event) = after_control(op | 1 << 8);
        assert!(!is_broken(&event));
        for thread in &mut node.threads {
            let integer = thread.find(|got| match got {
                Got::Control { op: got, frame } if *got == op => Some(frame.integer),
                _ => None,
            });
            assert_eq!(integer, 7);
        }
    }
}

#[test]
fn only_what_processes_say_to_each_other_comes_from_a_peer() {
    let allowed = [
        KIND_FAR,
        KIND_ADDRESSED,
        KIND_REQUEST,
        KIND_EVENT,
        KIND_SIGNAL,
        KIND_INSPECT,
    ];
    for kind in 0..16 {
        let (_, event) = after(&format!("0 0 0 0 {kind} 2 0 0 7 0 0 0 1 "));
        assert_eq!(is_broken(&event), !allowed.contains(&kind), "kind {kind}");
    }
}

#[test]
fn control_items_that_are_not_for_peers_end_the_connection() {
    let known = [
        CONTROL,
        CONTROL_CANCEL,
        CONTROL_PUBLISHED,
        CONTROL_THREAD_ENDED,
    ];
    for op in 0..64 {
        let (_, event) = after_control(op);
        assert_eq!(is_broken(&event), !known.contains(&op), "op {op}");
    }
}
