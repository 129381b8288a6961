//! What a request tells of the time of its call.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::time::Instant;

use support::{NodeOptions, Received, encode, pair};
use tergo_core::layout::{DEADLINE_SHIFT, KIND_FAR, KIND_INSPECT, KIND_REQUEST};
use tergo_net::steady_now;

/// The time of the threads.
fn now() -> u32 {
    steady_now().as_millis() as u32
}

fn second_word(frame: &Received) -> u32 {
    let word = frame.payload[4..8].try_into().expect("four bytes");
    u32::from_le_bytes(word)
}

#[test]
fn a_request_says_how_long_its_call_has_yet_and_its_thread_reads_when_that_is_over() {
    let began = now();
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let mut ask = |kind, left: u32, form| {
        let prefix = [7, left << DEADLINE_SHIFT | form];
        let thread = &mut one.threads[0];
        assert!(thread.send_prefixed(to_two, (bob, alice), (kind, prefix), b"what"));
        thread.turn();
        let frame = two.threads[0].messages(1).remove(0);
        assert!(frame.payload.ends_with(&encode(b"what")));
        second_word(&frame)
    };
    for (kind, left, form) in [
        (KIND_REQUEST, 1, 0),
        (KIND_INSPECT, 5000, 1),
        (KIND_REQUEST, (1 << 30) - 1, 1),
    ] {
        let word = ask(kind, left, form);
        let arrived = (word >> DEADLINE_SHIFT).wrapping_sub(left);
        let arrived = arrived & u32::MAX >> DEADLINE_SHIFT;
        assert_eq!(word & 1, form);
        assert!((began..=now()).contains(&arrived), "{arrived}");
    }
    // Nothing is told, or what is too far away.
    assert_eq!(ask(KIND_REQUEST, 0, 1), 1);
    assert_eq!(ask(KIND_REQUEST, 1 << 30, 1), 1);
    // What is no request.
    assert_eq!(ask(KIND_FAR, 5000, 0), 10_000);
}

#[test]
fn the_time_of_a_call_goes_on_while_its_request_is_held_back() {
    let began = now();
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        quota: 4,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let (text, count) = (vec![7; 10_000], 300);
    let mut send = |send: &mut dyn FnMut(&mut support::Thread) -> bool| {
        while !send(&mut one.threads[0]) {
            one.threads[0].turn();
            std::thread::yield_now();
        }
        one.threads[0].turn();
    };
    for _ in 0..count {
        send(&mut |thread| thread.send(to_two, bob, alice, &text));
    }
    let request = (KIND_REQUEST, [7, 5000 << DEADLINE_SHIFT]);
    send(&mut |thread| thread.send_prefixed(to_two, (bob, alice), request, b"what"));
    let deadline = Instant::now() + support::PATIENCE;
    while two.network.connections()[0].counters.total.items_in <= count {
        assert!(Instant::now() < deadline, "the request does not come");
        std::thread::yield_now();
    }
    let came = now();
    while now() < came + 20 {
        std::thread::yield_now();
    }
    let frames = two.threads[0].messages(count as usize + 1);
    let over = second_word(&frames[count as usize]) >> DEADLINE_SHIFT;
    let arrived = over - 5000;
    assert!((began..=came).contains(&arrived), "{arrived}");
}
