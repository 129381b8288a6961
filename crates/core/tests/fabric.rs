//! Several schedulers of one node: what travels between them, and what is left when one ends.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use support::driver::{Driver, Pid};
use support::record::Record;
use tergo_core::layout::{
    FAR, FLAG_BLOBS, FORMAT_INT, FRAME_CONTROL, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT,
    FRAME_KIND_SHIFT, FRAME_MESSAGE, FRAME_QUEUE_SHIFT, FRAME_WORDS, KIND_FAR, PORT_AT, QUEUE_MAIN,
    RESULT_A, RESULT_B, STAT_FRAMES_IN, STAT_REFUSALS,
};
use tergo_core::{Block, Fabric, JoinError, Scheduler, Verdict};

const NONE: u32 = u32::MAX;

/// One thread of a node: a driver, and the chunk that it fills for each other thread.
struct Member {
    driver: Driver,
    open: Vec<Option<(Arc<Block>, u32)>>,
}

impl Member {
    fn join(fabric: &Arc<Fabric>, thread: u32) -> Self {
        let scheduler = Scheduler::join(fabric, thread).expect("the place is free");
        let open = vec![None; fabric.threads() as usize];
        let driver = Driver::over(scheduler);
        Self { driver, open }
    }

    fn fabric(&self) -> Arc<Fabric> {
        Arc::clone(self.driver.scheduler.fabric().expect("it has joined"))
    }

    /// Writes a frame of so many words of payload; false when there is no chunk.
    fn frame(&mut self, to: u32, head: u32, target: (u32, u32), payload: &[u32]) -> bool {
        let words = FRAME_WORDS + (payload.len() as u32).next_multiple_of(2);
        let room = tergo_core::layout::BLOCK_WORDS - words;
        let is_full = self.open[to as usize]
            .as_ref()
            .is_none_or(|(_, at)| *at > room);
        if is_full {
            let number = self.driver.scheduler.open(to, false);
            if number == NONE {
                return false;
            }
            let block = self.fabric().chunk(number).expect("the chunk is there");
            self.open[to as usize] = Some((block, 0));
        }
        let (block, at) = self.open[to as usize].as_mut().expect("one is open");
        block.set(*at, head);
        let is_int = head >> FRAME_FORMAT_SHIFT & 0xFF == FORMAT_INT;
        block.set(*at + 1, if is_int { 0 } else { 4 * payload.len() as u32 });
        block.set(*at + 2, target.0);
        block.set(*at + 3, target.1);
        for (index, word) in payload.iter().enumerate() {
            block.set(*at + FRAME_WORDS + index as u32, *word);
        }
        *at += words;
        self.driver.ring.set_word(PORT_AT + to, 4 * *at);
        true
    }

    /// A message whose value is `value`, in its payload.
    fn message(&mut self, to: u32, pid: Pid, value: u32) -> bool {
        let head = FRAME_MESSAGE
            | KIND_FAR << FRAME_KIND_SHIFT
            | QUEUE_MAIN << FRAME_QUEUE_SHIFT
            | 1 << FRAME_FORMAT_SHIFT;
        self.frame(to, head, (pid.slot, pid.generation), &[value])
    }

    /// The value in a frame.
    fn value(&self, frame: u32) -> u32 {
        assert!(frame & FAR != 0, "it is the number of a frame");
        let block = self.fabric().chunk(frame >> 15 & 0xFFFF).expect("a chunk");
        block.get((frame & 0x7FFF) * 2 + FRAME_WORDS)
    }

    /// The values of the messages that the records hand over.
    fn values(&self, records: &[Record]) -> Vec<u32> {
        let slices = records.iter().filter_map(|record| match record {
            Record::Slice { entries, .. } => Some(entries),
            _ => None,
        });
        slices
            .flatten()
            .map(|entry| self.value(entry.payload))
            .collect()
    }
}

fn pair(quota: u32) -> (Member, Member) {
    let fabric = Fabric::new(2, quota);
    (Member::join(&fabric, 0), Member::join(&fabric, 1))
}

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
    assert!(value > 30 * 1000, "{value} messages passed");
    one.driver.turn();
    assert!(fabric.statistics(0).expect("a thread").get(STAT_REFUSALS) >= 20);
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
fn a_place_is_taken_once() {
    let fabric = Fabric::new(2, 2);
    let first = Scheduler::join(&fabric, 1).expect("it is free");
    assert_eq!(Scheduler::join(&fabric, 1).err(), Some(JoinError::Taken));
    assert_eq!(Scheduler::join(&fabric, 2).err(), Some(JoinError::Unknown));
    drop(first);
    assert!(Scheduler::join(&fabric, 1).is_ok());
}

