//! Several schedulers of one node: what travels between them.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use support::member::{MESSAGE, Member, PER_CHUNK, pair};
use support::record::Record;
use tergo_core::layout::{
    FLAG_BLOBS, FRAME_CONTROL, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_WORDS, RESULT_A,
    RESULT_B, STAT_FRAMES_IN, STAT_REFUSALS,
};
use tergo_core::{BlobBytes, Fabric, Verdict};

#[test]
fn frames_reach_the_mailbox_of_their_target_in_order() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    for value in 0..10 {
        assert!(one.message(1, pid, value));
    }
    assert!(
        two.driver.turn().is_empty(),
        "nothing goes before the turn of the sender"
    );
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records), (0..10).collect::<Vec<_>>());
}

#[test]
fn what_was_written_for_others_goes_before_what_the_next_chunk_sends_off() {
    let fabric = Fabric::new(3, 4);
    let [mut one, mut two, mut three] = [0, 1, 2].map(|thread| Member::join(&fabric, thread));
    let (first, second) = (two.driver.spawn(), three.driver.spawn());
    two.driver.turn();
    three.driver.turn();
    one.message(1, first, 1);
    for value in 0..=PER_CHUNK {
        one.message(2, second, value);
    }
    let records = two.driver.turns();
    assert_eq!(
        two.values(&records),
        [1],
        "no turn of the sender was needed"
    );
}

#[test]
fn a_frame_for_who_has_ended_is_told_as_dropped_and_a_control_frame_by_itself() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.exit(pid, 1);
    two.driver.turns();
    one.message(1, pid, 5);
    one.frame(1, FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT, (3, 4), &[6]);
    one.driver.turn();
    let records = two.driver.turns();
    let told: Vec<u32> = records
        .iter()
        .map(|record| match record {
            Record::Dropped { entry, .. } => two.value(entry.payload),
            Record::Far { frame } => two.value(*frame),
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(told, [5, 6]);
}

#[test]
fn chunks_come_back_when_all_their_frames_are_done_with() {
    let (mut one, mut two) = pair(2);
    let fabric = one.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    let mut value = 0;
    for _ in 0..20 {
        while one.message(1, pid, value) {
            value += 1;
        }
        one.driver.turn();
        while two.driver.has_more() || !two.driver.turn().is_empty() {
            two.driver.turn();
        }
    }
    let (made, _) = fabric.chunk_counts();
    assert!(made <= 3, "{made} chunks were made for two at a time");
    assert!(value > 20 * PER_CHUNK, "{value} messages passed");
    one.driver.turn();
    assert!(one.statistic(STAT_REFUSALS) >= 20);
}

#[test]
fn who_naps_is_woken_by_what_comes_and_naps_only_when_nothing_is_here() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    let woken = Arc::new(AtomicU32::new(0));
    let wakes = Arc::clone(&woken);
    let wake = move || {
        wakes.fetch_add(1, Relaxed);
    };
    one.fabric().on_wake(1, Arc::new(wake));
    two.driver.scheduler.nap();
    assert!(!two.driver.has_more());
    one.message(1, pid, 1);
    one.driver.turn();
    assert_eq!(woken.load(Relaxed), 1);
    two.driver.scheduler.nap();
    assert!(two.driver.has_more());
    let records = two.driver.turns();
    assert_eq!(two.values(&records), [1]);
}

