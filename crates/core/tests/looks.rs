//! When a thread looks whether its peers have sent something: each look may ask the system.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use support::member::pair;
use tergo_core::{Fabric, Glance};

/// Counts the looks of the threads of a node while they have nothing to do.
fn count_looks(fabric: &Fabric) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let looks = Arc::clone(&count);
    fabric.on_look(Some(Arc::new(move |glance| {
        if glance == Glance::Around {
            looks.fetch_add(1, Relaxed);
        }
    })));
    count
}

#[test]
fn a_turn_that_would_bring_nothing_looks_and_one_with_work_does_not() {
    let (mut one, _two) = pair(4);
    let looks = count_looks(&one.fabric());
    one.driver.turn();
    assert_eq!(looks.load(Relaxed), 1);
    let pid = one.driver.spawn();
    one.driver.send(pid, 0, 1);
    one.driver.turn();
    assert_eq!(looks.load(Relaxed), 1);
}

#[test]
fn a_turn_that_has_just_sent_something_leaves_the_look_to_the_next() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    let looks = count_looks(&one.fabric());
    one.message(1, pid, 1);
    one.driver.turn();
    assert_eq!(looks.load(Relaxed), 0, "nobody can have answered");
    one.driver.turn();
    assert_eq!(looks.load(Relaxed), 1);
}