#[test]
fn what_a_thread_held_is_free_when_it_ends_whatever_state_it_was_in() {
    let fabric = Fabric::new(3, 4);
    let mut one = Member::join(&fabric, 0);
    let mut third = Member::join(&fabric, 2);
    for round in 0..50 {
        let mut two = Member::join(&fabric, 1);
        let pid = two.driver.spawn();
        let far = one.driver.spawn();
        two.driver.turn();
        one.driver.turn();
        two.driver
            .register_name(pid, "name")
            .expect("it is free each time");
        for value in 0..20_000 {
            one.message(1, pid, value);
            third.message(1, pid, value);
            two.message(0, far, value);
        }
        match round % 5 {
            // Nothing was handed over, taken, read.
            0 => {}
            1 => drop(one.driver.turn()),
            2 => {
                one.driver.turn();
                two.driver.turn();
            }
            3 => {
                two.driver.suspend(pid);
                one.driver.turn();
                two.driver.turns();
            }
            _ => drop(two.driver.turn()),
        }
        drop(two);
        assert!(fabric.ring(1).is_none());
        one.driver.turns();
        third.driver.turns();
        one.open[1] = None;
        third.open[1] = None;
        one.driver.exit(far, 1);
        one.driver.turns();
    }
    drop((one, third));
    let (made, free) = fabric.chunk_counts();
    assert_eq!(made, free, "{} chunks are lost", made - free);
    assert!(made < 40, "{made} chunks were made");
}

#[test]
fn blobs_that_nobody_takes_are_freed_with_their_frame() {
    let (mut one, mut two) = pair(2);
    let fabric = one.fabric();
    let pid = two.driver.spawn();
    two.driver.turn();
    let blob = one.driver.scheduler.put_blob(1, &[1, 2, 3], false);
    let head = FRAME_MESSAGE
        | KIND_FAR << FRAME_KIND_SHIFT
        | QUEUE_MAIN << FRAME_QUEUE_SHIFT
        | FLAG_BLOBS << FRAME_FLAGS_SHIFT
        | 1 << FRAME_FORMAT_SHIFT;
    one.frame(1, head, (pid.slot, pid.generation), &[1, blob, 0, 0]);
    one.driver.turn();
    two.driver.turn();
    assert_eq!(fabric.take_blob(blob), Some(vec![1, 2, 3]));
    let again = one.driver.scheduler.put_blob(1, &[4], false);
    one.frame(1, head, (pid.slot, pid.generation), &[1, again, 0, 0]);
    one.driver.turn();
    two.driver.turn();
    two.driver.turn();
    assert_eq!(fabric.take_blob(again), None);
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
    assert!(
        two.fabric()
            .statistics(1)
            .expect("a thread")
            .get(STAT_FRAMES_IN)
            >= 1
    );
}

/// What each of the threads does in the stress test.
fn flood(fabric: &Arc<Fabric>, thread: u32, peer: u32, count: u32, ready: &Slots) {
    let mut member = Member::join(fabric, thread);
    let pid = member.driver.spawn();
    member.driver.turn();
    ready[thread as usize].store(pid.slot, Relaxed);
    let woken = Arc::new(AtomicU32::new(0));
    let wakes = Arc::clone(&woken);
    fabric.on_wake(
        thread,
        Arc::new(move || {
            wakes.fetch_add(1, Relaxed);
        }),
    );
    let target = loop {
        let slot = ready[peer as usize].load(Relaxed);
        if slot != NONE {
            break Pid {
                slot,
                generation: 1,
            };
        }
        thread::yield_now();
    };
    let (mut sent, mut expected) = (0, 0);
    while sent < count || expected < count {
        while sent < count && member.message(peer, target, sent) {
            sent += 1;
        }
        let records = member.driver.turn();
        let values: VecDeque<u32> = member.values(&records).into();
        for value in values {
            assert_eq!(value, expected, "each message comes once, in order");
            expected += 1;
        }
        let before = woken.load(Relaxed);
        let is_done = expected == count || sent < count || member.driver.has_more();
        if !is_done && member.driver.scheduler.doze() {
            // The other one still owes something, so it must wake us.
            let deadline = Instant::now() + Duration::from_mins(1);
            while woken.load(Relaxed) == before {
                assert!(Instant::now() < deadline, "a wake-up is lost");
                thread::yield_now();
            }
        }
    }
    ready[2].fetch_add(1, Relaxed);
    // Nobody leaves before all have got what was sent to them.
    while ready[2].load(Relaxed) < 2 {
        member.driver.turn();
        thread::yield_now();
    }
}

type Slots = [AtomicU32; 3];

#[test]
fn two_threads_that_flood_each_other_lose_nothing_and_keep_the_order() {
    let count = if cfg!(miri) { 300 } else { 1_000_000 };
    let fabric = Fabric::new(2, 8);
    let ready: Slots = [
        AtomicU32::new(NONE),
        AtomicU32::new(NONE),
        AtomicU32::new(0),
    ];
    thread::scope(|scope| {
        scope.spawn(|| flood(&fabric, 0, 1, count, &ready));
        scope.spawn(|| flood(&fabric, 1, 0, count, &ready));
    });
    let (made, free) = fabric.chunk_counts();
    assert_eq!(made, free);
}
