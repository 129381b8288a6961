//! Whoever looks at a connection while it is driven is in nobody's way.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Instant;

use support::{NodeOptions, PATIENCE, pair};

/// What would have to wait until the network's thread looks at everything by itself takes seconds, often enough to be late.
const ROUNDS: u32 = 3_000;

#[test]
fn what_is_sent_while_somebody_asks_for_the_counters_does_not_wait_for_a_timer() {
    let ((mut one, to_two), (mut two, to_one)) = pair(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let (is_over, deadline) = (AtomicBool::new(false), Instant::now() + PATIENCE);
    thread::scope(|scope| {
        for network in [&one.network, &two.network] {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Relaxed) && Instant::now() < deadline {
                    network.connections();
                }
            });
        }
        let two_thread = &mut two.threads[0];
        scope.spawn(move || {
            for value in 0..ROUNDS {
                assert_eq!(two_thread.messages(1)[0].integer, value);
                assert!(two_thread.send_int(to_one, alice, bob, value));
            }
            two_thread.turn();
        });
        let one_thread = &mut one.threads[0];
        for value in 0..ROUNDS {
            assert!(Instant::now() < deadline, "{value} rounds were made");
            assert!(one_thread.send_int(to_two, bob, alice, value));
            assert_eq!(one_thread.messages(1)[0].integer, value);
        }
        is_over.store(true, Relaxed);
    });
}
