//! Who runs, with how many messages, and in which order.

mod support;

use support::driver::{Driver, Pid};
use support::record::Record;
use tergo_core::layout::{IN_WORDS, QUEUE_LOG, QUEUE_MAIN, QUEUE_SYSTEM, QUEUE_URGENT};

/// The slices of a turn: slot and payloads.
fn slices(records: &[Record]) -> Vec<(u32, Vec<u32>)> {
    let slices = records.iter().filter_map(|record| match record {
        Record::Slice { slot, entries, .. } => {
            Some((*slot, entries.iter().map(|entry| entry.payload).collect()))
        }
        _ => None,
    });
    slices.collect()
}

fn lengths(records: &[Record]) -> Vec<(u32, usize)> {
    let slices = slices(records).into_iter();
    slices
        .map(|(slot, payloads)| (slot, payloads.len()))
        .collect()
}

fn flood(driver: &mut Driver, pid: Pid, count: u32) {
    (0..count).for_each(|payload| driver.send(pid, QUEUE_MAIN, payload));
}

#[test]
fn messages_come_by_priority_and_within_it_in_the_order_of_sending() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    let sends = [
        (QUEUE_LOG, 1),
        (QUEUE_MAIN, 2),
        (QUEUE_URGENT, 3),
        (QUEUE_MAIN, 4),
        (QUEUE_SYSTEM, 5),
        (QUEUE_URGENT, 6),
    ];
    for (queue, payload) in sends {
        driver.send(pid, queue, payload);
    }
    assert_eq!(slices(&driver.turn()), [(pid.slot, vec![3, 6, 5, 2, 4, 1])]);
}

#[test]
fn who_was_sent_to_first_runs_first() {
    let mut driver = Driver::new();
    let [one, other] = [driver.spawn(), driver.spawn()];
    driver.send(other, QUEUE_MAIN, 1);
    driver.send(one, QUEUE_URGENT, 2);
    driver.send(other, QUEUE_MAIN, 3);
    let expected = [(other.slot, vec![1, 3]), (one.slot, vec![2])];
    assert_eq!(slices(&driver.turn()), expected);
}

#[test]
fn what_exceeds_the_budget_goes_to_the_end_of_the_run_queue() {
    let mut driver = Driver::new();
    let [busy, other] = [driver.spawn(), driver.spawn()];
    flood(&mut driver, busy, 100);
    assert_eq!(lengths(&driver.turn()), [(busy.slot, 64)]);
    assert!(driver.has_more());
    driver.send(other, QUEUE_MAIN, 0);
    let expected = [(busy.slot, 36), (other.slot, 1)];
    assert_eq!(lengths(&driver.turn()), expected);
    assert!(!driver.has_more());
}

#[test]
#[cfg_attr(miri, ignore = "its inbox is smaller than the budget")]
fn a_process_has_at_most_one_slice_in_a_turn() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    flood(&mut driver, pid, 5000);
    let mut turns = Vec::new();
    while turns.is_empty() || driver.has_more() {
        turns.extend(lengths(&driver.turn()));
    }
    let lengths: Vec<usize> = turns.into_iter().map(|(_, length)| length).collect();
    assert_eq!(lengths, [64, 128, 256, 512, 1024, 1024, 1024, 968]);
}

#[test]
fn what_only_the_room_in_the_inbox_cut_off_goes_on_first() {
    let mut driver = Driver::new();
    let pids: Vec<Pid> = (0..IN_WORDS / 80).map(|_| driver.spawn()).collect();
    for &pid in &pids {
        flood(&mut driver, pid, 64);
    }
    let first = driver.turn();
    let (last_slot, last_length) = *lengths(&first).last().unwrap();
    assert!(
        last_length < 64,
        "the inbox is full in the middle of a slice"
    );
    let second = lengths(&driver.turn());
    assert_eq!(second[0], (last_slot, 64 - last_length));
    assert_eq!(second[1].0, last_slot + 1, "and the others follow in order");
}

#[test]
fn a_turn_uses_the_whole_inbox() {
    let mut driver = Driver::new();
    let all = IN_WORDS / 4 + 100;
    for _ in 0..all {
        let pid = driver.spawn();
        driver.send(pid, QUEUE_MAIN, 0);
    }
    let count = driver.turn().len() as u32;
    assert_eq!(count, IN_WORDS / 4);
    assert_eq!(driver.turn().len() as u32, all - count);
}

#[test]
fn messages_wait_for_the_end_of_init() {
    let mut driver = Driver::new();
    let pid = driver.spawn_as(false);
    driver.send(pid, QUEUE_MAIN, 1);
    driver.resume(pid);
    driver.suspend(pid);
    assert_eq!(driver.turn(), []);
    assert!(!driver.has_more());
    driver.ready(pid);
    assert_eq!(slices(&driver.turn()), [(pid.slot, vec![1])]);
}

