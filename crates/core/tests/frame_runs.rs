//! Frames of a peer that differ in their value only, written one behind the other.

// Miri would take minutes for each.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;

use support::driver::{Driver, Pid};
use support::peer::{message, thread};
use support::record::Record;
use tergo_core::layout::{BLOCK_WORDS, FORMAT_INT, FRAME_WORDS};
use tergo_core::{Claim, Delivery, Fabric, FrameHead, Inbound, LinkPort};

fn head(thread: u32, pid: Pid, format: u32) -> FrameHead {
    FrameHead {
        format,
        integer: 1,
        ..message(thread, pid)
    }
}

fn deliver(link: &mut LinkPort, head: FrameHead, payload: &[u8]) {
    let inbound = Inbound::of(head, payload);
    let delivery = link.deliver(&inbound, Claim::Plain, &mut Vec::new());
    assert_eq!(delivery, Delivery::Written);
}

/// So many words of each frame that a turn hands over.
fn arrived(fabric: &Arc<Fabric>, thread: &mut Driver, words: u32) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    for record in thread.turns() {
        if let Record::Slice { entries, .. } = record {
            all.extend(entries.iter().map(|entry| entry.payload));
        }
    }
    let read = |frame: u32| {
        let block = fabric.chunk(frame >> 15 & 0xFFFF).expect("a chunk");
        let at = (frame & 0x7FFF) * 2;
        (at..at + words).map(|at| block.get(at)).collect()
    };
    all.into_iter().map(read).collect()
}

#[test]
fn the_frames_of_a_run_are_those_that_would_have_been_delivered() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let (numbers, texts) = (head(0, pid, FORMAT_INT), head(0, pid, 1));
    let values = [b"hello".as_slice(), b"", b"more than one word"];
    deliver(
        &mut link,
        FrameHead {
            integer: 0,
            ..numbers
        },
        &[],
    );
    for integer in 1..4 {
        deliver(&mut link, FrameHead { integer, ..numbers }, &[]);
    }
    for value in values {
        deliver(&mut link, texts, value);
    }
    let mut run = link.run_of(&numbers).expect("a chunk is open");
    (1..4).for_each(|integer| assert!(run.write(integer, &[], None)));
    let mut run = link.run_of(&texts).expect("a chunk is open");
    for value in values {
        assert!(run.write(0, value, None));
    }
    link.hand_over();
    let frames = arrived(&fabric, &mut one, FRAME_WORDS + 2);
    let heads = |frames: &[Vec<u32>]| -> Vec<_> {
        frames.iter().map(|frame| frame[..8].to_vec()).collect()
    };
    assert_eq!(frames.len(), 13);
    assert_eq!(heads(&frames[1..4]), heads(&frames[7..10]));
    for at in [4, 6] {
        assert_eq!(frames[at], frames[at + 6], "a head and two words of a text");
    }
    assert_eq!(heads(&frames[5..6]), heads(&frames[11..12]));
}

#[test]
fn a_run_ends_where_its_chunk_does() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let head = head(0, pid, FORMAT_INT);
    assert!(link.run_of(&head).is_none(), "no chunk is open");
    deliver(&mut link, head, &[]);
    let mut written = 1;
    let mut run = link.run_of(&head).expect("a chunk is open");
    while run.write(7, &[], None) {
        written += 1;
    }
    assert_eq!(written, BLOCK_WORDS / FRAME_WORDS);
    deliver(&mut link, head, &[]);
    link.hand_over();
    let frames = arrived(&fabric, &mut one, FRAME_WORDS);
    assert_eq!(frames.len() as u32, written + 1);
}

#[test]
fn there_is_no_run_for_a_thread_that_is_gone_or_began_anew() {
    let fabric = Fabric::new(2, 4);
    let mut one = thread(&fabric, 1);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let head = head(1, pid, FORMAT_INT);
    deliver(&mut link, head, &[]);
    assert!(link.run_of(&head).is_some());
    drop(one);
    assert!(link.run_of(&head).is_none());
    let _one = thread(&fabric, 1);
    assert!(link.run_of(&head).is_none());
    assert!(link.run_of(&FrameHead { thread: 9, ..head }).is_none());
}
