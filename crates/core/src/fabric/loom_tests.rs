//! What threads share without locks, in all orders that the memory model allows.

use std::sync::Arc as Shared;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use loom::sync::Arc;
use loom::thread;

use super::seat::Seat;
use super::way::Way;
use super::{Fabric, Frame, Port};
use crate::NIL;
use crate::layout::{FRAME_FORMAT_SHIFT, FRAME_MESSAGE, FRAME_WORDS, GAUGE_WORDS, PRESENCE_WORDS};
use crate::mailbox::Gauges;
use crate::ring::RingMemory;
use crate::sync::fence;

/// All orders in which threads are interrupted twice at most.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

fn joined(fabric: &Shared<Fabric>, thread: u32) -> (Port, RingMemory) {
    let ring = RingMemory::new();
    let port = fabric.join(thread, &Shared::new(RingMemory::new()));
    (port.unwrap(), ring)
}

/// Writes a frame without payload into the open chunk; false when there is none.
fn write(port: &mut Port, ring: &RingMemory, receiver: u32) -> bool {
    let number = port.outgoing.open(receiver, false, ring);
    if number == NIL {
        return false;
    }
    let block = port.fabric().chunk(number).unwrap();
    block.set(0, FRAME_MESSAGE | 1 << FRAME_FORMAT_SHIFT);
    block.set(1, 0);
    ring.write_port(receiver, 4 * FRAME_WORDS);
    true
}

#[test]
fn loom_a_frame_is_received_whole_or_lost_with_its_receiver_and_its_chunk_is_free_once() {
    explore(|| {
        let fabric = Fabric::new(2, 2);
        let (mut sender, ring) = joined(&fabric, 0);
        let (mut receiver, _) = joined(&fabric, 1);
        let sending = thread::spawn(move || {
            if write(&mut sender, &ring, 1) {
                sender.outgoing.put_blob(1, &[1], 0, false);
                sender.outgoing.hand_over(&ring);
            }
            drop(sender);
        });
        let mut words = Vec::new();
        receiver.incoming.receive(8, |frame, number, _| {
            words.push((frame.is_message(), Frame::word_of(number)));
        });
        assert!(words.iter().all(|word| *word == (true, 0)));
        drop(receiver);
        sending.join().unwrap();
        let (made, free) = fabric.chunk_counts();
        assert_eq!((made, fabric.blobs_on_their_way()), (free, 0));
        let way = fabric.way(0, 1);
        assert_eq!((way.chunks(), way.blob_bytes()), (0, 0));
    });
}

#[test]
fn loom_a_chunk_goes_back_and_forth_between_two_senders_and_is_never_had_by_both() {
    explore(|| {
        let fabric = Fabric::new(2, 2);
        let takers = [1, 2].map(|_| {
            let fabric = Shared::clone(&fabric);
            thread::spawn(move || {
                let chunk = fabric.arena.take().unwrap();
                let block = fabric.chunk(chunk).unwrap();
                let before = block.get(0);
                block.set(0, before + 1);
                assert_eq!(block.get(0), before + 1, "somebody else writes there");
                fabric.arena.free(chunk);
            })
        });
        for taker in takers {
            taker.join().unwrap();
        }
        let (made, free) = fabric.chunk_counts();
        assert_eq!(made, free);
    });
}

#[test]
fn loom_a_way_never_holds_more_than_its_quota_and_is_empty_when_all_is_taken() {
    loom::model(|| {
        let way = Arc::new(Way::default());
        way.add_chunk(2);
        let receiver = {
            let way = Arc::clone(&way);
            thread::spawn(move || {
                way.remove_chunk(2);
                way.chunks() <= 2
            })
        };
        let mut taken = 0;
        for _ in 0..2 {
            if way.has_room(2) {
                way.add_chunk(2);
                taken += 1;
                assert!(way.chunks() <= 2);
            }
        }
        assert!(receiver.join().unwrap());
        assert_eq!(way.chunks(), taken);
        for _ in 0..taken {
            way.remove_chunk(2);
        }
        assert!(
            way.has_room_for(u64::MAX / 2, 0, 2),
            "what is too large goes alone"
        );
    });
}

#[test]
fn loom_a_place_is_had_by_one_and_its_next_owner_sees_what_the_last_one_left() {
    loom::model(|| {
        let seat = Arc::new(Seat::new(1));
        assert!(seat.claim());
        let leaving = {
            let seat = Arc::clone(&seat);
            thread::spawn(move || {
                seat.slot_floor.fetch_max(7, Relaxed);
                seat.address_floor.fetch_max(9, Relaxed);
                seat.vacate();
            })
        };
        let other = {
            let seat = Arc::clone(&seat);
            thread::spawn(move || seat.claim())
        };
        let mine = seat.claim();
        if mine {
            let floors = (&seat.slot_floor, &seat.address_floor);
            assert_eq!((floors.0.load(Relaxed), floors.1.load(Relaxed)), (7, 9));
        }
        leaving.join().unwrap();
        assert!(!(other.join().unwrap() && mine));
    });
}

