//! Connections as members of a fabric: what threads send to them, what they send to threads, how they go.

// Miri would take minutes for each: what they do step by step stands in `fabric.rs` and `fabric_ends.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use support::driver::Driver;
use support::peer::{message, thread};
use support::record::Record;
use tergo_core::layout::{
    CONTROL_PEER_GONE, CONTROL_PEER_UP, FLAG_BLOBS, FLAG_IMPORTANT, FLAG_NAMED, FORMAT_INT,
    FRAME_CONTROL, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT, FRAME_MESSAGE,
    FRAME_QUEUE_SHIFT, FRAME_SEAT_BASE, FRAME_SEAT_SHIFT, FRAME_WORDS, KIND_ADDRESSED, KIND_FAR,
    KIND_SIGNAL, QUEUE_MAIN, QUEUE_URGENT, TAG_CAME_LATE,
};
use tergo_core::{
    Block, Claim, Delivery, Fabric, FrameHead, FrameSender, Inbound, LinkPort, split_name,
};

const NONE: u32 = u32::MAX;

/// Writes one frame of a thread, at the start of a chunk of its own.
fn post(driver: &mut Driver, to: u32, head: u32, words: [u32; 7], payload: &[u8]) {
    let chunk = driver.scheduler.open(to, false);
    assert_ne!(chunk, NONE, "there is room");
    let fabric = driver.scheduler.fabric().expect("it has joined");
    let block = fabric.chunk(chunk).expect("the chunk is there");
    block.set(0, head);
    (1..8).zip(words).for_each(|(at, word)| block.set(at, word));
    for (index, bytes) in payload.chunks(4).enumerate() {
        let mut word = [0; 4];
        word[..bytes.len()].copy_from_slice(bytes);
        block.set(FRAME_WORDS + index as u32, u32::from_ne_bytes(word));
    }
    let end = 4 * FRAME_WORDS + (payload.len() as u32).next_multiple_of(8);
    driver.ring.write_port(to, end);
}

fn deliver(link: &mut LinkPort, head: &FrameHead, payload: &[u8]) -> Delivery {
    link.deliver(&Inbound::of(*head, payload), Claim::Plain, &mut Vec::new())
}

fn block_of(fabric: &Arc<Fabric>, frame: u32) -> (Arc<Block>, u32) {
    let block = fabric.chunk(frame >> 15 & 0xFFFF).expect("a chunk");
    (block, (frame & 0x7FFF) * 2)
}

/// The frames in the slices among some records.
fn delivered(records: &[Record]) -> Vec<u32> {
    let slices = records.iter().filter_map(|record| match record {
        Record::Slice { entries, .. } => Some(entries.iter().map(|entry| entry.payload)),
        _ => None,
    });
    slices.flatten().collect()
}

/// The ops of the control frames among some records.
fn controls(fabric: &Arc<Fabric>, records: &[Record]) -> Vec<u32> {
    let frames = records.iter().filter_map(|record| match record {
        Record::Far { frame } => Some(block_of(fabric, *frame)),
        _ => None,
    });
    frames.map(|(block, at)| block.get(at + 2)).collect()
}

#[test]
fn what_a_thread_writes_for_a_connection_is_read_there_with_sender_and_target() {
    let fabric = Fabric::new(2, 4);
    let mut one = thread(&fabric, 1);
    let mut link = fabric.connect().expect("a place is free");
    let head = FRAME_MESSAGE
        | KIND_FAR << FRAME_KIND_SHIFT
        | QUEUE_MAIN << FRAME_QUEUE_SHIFT
        | 1 << FRAME_FORMAT_SHIFT;
    let words = [5, 9 | 2 << 24, 4, 8 | 1 << 24, 6, 1007, 3];
    post(&mut one, link.number(), head, words, b"hello");
    assert!(!link.has_more(), "nothing goes before the turn");
    one.turn();
    let (mut payload, mut blobs) = (Vec::new(), Vec::new());
    let frame = link.next(&mut payload, &mut blobs).expect("one has come");
    assert_eq!(payload, b"hello");
    assert_eq!((frame.thread, frame.first, frame.second), (2, 9, 4));
    let sender = FrameSender {
        thread: 1,
        slot: 8,
        generation: 6,
        id: (3 << 32) + 1007,
    };
    assert_eq!(frame.sender, sender);
    link.advance();
    assert!(link.next(&mut payload, &mut blobs).is_none());
    drop(link);
    one.scheduler.close_chunk(64);
    assert_eq!(fabric.chunk_counts(), (1, 1), "the chunk is free again");
}

