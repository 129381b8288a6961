//! Threads of a node that end: what is left of them.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use support::member::{Member, PER_CHUNK, assert_all_free, pair};
use support::record::Record;
use tergo_core::layout::{
    FRAME_CONTROL, FRAME_FORMAT_SHIFT, QUEUE_MAIN, STAT_DELIVERED, STAT_DROPPED, STAT_FRAMES_IN,
    STAT_JS_COUNTS, STAT_PAST, STAT_SPAWNED, STAT_TERMINATED,
};
use tergo_core::{BlobBytes, Fabric, JoinError, Scheduler};

#[test]
fn a_place_is_taken_once() {
    let fabric = Fabric::new(2, 2);
    let first = Scheduler::join(&fabric, 1).expect("it is free");
    assert_eq!(Scheduler::join(&fabric, 1).err(), Some(JoinError::Taken));
    assert_eq!(Scheduler::join(&fabric, 2).err(), Some(JoinError::Unknown));
    drop(first);
    assert!(Scheduler::join(&fabric, 1).is_ok());
}

#[test]
fn what_a_thread_held_is_free_when_it_ends_whatever_state_it_was_in() {
    let fabric = Fabric::new(3, 4);
    let mut one = Member::join(&fabric, 0);
    let mut third = Member::join(&fabric, 2);
    let rounds = if cfg!(miri) { 5 } else { 50 };
    // More than there is room for in one chunk, or in two.
    let many = if cfg!(miri) { 1 } else { 3 } * PER_CHUNK + 1;
    for round in 0..rounds {
        let mut two = Member::join(&fabric, 1);
        let pid = two.driver.spawn();
        let far = one.driver.spawn();
        two.driver.turn();
        one.driver.turn();
        two.driver
            .register_name(pid, "name")
            .expect("it is free each time");
        one.message_with_blob(1, pid, &[1; 100]);
        two.message_with_blob(0, far, &[1; 100]);
        for value in 0..many {
            one.message(1, pid, value);
            third.message(1, pid, value);
            two.message(0, far, value);
        }
        third.message_with_blob(1, pid, &[1; 100]);
        match round % 5 {
            // Nothing was handed over, taken, read.
            0 => {}
            1 => drop(one.driver.turn()),
            2 => {
                one.driver.turn();
                two.driver.turn();
            }
            3 => {
                two.driver.suspend(pid);
                one.driver.turn();
                two.driver.turns();
            }
            _ => drop(two.driver.turn()),
        }
        drop(two);
        assert!(fabric.ring(1).is_none());
        one.driver.turns();
        third.driver.turns();
        one.driver.exit(far, 1);
        one.driver.turns();
        one.driver.turns();
        assert_eq!(fabric.blobs_on_their_way(), 0, "in round {round}");
    }
    drop((one, third));
    assert_all_free(&fabric);
    let (made, _) = fabric.chunk_counts();
    assert!(made < 40, "{made} chunks were made");
}

#[test]
fn a_thread_that_ended_shows_nothing_and_what_it_counted_counts_on() {
    let (one, mut two) = pair(4);
    let fabric = one.fabric();
    let (quick, slow) = two.busy_and_waiting();
    two.driver.create_alias(slow).expect("it lives");
    two.driver.send(quick, QUEUE_MAIN, 1);
    two.driver.send(slow, QUEUE_MAIN, 2);
    two.driver.turns();
    two.driver.exit(quick, 3);
    two.driver.turns();
    drop(two);
    let shown = fabric.address_presence(1, 0).expect("it was made");
    assert!(shown.words().iter().all(|word| word.load(Relaxed) == 0));
    let statistics = fabric.statistics(1).expect("there is such a thread");
    let now: u64 = (0..STAT_PAST).map(|at| statistics.pair(at)).sum();
    assert_eq!(now, 0);
    let past = |at: u32| statistics.pair(STAT_PAST + at);
    // The first that is spawned is the node itself, here one of the two.
    assert_eq!((past(STAT_SPAWNED), past(STAT_TERMINATED)), (1, 1));
    assert_eq!((past(STAT_DELIVERED), past(STAT_DROPPED)), (1, 1));
    // TypeScript counts what is dropped as well: what nobody took is not told to it any more.
    assert_eq!(past(STAT_JS_COUNTS), 1);
}

