//! What a peer has sent to a name, and waits for, when the thread of whoever had the name ends.

#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use support::driver::{Driver, Pid};
use support::record::Record;
use tergo_core::layout::{
    FLAG_IMPORTANT, FORMAT_INT_REQUEST, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT,
    FRAME_MESSAGE, FRAME_SEAT_BASE, FRAME_SEAT_SHIFT, FRAME_WORDS, KIND_ADDRESSED, KIND_FAR,
    KIND_INSPECT, KIND_REQUEST, MAX_THREADS, ORPHAN_SLOT, QUEUE_MAIN,
};
use tergo_core::{
    Block, Claim, Delivery, Fabric, FrameHead, FrameSender, Inbound, LinkPort, Scheduler,
};

const SENDER: FrameSender = FrameSender {
    thread: 3,
    slot: 7,
    generation: 2,
    id: (5 << 32) + 1007,
};

/// A node with two threads, of which the second has a process with a name, and a connection.
struct Stage {
    fabric: Arc<Fabric>,
    zero: Driver,
    one: Option<Driver>,
    named: Pid,
    link: LinkPort,
}

fn thread(fabric: &Arc<Fabric>, number: u32) -> Driver {
    Driver::over(Scheduler::join(fabric, number).expect("the place is free"))
}

fn stage() -> Stage {
    let fabric = Fabric::new(2, 4);
    let (mut zero, mut one) = (thread(&fabric, 0), thread(&fabric, 1));
    let link = fabric.connect().expect("a place is free");
    let named = one.spawn();
    one.turn();
    one.register_name(named, "name").expect("it is free");
    zero.turn();
    Stage {
        fabric,
        zero,
        one: Some(one),
        named,
        link,
    }
}

impl Stage {
    /// The second thread takes what came, which stays in the mailbox.
    fn wait(&mut self) {
        self.link.hand_over();
        let one = self.one.as_mut().expect("it has not ended");
        one.suspend(self.named);
        one.turns();
    }

    /// The second thread takes what came, and is done with it.
    fn take(&mut self) {
        self.link.hand_over();
        let one = self.one.as_mut().expect("it has not ended");
        one.turns();
        while !one.scheduler.doze() {}
    }

    /// The second thread ends.
    fn end(&mut self) {
        self.one = None;
    }
}

/// What a peer sends of that kind, with a number in front of the value.
fn send(link: &mut LinkPort, (kind, flags): (u32, u32), number: u32, name: Option<&str>) {
    let payload = [number.to_ne_bytes(), [0; 4], *b"text"].concat();
    let head = FrameHead {
        op: FRAME_MESSAGE,
        kind,
        queue: QUEUE_MAIN,
        flags,
        format: 1,
        thread: 1,
        sender: SENDER,
        ..FrameHead::default()
    };
    let inbound = Inbound {
        name,
        ..Inbound::of(head, &payload)
    };
    let mut blobs = if number.is_multiple_of(2) {
        vec![vec![7; 20_000]]
    } else {
        Vec::new()
    };
    let delivery = link.deliver(&inbound, Claim::Plain, &mut blobs);
    assert_eq!(delivery, Delivery::Written);
}

/// The frames by which thread 0 is told of something: the first word of each.
fn frames(stage: &mut Stage) -> Vec<(Arc<Block>, u32)> {
    stage.link.hand_over();
    let records = stage.zero.turns();
    let frames = records.iter().filter_map(|record| match record {
        Record::Dropped { entry, .. } => Some(entry.payload),
        _ => None,
    });
    let block_of = |frame: u32| {
        let block = stage.fabric.chunk(frame >> 15 & 0xFFFF);
        (block.expect("a chunk"), (frame & 0x7FFF) * 2)
    };
    frames.map(block_of).collect()
}

/// What thread 0 is told of: kind, flags and number of each; the rest is the same for all.
fn told(stage: &mut Stage) -> Vec<(u32, u32, u32)> {
    let seat = stage.link.number() - FRAME_SEAT_BASE;
    let read = |(block, at): (Arc<Block>, u32)| {
        let head = block.get(at);
        assert_eq!(head >> FRAME_FORMAT_SHIFT & 0xFF, FORMAT_INT_REQUEST);
        assert_eq!((block.get(at + 2), block.get(at + 3)), (ORPHAN_SLOT, 1));
        let place = [4, 5, 6, 7].map(|word| block.get(at + word));
        assert_eq!(place, [3 << 24 | 7, 2, 1007, seat << FRAME_SEAT_SHIFT | 5]);
        let kind = head >> FRAME_KIND_SHIFT & 0xF;
        let flags = head >> FRAME_FLAGS_SHIFT & 0xF;
        (kind, flags, block.get(at + FRAME_WORDS))
    };
    frames(stage).into_iter().map(read).collect()
}

