//! Links that are cut on the way, and peers that stand still.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::thread;
use std::time::{Duration, Instant};

use support::{Got, Node, NodeOptions, Received, await_links, pair_with_proxy};
use tergo_net::NetworkEvent;
use tergo_net::wire::{DownReason, Limits};

#[test]
fn a_link_that_is_cut_amid_messages_loses_the_peer_within_half_a_second_and_only_the_last_messages()
{
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..100_000 {
        if !one.threads[0].send_int(seat, bob, alice, value) {
            break;
        }
        if value % 1000 == 0 {
            one.threads[0].turn();
        }
        if value == 50_000 {
            proxy.cut(1);
        }
    }
    let start = Instant::now();
    for node in [&one, &two] {
        let NetworkEvent::Down { reason, .. } = node.event() else {
            panic!("it must go down");
        };
        assert_eq!(reason, DownReason::Lost);
    }
    assert!(start.elapsed() < Duration::from_secs(2));
    let mut next = 0;
    let mut is_gone = false;
    while !is_gone || two.threads[0].has_more() {
        for got in two.threads[0].turn() {
            match got {
                Got::Message { frame, .. } => {
                    assert_eq!(frame.integer, next, "in order, each once");
                    next += 1;
                }
                Got::Gone(_) => is_gone = true,
                _ => {}
            }
        }
    }
}

#[test]
fn of_a_pool_a_quiet_link_that_is_cut_is_replaced_and_nothing_is_lost() {
    let options = NodeOptions {
        pool: 3,
        ..NodeOptions::default()
    };
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&options);
    await_links(&[&one, &two], 3);
    let deadline = Instant::now() + support::PATIENCE;
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..100 {
        assert!(one.threads[0].send_int(seat, bob, alice, value));
    }
    one.threads[0].turn();
    assert_eq!(two.threads[0].messages(100).len(), 100);
    // Nothing is on its way in either direction: only then is a cut link replaced.
    let unacknowledged = |node: &Node| node.network.connections()[0].counters.unacknowledged;
    while unacknowledged(&one) > 0 || unacknowledged(&two) > 0 {
        assert!(Instant::now() < deadline, "what came is not acknowledged");
        thread::sleep(Duration::from_millis(1));
    }
    proxy.cut(1);
    while one.network.connections()[0].counters.relinks == 0 {
        assert!(Instant::now() < deadline, "no link is replaced");
        thread::sleep(Duration::from_millis(1));
    }
    for value in 0..100 {
        assert!(one.threads[0].send_int(seat, bob, alice, value));
    }
    one.threads[0].turn();
    let values = two.threads[0].messages(100);
    let values: Vec<_> = values.iter().map(|message| message.integer).collect();
    assert_eq!(values, (0..100).collect::<Vec<_>>());
    assert_eq!(one.network.next_event(), None, "the peer was never down");
}

#[test]
fn a_peer_that_stands_still_costs_its_quota_and_no_other_peer_is_slowed() {
    let options = NodeOptions {
        quota: 8,
        ..NodeOptions::default()
    };
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&options);
    let mut three = Node::start("three@localhost", &options);
    one.knows("three@localhost", three.listen());
    one.network.connect("three@localhost");
    let other_seat = one.up();
    let alice = one.threads[0].spawn();
    let (bob, carol) = (two.threads[0].spawn(), three.threads[0].spawn());
    proxy.freeze(true);
    let text = vec![b'x'; 1000];
    let (mut count, mut refused) = (0, 0);
    while refused < 100 {
        if one.threads[0].send(seat, bob, alice, &text) {
            count += 1;
            refused = 0;
        } else {
            refused += 1;
            thread::sleep(Duration::from_millis(1));
        }
        one.threads[0].turn();
    }
    let info = one.network.connections();
    let stuck = info
        .iter()
        .find(|info| info.seat == seat)
        .expect("it is up");
    assert!(stuck.waiting_bytes <= 9 << 18, "{stuck:?}");
    assert!(stuck.counters.queued < 16 << 20, "{stuck:?}");
    for value in 0..1000 {
        assert!(one.threads[0].send_int(other_seat, carol, alice, value));
    }
    one.threads[0].turn();
    assert_eq!(three.threads[0].messages(1000).len(), 1000);
    proxy.freeze(false);
    assert_eq!(two.threads[0].messages(count).len(), count);
}