#[test]
fn large_values_whose_frames_were_not_handed_over_end_with_their_sender() {
    let (mut one, mut two) = pair(4);
    let fabric = two.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    let delivered = one.message_with_blob(1, pid, &[1; 100]);
    one.driver.turn();
    one.message_with_blob(1, pid, &[2; 100]);
    drop(one);
    assert_eq!(fabric.blobs_on_their_way(), 1);
    two.driver.turn();
    let bytes = fabric.take_blob(delivered).map(BlobBytes::into_vec);
    assert_eq!(bytes, Some(vec![1; 100]));
    assert_eq!(two.statistic(STAT_FRAMES_IN), 1);
}

#[test]
fn large_values_for_who_has_ended_are_refused_or_lost_with_their_frame() {
    let (mut one, mut two) = pair(4);
    let fabric = one.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    one.message(1, pid, 0);
    assert_ne!(one.message_with_blob(1, pid, &[1; 100]), 0);
    drop(two);
    assert_eq!(one.message_with_blob(1, pid, &[1; 100]), 0);
    one.driver.turn();
    assert_eq!(fabric.blobs_on_their_way(), 0);
}

#[test]
fn a_chunk_for_who_has_ended_is_nobody_elses_while_its_sender_may_still_write() {
    let fabric = Fabric::new(3, 4);
    let [mut one, mut two, mut third] = [0, 1, 2].map(|thread| Member::join(&fabric, thread));
    let (to_second, to_third) = (two.driver.spawn(), third.driver.spawn());
    two.driver.turn();
    third.driver.turn();
    one.message(1, to_second, 1);
    drop(two);
    one.driver.turn();
    // It has not heard of the end, and writes on; meanwhile another one opens a chunk.
    let mut two = Member::join(&fabric, 1);
    two.message(2, to_third, 7);
    one.message(1, to_second, 666);
    one.message(1, to_second, 667);
    two.driver.turn();
    one.driver.turn();
    let records = third.driver.turns();
    assert_eq!(third.values(&records), [7]);
}

#[test]
fn nothing_that_was_meant_for_one_reaches_the_next_one_in_its_place() {
    let (mut one, two) = pair(4);
    let fabric = one.fabric();
    let control = FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT;
    one.frame(1, control, (1, 1), &[1]);
    drop(two);
    let mut two = Member::join(&fabric, 1);
    one.driver.turn();
    one.frame(1, control, (1, 1), &[2]);
    one.driver.turn();
    assert!(two.driver.turns().is_empty());
    one.open[1] = None;
    one.frame(1, control, (1, 1), &[3]);
    one.driver.turn();
    let values: Vec<u32> = two
        .driver
        .turns()
        .iter()
        .map(|record| match record {
            Record::Far { frame } => two.value(*frame),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(values, [3]);
}

#[test]
fn who_left_is_not_woken() {
    let (mut one, mut two) = pair(4);
    let fabric = one.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    let woken = Arc::new(AtomicU32::new(0));
    let wakes = Arc::clone(&woken);
    let wake = move || {
        wakes.fetch_add(1, Relaxed);
    };
    fabric.on_wake(1, Arc::new(wake));
    assert!(two.driver.scheduler.doze());
    one.message(1, pid, 1);
    one.driver.turn();
    assert_eq!(woken.load(Relaxed), 1);
    two.driver.turn();
    assert!(two.driver.scheduler.doze());
    drop(two);
    one.message(1, pid, 2);
    one.driver.turn();
    assert_eq!(woken.load(Relaxed), 1);
    assert_eq!(Arc::strong_count(&woken), 1, "the waker is given up");
}
