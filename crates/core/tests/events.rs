//! Events: subscribers, notices, bounded mailboxes.

mod support;

use support::driver::{Addr, Driver, Pid};
use support::record::{Entry, Record};
use tergo_core::Verdict;
use tergo_core::layout::{
    BLOCK_WORDS, GAUGE_WORDS, KIND_DOWN, KIND_EVENT, KIND_EVENT_START, KIND_EVENT_STOP, QUEUE_MAIN,
    QUEUE_SYSTEM, RELATION_MONITOR, TARGET_EVENT,
};

fn subscribe(driver: &mut Driver, who: Pid, event: Addr, token: u32) {
    let words = [who.slot, event.index, token];
    driver.relate(RELATION_MONITOR, TARGET_EVENT, words);
}

/// All entries of a turn's slices with their slots.
fn entries(records: &[Record]) -> Vec<(u32, Entry)> {
    let slices = records.iter().filter_map(|record| match record {
        Record::Slice { slot, entries, .. } => Some(entries.iter().map(|&entry| (*slot, entry))),
        _ => None,
    });
    slices.flatten().collect()
}

fn shared(records: &[Record]) -> Vec<(u32, u32)> {
    let shared = records.iter().filter_map(|record| match record {
        Record::Shared { payload, count } => Some((*payload, *count)),
        _ => None,
    });
    shared.collect()
}

#[test]
fn an_event_reaches_each_subscriber_in_the_order_of_subscribing() {
    let mut driver = Driver::new();
    let [producer, one, other] = [driver.spawn(), driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", false).unwrap();
    subscribe(&mut driver, other, event, 1);
    subscribe(&mut driver, one, event, 2);
    driver.turn();
    driver.publish(event, QUEUE_MAIN, 90);
    let records = driver.turn();
    let entry = Entry::new(KIND_EVENT, QUEUE_MAIN, 0, 90);
    assert_eq!(entries(&records), [(other.slot, entry), (one.slot, entry)]);
    assert_eq!(shared(&records), [(90, 2)]);
}

#[test]
fn who_links_and_monitors_an_event_gets_each_message_twice() {
    let mut driver = Driver::new();
    let [producer, one] = [driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", false).unwrap();
    subscribe(&mut driver, one, event, 1);
    driver.relate(0, TARGET_EVENT, [one.slot, event.index, 2]);
    driver.publish(event, QUEUE_MAIN, 90);
    assert_eq!(shared(&driver.turn()), [(90, 2)]);
}

#[test]
fn a_message_to_nobody_comes_back_at_once() {
    let mut driver = Driver::new();
    let producer = driver.spawn();
    let event = driver.register_event(producer, "e", false).unwrap();
    driver.publish(event, QUEUE_MAIN, 90);
    driver.release(event, 91);
    driver.publish(event, QUEUE_MAIN, 92);
    assert_eq!(shared(&driver.turn()), [(90, 0), (91, 0), (92, 0)]);
}

#[test]
fn the_producer_hears_of_the_first_and_of_the_last_subscriber_however_it_leaves() {
    let mut driver = Driver::new();
    let [producer, one, other] = [driver.spawn(), driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", true).unwrap();
    let notice = |kind| {
        let entry = Entry::new(kind, QUEUE_SYSTEM, event.generation, event.index);
        vec![(producer.slot, entry)]
    };
    subscribe(&mut driver, one, event, 1);
    subscribe(&mut driver, other, event, 2);
    assert_eq!(entries(&driver.turn()), notice(KIND_EVENT_START));
    driver.exit(one, 5);
    assert_eq!(entries(&driver.turn()), []);
    driver.unrelate(RELATION_MONITOR, TARGET_EVENT, [other.slot, event.index, 3]);
    assert_eq!(entries(&driver.turn()), notice(KIND_EVENT_STOP));
}

#[test]
fn an_event_that_is_given_up_goes_down_without_a_stop() {
    let mut driver = Driver::new();
    let [producer, one] = [driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", true).unwrap();
    subscribe(&mut driver, one, event, 1);
    driver.turn();
    driver.release(event, 80);
    let down = Entry::new(KIND_DOWN, QUEUE_SYSTEM, 1, 80);
    assert_eq!(entries(&driver.turn()), [(one.slot, down)]);
    assert_eq!(driver.scheduler.counters().events, 0);
}

#[test]
fn event_names_are_not_process_names() {
    let mut driver = Driver::new();
    let [one, other] = [driver.spawn(), driver.spawn()];
    assert!(driver.register_name(one, "same").is_ok());
    assert!(driver.register_event(one, "same", false).is_ok());
    let again = driver.register_event(other, "same", false);
    assert_eq!(again, Err(Verdict::Taken));
}

#[test]
fn a_full_mailbox_drops_the_event_and_that_is_counted() {
    let mut driver = Driver::new();
    let [producer, bounded, free] = [driver.spawn(), driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", false).unwrap();
    subscribe(&mut driver, bounded, event, 1);
    subscribe(&mut driver, free, event, 2);
    driver.limit(bounded, 2, 7);
    // TypeScript has accepted one message already.
    driver.set_gauge(7, QUEUE_MAIN, 1);
    (90..93).for_each(|payload| driver.publish(event, QUEUE_MAIN, payload));
    driver.publish(event, QUEUE_SYSTEM, 93);
    assert_eq!(shared(&driver.turn()), [(90, 2), (91, 1), (92, 1), (93, 2)]);
    assert_eq!(driver.gauge(7, QUEUE_MAIN), 2);
    let counters = driver.scheduler.counters();
    assert_eq!((counters.events_published, counters.monitors), (4, 2));
    assert_eq!((counters.events_delivered, counters.events_dropped), (6, 2));
}

#[test]
fn each_queue_of_a_bounded_mailbox_keeps_order_and_its_own_limit() {
    let mut driver = Driver::new();
    let [producer, bounded] = [driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", false).unwrap();
    subscribe(&mut driver, bounded, event, 1);
    driver.limit(bounded, 3, 0);
    for payload in 0..20 {
        driver.publish(event, payload % 4, payload);
    }
    let taken = entries(&driver.turn()).into_iter();
    let payloads: Vec<u32> = taken.map(|(_, entry)| entry.payload).collect();
    assert_eq!(payloads, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
}

#[test]
fn a_limit_of_zero_lifts_the_bound() {
    let mut driver = Driver::new();
    let [producer, one] = [driver.spawn(), driver.spawn()];
    let event = driver.register_event(producer, "e", false).unwrap();
    subscribe(&mut driver, one, event, 1);
    driver.limit(one, 1, 0);
    driver.limit(one, 0, 0);
    (90..93).for_each(|payload| driver.publish(event, QUEUE_MAIN, payload));
    assert_eq!(entries(&driver.turn()).len(), 3);
}

#[test]
fn gauges_keep_their_values_when_they_grow() {
    let mut driver = Driver::new();
    let last = BLOCK_WORDS / GAUGE_WORDS - 1;
    driver.set_gauge(last, 3, 8);
    driver.scheduler.gauge_block(1);
    assert_eq!(driver.gauge(last, 3), 8);
}