#[test]
fn what_was_given_back_is_not_released_and_comes_again() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    (0..5).for_each(|value| assert!(one.message(1, pid, value)));
    one.driver.turn();
    let records = two.driver.turn();
    let Some(Record::Slice {
        slot,
        offset,
        entries,
    }) = records.first()
    else {
        panic!("a slice was expected");
    };
    assert_eq!(entries.len(), 5);
    two.driver.give_back(*slot, offset + 4, 3);
    let rest = two.driver.turns();
    assert_eq!(two.values(&rest), [2, 3, 4]);
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn what_was_given_back_keeps_its_chunk_and_its_large_value() {
    let (mut one, mut two) = pair(8);
    let (busy, waiting) = (two.driver.spawn(), two.driver.spawn());
    two.driver.turn();
    one.message(1, waiting, 77);
    assert_ne!(one.message_with_blob(1, waiting, &[9; 64]), 0);
    one.driver.turn();
    let records = two.driver.turn();
    let Some(Record::Slice { slot, offset, .. }) = records.first() else {
        panic!("a slice was expected");
    };
    two.driver.suspend(waiting);
    two.driver.give_back(*slot, *offset, 2);
    two.driver.turns();
    // The way is never so crowded that what waits moves to another chunk.
    for value in 0..5 * PER_CHUNK {
        assert!(one.message(1, busy, value));
        if value % PER_CHUNK == 0 {
            one.driver.turn();
            two.driver.turns();
        }
    }
    assert_eq!(one.fabric().blobs_on_their_way(), 1);
    two.driver.resume(waiting);
    let records = two.driver.turns();
    assert_eq!(two.values(&records).first(), Some(&77));
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn a_flood_is_not_taken_in_one_turn_and_keeps_its_order() {
    let (mut one, mut two) = pair(8);
    let pid = two.driver.spawn();
    two.driver.turn();
    let count = 4 * PER_CHUNK;
    (0..count).for_each(|value| assert!(one.message(1, pid, value)));
    one.driver.turn();
    let mut records = two.driver.turn();
    assert!(two.statistic(STAT_FRAMES_IN) < count);
    records.extend(two.driver.turns());
    assert_eq!(two.values(&records), (0..count).collect::<Vec<_>>());
}

#[test]
fn a_chunk_with_a_frame_that_waits_is_not_used_again() {
    let (mut one, mut two) = pair(2);
    let waiting = two.driver.spawn();
    two.driver.suspend(waiting);
    let busy = two.driver.spawn();
    two.driver.turn();
    one.message(1, waiting, 77);
    let mut value = 0;
    for _ in 0..10 {
        while one.message(1, busy, value) {
            value += 1;
        }
        one.driver.turn();
        two.driver.turns();
    }
    two.driver.resume(waiting);
    let records = two.driver.turns();
    let slices = records.iter().filter_map(|record| match record {
        Record::Slice { slot, entries, .. } if *slot == waiting.slot => Some(entries[0].payload),
        _ => None,
    });
    assert_eq!(
        slices.map(|frame| two.value(frame)).collect::<Vec<_>>(),
        [77]
    );
}

#[test]
fn presence_shows_who_lives_and_addresses_what_stands() {
    let (mut one, two) = pair(2);
    let pid = one.driver.spawn();
    one.driver.turn();
    let fabric = two.fabric();
    let slots = fabric.presence(0, 0).expect("slots were granted");
    assert_eq!(slots.get(4 * pid.slot), pid.generation);
    assert!(slots.get(4 * pid.slot + 2) >= 1000, "an id stands there");
    let alias = one.driver.create_alias(pid).expect("it lives");
    let addresses = fabric.address_presence(0, 0).expect("an address was made");
    assert_eq!(addresses.get(alias.index), alias.generation);
    one.driver.exit(pid, 1);
    one.driver.turn();
    assert_eq!(slots.get(4 * pid.slot), 0);
    assert_eq!(addresses.get(alias.index), 0);
}

#[test]
fn a_name_and_an_event_are_one_for_all_threads() {
    let (mut one, mut two) = pair(2);
    let (first, second) = (one.driver.spawn(), two.driver.spawn());
    one.driver.turn();
    two.driver.turn();
    let name = one.driver.register_name(first, "name").expect("it is free");
    assert_eq!(
        two.driver.register_name(second, "name"),
        Err(Verdict::Taken)
    );
    one.driver
        .register_event(first, "event", false)
        .expect("it is free");
    assert_eq!(
        two.driver.register_event(second, "event", false),
        Err(Verdict::Taken)
    );
    assert!(two.driver.scheduler.find_name("name"));
    assert_eq!(two.driver.ring.header(RESULT_A), first.slot);
    assert_eq!(two.driver.ring.header(RESULT_B), first.generation);
    one.driver.release(name, 1);
    one.driver.turn();
    assert!(!two.driver.scheduler.find_name("name"));
    two.driver
        .register_name(second, "name")
        .expect("it is free again");
    one.driver.exit(first, 1);
    one.driver.turn();
    assert!(!two.driver.scheduler.find_event("event"));
}

#[test]
fn ids_are_unique_on_the_node_and_generations_never_come_again() {
    let fabric = Fabric::new(2, 2);
    let mut one = Member::join(&fabric, 0);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut two = Member::join(&fabric, 1);
        let (a, b) = (one.driver.spawn(), two.driver.spawn());
        one.driver.turn();
        two.driver.turn();
        let ids = [(0, a), (1, b)].map(|(thread, pid)| {
            let slots = fabric.presence(thread, 0).expect("slots were granted");
            (thread, pid, slots.get(4 * pid.slot + 2))
        });
        seen.extend(ids);
        let alias = two.driver.create_alias(b).expect("it lives");
        assert!(alias.generation as usize > seen.len() / 2 - 1);
    }
    for (index, (thread, pid, id)) in seen.iter().enumerate() {
        for (other_thread, other, other_id) in &seen[..index] {
            assert_ne!(id, other_id);
            assert!(thread != other_thread || pid != other);
        }
    }
}

