use std::sync::Arc;

use super::{BlockWatch, Standstill, Watchdog};
use crate::RingMemory;
use crate::layout::{
    BLOCKED_MS, BLOCKED_SLOT, BUSY, CURRENT, CURRENT_OVER, PROGRESS, WATCHDOG_ASLEEP,
};

fn busy_ring(slot: u32) -> Arc<RingMemory> {
    let ring = Arc::new(RingMemory::new());
    ring.set_header(BUSY, 1);
    ring.set_header(CURRENT, slot);
    ring.set_header(PROGRESS, 1);
    ring
}

fn look(watch: &mut BlockWatch, ring: &RingMemory, times: impl IntoIterator<Item = u64>) {
    for now in times {
        watch.look(ring, now);
    }
}

#[test]
fn a_callback_that_runs_for_100_ms_is_reported_with_its_slot_and_for_how_long() {
    let (ring, mut watch) = (busy_ring(5), BlockWatch::new());
    look(&mut watch, &ring, [0, 20, 40, 60, 80]);
    assert_eq!(ring.header(BLOCKED_MS), 0);
    look(&mut watch, &ring, [100]);
    assert_eq!(ring.header(BLOCKED_MS), 100);
    assert_eq!(ring.header(BLOCKED_SLOT), 5);
    look(&mut watch, &ring, [120, 340]);
    assert_eq!(ring.header(BLOCKED_MS), 340);
}

#[test]
fn progress_begins_the_time_anew() {
    let (ring, mut watch) = (busy_ring(5), BlockWatch::new());
    for now in (0..200).step_by(20) {
        ring.set_header(PROGRESS, now as u32 / 60);
        look(&mut watch, &ring, [now]);
    }
    assert_eq!(ring.header(BLOCKED_MS), 0);
}

#[test]
fn an_idle_thread_is_not_blocked_and_neither_is_one_in_nobodys_callback() {
    for (word, value) in [(BUSY, 0), (CURRENT, 5 | CURRENT_OVER), (CURRENT, u32::MAX)] {
        let (ring, mut watch) = (busy_ring(5), BlockWatch::new());
        ring.set_header(word, value);
        look(&mut watch, &ring, (0..1000).step_by(20));
        assert_eq!(ring.header(BLOCKED_MS), 0);
    }
}

#[test]
fn a_block_that_was_read_is_not_reported_again_before_there_is_progress() {
    let (ring, mut watch) = (busy_ring(5), BlockWatch::new());
    look(&mut watch, &ring, (0..=200).step_by(20));
    ring.set_header(BLOCKED_MS, 0);
    look(&mut watch, &ring, (220..=600).step_by(20));
    assert_eq!(ring.header(BLOCKED_MS), 0);
    ring.set_header(PROGRESS, 2);
    look(&mut watch, &ring, (620..=720).step_by(20));
    assert_eq!(ring.header(BLOCKED_MS), 100);
}

#[test]
fn a_second_block_waits_until_the_first_was_read() {
    let (ring, mut watch) = (busy_ring(5), BlockWatch::new());
    look(&mut watch, &ring, (0..=140).step_by(20));
    ring.set_header(PROGRESS, 2);
    ring.set_header(CURRENT, 6);
    look(&mut watch, &ring, (160..=400).step_by(20));
    assert_eq!(
        (ring.header(BLOCKED_SLOT), ring.header(BLOCKED_MS)),
        (5, 140)
    );
    ring.set_header(BLOCKED_MS, 0);
    look(&mut watch, &ring, [420]);
    assert_eq!(
        (ring.header(BLOCKED_SLOT), ring.header(BLOCKED_MS)),
        (6, 260)
    );
}

#[test]
fn it_sleeps_after_a_fifth_of_a_second_without_work_and_one_more_look() {
    let (ring, mut watchdog) = (Arc::new(RingMemory::new()), Watchdog::new());
    watchdog.watch(Arc::clone(&ring));
    for now in (0..200).step_by(20) {
        assert!(watchdog.look(now));
        assert_eq!(ring.header(WATCHDOG_ASLEEP), 0);
    }
    assert!(watchdog.look(200));
    assert_eq!(ring.header(WATCHDOG_ASLEEP), 1);
    assert!(!watchdog.look(220));
    watchdog.wake();
    assert_eq!(ring.header(WATCHDOG_ASLEEP), 0);
    assert!(watchdog.look(9000), "from now on, not from before");
}

#[test]
fn work_that_begins_while_it_falls_asleep_keeps_it_awake() {
    let (ring, mut watchdog) = (Arc::new(RingMemory::new()), Watchdog::new());
    watchdog.watch(Arc::clone(&ring));
    watchdog.look(0);
    watchdog.look(200);
    // The thread looked at the flag just before it was set.
    ring.set_header(BUSY, 1);
    assert!(watchdog.look(220));
    assert_eq!(ring.header(WATCHDOG_ASLEEP), 0);
}

#[test]
fn it_sleeps_without_rings_and_forgets_the_memory() {
    let (ring, mut watchdog) = (busy_ring(1), Watchdog::new());
    watchdog.watch(Arc::clone(&ring));
    assert!(watchdog.look(0));
    watchdog.forget(&ring);
    assert_eq!(Arc::strong_count(&ring), 1);
    assert!(!watchdog.look(20));
}

#[test]
fn a_loop_that_does_not_turn_is_told_of_after_a_second_and_whenever_the_time_has_doubled() {
    let mut standstill = Standstill::default();
    let looks = [500, 1500, 2500, 3500, 4500, 5500, 6500];
    let told = looks.map(|unturned_ms| standstill.look(7, unturned_ms));
    assert_eq!(told, [false, true, false, true, false, false, false]);
    assert!(standstill.look(7, 7500));
}

#[test]
fn a_loop_that_turns_or_waits_is_not_told_of() {
    let mut standstill = Standstill::default();
    assert!((1..10).all(|turns| !standstill.look(turns, 5000)));
    assert!((0..10).all(|_| !standstill.look(9, 1)));
    standstill.look(10, 10);
    assert!(standstill.look(10, 1010));
    standstill.look(11, 10);
    assert!(standstill.look(11, 1010), "the next hang begins anew");
}

#[test]
fn a_loop_that_has_not_worked_on_since_the_last_look_is_not_told_of() {
    let mut standstill = Standstill::default();
    standstill.look(7, 1);
    let told = [5400, 5400, 5400, 6400].map(|unturned_ms| standstill.look(7, unturned_ms));
    assert_eq!(told, [false, false, false, true]);
}
