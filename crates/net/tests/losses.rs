//! What becomes of connections when peers go, stand still, or break the protocol.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{Got, Node, NodeOptions, PATIENCE, encode, pair};
use tergo_net::wire::{DownReason, Limits, Refusal};
use tergo_net::{AcceptorOptions, NetworkEvent};

fn down(node: &Node) -> DownReason {
    loop {
        if let NetworkEvent::Down { reason, .. } = node.event() {
            return reason;
        }
    }
}

fn gone(node: &mut Node, thread: usize) -> u32 {
    node.threads[thread].find(|got| match got {
        Got::Gone(reason) => Some(*reason),
        _ => None,
    })
}

#[test]
fn a_peer_that_says_goodbye_is_told_after_all_that_it_sent() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..5000 {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    one.threads[0].turn();
    two.threads[0].messages(1);
    one.network.disconnect(to_two);
    assert_eq!(down(&one), DownReason::Disconnected);
    assert_eq!(down(&two), DownReason::Goodbye);
    gone(&mut two, 0);
    gone(&mut one, 0);
    // What came before waits in the mailbox, if anywhere.
    assert_eq!(two.threads[0].messages(4999).len(), 4999);
}

#[test]
fn what_has_no_room_when_its_peer_says_goodbye_comes_before_the_word_of_that() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        quota: 1,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    one.threads[0].send_blobs(to_two, bob, alice, 12);
    one.threads[0].turn();
    two.await_items(12);
    let deadline = Instant::now() + PATIENCE;
    one.network.disconnect(to_two);
    assert_eq!(down(&two), DownReason::Goodbye);
    let (mut messages, mut is_gone) = (0, false);
    while !is_gone {
        assert!(Instant::now() < deadline, "its thread is not told");
        for got in two.threads[0].turn() {
            messages += u32::from(matches!(got, Got::Message { .. }));
            is_gone |= matches!(got, Got::Gone(_));
        }
    }
    assert_eq!(messages, 12);
}