#[test]
fn what_waits_for_a_peer_is_counted_until_it_is_read() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let mut link = fabric.connect().expect("a place is free");
    assert!(one.scheduler.reaches(link.number()));
    post(&mut one, link.number(), FRAME_CONTROL, [0; 7], &[]);
    one.turn();
    assert_eq!(link.waiting_bytes(), 32);
    let (mut payload, mut blobs) = (Vec::new(), Vec::new());
    assert!(link.next(&mut payload, &mut blobs).is_some());
    assert_eq!(link.waiting_bytes(), 32, "it comes again");
    link.advance();
    assert_eq!(link.waiting_bytes(), 0, "though its chunk is open yet");
    let number = link.number();
    drop(link);
    assert!(!one.scheduler.reaches(number));
}

#[test]
fn a_connection_is_woken_once_by_what_comes_while_it_sleeps() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let link = fabric.connect().expect("a place is free");
    let woken = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&woken);
    link.on_wake(Arc::new(move || {
        count.fetch_add(1, Relaxed);
    }));
    assert!(link.fall_asleep());
    for _ in 0..3 {
        post(&mut one, link.number(), FRAME_CONTROL, [0; 7], &[]);
        one.turn();
    }
    assert_eq!(woken.load(Relaxed), 1);
    assert!(!link.fall_asleep(), "something is there");
}

#[test]
fn threads_hear_of_a_peer_first_and_of_its_end_last() {
    let fabric = Fabric::new(2, 4);
    let mut threads = [thread(&fabric, 0), thread(&fabric, 1)];
    let mut link = fabric.connect().expect("a place is free");
    link.introduce("other@host", 77, 5, 4096);
    let pid = threads[1].spawn();
    threads[1].flush();
    assert_eq!(
        deliver(&mut link, &message(1, pid), b"x"),
        Delivery::Written
    );
    let number = link.number();
    link.leave(3);
    let records = threads[1].turn();
    assert_eq!(
        controls(&fabric, &records),
        [CONTROL_PEER_UP, CONTROL_PEER_GONE]
    );
    let frames = delivered(&records);
    assert_eq!(frames.len(), 1);
    let (block, at) = block_of(&fabric, frames[0]);
    assert_eq!(block.get(at + 4), 7 | 3 << 24);
    assert_eq!(block.get(at + 6), 1007);
    assert_eq!(
        block.get(at + 7),
        5 | (number - FRAME_SEAT_BASE) << FRAME_SEAT_SHIFT
    );
    let records = threads[0].turn();
    assert_eq!(
        controls(&fabric, &records),
        [CONTROL_PEER_UP, CONTROL_PEER_GONE]
    );
}

#[test]
fn a_place_is_free_again_when_every_thread_is_done_with_what_came_from_it() {
    let fabric = Fabric::new(2, 4);
    let mut threads = [thread(&fabric, 0), thread(&fabric, 1)];
    let mut link = fabric.connect().expect("a place is free");
    let first = link.number();
    link.introduce("other@host", 1, 0, 4096);
    link.leave(0);
    threads[0].turns();
    let second = fabric.connect().expect("a place is free");
    assert_ne!(second.number(), first, "thread 1 has not heard of the end");
    threads[1].turns();
    for thread in &mut threads {
        thread.turn();
    }
    let third = fabric.connect().expect("a place is free");
    assert_eq!(third.number(), first);
}

/// How often a connection is woken from now on.
fn count_wakes(link: &LinkPort) -> Arc<AtomicU32> {
    let woken = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&woken);
    link.on_wake(Arc::new(move || {
        count.fetch_add(1, Relaxed);
    }));
    woken
}

#[test]
fn a_full_way_to_a_thread_is_told_and_room_wakes_the_connection() {
    let fabric = Fabric::new(1, 2);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let woken = count_wakes(&link);
    let payload = vec![1; 1000];
    let mut written = 0;
    while deliver(&mut link, &message(0, pid), &payload) == Delivery::Written {
        written += 1;
    }
    assert!((400..600).contains(&written), "{written} frames");
    link.hand_over();
    assert_eq!(woken.load(Relaxed), 0);
    one.turns();
    one.turn();
    assert_eq!(woken.load(Relaxed), 1);
    assert_eq!(
        deliver(&mut link, &message(0, pid), &payload),
        Delivery::Written
    );
}

#[test]
fn a_way_that_is_full_of_large_values_wakes_the_connection_when_one_is_taken() {
    let fabric = Fabric::new(1, 2);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let woken = count_wakes(&link);
    let inbound = Inbound::of(message(0, pid), b"value");
    let mut send = || link.deliver(&inbound, Claim::Plain, &mut vec![vec![7; 1_000_000]]);
    assert_eq!((send(), send()), (Delivery::Written, Delivery::Full));
    assert_eq!(woken.load(Relaxed), 0);
    assert!(fabric.take_blob(1).is_some());
    assert_eq!(woken.load(Relaxed), 1);
    assert_eq!(send(), Delivery::Written);
}

