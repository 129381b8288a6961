//! What is told of others does not keep the processes of a thread from their messages.

// Miri would take minutes: what this does step by step stands in `fabric.rs`, `events.rs` and `timers.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::driver::{Driver, Pid};
use support::member::{Member, assert_all_free, pair};
use support::record::Record;
use tergo_core::layout::{CONTROL_WORDS, FRAME_CONTROL, FRAME_FORMAT_SHIFT, IN_WORDS, QUEUE_MAIN};

/// Records that an inbox holds.
const INBOX: u32 = IN_WORDS / CONTROL_WORDS;
const ROUNDS: u32 = 16;

fn is_slice_of(pid: Pid) -> impl Fn(&Record) -> bool {
    move |record| matches!(record, Record::Slice { slot, .. } if *slot == pid.slot)
}

/// Writes what is for the thread itself, or for a process that has ended, as long as there is room on the way.
fn flood(one: &mut Member, head: u32, target: (u32, u32)) {
    while one.frame(1, head | 1 << FRAME_FORMAT_SHIFT, target, &[]) {}
    one.driver.turn();
}

fn processes_get_on_beside_a_flood_of(head: u32, find: impl Fn(&Record) -> bool) {
    let (mut one, mut two) = pair(8);
    let pid = two.driver.spawn();
    two.driver.turn();
    let (mut taken, mut told) = (0, 0);
    for round in 0..ROUNDS {
        flood(&mut one, head, (pid.slot, pid.generation + 1));
        two.driver.send(pid, QUEUE_MAIN, round);
        let records = two.driver.turn();
        assert!(two.driver.has_more(), "what has come is never all of it");
        taken += records
            .iter()
            .filter(|record| is_slice_of(pid)(record))
            .count();
        told += records.iter().filter(|record| find(record)).count();
    }
    assert!(
        taken >= 2,
        "the process got on in {taken} of {ROUNDS} turns"
    );
    assert!(told >= INBOX as usize, "only {told} frames were told of");
    let fabric = one.fabric();
    drop((one, two));
    assert_all_free(&fabric);
}

#[test]
fn processes_get_on_beside_a_flood_of_control_frames() {
    let is_far = |record: &Record| matches!(record, Record::Far { .. });
    processes_get_on_beside_a_flood_of(FRAME_CONTROL, is_far);
}

#[test]
fn processes_get_on_beside_a_flood_of_messages_to_one_that_has_ended() {
    let is_dropped = |record: &Record| matches!(record, Record::Dropped { .. });
    processes_get_on_beside_a_flood_of(support::member::MESSAGE, is_dropped);
}

#[test]
fn timers_go_off_beside_a_flood_of_control_frames() {
    let (mut one, mut two) = pair(8);
    two.driver.start_timer(0, 1, 1, true);
    let mut ticks = 0;
    for now in 1..=ROUNDS {
        flood(&mut one, FRAME_CONTROL, (0, 0));
        two.driver.set_now(now.into());
        let records = two.driver.turn();
        let is_tick = |record: &&Record| matches!(record, Record::Timer { .. });
        ticks += records.iter().filter(is_tick).count();
    }
    assert!(ticks as u32 >= ROUNDS / 2, "{ticks} of {ROUNDS} ticks");
}

#[test]
fn processes_get_on_beside_more_timers_than_an_inbox_can_tell_of() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.turn();
    for index in 0..2 * INBOX {
        driver.start_timer(index, 1, index, true);
    }
    driver.flush();
    let mut taken = 0;
    for now in 1..=ROUNDS {
        driver.set_now(now.into());
        driver.send(pid, QUEUE_MAIN, now);
        let records = driver.turn();
        taken += records
            .iter()
            .filter(|record| is_slice_of(pid)(record))
            .count();
    }
    assert!(
        taken as u32 >= ROUNDS / 4,
        "the process got on in {taken} turns"
    );
}

#[test]
fn ticks_that_cannot_be_told_in_time_are_missed_and_take_no_memory() {
    let mut driver = Driver::new();
    for index in 0..2 * INBOX {
        driver.start_timer(index, 1, index, true);
    }
    driver.set_now(1);
    driver.turn();
    let before = driver.scheduler.counters().table_bytes;
    for now in 2..200 {
        driver.set_now(now);
        driver.turn();
    }
    let after = driver.scheduler.counters().table_bytes;
    assert!(after <= 2 * before, "{before} bytes grew to {after}");
}

#[test]
fn timers_and_frames_get_on_beside_processes_that_publish_without_end() {
    let (mut one, mut two) = pair(8);
    let pids: Vec<Pid> = (0..4).map(|_| two.driver.spawn()).collect();
    let event = two.driver.register_event(pids[0], "event", false);
    let event = event.expect("the name is free");
    two.driver.start_timer(0, 1, 1, true);
    let (mut ticks, mut frames) = (0, 0);
    for now in 1..=ROUNDS {
        one.frame(1, FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT, (0, 0), &[]);
        one.driver.turn();
        for payload in 0..2 * INBOX {
            two.driver.publish(event, QUEUE_MAIN, payload);
        }
        two.driver.set_now(now.into());
        // The rest of what they did is told in a turn in which they do nothing.
        let records = [two.driver.turn(), two.driver.turn()].concat();
        for record in records {
            ticks += u32::from(matches!(record, Record::Timer { .. }));
            frames += u32::from(matches!(record, Record::Far { .. }));
        }
    }
    assert!(ticks >= ROUNDS / 4, "{ticks} ticks");
    assert!(frames >= ROUNDS / 4, "{frames} frames");
}

#[test]
fn a_timer_that_is_due_after_a_flood_of_others_needs_no_later_time_to_go_off() {
    let mut driver = Driver::new();
    for index in 0..INBOX {
        driver.start_timer(index, 1, index, false);
    }
    driver.flush();
    driver.set_now(1);
    assert_eq!(driver.turn().len(), INBOX as usize);
    driver.start_timer(INBOX, 0, INBOX, false);
    let (index, sequence) = (INBOX, INBOX);
    assert_eq!(driver.turns(), [Record::Timer { index, sequence }]);
}