#[test]
fn a_network_that_is_dropped_is_lost_for_its_peer_at_once() {
    let ((one, _), (mut two, _)) = pair(&NodeOptions::default());
    let start = Instant::now();
    drop(one);
    down(&two);
    gone(&mut two, 0);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_node_that_begins_anew_is_another_peer() {
    let ((one, _), (two, _)) = pair(&NodeOptions::default());
    drop(one);
    down(&two);
    let port = two.listen();
    let again = Node::start(
        "one@localhost",
        &NodeOptions {
            creation: 2,
            ..NodeOptions::default()
        },
    );
    again.knows("two@localhost", port);
    again.network.connect("two@localhost");
    again.up();
    let NetworkEvent::Up { creation, .. } = two.event() else {
        panic!("it is up");
    };
    assert_eq!(creation, 2);
}

#[test]
fn a_receiver_without_room_stops_its_sender_and_loses_nothing() {
    let options = NodeOptions {
        quota: 4,
        limits: Limits {
            window: 256 * 1024,
            ..Limits::default()
        },
        ..NodeOptions::default()
    };
    let ((mut one, to_two), (mut two, _)) = pair(&options);
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let text = vec![b'x'; 1000];
    let mut sent = 0;
    let mut refusals = 0;
    // Until nothing has gone for a while: chunks and window are full.
    while refusals < 50 {
        if one.threads[0].send(to_two, bob, alice, &text) {
            sent += 1;
            refusals = 0;
        } else {
            refusals += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        one.threads[0].turn();
    }
    assert!((2000..6000).contains(&sent), "{sent} messages were taken");
    let messages = two.threads[0].messages(sent);
    assert!(
        messages
            .iter()
            .all(|message| message.payload == encode(&text))
    );
}

#[test]
fn a_large_message_does_not_hold_up_small_ones() {
    let options = NodeOptions {
        quota: 1024,
        limits: Limits {
            max_message: 200 << 20,
            ..Limits::default()
        },
        ..NodeOptions::default()
    };
    let ((mut one, to_two), (mut two, _)) = pair(&options);
    let (alice, carol) = (one.threads[0].spawn(), one.threads[0].spawn());
    let bob = two.threads[0].spawn();
    assert!(one.threads[0].send_blob(to_two, bob, alice, &vec![9; 100 << 20]));
    one.threads[0].turn();
    let deadline = Instant::now() + PATIENCE;
    while one.network.connections()[0].counters.total.fragments_out == 0 {
        assert!(
            Instant::now() < deadline,
            "the large message does not begin"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    for value in 0..10 {
        assert!(one.threads[0].send_int(to_two, bob, carol, value));
    }
    one.threads[0].turn();
    let small = two.threads[0].messages(10);
    assert!(small.iter().all(|message| message.blobs.is_empty()));
    let large = two.threads[0].messages(1);
    assert_eq!(large[0].blobs[0].len(), 100 << 20);
}

#[test]
fn whoever_has_another_cookie_is_refused() {
    let one = Node::start("one@localhost", &NodeOptions::default());
    let two = Node::start(
        "two@localhost",
        &NodeOptions {
            cookie: b"a cookie of somebody else",
            ..NodeOptions::default()
        },
    );
    let port = one.listen();
    two.knows("one@localhost", port);
    two.network.connect("one@localhost");
    let NetworkEvent::Failed { peer, refusal, .. } = two.event() else {
        panic!("it must fail");
    };
    assert_eq!(peer, "one@localhost");
    assert_eq!(refusal, Some(Refusal::CookieMismatch));
    assert!(matches!(one.event(), NetworkEvent::Rejected { .. }));
}

#[test]
fn nonsense_ends_a_link_and_nothing_else() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions::default());
    let port = one.listen();
    let mut stranger = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stranger.write_all(&[0xA5; 5000]).expect("it is written");
    let mut answer = Vec::new();
    // It may be reset, which is as good.
    let _ = stranger.read_to_end(&mut answer);
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    assert!(one.threads[0].send_int(to_two, bob, alice, 1));
    one.threads[0].turn();
    assert_eq!(two.threads[0].messages(1)[0].integer, 1);
}

#[test]
fn two_thousand_who_say_nothing_do_not_keep_an_honest_node_out() {
    let one = Node::start("one@localhost", &NodeOptions::default());
    let port = one.listen_with(AcceptorOptions {
        max_handshakes: 128,
        ..AcceptorOptions::default()
    });
    let silent: Vec<_> = (0..2000)
        .filter_map(|_| TcpStream::connect(("127.0.0.1", port)).ok())
        .collect();
    let two = Node::start("two@localhost", &NodeOptions::default());
    two.knows("one@localhost", port);
    let start = Instant::now();
    two.network.connect("one@localhost");
    two.up();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    drop(silent);
    let info = one.network.acceptors().remove(0);
    assert!(info.turned_away > 1000, "{info:?}");
}

#[test]
fn twenty_nodes_that_dial_each_other_at_once_have_one_connection_for_each_pair() {
    const NODES: usize = 20;
    let nodes: Vec<_> = (0..NODES)
        .map(|number| Node::start(&format!("n{number}@localhost"), &NodeOptions::default()))
        .collect();
    let ports: Vec<_> = nodes.iter().map(Node::listen).collect();
    for (number, node) in nodes.iter().enumerate() {
        for other in (0..NODES).filter(|other| *other != number) {
            node.knows(&format!("n{other}@localhost"), ports[other]);
        }
    }
    for (number, node) in nodes.iter().enumerate() {
        for other in (0..NODES).filter(|other| *other != number) {
            node.network.connect(&format!("n{other}@localhost"));
        }
    }
    for node in &nodes {
        let mut peers = std::collections::HashSet::new();
        while peers.len() < NODES - 1 {
            match node.event() {
                NetworkEvent::Up { peer, .. } => assert!(peers.insert(peer), "twice up"),
                other => panic!("unexpected {other:?}"),
            }
        }
    }
    for node in &nodes {
        assert_eq!(node.network.connections().len(), NODES - 1);
        assert_eq!(node.network.next_event(), None);
    }
}
