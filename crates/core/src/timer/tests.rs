use proptest::prelude::*;

use super::{TimerEntry, TimerWheel};
use crate::ring::Fault;

const CASES: u32 = if cfg!(miri) { 5 } else { 500 };

fn advance(wheel: &mut TimerWheel, now: u64) -> Vec<u32> {
    let mut fired = Vec::new();
    wheel.advance(now, |index, _| fired.push(index));
    fired
}

fn start(wheel: &mut TimerWheel, index: u32, due: u64) {
    wheel
        .start(index, TimerEntry::new(due, 0, 0))
        .expect("the index is near");
}

#[test]
fn a_timer_fires_at_its_time_and_not_before() {
    for due in [1, 63, 64, 65, 4095, 4096, 1 << 20, (1 << 36) + 5] {
        let mut wheel = TimerWheel::new();
        start(&mut wheel, 0, due);
        assert_eq!(advance(&mut wheel, due - 1), []);
        assert_eq!(advance(&mut wheel, due), [0]);
        assert_eq!(wheel.running(), 0);
    }
}

#[test]
fn a_timer_that_is_due_already_fires_at_the_next_advance() {
    let mut wheel = TimerWheel::new();
    advance(&mut wheel, 100);
    start(&mut wheel, 0, 100);
    start(&mut wheel, 1, 40);
    assert_eq!(wheel.next_due(), Some(100));
    assert_eq!(advance(&mut wheel, 100), [0, 1]);
}

#[test]
fn timers_of_one_time_fire_in_the_order_in_which_they_were_started() {
    let mut wheel = TimerWheel::new();
    start(&mut wheel, 2, 5000);
    advance(&mut wheel, 4990);
    start(&mut wheel, 0, 5000);
    start(&mut wheel, 1, 5000);
    assert_eq!(advance(&mut wheel, 6000), [2, 0, 1]);
}

#[test]
fn missed_ticks_of_a_repeated_timer_are_dropped_and_the_rate_stays() {
    let mut wheel = TimerWheel::new();
    wheel.start(0, TimerEntry::new(10, 10, 0)).unwrap();
    assert_eq!(advance(&mut wheel, 45), [0]);
    assert_eq!(advance(&mut wheel, 49), []);
    assert_eq!(advance(&mut wheel, 50), [0]);
    assert_eq!(wheel.running(), 1);
}

#[test]
fn a_jump_over_centuries_costs_no_more_than_a_step() {
    let mut wheel = TimerWheel::new();
    wheel.start(0, TimerEntry::new(1, 1, 0)).unwrap();
    start(&mut wheel, 1, 1 << 50);
    // Walking the ticks would take longer than the test may.
    assert_eq!(advance(&mut wheel, 1 << 52), [0, 1]);
    assert_eq!(wheel.next_due(), Some((1 << 52) + 1));
}

#[test]
fn cancelling_needs_the_sequence_number_of_the_timer_that_runs() {
    let mut wheel = TimerWheel::new();
    wheel.start(0, TimerEntry::new(10, 0, 7)).unwrap();
    wheel.cancel(0, 6).unwrap();
    assert_eq!(wheel.running(), 1);
    wheel.cancel(0, 7).unwrap();
    assert_eq!(wheel.running(), 0);
    assert_eq!(advance(&mut wheel, 10), []);
}

#[test]
fn starting_a_running_timer_replaces_it() {
    let mut wheel = TimerWheel::new();
    start(&mut wheel, 0, 10);
    start(&mut wheel, 0, 20);
    assert_eq!(advance(&mut wheel, 15), []);
    assert_eq!(advance(&mut wheel, 20), [0]);
}

#[test]
fn an_index_far_behind_the_others_is_refused() {
    let mut wheel = TimerWheel::new();
    let far = TimerEntry::new(1, 0, 0);
    assert_eq!(wheel.start(u32::MAX, far), Err(Fault::Timer));
    assert_eq!(wheel.start(1 << 24, far), Err(Fault::Timer));
    assert_eq!(wheel.cancel(0, 0), Err(Fault::Timer));
    assert_eq!(wheel.running(), 0);
}

/// A sorted list of due times.
#[derive(Default)]
struct Sorted {
    /// Due time, order of starting, index, period.
    timers: Vec<(u64, u64, u32, u32)>,
    started: u64,
}

impl Sorted {
    fn start(&mut self, index: u32, due: u64, period: u32) {
        self.timers.retain(|timer| timer.2 != index);
        self.started += 1;
        self.timers.push((due, self.started, index, period));
    }

    fn advance(&mut self, now: u64) -> Vec<u32> {
        self.timers.sort_unstable();
        let due = self.timers.partition_point(|timer| timer.0 <= now);
        let fired: Vec<_> = self.timers.drain(..due).collect();
        for &(due, _, index, period) in &fired {
            if period > 0 {
                let next = (due..).step_by(period as usize).find(|&tick| tick > now);
                self.start(index, next.expect("there is a next tick"), period);
            }
        }
        fired.into_iter().map(|timer| timer.2).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_wheel_fires_what_a_sorted_list_would(
        steps in prop::collection::vec((0..5_u8, 0..12_u32, 0..20_000_u64), 1..120),
    ) {
        let (mut wheel, mut list, mut now) = (TimerWheel::new(), Sorted::default(), 0_u64);
        for (what, index, number) in steps {
            match what {
                0 | 1 => {
                    let period = if what == 1 { 1 + number as u32 % 700 } else { 0 };
                    let due = now + number % (1 << (index + 3));
                    wheel.start(index, TimerEntry::new(due, period, 0)).unwrap();
                    list.start(index, due, period);
                }
                2 => {
                    // Unknown indexes are refused, which does no harm here.
                    let _ = wheel.cancel(index, 0);
                    list.timers.retain(|timer| timer.2 != index);
                }
                _ => {
                    now += number >> (index % 10);
                    let expected = list.advance(now);
                    prop_assert_eq!(advance(&mut wheel, now), expected);
                }
            }
            let next = list.timers.iter().map(|timer| timer.0).min();
            prop_assert_eq!(wheel.running() as usize, list.timers.len());
            prop_assert_eq!(wheel.next_due().is_some(), next.is_some());
            prop_assert!(wheel.next_due() <= next, "the alarm is never late");
        }
    }

    #[test]
    fn sleeping_until_the_alarm_reaches_each_timer_in_a_few_steps(due in 1..1_u64 << 40) {
        let mut wheel = TimerWheel::new();
        start(&mut wheel, 0, due);
        for _ in 0..7 {
            let alarm = wheel.next_due().expect("the timer runs");
            if advance(&mut wheel, alarm) == [0] {
                prop_assert_eq!(alarm, due);
                return Ok(());
            }
        }
        prop_assert!(false, "the timer has not fired");
    }
}
