//! Plain messages to a connection of which one is like the one before, but for its value.

// Miri would take minutes for it: what it does step by step stands in `fabric.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use support::driver::Driver;
use tergo_core::layout::{
    FORMAT_INT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT, FRAME_MESSAGE, FRAME_SEAT_SHIFT, FRAME_WORDS,
    KIND_FAR,
};
use tergo_core::{Fabric, Scheduler};

/// Writes plain messages of one sender for a connection, one after the other: for a process, its way, and the number.
fn post_numbers(driver: &mut Driver, to: u32, messages: &[(u32, u32, u32)]) {
    let chunk = driver.scheduler.open(to, false);
    let fabric = driver.scheduler.fabric().expect("it has joined");
    let block = fabric.chunk(chunk).expect("the chunk is there");
    let head = FRAME_MESSAGE | KIND_FAR << FRAME_KIND_SHIFT | FORMAT_INT << FRAME_FORMAT_SHIFT;
    for (index, (slot, way, number)) in messages.iter().enumerate() {
        let words = [head, *number, *slot, 4, 8, 6, 1007, way << FRAME_SEAT_SHIFT];
        let at = index as u32 * FRAME_WORDS;
        (at..).zip(words).for_each(|(at, word)| block.set(at, word));
    }
    let end = 4 * FRAME_WORDS * messages.len() as u32;
    driver.ring.write_port(to, end);
}

#[test]
fn of_a_plain_message_like_the_one_before_only_the_value_is_read() {
    let fabric = Fabric::new(2, 4);
    let mut one = Driver::over(Scheduler::join(&fabric, 1).expect("the place is free"));
    let mut link = fabric.connect().expect("a place is free");
    let messages = [
        (9, 0, 1),
        (9, 0, 2),
        (9, 0, 2),
        (8, 0, 3),
        (8, 0, 4),
        (8, 1, 5),
        (8, 1, 6),
    ];
    post_numbers(&mut one, link.number(), &messages);
    one.turn();
    let (mut payload, mut blobs) = (Vec::new(), Vec::new());
    let mut values = Vec::new();
    link.next_alike(&mut values, &mut payload);
    assert!(values.is_empty(), "there is none before");
    let mut read = Vec::new();
    while link.has_more() {
        values.clear();
        link.next_alike(&mut values, &mut payload);
        read.extend(values.iter().map(|number| (*number, true)));
        link.advance_alike(&values);
        if let Some(head) = link.next(&mut payload, &mut blobs) {
            read.push((head.integer, false));
            link.advance();
        }
    }
    // One that is to travel in its own way is read as a whole.
    let alike = [false, true, true, false, true, false, false];
    let expected: Vec<_> = (messages.iter().zip(alike))
        .map(|((.., number), is_alike)| (*number, is_alike))
        .collect();
    assert_eq!(read, expected);
}

#[test]
fn of_messages_that_are_alike_those_are_read_that_were_handed_over_and_so_many_as_are_wanted() {
    let fabric = Fabric::new(2, 4);
    let mut one = Driver::over(Scheduler::join(&fabric, 1).expect("the place is free"));
    let mut link = fabric.connect().expect("a place is free");
    let messages: Vec<_> = (0..8).map(|number| (9, 0, number)).collect();
    post_numbers(&mut one, link.number(), &messages);
    one.ring.write_port(link.number(), 4 * FRAME_WORDS * 6);
    one.turn();
    let (mut values, mut payload) = (Vec::new(), Vec::new());
    link.next(&mut payload, &mut Vec::new())
        .expect("there is one");
    link.advance();
    for left in [[1, 2, 3, 4, 5].as_slice(), &[3, 4, 5]] {
        values.clear();
        link.next_alike(&mut values, &mut payload);
        assert_eq!(values, left);
        link.advance_alike(&values[..2]);
    }
    let head = link.next(&mut payload, &mut Vec::new());
    assert_eq!(head.map(|head| head.integer), Some(5));
}
