//! Messages whose head says that they are as the one before.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::driver::Pid;
use support::member::{MESSAGE, Member, PER_CHUNK, assert_all_free, pair};
use support::record::Record;
use tergo_core::layout::{
    AGAIN_BACK_MAX, FRAME_CONTROL, FRAME_FORMAT_SHIFT, FRAME_WORDS, STAT_EVACUATED, STAT_FRAMES_IN,
};

/// A message with a head, and so many after it that say the same again.
fn run(member: &mut Member, pid: Pid, values: std::ops::Range<u32>) {
    assert!(member.message(1, pid, values.start));
    let first = member.next_at(1) - FRAME_WORDS - 2;
    for value in values.skip(1) {
        member.again(1, first, Some(value));
    }
}

#[test]
fn they_go_where_the_first_of_them_went() {
    let (mut one, mut two) = pair(4);
    let (pid, other) = (two.driver.spawn(), two.driver.spawn());
    two.driver.turn();
    run(&mut one, pid, 0..5);
    run(&mut one, other, 10..13);
    // A turn between two of them makes no difference.
    one.driver.turn();
    let first = one.next_at(1) - 2 * 4 - FRAME_WORDS - 2;
    one.again(1, first, Some(13));
    one.driver.turn();
    let records = two.driver.turns();
    let of = |pid: Pid| -> Vec<u32> {
        let slices = records.iter().filter_map(|record| match record {
            Record::Slice { slot, entries, .. } if *slot == pid.slot => Some(entries),
            _ => None,
        });
        (slices.flatten())
            .map(|entry| two.value(entry.payload))
            .collect()
    };
    assert_eq!(of(pid), [0, 1, 2, 3, 4]);
    assert_eq!(of(other), [10, 11, 12, 13]);
    assert_eq!(two.statistic(STAT_FRAMES_IN), 9);
}

#[test]
fn a_number_in_place_of_the_length_takes_no_payload() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    one.frame(
        1,
        MESSAGE & !(0xFF << FRAME_FORMAT_SHIFT),
        (pid.slot, pid.generation),
        &[],
    );
    let first = one.next_at(1) - FRAME_WORDS;
    one.again(1, first, None);
    one.again(1, first, Some(7));
    one.again(1, first, None);
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records).len(), 4);
    assert_eq!(two.values(&records)[2], 7);
}

#[test]
fn nonsense_before_them_is_the_end_of_what_came_and_what_comes_later_arrives() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    assert!(one.message(1, pid, 1));
    let after = one.next_at(1);
    let head = FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT;
    assert!(one.frame(1, head, (0, 0), &[0]));
    // A head of another kind, itself, before the chunk, in the middle of a frame.
    for back in [one.next_at(1) - after, 0, 2 * AGAIN_BACK_MAX, FRAME_WORDS] {
        let first = one.next_at(1).wrapping_sub(back);
        one.again(1, first, Some(2));
        one.driver.turn();
        let records = two.driver.turns();
        assert!(two.values(&records).iter().all(|value| *value == 1));
    }
    run(&mut one, pid, 3..5);
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records), [3, 4]);
}

#[test]
#[cfg_attr(miri, ignore = "a flood")]
fn one_that_waits_moves_with_a_head_of_its_own() {
    let (mut one, mut two) = pair(8);
    let (busy, waiting) = two.busy_and_waiting();
    let count = 40;
    for value in 0..count {
        run(&mut one, waiting, 3 * value..3 * value + 3);
        for _ in 2..PER_CHUNK {
            assert!(one.message(1, busy, 0), "no room beside {value}");
        }
        one.driver.turn();
        two.driver.turns();
        two.driver.turns();
    }
    assert!(two.statistic(STAT_EVACUATED) > 0);
    two.driver.resume(waiting);
    let records = two.driver.turns();
    assert_eq!(two.values(&records), (0..3 * count).collect::<Vec<_>>());
    two.driver.turns();
    let fabric = one.fabric();
    drop((one, two));
    assert_all_free(&fabric);
}

#[test]
fn those_that_nobody_took_end_with_their_thread() {
    let (mut one, mut two) = pair(4);
    let (_, waiting) = two.busy_and_waiting();
    run(&mut one, waiting, 0..5);
    one.driver.turn();
    two.driver.turns();
    run(&mut one, waiting, 5..10);
    one.driver.turn();
    let fabric = one.fabric();
    drop(two);
    drop(one);
    assert_all_free(&fabric);
}