#[test]
fn a_node_that_begins_anew_is_let_in_while_its_connection_of_before_seems_to_stand() {
    let ((_one, _), two, proxy) = pair_with_proxy(&NodeOptions::default());
    // As when its host has lost its power: nobody closes anything.
    proxy.freeze(true);
    let again = Node::start(
        "one@localhost",
        &NodeOptions {
            creation: 2,
            ..NodeOptions::default()
        },
    );
    again.knows("two@localhost", two.listen());
    again.network.connect("two@localhost");
    again.up();
    let next = || loop {
        // Until the old one has not answered, the new one is refused.
        match two.event() {
            NetworkEvent::Rejected { .. } => {}
            other => return other,
        }
    };
    let gone = next();
    assert!(
        matches!(gone, NetworkEvent::Down { creation: 1, .. }),
        "{gone:?}"
    );
    let come = next();
    assert!(
        matches!(come, NetworkEvent::Up { creation: 2, .. }),
        "{come:?}"
    );
}

#[test]
fn a_peer_that_takes_nothing_more_is_let_go_soon_after_the_goodbye() {
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    proxy.freeze(true);
    // Until there is no room, so that the goodbye has none either.
    while one.threads[0].send(seat, bob, alice, &[7; 10_000]) {
        one.threads[0].turn();
    }
    one.network.disconnect(seat);
    let down = one.event();
    assert!(
        matches!(
            down,
            NetworkEvent::Down {
                reason: DownReason::Disconnected,
                ..
            }
        ),
        "{down:?}"
    );
}

#[test]
fn a_small_message_does_not_wait_for_the_large_ones_of_others_however_many_these_are() {
    let options = NodeOptions {
        quota: 512,
        limits: Limits {
            window: 256 << 10,
            ..Limits::default()
        },
        ..NodeOptions::default()
    };
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&options);
    let sender = &mut one.threads[0];
    let (alice, bulk, bob) = (sender.spawn(), sender.spawn(), two.threads[0].spawn());
    proxy.freeze(true);
    // The first is on its way, the second is refused.
    let lengths = [0, 1, 2, 3].map(|more| (4 << 20) + more);
    for length in lengths {
        assert!(sender.send_blob(seat, bob, bulk, &vec![7; length]));
    }
    assert!(sender.send_int(seat, bob, bulk, 8));
    assert!(sender.send_int(seat, bob, alice, 9));
    sender.turn();
    let deadline = Instant::now() + support::PATIENCE;
    let waiting = loop {
        let info = &one.network.connections()[0];
        // The second large one has been refused.
        if info.counters.total.blocked > 0 {
            break info.counters.queued + info.waiting_bytes;
        }
        assert!(Instant::now() < deadline, "nothing is taken");
        thread::sleep(Duration::from_millis(1));
    };
    assert!(waiting > 14 << 20, "{waiting} bytes wait");
    proxy.freeze(false);
    let messages = two.threads[0].messages(6);
    let is_of = |pid: support::Pid| {
        move |message: &&Received| message.sender == (pid.thread, pid.slot, pid.generation)
    };
    let of_bulk: Vec<_> = messages.iter().filter(is_of(bulk)).collect();
    let (last, large) = of_bulk.split_last().expect("they came");
    assert_eq!(last.integer, 8, "in order");
    assert!(
        large
            .iter()
            .map(|message| message.blobs[0].len())
            .eq(lengths),
        "in order"
    );
    let place = messages
        .iter()
        .position(|message| message.integer == 9 && message.blobs.is_empty());
    assert!(
        place.is_some_and(|place| place < 3),
        "it came as number {place:?}"
    );
}