#[test]
fn a_bounded_mailbox_refuses_what_is_too_much_of_a_connection_but_no_signal() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.scheduler.gauge_block(0);
    one.limit(pid, 2, 0);
    one.suspend(pid);
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    for _ in 0..3 {
        deliver(&mut link, &message(0, pid), b"x");
    }
    let signal = FrameHead {
        kind: KIND_SIGNAL,
        queue: QUEUE_URGENT,
        ..message(0, pid)
    };
    deliver(&mut link, &signal, b"x");
    link.hand_over();
    let records = one.turns();
    let refused = records
        .iter()
        .filter(|record| matches!(record, Record::Refused { slot, .. } if *slot == pid.slot));
    assert_eq!(refused.count(), 1);
    one.resume(pid);
    assert_eq!(delivered(&one.turns()).len(), 3);
}

#[test]
fn an_important_message_is_told_as_placed_or_not_delivered() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let (pid, dead) = (one.spawn(), one.spawn());
    one.exit(dead, 1);
    one.turns();
    let mut link = fabric.connect().expect("a place is free");
    for target in [pid, dead] {
        let head = FrameHead {
            flags: FLAG_IMPORTANT,
            ..message(0, target)
        };
        deliver(&mut link, &head, b"x");
    }
    link.hand_over();
    let records = one.turns();
    let placed = records
        .iter()
        .position(|record| matches!(record, Record::Placed { slot, .. } if *slot == pid.slot));
    let slice = records
        .iter()
        .position(|record| matches!(record, Record::Slice { .. }));
    assert!(placed.expect("it is told") < slice.expect("it arrives"));
    let dropped = records
        .iter()
        .any(|record| matches!(record, Record::Dropped { slot, entry } if *slot == dead.slot && entry.tag & TAG_CAME_LATE != 0));
    assert!(dropped);
}

#[test]
fn a_name_is_looked_up_here_and_one_that_nobody_has_is_told_on_thread_0() {
    let fabric = Fabric::new(2, 4);
    let mut zero = thread(&fabric, 0);
    let mut one = thread(&fabric, 1);
    let pid = one.spawn();
    one.turn();
    one.register_name(pid, "counter").expect("it is free");
    let mut link = fabric.connect().expect("a place is free");
    let head = FrameHead {
        kind: KIND_ADDRESSED,
        ..message(9, pid)
    };
    for name in ["counter", "nobody"] {
        let delivery = link.deliver(
            &Inbound {
                head,
                name: Some(name),
                payload: b"value",
                second_word: None,
            },
            Claim::Plain,
            &mut Vec::new(),
        );
        assert_eq!(delivery, Delivery::Written);
    }
    link.hand_over();
    let frames = delivered(&one.turns());
    let (block, at) = block_of(&fabric, frames[0]);
    assert_eq!(block.get(at) >> FRAME_FLAGS_SHIFT & FLAG_NAMED, FLAG_NAMED);
    let bytes: Vec<u8> = (at + FRAME_WORDS..)
        .take(block.get(at + 1).div_ceil(4) as usize)
        .flat_map(|word| block.get(word).to_ne_bytes())
        .take(block.get(at + 1) as usize)
        .collect();
    let (name, value) = split_name(&bytes).expect("a name stands there");
    assert_eq!((name, value), ("counter", b"value".as_slice()));
    let records = zero.turns();
    assert!(matches!(records[..], [Record::Dropped { slot: 0, .. }]));
}

#[test]
fn blobs_go_both_ways_and_what_nobody_took_is_freed() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let number = one
        .scheduler
        .put_blob(link.number(), &vec![7; 20_000], 0, false);
    let head = FRAME_MESSAGE | FLAG_BLOBS << FRAME_FLAGS_SHIFT | 1 << FRAME_FORMAT_SHIFT;
    let mut list = [1_u32.to_ne_bytes(), number.to_ne_bytes()].concat();
    list.extend(b"value");
    post(&mut one, link.number(), head, [13, 0, 0, 0, 0, 0, 0], &list);
    one.turn();
    let (mut payload, mut blobs) = (Vec::new(), Vec::new());
    link.next(&mut payload, &mut blobs).expect("one has come");
    assert_eq!((payload.as_slice(), blobs.len()), (b"value".as_slice(), 1));
    let bytes = link.take_blob(blobs[0]).expect("it is there");
    link.advance();
    assert_eq!(bytes, vec![7; 20_000]);
    let mut bytes = vec![bytes];
    let delivery = link.deliver(
        &Inbound::of(message(0, pid), b"value"),
        Claim::Plain,
        &mut bytes,
    );
    assert_eq!((delivery, bytes.len()), (Delivery::Written, 0));
    link.hand_over();
    let frames = delivered(&one.turn());
    let (block, at) = block_of(&fabric, frames[0]);
    let number = block.get(at + FRAME_WORDS + 1);
    one.turn();
    assert!(
        fabric.take_blob(number).is_none(),
        "it was freed with its frame"
    );
}

