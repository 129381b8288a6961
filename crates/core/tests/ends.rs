//! What comes back when processes and addresses end, and who hears of it.

mod support;

use support::driver::{Driver, Pid};
use support::record::{Entry, Record};
use tergo_core::Verdict;
use tergo_core::layout::{
    IN_WORDS, KIND_DOWN, KIND_EXIT, QUEUE_MAIN, QUEUE_SYSTEM, QUEUE_URGENT, RELATION_MONITOR,
    RELATION_NODE, TARGET_ALIAS, TARGET_NAME, TARGET_PID,
};

const LINK: u32 = 0;

fn entries_of(records: &[Record], pid: Pid) -> Vec<Entry> {
    let entries = records.iter().filter_map(|record| match record {
        Record::Slice { slot, entries, .. } if *slot == pid.slot => Some(entries.clone()),
        _ => None,
    });
    entries.flatten().collect()
}

#[test]
fn a_link_fires_as_an_urgent_exit_and_a_monitor_as_a_down_over_one_reason() {
    let mut driver = Driver::new();
    let [watcher, target] = [driver.spawn(), driver.spawn()];
    driver.relate(RELATION_MONITOR, TARGET_PID, [watcher.slot, target.slot, 1]);
    driver.relate(LINK, TARGET_PID, [watcher.slot, target.slot, 2]);
    driver.turn();
    driver.exit(target, 50);
    let records = driver.turn();
    let shared = Record::Shared {
        payload: 50,
        count: 2,
    };
    assert_eq!(records[0], shared);
    let expected = [
        Entry::new(KIND_EXIT, QUEUE_URGENT, 2, 50),
        Entry::new(KIND_DOWN, QUEUE_SYSTEM, 1, 50),
    ];
    assert_eq!(entries_of(&records, watcher), expected);
    driver.exit(watcher, 51);
    assert_eq!(driver.turns().len(), 1, "a relation that fired is gone");
}

#[test]
fn relations_on_name_and_alias_fire_with_the_process_or_when_they_are_given_up() {
    for is_released in [true, false] {
        let mut driver = Driver::new();
        let [watcher, target] = [driver.spawn(), driver.spawn()];
        let name = driver.register_name(target, "n").unwrap();
        let alias = driver.create_alias(target).unwrap();
        driver.relate(LINK, TARGET_NAME, [watcher.slot, name.index, 1]);
        driver.relate(LINK, TARGET_ALIAS, [watcher.slot, alias.index, 2]);
        driver.turn();
        if is_released {
            driver.release(alias, 60);
            driver.release(name, 60);
        } else {
            driver.exit(target, 60);
        }
        let expected = [2, 1].map(|token| Entry::new(KIND_EXIT, QUEUE_URGENT, token, 60));
        assert_eq!(entries_of(&driver.turn(), watcher), expected);
        assert!(driver.register_name(watcher, "n").is_ok());
    }
}

#[test]
fn a_lost_node_fires_its_relations_and_can_be_related_to_again() {
    let mut driver = Driver::new();
    let watcher = driver.spawn();
    let node = driver.node_address("other");
    for token in [1, 2] {
        let words = [watcher.slot, node.index, token];
        driver.relate(RELATION_NODE | RELATION_MONITOR, TARGET_PID, words);
        driver.turn();
        driver.node_down("other", 70);
        let expected = [Entry::new(KIND_DOWN, QUEUE_SYSTEM, token, 70)];
        assert_eq!(entries_of(&driver.turn(), watcher), expected);
    }
    driver.node_down("unheard of", 71);
    let unheard = Record::Shared {
        payload: 71,
        count: 0,
    };
    assert_eq!(driver.turn(), [unheard]);
}