#[test]
fn blobs_that_nobody_takes_are_freed_with_their_frame() {
    let (mut one, mut two) = pair(2);
    let fabric = one.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    let blob = one.message_with_blob(1, pid, &[1, 2, 3]);
    one.driver.turn();
    two.driver.turn();
    let bytes = fabric.take_blob(blob).map(BlobBytes::into_vec);
    assert_eq!(bytes, Some(vec![1, 2, 3]));
    let again = one.message_with_blob(1, pid, &[4]);
    one.driver.turn();
    two.driver.turn();
    two.driver.turn();
    assert!(fabric.take_blob(again).is_none());
}

#[test]
fn nonsense_in_a_chunk_is_skipped_and_what_comes_later_arrives() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    one.frame(1, 1 << FRAME_FORMAT_SHIFT | 0xF, (0, 0), &[0]);
    let (block, at) = one.open[1].as_mut().expect("one is open");
    block.set(*at - FRAME_WORDS - 2 + 1, u32::MAX);
    one.driver.turn();
    two.driver.turns();
    one.message(1, pid, 9);
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records), [9]);
    assert!(two.statistic(STAT_FRAMES_IN) >= 1);
}

#[test]
fn a_frame_that_is_longer_than_what_was_handed_over_is_skipped() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    one.message(1, pid, 1);
    let (block, at) = one.open[1].as_mut().expect("one is open");
    block.set(*at - FRAME_WORDS - 2 + 1, 400);
    one.driver.turn();
    let none = two.driver.turns();
    assert!(two.values(&none).is_empty());
    one.message(1, pid, 2);
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records), [2]);
}

#[test]
fn a_list_of_large_values_that_is_nonsense_harms_nobody() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    let head = MESSAGE | FLAG_BLOBS << FRAME_FLAGS_SHIFT;
    one.frame(1, head, (pid.slot, pid.generation), &[u32::MAX]);
    one.driver.turn();
    two.driver.turns();
    one.message(1, pid, 9);
    one.driver.turn();
    let records = two.driver.turns();
    assert_eq!(two.values(&records), [9]);
}

#[test]
fn a_position_that_is_nonsense_holds_nothing_up() {
    let (mut one, mut two) = pair(4);
    let pid = two.driver.spawn();
    two.driver.turn();
    one.message(1, pid, 1);
    let (_, at) = one.open[1].as_ref().expect("one is open");
    one.driver.ring.write_port(1, 4 * (at + 3));
    one.driver.turn();
    let first = two.driver.turns();
    assert_eq!(two.values(&first), [1]);
    one.driver.ring.write_port(1, u32::MAX);
    one.driver.turn();
    two.driver.turns();
    one.open[1] = None;
    one.message(1, pid, 2);
    one.driver.turn();
    let second = two.driver.turns();
    assert_eq!(two.values(&second), [2]);
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn so_many_shapes_have_a_number_and_they_keep_it() {
    let fabric = Fabric::new(1, 2);
    let numbers: Vec<u32> = (0..5000).map(|n| fabric.shape(&n.to_string())).collect();
    let count = fabric.shape_count();
    assert!((1..5000).contains(&count), "{count}");
    let known = numbers.iter().take_while(|number| **number != 0).count();
    assert_eq!(known as u32, count);
    assert!(numbers[known..].iter().all(|number| *number == 0));
    assert_eq!(fabric.shape("0"), numbers[0]);
    assert_eq!(fabric.shape_text(numbers[7]).as_deref(), Some("7"));
}

#[test]
#[cfg_attr(miri, ignore = "takes long")]
fn so_do_their_variants_which_are_no_shapes() {
    let fabric = Fabric::new(1, 2);
    let numbers: Vec<u32> = (0..3000).map(|n| fabric.variant(&n.to_string())).collect();
    assert_eq!(numbers[2047], 2048);
    assert!(numbers[2048..].iter().all(|number| *number == 0));
    assert_eq!(fabric.variant("0"), numbers[0]);
    assert_eq!(fabric.variant_text(numbers[7]).as_deref(), Some("7"));
    assert_eq!((fabric.shape_count(), fabric.shape("0")), (0, 1));
}
