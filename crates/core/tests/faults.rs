//! Commands that cannot be right.

mod support;

use proptest::prelude::*;
use support::driver::Driver;
use support::record::Record;
use tergo_core::layout::{
    IN_WORDS, OP_RELEASE, OP_SEND, OP_SUSPEND, OUT_AT, OUT_USED, OUT_WORDS, QUEUE_MAIN, STATUS_AT,
    STATUS_BAD_ADDRESS, STATUS_BAD_OP, STATUS_BAD_RETURN, STATUS_BAD_SLOT, STATUS_BAD_TIMER,
    STATUS_OK, STATUS_TRUNCATED,
};

const CASES: u32 = if cfg!(miri) { 3 } else { 200 };
const COMMANDS: usize = if cfg!(miri) { 40 } else { 400 };

/// The status after a turn with one command.
fn status_of(op: u32, words: [u32; 3]) -> u32 {
    let mut driver = Driver::new();
    driver.spawn();
    driver.turn();
    driver.write(op, 0, 0, words);
    driver.turn_unread();
    driver.fault()
}

#[test]
fn each_fault_has_its_status() {
    assert_eq!(status_of(0, [0, 0, 0]), STATUS_BAD_OP);
    assert_eq!(status_of(15, [0, 0, 0]), STATUS_BAD_OP);
    assert_eq!(status_of(OP_SEND, [5000, 1, 0]), STATUS_BAD_SLOT);
    assert_eq!(status_of(OP_SUSPEND, [u32::MAX, 1, 0]), STATUS_BAD_SLOT);
    assert_eq!(status_of(2, [0, 1, 1]), STATUS_BAD_SLOT, "spawned twice");
    assert_eq!(status_of(7, [0, 0, 1]), STATUS_BAD_RETURN);
    assert_eq!(status_of(7, [0, IN_WORDS, u32::MAX]), STATUS_BAD_RETURN);
    assert_eq!(status_of(OP_RELEASE, [9, 1, 0]), STATUS_BAD_ADDRESS);
    assert_eq!(status_of(14, [0, 1, 5000]), STATUS_BAD_ADDRESS);
    assert_eq!(status_of(12, [u32::MAX, 1, 0]), STATUS_BAD_TIMER);
}

#[test]
fn what_is_only_late_is_no_fault() {
    for op in [3, 5, 6, OP_SEND, 4] {
        assert_eq!(status_of(op, [0, 9, 0]), STATUS_OK, "op {op}");
    }
}

#[test]
fn a_wrong_command_is_skipped_and_the_others_are_carried_out() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.write(99, 0, 0, [0; 3]);
    driver.write(98, 0, 0, [0; 3]);
    driver.send(pid, QUEUE_MAIN, 5);
    driver.turn_unread();
    assert_eq!(driver.ring.header(STATUS_AT), 4, "the first one is told");
    assert_eq!(driver.fault(), STATUS_BAD_OP);
    let records = support::record::read_inbox(&driver.ring);
    assert!(matches!(records[..], [Record::Slice { .. }]));
}

#[test]
fn a_fault_stands_until_it_was_read() {
    let mut driver = Driver::new();
    driver.write(99, 0, 0, [0; 3]);
    driver.turn_unread();
    driver.spawn();
    driver.turn_unread();
    assert_eq!(driver.fault(), STATUS_BAD_OP);
    driver.turn();
}

#[test]
fn an_impossible_length_is_told_and_the_whole_commands_are_carried_out() {
    for (used, carried_out) in [(7, 1), (OUT_WORDS + 4, 1), (u32::MAX, 1), (3, 0)] {
        let mut driver = Driver::new();
        driver.spawn();
        driver.seal();
        driver.ring.set_header(OUT_USED, used);
        driver.scheduler.turn();
        assert_ne!(driver.fault(), STATUS_OK);
        let spawned = driver.scheduler.counters().spawned;
        assert_eq!(spawned, carried_out, "of {used} words");
    }
    let mut driver = Driver::new();
    driver.ring.set_header(OUT_USED, 2);
    driver.scheduler.turn();
    assert_eq!(driver.fault(), STATUS_TRUNCATED);
}

#[test]
fn the_payload_of_a_message_to_a_slot_that_never_was_comes_back() {
    let mut driver = Driver::new();
    driver.write(OP_SEND, 0, QUEUE_MAIN, [77_777, 1, 5]);
    driver.turn_unread();
    assert_eq!(driver.fault(), STATUS_BAD_SLOT);
    let records = support::record::read_inbox(&driver.ring);
    assert!(matches!(records[..], [Record::Dropped { entry, .. }] if entry.payload == 5));
}

/// Words that are often nearly right.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        6 => 0..8_u32,
        1 => 0..3000_u32,
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ]
}

fn head() -> impl Strategy<Value = u32> {
    let bits = (0..17_u32, 0..16_u32, 0..4_u32);
    let plausible = bits.prop_map(|(op, kind, queue)| op | kind << 8 | queue << 12);
    prop_oneof![9 => plausible, 1 => any::<u32>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_words_whatever_make_it_panic_or_overrun_the_inbox(
        commands in prop::collection::vec((head(), word(), word(), word()), 1..COMMANDS),
        tail in 0..5_u32,
        times in prop::collection::vec((any::<u32>(), any::<u32>()), 1..4),
    ) {
        let mut driver = Driver::new();
        for _ in 0..4 {
            driver.spawn();
        }
        for (now_low, now_high) in times {
            driver.turn_unread();
            for (number, &(head, first, second, third)) in commands.iter().enumerate() {
                for (offset, value) in [head, first, second, third].into_iter().enumerate() {
                    let at = OUT_AT + (4 * number + offset) as u32;
                    driver.ring.set_word(at, value);
                }
            }
            driver.ring.set_header(OUT_USED, 4 * commands.len() as u32 - tail);
            driver.set_now(u64::from(now_high) << 32 | u64::from(now_low));
            driver.scheduler.turn();
            support::record::read_inbox(&driver.ring);
            let status = driver.fault();
            prop_assert!(status <= STATUS_BAD_TIMER);
            prop_assert!(tail % 4 == 0 || status != STATUS_OK);
        }
    }
}
