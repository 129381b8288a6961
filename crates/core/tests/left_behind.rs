//! What was for a member of a fabric that has gone, and who has its place then.

// Miri would take minutes for it: what it does step by step stands in `fabric_ends.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::driver::Driver;
use support::peer::{message, thread};
use support::record::Record;
use tergo_core::layout::{
    CONTROL_WATCH, FLAG_BLOBS, FRAME_CONTROL, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_MESSAGE,
    FRAME_WORDS,
};
use tergo_core::{Claim, Delivery, Fabric, FrameHead, Inbound};

/// Writes a frame with a large value into the chunk that a thread has opened for a member.
fn write_large(driver: &mut Driver, chunk: u32, to: u32) {
    let number = driver.scheduler.put_blob(to, &vec![7; 20_000], 0, false);
    assert_ne!(number, 0, "somebody is there");
    let fabric = driver.scheduler.fabric().expect("it has joined");
    let block = fabric.chunk(chunk).expect("the chunk is there");
    let head = FRAME_MESSAGE | FLAG_BLOBS << FRAME_FLAGS_SHIFT | 1 << FRAME_FORMAT_SHIFT;
    let words = [head, 8, 13, 0, 0, 0, 0, 0, 1, number];
    (0..).zip(words).for_each(|(at, word)| block.set(at, word));
    driver.ring.write_port(to, 4 * FRAME_WORDS + 8);
    driver.turn();
}

#[test]
fn large_values_for_a_peer_end_with_its_connection() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let link = fabric.connect().expect("a place is free");
    let chunk = one.scheduler.open(link.number(), false);
    write_large(&mut one, chunk, link.number());
    assert_eq!(fabric.blobs_on_their_way(), 1);
    assert!(link.waiting_bytes() >= 20_000, "they wait, too");
    drop(link);
    assert_eq!(fabric.blobs_on_their_way(), 0);
}

#[test]
fn what_a_peer_has_not_read_is_free_when_its_connection_is_gone() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let mut link = fabric.connect().expect("a place is free");
    let seat = link.number();
    let chunk = one.scheduler.open(seat, false);
    write_large(&mut one, chunk, seat);
    assert!(link.next(&mut Vec::new(), &mut Vec::new()).is_some());
    assert!(!link.fall_asleep(), "a message is not done with");
    // The first chunk is the peer's now, which has not heard of it.
    one.scheduler.open(seat, false);
    drop(link);
    one.scheduler.close_chunk(seat);
    let (made, free) = fabric.chunk_counts();
    assert_eq!(made, free);
}

#[test]
fn large_values_in_a_chunk_for_a_thread_that_has_gone_do_not_stay_for_the_next_one() {
    let fabric = Fabric::new(2, 4);
    let mut one = thread(&fabric, 0);
    let other = thread(&fabric, 1);
    let chunk = one.scheduler.open(1, false);
    drop(other);
    let _next = thread(&fabric, 1);
    write_large(&mut one, chunk, 1);
    assert_eq!(fabric.blobs_on_their_way(), 0);
}

#[test]
fn the_shapes_of_a_peer_are_not_those_of_the_next_one_in_its_place() {
    let fabric = Fabric::new(1, 4);
    let link = fabric.connect().expect("a place is free");
    let seat = link.number();
    link.add_shape(r#"["a"]"#);
    assert_eq!(fabric.peer_shape(seat, 1).as_deref(), Some(r#"["a"]"#));
    drop(link);
    let next = fabric.connect().expect("a place is free");
    assert_eq!(next.number(), seat, "it has the same place");
    assert_eq!(fabric.peer_shape(seat, 1), None);
    next.add_shape(r#"["b"]"#);
    assert_eq!(fabric.peer_shape(seat, 1).as_deref(), Some(r#"["b"]"#));
}

#[test]
fn nobody_gets_the_place_of_a_peer_as_long_as_a_thread_may_write_for_that() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let link = fabric.connect().expect("a place is free");
    let seat = link.number();
    one.scheduler.open(seat, false);
    drop(link);
    let meanwhile = fabric.connect().expect("a place is free");
    assert_ne!(meanwhile.number(), seat, "a chunk for it is open");
    one.scheduler.close_chunk(seat);
    let next = fabric.connect().expect("a place is free");
    assert_eq!(next.number(), seat);
}

#[test]
fn what_a_peer_sends_to_a_thread_that_has_gone_is_answered_while_its_chunk_is_open_yet() {
    let fabric = Fabric::new(2, 4);
    let (mut zero, mut one) = (thread(&fabric, 0), thread(&fabric, 1));
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let mut deliver = |head: FrameHead| {
        let delivery = link.deliver(&Inbound::of(head, b"x"), Claim::Plain, &mut Vec::new());
        link.hand_over();
        delivery
    };
    deliver(message(1, pid));
    drop(one);
    let wish = FrameHead {
        op: FRAME_CONTROL,
        first: CONTROL_WATCH,
        ..message(1, pid)
    };
    assert_eq!(deliver(wish), Delivery::Written);
    assert_eq!(deliver(message(1, pid)), Delivery::Written);
    let records = zero.turns();
    let count = |is_one: fn(&Record) -> bool| records.iter().filter(|one| is_one(one)).count();
    assert_eq!(count(|record| matches!(record, Record::Far { .. })), 1);
    assert_eq!(count(|record| matches!(record, Record::Dropped { .. })), 1);
}