#[test]
fn a_name_has_one_owner_and_a_process_one_name() {
    let mut driver = Driver::new();
    let [one, other] = [driver.spawn(), driver.spawn()];
    let name = driver.register_name(one, "n").unwrap();
    assert_eq!(driver.register_name(one, "m"), Err(Verdict::Taken));
    assert_eq!(driver.register_name(other, "n"), Err(Verdict::Taken));
    driver.release(name, 1);
    let again = driver.register_name(other, "n").unwrap();
    assert!(again.generation > name.generation || again.index != name.index);
    driver.exit(other, 2);
    assert_eq!(
        driver.register_name(other, "k"),
        Err(Verdict::ProcessUnknown)
    );
    assert!(driver.register_name(one, "n").is_ok());
}

#[test]
fn a_process_that_watches_itself_does_not_hear_of_its_own_end() {
    let mut driver = Driver::new();
    let pid = driver.spawn();
    driver.relate(RELATION_MONITOR, TARGET_PID, [pid.slot, pid.slot, 1]);
    driver.turn();
    driver.exit(pid, 2);
    let expected = [
        Record::Freed { token: 1 },
        Record::Shared {
            payload: 2,
            count: 0,
        },
    ];
    assert_eq!(driver.turns(), expected);
}

#[test]
fn a_token_that_does_not_fit_in_a_tag_is_refused_and_comes_back() {
    let mut driver = Driver::new();
    let [one, other] = [driver.spawn(), driver.spawn()];
    driver.relate(LINK, TARGET_PID, [one.slot, other.slot, 1 << 26]);
    driver.turn_unread();
    assert_eq!(driver.fault(), tergo_core::layout::STATUS_BAD_ADDRESS);
    let records = support::record::read_inbox(&driver.ring);
    assert!(matches!(records[..], [Record::Verdict { token, status }]
        if token == 1 << 26 && status != 0));
}

#[test]
fn a_mailbox_of_very_many_messages_comes_back_over_several_turns_and_holds_nobody_up() {
    let count = if cfg!(miri) { 300 } else { 300_000 };
    let mut driver = Driver::new();
    let [dying, living] = [driver.spawn_as(false), driver.spawn()];
    (0..count).for_each(|payload| driver.send(dying, QUEUE_MAIN, payload));
    driver.exit(dying, count);
    let mut dropped = Vec::new();
    let mut turns = 0;
    while turns == 0 || driver.has_more() {
        driver.send(living, QUEUE_MAIN, turns);
        let records = driver.turn();
        assert_eq!(entries_of(&records, living).len(), 1, "in turn {turns}");
        dropped.extend(records.iter().filter_map(|record| match record {
            Record::Dropped { entry, .. } => Some(entry.payload),
            _ => None,
        }));
        turns += 1;
    }
    assert!(turns > 2);
    assert!(
        dropped.into_iter().eq(0..count),
        "each comes back once, in order"
    );
}

#[test]
fn no_slice_is_written_before_all_control_records_are() {
    // More than one inbox of them.
    let count = IN_WORDS / 3 + 100;
    let mut driver = Driver::new();
    let [target, watcher] = [driver.spawn(), driver.spawn()];
    let watchers: Vec<Pid> = (0..count).map(|_| driver.spawn()).collect();
    for (token, watcher) in watchers.iter().enumerate() {
        let words = [watcher.slot, target.slot, token as u32];
        driver.relate(LINK, TARGET_PID, words);
    }
    driver.relate(LINK, TARGET_PID, [watcher.slot, target.slot, count]);
    driver.exit(target, count + 1);
    let first = driver.turn();
    let verdicts = |records: &[Record]| {
        let is_verdict = |record: &&Record| matches!(record, Record::Verdict { status: 0, .. });
        records.iter().filter(is_verdict).count()
    };
    assert_eq!(verdicts(&first), first.len(), "only control records");
    let second = driver.turn();
    let at = second
        .iter()
        .position(|record| matches!(record, Record::Shared { .. }));
    let slice = second
        .iter()
        .position(|record| matches!(record, Record::Slice { .. }));
    assert!(at.unwrap() < slice.unwrap());
    let rest = driver.turns();
    let told = second
        .iter()
        .chain(&rest)
        .filter(|record| matches!(record, Record::Slice { .. }));
    assert_eq!(told.count() as u32, count + 1, "each consumer hears once");
}