#[test]
fn a_suspended_process_takes_no_message_until_it_is_resumed() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.send(pid, QUEUE_MAIN, 1);
    driver.suspend(pid);
    assert_eq!(driver.turn(), []);
    driver.send(pid, QUEUE_URGENT, 2);
    assert_eq!(driver.turn(), []);
    driver.resume(pid);
    assert_eq!(slices(&driver.turn()), [(pid.slot, vec![2, 1])]);
}

#[test]
fn the_rest_of_a_slice_comes_back_in_front_of_its_queues_and_is_looked_at_anew() {
    let mut driver = Driver::new();
    let [pid, other] = [driver.spawn(), driver.spawn()];
    driver.send(pid, QUEUE_URGENT, 1);
    (2..=4).for_each(|payload| driver.send(pid, QUEUE_MAIN, payload));
    driver.send(pid, QUEUE_LOG, 5);
    let records = driver.turn();
    let Record::Slice { offset, .. } = records[0] else {
        panic!("there is one slice");
    };
    driver.send(other, QUEUE_MAIN, 9);
    driver.send(pid, QUEUE_MAIN, 6);
    driver.send(pid, QUEUE_SYSTEM, 7);
    driver.give_back(pid.slot, offset + 4, 3);
    let expected = [(pid.slot, vec![7, 3, 4, 6, 5]), (other.slot, vec![9])];
    assert_eq!(slices(&driver.turn()), expected);
}

#[test]
fn a_process_that_suspends_in_its_slices_gets_one_message_at_a_time() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    flood(&mut driver, pid, 5);
    let records = driver.turn();
    let Record::Slice { offset, .. } = records[0] else {
        panic!("there is one slice");
    };
    driver.give_back(pid.slot, offset + 2, 4);
    driver.suspend(pid);
    assert_eq!(driver.turn(), []);
    for payload in 1..5 {
        driver.resume(pid);
        assert_eq!(slices(&driver.turn()), [(pid.slot, vec![payload])]);
        driver.suspend(pid);
        assert_eq!(driver.turn(), []);
    }
}

#[test]
fn a_flush_leaves_the_inbox_as_it_is() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.send(pid, QUEUE_MAIN, 1);
    driver.turn();
    driver.send(pid, QUEUE_MAIN, 2);
    driver.exit(pid, 9);
    driver.flush();
    assert!(driver.has_more(), "the outlook is that of after the flush");
    let read = support::record::read_inbox(&driver.ring);
    assert_eq!(slices(&read), [(pid.slot, vec![1])]);
}

#[test]
fn a_slot_is_granted_again_only_after_the_next_turn_began() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.turn();
    driver.exit(pid, 1);
    driver.flush();
    driver.discard_grants();
    assert_ne!(driver.grant().slot, pid.slot);
    driver.turn();
    driver.discard_grants();
    let again = driver.grant();
    assert_eq!(
        (again.slot, again.generation),
        (pid.slot, pid.generation + 1)
    );
}

#[test]
fn a_stale_generation_never_reaches_the_new_process() {
    let mut driver = Driver::new();
    let old = driver.spawn();
    driver.exit(old, 1);
    driver.turns();
    driver.turns();
    driver.discard_grants();
    let new = driver.spawn();
    assert_eq!(new.slot, old.slot);
    driver.send(old, QUEUE_MAIN, 5);
    driver.suspend(old);
    driver.exit(old, 6);
    driver.send(new, QUEUE_MAIN, 7);
    let records = driver.turns();
    assert_eq!(slices(&records), [(new.slot, vec![7])]);
    assert_eq!(
        records.len(),
        3,
        "one dropped, one reason in no mailbox, one slice"
    );
}

#[test]
fn counters_tell_what_happened() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    flood(&mut driver, pid, 70);
    driver.turn();
    let process = driver.scheduler.process_counters(pid.slot, pid.generation);
    let process = process.expect("it is alive");
    assert_eq!((process.delivered, process.queued), (64, [0, 0, 6, 0]));
    driver.exit(pid, 9);
    driver.turns();
    let counters = driver.scheduler.counters();
    assert_eq!((counters.sent, counters.delivered), (70, 64));
    assert_eq!((counters.dropped, counters.messages), (6, 0));
    assert_eq!((counters.spawned, counters.terminated), (1, 1));
    assert_eq!(
        driver.scheduler.process_counters(pid.slot, pid.generation),
        None
    );
}
