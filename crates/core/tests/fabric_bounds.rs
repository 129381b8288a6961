//! What may be on its way between two threads, what goes beyond, and who waits long.

// Miri would take minutes for each: what they do step by step stands in `fabric.rs` and `fabric_ends.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;

use support::driver::Pid;
use support::member::{Member, PER_CHUNK, assert_all_free, pair};
use support::record::Record;
use tergo_core::layout::{BLOCK_WORDS, STAT_EVACUATED, STAT_FORCED, STAT_REFUSALS};
use tergo_core::{BlobBytes, Fabric};

const CHUNK_BYTES: usize = 4 * BLOCK_WORDS as usize;

#[test]
fn chunks_and_large_values_of_a_pair_share_its_quota() {
    let (mut one, mut two) = pair(4);
    let (_, waiting) = two.busy_and_waiting();
    assert!(one.message(1, waiting, 1));
    for _ in 0..3 {
        let blob = one.message_with_blob(1, waiting, &vec![7; CHUNK_BYTES]);
        assert_ne!(
            blob, 0,
            "one chunk is open, and there is room for three more"
        );
    }
    assert_eq!(one.message_with_blob(1, waiting, &[7; 64]), 0);
    one.open[1] = None;
    assert!(
        !one.message(1, waiting, 2),
        "a chunk takes part of the same quota"
    );
    one.driver.turn();
    assert_eq!(one.statistic(STAT_REFUSALS), 2);
}

#[test]
fn a_large_value_beyond_the_whole_quota_goes_alone() {
    let (mut one, mut two) = pair(2);
    let (_, waiting) = two.busy_and_waiting();
    // As TypeScript does, which opens the chunk for its frame before it.
    assert!(one.message(1, waiting, 1));
    let blob = one.message_with_blob(1, waiting, &vec![7; 10 * CHUNK_BYTES]);
    assert_ne!(blob, 0);
    assert_eq!(one.message_with_blob(1, waiting, &[7; 64]), 0);
    assert!(one.fabric().take_blob(blob).is_some());
    assert_ne!(one.message_with_blob(1, waiting, &[7; 64]), 0);
}

#[test]
fn parts_of_one_value_go_together_though_they_are_beyond_the_whole_quota() {
    let (mut one, mut two) = pair(2);
    let (_, waiting) = two.busy_and_waiting();
    assert!(one.message(1, waiting, 1));
    let size = CHUNK_BYTES as u64;
    let part = vec![7; CHUNK_BYTES];
    let put = |one: &mut Member, of_same| one.driver.scheduler.put_blob(1, &part, of_same, false);
    let parts: Vec<u32> = (0..10).map(|n| put(&mut one, n * size)).collect();
    assert!(!parts.contains(&0));
    // Of another value, and one that has others beside it.
    assert_eq!(put(&mut one, 0), 0);
    assert_eq!(put(&mut one, 9 * size), 0);
    for number in parts {
        assert!(one.fabric().take_blob(number).is_some());
    }
    assert_ne!(put(&mut one, 0), 0);
}

#[test]
fn who_fills_the_way_to_a_thread_takes_no_room_from_others() {
    let fabric = Fabric::new(3, 2);
    let [mut one, mut two, mut third] = [0, 1, 2].map(|thread| Member::join(&fabric, thread));
    let (_, waiting) = two.busy_and_waiting();
    while one.message(1, waiting, 1) {}
    assert!(third.message(1, waiting, 1));
    assert_ne!(third.message_with_blob(1, waiting, &[7; 64]), 0);
}

#[test]
fn what_must_not_be_lost_goes_beyond_the_quota_and_is_counted() {
    let (mut one, mut two) = pair(2);
    let (_, waiting) = two.busy_and_waiting();
    while one.message(1, waiting, 1) {}
    assert!(one.force(1));
    one.driver.turn();
    assert_eq!(
        (one.statistic(STAT_FORCED), one.statistic(STAT_REFUSALS)),
        (1, 1)
    );
    two.driver.turn();
    assert_eq!(two.fabric().chunk_counts(), (3, 0));
}

#[test]
fn a_chunk_stays_the_senders_until_it_has_the_next_one() {
    let (mut one, mut two) = pair(2);
    let pid = two.driver.spawn();
    two.driver.turn();
    while one.message(1, pid, 1) {}
    // Refused: the chunk that is full stays open, and what came before it makes room.
    let refused_at = one.fabric().chunk_counts();
    assert_eq!(refused_at, (2, 0));
    one.driver.turn();
    two.driver.turns();
    two.driver.turns();
    let (made, free) = one.fabric().chunk_counts();
    assert_eq!(made - free, 1);
    assert!(one.message(1, pid, 2), "the other one is free");
}

/// One message in each chunk waits, and the rest is taken at once.
fn trickle(one: &mut Member, two: &mut Member, (busy, waiting): (Pid, Pid), count: u32) {
    for value in 0..count {
        assert!(one.message(1, waiting, value), "no room for {value}");
        for _ in 1..PER_CHUNK {
            assert!(one.message(1, busy, 0), "no room beside {value}");
        }
        one.driver.turn();
        two.driver.turns();
        two.driver.turns();
    }
}

fn heard_by(member: &mut Member, pid: Pid) -> Vec<u32> {
    member.driver.resume(pid);
    let records = member.driver.turns();
    let slices = records.iter().filter_map(|record| match record {
        Record::Slice { slot, entries, .. } if *slot == pid.slot => Some(entries),
        _ => None,
    });
    slices
        .flatten()
        .map(|entry| member.value(entry.payload))
        .collect()
}

