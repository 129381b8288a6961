//! A thread that sleeps until its own event loop hears of a peer.

#![cfg(unix)]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::mpsc::channel;
use std::time::Instant;

use support::{NodeOptions, PATIENCE, pair_with};
use tergo_net::Help;

const MESSAGES: u32 = 1000;

fn options(help: Help) -> NodeOptions {
    NodeOptions {
        help,
        pool: 2,
        ..NodeOptions::default()
    }
}

#[test]
fn what_comes_for_a_sleeping_thread_is_read_there_while_the_thread_of_the_network_stands_still() {
    let mut watch = None;
    let ((mut one, to_two), (mut two, _)) = pair_with(&options(Help::ReadAndWrite), |_, two| {
        watch = two.network.loop_watch().expect("a descriptor");
    });
    let mut watch = watch.expect("threads read");
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    assert!(one.threads[0].send_int(to_two, bob, alice, 0));
    one.threads[0].turn();
    two.threads[0].messages(1);

    let (has_begun, begun) = channel();
    let (go_on, waits) = channel::<()>();
    one.network.spawn(async move {
        has_begun.send(()).expect("the test waits");
        // Until the other end is dropped.
        let _ = waits.recv();
    });
    begun.recv().expect("it stands still");

    for value in 1..=MESSAGES {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    one.threads[0].turn();
    let deadline = Instant::now() + PATIENCE;
    let mut got = Vec::new();
    while got.len() < MESSAGES as usize {
        assert!(Instant::now() < deadline, "{} have come", got.len());
        got.extend(two.threads[0].turn());
        if two.threads[0].scheduler.doze() {
            assert!(watch.read(), "there is a network");
        }
    }
    drop(go_on);
}

#[test]
fn only_a_thread_that_reads_has_an_event_loop_to_wait_with() {
    pair_with(&options(Help::Write), |one, two| {
        assert!(one.network.loop_watch().expect("nothing is made").is_none());
        assert!(two.network.loop_watch().expect("nothing is made").is_none());
    });
}

#[test]
fn what_waits_for_a_network_that_is_gone_is_told_so() {
    let ((one, _), (two, _)) = pair_with(&options(Help::ReadAndWrite), |_, _| {});
    let mut watch = one
        .network
        .loop_watch()
        .expect("a descriptor")
        .expect("threads read");
    assert!(watch.read());
    drop((one, two));
    let deadline = Instant::now() + PATIENCE;
    while watch.read() {
        assert!(Instant::now() < deadline, "the network is not gone");
        std::thread::yield_now();
    }
}