/// As TypeScript reads: the id counts only if the generation is the same before and after it.
fn process_at(seat: &Seat, slot: u32) -> Option<(u32, u32)> {
    let block = seat.presence.get(0)?;
    let at = slot * PRESENCE_WORDS;
    let generation = block.words()[at as usize].load(Acquire);
    let id = block.get(at + 2);
    fence(Acquire);
    (generation != 0 && block.get(at) == generation).then_some((generation, id))
}

/// A slot whose process ends while another thread looks, and is taken by the next one.
fn slot_used_again() -> (Arc<Seat>, thread::JoinHandle<()>) {
    let seat = Arc::new(Seat::new(1));
    seat.granted(0, 1, 1001);
    seat.show(0, 1);
    let own = Arc::clone(&seat);
    let next = thread::spawn(move || {
        own.show(0, 0);
        own.granted(0, 2, 1002);
        own.show(0, 2);
    });
    (seat, next)
}

#[test]
fn loom_a_generation_is_seen_with_the_id_of_its_process_though_the_slot_is_used_again() {
    explore(|| {
        let (seat, own) = slot_used_again();
        if let Some((generation, id)) = process_at(&seat, 0) {
            assert_eq!(id, 1000 + generation);
        }
        own.join().unwrap();
        assert_eq!(process_at(&seat, 0), Some((2, 1002)));
    });
}

#[test]
fn loom_who_lives_in_a_slot_is_told_with_the_id_of_that_very_process() {
    explore(|| {
        let (seat, own) = slot_used_again();
        for generation in [1, 2] {
            let id = seat.living(0, generation);
            assert!(id.is_none_or(|id| id == 1000 + u64::from(generation)));
        }
        own.join().unwrap();
        assert_eq!(seat.living(0, 2), Some(1002));
    });
}

#[test]
fn loom_a_thread_that_ends_hides_its_processes_before_their_ids() {
    explore(|| {
        let seat = Arc::new(Seat::new(1));
        seat.granted(0, 1, 1001);
        seat.show(0, 1);
        let own = {
            let seat = Arc::clone(&seat);
            thread::spawn(move || seat.clear())
        };
        assert!(process_at(&seat, 0).is_none_or(|process| process == (1, 1001)));
        own.join().unwrap();
        assert_eq!(process_at(&seat, 0), None);
    });
}

#[test]
fn loom_a_bounded_mailbox_takes_what_its_limit_allows_from_several_threads() {
    loom::model(|| {
        let mut gauges = Gauges::default();
        let block = gauges.ensure(0, |_| Shared::new(super::Block::new(GAUGE_WORDS)));
        let gauges = Arc::new(gauges);
        let senders = [1, 2].map(|_| {
            let gauges = Arc::clone(&gauges);
            thread::spawn(move || gauges.accept(0, 0, 1))
        });
        let accepted = senders.map(|sender| sender.join().unwrap());
        let count = accepted.iter().filter(|is_accepted| **is_accepted).count();
        // Two that come at the same moment may both be refused, never both accepted.
        assert!(count <= 1);
        assert_eq!(block.get(0), count as u32);
    });
}

#[test]
fn loom_a_gauge_that_is_used_again_while_somebody_takes_back_heals() {
    explore(|| {
        let mut gauges = Gauges::default();
        let block = gauges.ensure(0, |_| Shared::new(super::Block::new(GAUGE_WORDS)));
        let gauges = Arc::new(gauges);
        let late = {
            let gauges = Arc::clone(&gauges);
            thread::spawn(move || {
                if gauges.accept(0, 0, 4) {
                    gauges.retract(0, 0);
                }
            })
        };
        // The next process that has the gauge: it starts empty, takes one message and is done with it.
        block.set(0, 0);
        let is_accepted = gauges.accept(0, 0, 4);
        assert!(is_accepted, "an empty mailbox is full");
        gauges.retract(0, 0);
        late.join().unwrap();
        assert_eq!(block.get(0), 0);
    });
}

#[test]
fn loom_two_threads_never_get_the_same_ids() {
    loom::model(|| {
        let fabric = Fabric::new(2, 2);
        let other = {
            let fabric = Shared::clone(&fabric);
            thread::spawn(move || fabric.take_ids(4))
        };
        let mine = fabric.take_ids(4);
        assert!(mine.abs_diff(other.join().unwrap()) >= 4);
    });
}
