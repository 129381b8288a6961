//! Timers as they are started and reported through the rings.

mod support;

use support::driver::Driver;
use support::record::Record;

fn timer(index: u32, sequence: u32) -> Record {
    Record::Timer { index, sequence }
}

#[test]
fn a_timer_counts_from_the_time_of_its_command_and_is_told_once() {
    let mut driver = Driver::new();
    driver.set_now(1_000_000_000_000);
    driver.start_timer(0, 50, 7, false);
    assert_eq!(driver.turn(), []);
    assert!(driver.next_timer().unwrap() <= 1_000_000_000_050);
    driver.set_now(1_000_000_000_049);
    assert_eq!(driver.turn(), []);
    driver.set_now(1_000_000_000_050);
    assert_eq!(driver.turn(), [timer(0, 7)]);
    assert_eq!(driver.next_timer(), None);
}

#[test]
fn a_flush_already_tells_when_to_wake() {
    let mut driver = Driver::new();
    assert_eq!(driver.next_timer(), None);
    driver.start_timer(0, 50, 7, false);
    driver.flush();
    assert_eq!(driver.next_timer(), Some(50));
    driver.cancel_timer(0, 7);
    driver.flush();
    assert_eq!(driver.next_timer(), None);
}

#[test]
fn a_delay_of_nothing_fires_in_the_same_turn() {
    let mut driver = Driver::new();
    driver.set_now(123);
    driver.start_timer(3, 0, 1, false);
    assert_eq!(driver.turn(), [timer(3, 1)]);
}

#[test]
fn a_repeated_timer_keeps_its_rate_until_it_is_cancelled() {
    let mut driver = Driver::new();
    driver.start_timer(0, 10, 1, true);
    let mut ticks = 0;
    for now in 0..=100 {
        driver.set_now(now);
        ticks += driver.turn().len();
    }
    assert_eq!(ticks, 10);
    driver.cancel_timer(0, 1);
    driver.set_now(1000);
    assert_eq!(driver.turn(), []);
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut driver = Driver::new();
    driver.set_now(500);
    driver.turn();
    driver.start_timer(0, 10, 1, false);
    driver.turn();
    driver.set_now(100);
    assert_eq!(driver.turn(), []);
    driver.set_now(510);
    assert_eq!(driver.turn(), [timer(0, 1)]);
}