const REQUEST: (u32, u32) = (KIND_REQUEST, 0);

#[test]
fn what_waits_in_a_mailbox_is_told_of() {
    let mut stage = stage();
    send(&mut stage.link, REQUEST, 1, Some("name"));
    send(&mut stage.link, (KIND_INSPECT, 0), 2, Some("name"));
    send(
        &mut stage.link,
        (KIND_ADDRESSED, FLAG_IMPORTANT),
        3,
        Some("name"),
    );
    stage.wait();
    stage.end();
    let mut told = told(&mut stage);
    told.sort_unstable();
    let kinds = [
        (KIND_REQUEST, 0),
        (KIND_INSPECT, 0),
        (KIND_ADDRESSED, FLAG_IMPORTANT),
    ];
    let mut expected: Vec<_> = kinds
        .into_iter()
        .zip(1..)
        .map(|((kind, flags), number)| (kind, flags, number))
        .collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[test]
fn what_is_in_hand_on_its_way_or_not_handed_over_is_told_of() {
    let mut stage = stage();
    send(&mut stage.link, REQUEST, 1, Some("name"));
    stage.link.hand_over();
    let one = stage.one.as_mut().expect("it has not ended");
    assert_eq!(one.turn().len(), 1, "it is in hand");
    send(&mut stage.link, REQUEST, 2, Some("name"));
    stage.link.hand_over();
    send(&mut stage.link, REQUEST, 3, Some("name"));
    stage.end();
    let mut numbers: Vec<u32> = told(&mut stage)
        .into_iter()
        .map(|(.., number)| number)
        .collect();
    // What is not handed over yet is found out at the next hand-over.
    numbers.extend(told(&mut stage).into_iter().map(|(.., number)| number));
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(told(&mut stage).is_empty(), "once");
}

#[test]
fn what_nobody_waits_for_and_what_was_sent_to_a_pid_is_not_told_of() {
    let mut stage = stage();
    send(&mut stage.link, (KIND_ADDRESSED, 0), 1, Some("name"));
    send(&mut stage.link, (KIND_FAR, 0), 3, Some("name"));
    send(&mut stage.link, REQUEST, 5, None);
    send(&mut stage.link, (KIND_FAR, FLAG_IMPORTANT), 7, None);
    stage.wait();
    stage.end();
    assert!(told(&mut stage).is_empty());
}

#[test]
fn what_is_done_with_is_not_told_of() {
    let mut stage = stage();
    for number in [1, 2] {
        send(&mut stage.link, REQUEST, number, Some("name"));
        stage.take();
    }
    stage.end();
    assert!(told(&mut stage).is_empty());
}

#[test]
fn calls_that_were_taken_and_not_answered_are_told_of() {
    let mut stage = stage();
    let seat = stage.link.number();
    let shown = stage.fabric.named_calls(1, 0).expect("a block");
    for (place, number) in [(0, 5), (1, 6), (7, 7)] {
        shown.set(2 * place, number);
        shown.set(2 * place + 1, MAX_THREADS * seat + 3);
    }
    // It was answered.
    shown.set(2 + 1, 0);
    stage.end();
    let read = |(block, at): (Arc<Block>, u32)| {
        assert_eq!(block.get(at + 4) >> 24, 3, "thread of the caller");
        assert_eq!((block.get(at + 2), block.get(at + 3)), (ORPHAN_SLOT, 1));
        block.get(at + FRAME_WORDS)
    };
    let numbers: Vec<_> = frames(&mut stage).into_iter().map(read).collect();
    assert_eq!(numbers, [5, 7]);
    stage.one = Some(thread(&stage.fabric, 1));
    stage.end();
    assert!(frames(&mut stage).is_empty(), "once");
}

#[test]
fn a_connection_that_sleeps_is_woken() {
    let mut stage = stage();
    send(&mut stage.link, REQUEST, 1, Some("name"));
    stage.wait();
    let woken = Arc::new(AtomicU32::new(0));
    let wakes = Arc::clone(&woken);
    stage.link.on_wake(Arc::new(move || {
        wakes.fetch_add(1, Relaxed);
    }));
    stage.end();
    assert_eq!(woken.load(Relaxed), 1);
}

#[test]
fn the_next_connection_in_the_same_place_is_told_of_nothing() {
    let mut stage = stage();
    send(&mut stage.link, REQUEST, 1, Some("name"));
    stage.wait();
    stage.end();
    let seat = stage.link.number();
    drop(stage.link);
    stage.link = stage.fabric.connect().expect("a place is free");
    assert_eq!(stage.link.number(), seat, "it has the same place");
    assert!(told(&mut stage).is_empty());
}