#[test]
fn a_chunk_that_javascript_still_fills_for_a_peer_that_is_gone_is_nobody_elses() {
    let fabric = Fabric::new(2, 4);
    let mut one = thread(&fabric, 0);
    let _two = thread(&fabric, 1);
    let link = fabric.connect().expect("a place is free");
    let seat = link.number();
    post(&mut one, seat, FRAME_CONTROL, [0; 7], &[]);
    drop(link);
    one.turn();
    let other = one.scheduler.open(1, false);
    assert_eq!(
        fabric.chunk_counts(),
        (2, 0),
        "chunk {other} is another one"
    );
    one.scheduler.close_chunk(seat);
    assert_eq!(fabric.chunk_counts(), (2, 1));
}

#[test]
fn a_thread_that_begins_anew_hears_of_the_peer_before_it_gets_frames() {
    let fabric = Fabric::new(2, 4);
    let _zero = thread(&fabric, 0);
    let mut one = thread(&fabric, 1);
    let mut link = fabric.connect().expect("a place is free");
    link.introduce("other@host", 1, 0, 4096);
    assert_eq!(controls(&fabric, &one.turn()), [CONTROL_PEER_UP]);
    drop(one);
    let mut one = thread(&fabric, 1);
    let pid = one.spawn();
    one.turn();
    deliver(&mut link, &message(1, pid), b"x");
    link.hand_over();
    let records = one.turns();
    assert_eq!(controls(&fabric, &records), [CONTROL_PEER_UP]);
    assert_eq!(delivered(&records).len(), 1);
    drop((one, link));
    let (made, free) = fabric.chunk_counts();
    assert_eq!(made - free, 1, "the one that thread 0 has not read");
}

#[test]
fn a_thread_that_begins_anew_hears_of_the_peer_once_without_frames_for_it() {
    let fabric = Fabric::new(2, 4);
    let (mut zero, one) = (thread(&fabric, 0), thread(&fabric, 1));
    let mut link = fabric.connect().expect("a place is free");
    // It does not know the peer itself yet.
    link.greet_new();
    link.introduce("other@host", 1, 0, 4096);
    drop(one);
    let mut one = thread(&fabric, 1);
    link.greet_new();
    link.greet_new();
    assert_eq!(controls(&fabric, &one.turns()), [CONTROL_PEER_UP]);
    assert_eq!(controls(&fabric, &zero.turns()), [CONTROL_PEER_UP]);
}

#[test]
fn a_whole_number_needs_no_payload() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    let mut link = fabric.connect().expect("a place is free");
    let head = FrameHead {
        format: FORMAT_INT,
        integer: 42,
        ..message(0, pid)
    };
    deliver(&mut link, &head, &[]);
    link.hand_over();
    let frames = delivered(&one.turn());
    let (block, at) = block_of(&fabric, frames[0]);
    assert_eq!(block.get(at + 1), 42);
}

#[test]
fn the_connection_can_write_the_second_word_of_a_payload_anew() {
    let fabric = Fabric::new(1, 4);
    let mut one = thread(&fabric, 0);
    let pid = one.spawn();
    one.turn();
    one.register_name(pid, "counter").expect("it is free");
    let mut link = fabric.connect().expect("a place is free");
    for name in [None, Some("counter")] {
        let inbound = Inbound {
            name,
            second_word: Some(77),
            ..Inbound::of(message(0, pid), b"one two three")
        };
        let mut blobs = vec![vec![7; 20_000]];
        let delivery = link.deliver(&inbound, Claim::Plain, &mut blobs);
        assert_eq!(delivery, Delivery::Written);
    }
    link.hand_over();
    for (frame, before) in delivered(&one.turns()).into_iter().zip([8, 8 + 16]) {
        let (block, at) = block_of(&fabric, frame);
        let first = at + FRAME_WORDS + before / 4;
        let words = [first, first + 1, first + 2].map(|word| block.get(word).to_ne_bytes());
        assert_eq!(words, [*b"one ", 77_u32.to_ne_bytes(), *b"thre"]);
    }
}