#[test]
fn a_process_that_takes_nothing_does_not_hold_whole_chunks_by_a_few_messages() {
    let (mut one, mut two) = pair(8);
    let pids = two.busy_and_waiting();
    let count = 100;
    trickle(&mut one, &mut two, pids, count);
    assert!(two.statistic(STAT_EVACUATED) >= count - 8);
    let (made, _) = one.fabric().chunk_counts();
    assert!(made <= 8, "{made} chunks were made");
    assert_eq!(heard_by(&mut two, pids.1), (0..count).collect::<Vec<_>>());
    two.driver.turns();
    let fabric = one.fabric();
    drop((one, two));
    assert_all_free(&fabric);
}

#[test]
fn messages_move_again_when_those_that_moved_before_are_done_with() {
    let fabric = Fabric::new(3, 8);
    let [mut one, mut two, mut third] = [0, 1, 2].map(|at| Member::join(&fabric, at));
    let pids = two.busy_and_waiting();
    let (_, patient) = one.busy_and_waiting();
    trickle(&mut one, &mut two, pids, 20);
    assert_eq!(heard_by(&mut two, pids.1), (0..20).collect::<Vec<_>>());
    two.driver.turns();
    two.driver.suspend(pids.1);
    // Takes the memory in which they were.
    let count = 4 * PER_CHUNK;
    (0..count).for_each(|value| assert!(third.message(0, patient, value)));
    third.driver.turn();
    let before = two.statistic(STAT_EVACUATED);
    trickle(&mut one, &mut two, pids, 20);
    assert!(two.statistic(STAT_EVACUATED) > before);
    assert_eq!(heard_by(&mut two, pids.1), (0..20).collect::<Vec<_>>());
    assert_eq!(heard_by(&mut one, patient), (0..count).collect::<Vec<_>>());
    drop((one, two, third));
    assert_all_free(&fabric);
}

#[test]
fn messages_that_moved_end_with_their_process_and_their_large_values_with_them() {
    let (mut one, mut two) = pair(4);
    let pids = two.busy_and_waiting();
    let fabric = one.fabric();
    for _ in 0..10 {
        assert_ne!(one.message_with_blob(1, pids.1, &[9; 64]), 0);
        trickle(&mut one, &mut two, pids, 1);
    }
    assert!(two.statistic(STAT_EVACUATED) > 0);
    assert_eq!(fabric.blobs_on_their_way(), 10);
    two.driver.exit(pids.1, 1);
    let dropped = two.driver.turns();
    let is_dropped = |record: &&Record| matches!(record, Record::Dropped { .. });
    assert_eq!(dropped.iter().filter(is_dropped).count(), 20);
    two.driver.turns();
    assert_eq!(fabric.blobs_on_their_way(), 0);
    drop((one, two));
    assert_all_free(&fabric);
}

#[test]
fn what_waits_counts_on_its_way_though_it_moved() {
    let (mut one, mut two) = pair(4);
    let (_, waiting) = two.busy_and_waiting();
    let mut sent = 0;
    for _ in 0..20 {
        while one.message(1, waiting, sent) {
            sent += 1;
        }
        one.driver.turn();
        two.driver.turns();
    }
    assert_eq!(sent, 4 * PER_CHUNK, "four chunks are full of what waits");
    assert_eq!(two.statistic(STAT_EVACUATED), 0);
}

#[test]
fn a_blob_is_shared_by_several_receivers_and_counts_on_the_way_to_each() {
    let fabric = Fabric::new(3, 8);
    let mut members: Vec<Member> = (0..3).map(|thread| Member::join(&fabric, thread)).collect();
    let pids: Vec<_> = members[1..]
        .iter_mut()
        .map(|member| member.driver.spawn())
        .collect();
    members[1..]
        .iter_mut()
        .for_each(|member| drop(member.driver.turn()));
    let one = &mut members[0];
    let first = one.message_with_blob(1, pids[0], &vec![9; CHUNK_BYTES]);
    let second = one.driver.scheduler.share_blob(2, first, false);
    assert!(first != 0 && second != 0 && first != second);
    assert_eq!(fabric.blobs_on_their_way(), 2);
    let Some((BlobBytes::Shared(here), BlobBytes::Shared(there))) =
        fabric.take_blob(first).zip(fabric.take_blob(second))
    else {
        panic!("both are shares");
    };
    assert!(Arc::ptr_eq(&here, &there), "one copy for both");
    assert_eq!(BlobBytes::Shared(there).into_vec(), vec![9; CHUNK_BYTES]);
    assert_eq!(
        one.driver.scheduler.share_blob(2, first, false),
        0,
        "it was taken"
    );
}

#[test]
fn a_share_that_is_too_much_for_its_way_is_refused_and_one_that_nobody_will_hear_of_is_freed() {
    let fabric = Fabric::new(3, 4);
    let mut one = Member::join(&fabric, 0);
    let mut two = Member::join(&fabric, 1);
    let pid = two.driver.spawn();
    two.driver.turn();
    let first = one.message_with_blob(1, pid, &vec![9; CHUNK_BYTES]);
    assert_eq!(
        one.driver.scheduler.share_blob(2, first, false),
        0,
        "nobody is there"
    );
    let three = Member::join(&fabric, 2);
    let mut taken = 0;
    while one.driver.scheduler.share_blob(2, first, false) != 0 {
        taken += 1;
    }
    assert_eq!(taken, 4);
    assert_ne!(one.driver.scheduler.share_blob(2, first, true), 0);
    assert_eq!(
        one.driver.scheduler.share_blob(0, first, true),
        0,
        "not to oneself"
    );
    drop(three);
    drop(one);
    drop(two);
    assert_eq!(fabric.blobs_on_their_way(), 0);
}
