//! Items that differ from the one before in their value only, on both ends of a link.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use support::{
    Got, OwnTarget, START, VALUE, bytes, default_pair, identity, number, number_request, pair,
    receive, send, transfer,
};
use tergo_core::layout::FLAG_IMPORTANT;
use tergo_wire::Delivery;

#[test]
fn what_is_alike_is_sent_as_such_as_long_as_the_peer_has_room_and_none_is_too_long() {
    let mut small = identity("b@host", 1);
    small.limits.window = 256 << 10;
    small.limits.max_message = 5000;
    let mut there = pair(&identity("a@host", 1), &small);
    send(&mut *there.one, &number(1, 7));
    // Each takes 32 bytes of the window.
    assert_eq!(
        there.one.send_again(&vec![7; 10_000], &[]),
        (256 << 10) / 32 - 1
    );
    let mut there = pair(&identity("a@host", 1), &small);
    let values = [10, 5000, 20].map(|length| bytes(1, length, 0).payload);
    let lengths = values.each_ref().map(|value| value.len() as u32);
    send(&mut *there.one, &bytes(1, 5, 0));
    assert_eq!(there.one.send_again(&lengths, &values.concat()), 1);
}

#[test]
fn only_the_values_of_plain_messages_come_as_such() {
    let important = Got {
        head: [12, 2, FLAG_IMPORTANT as u8, VALUE],
        payload: [[0; 8].as_slice(), &bytes(1, 5, 7).payload].concat(),
        ..number(1, 0)
    };
    let named = Got {
        target: OwnTarget::Name("name".into()),
        ..number(1, 1)
    };
    let control = Got {
        target: OwnTarget::Control(0, 1, 2),
        ..number(1, 1)
    };
    let others = [number_request(1, [1, 2, 3]), important, named, control];
    for (item, is_plain) in [(number(1, 1), true), (bytes(1, 5, 7), true)]
        .into_iter()
        .chain(others.map(|item| (item, false)))
    {
        let mut pair = default_pair();
        let items = vec![item; 3];
        let got = pair.exchange(&items, Delivery::default(), 1 << 20);
        assert_eq!(got, items);
        assert_eq!(pair.alike.taken, if is_plain { 2 } else { 0 }, "{got:?}");
    }
}

#[test]
fn a_value_that_is_none_ends_the_link_also_where_only_the_value_differs() {
    let right = bytes(1, 5, 7);
    let wrong = Got {
        payload: vec![99],
        ..right.clone()
    };
    // Two words stand before the value; the whole of the wrong one would be a value.
    let important = Got {
        head: [12, 2, FLAG_IMPORTANT as u8, VALUE],
        payload: [[0; 8].as_slice(), &right.payload].concat(),
        ..right.clone()
    };
    let no_important = Got {
        payload: bytes(1, 20, 99).payload,
        ..important.clone()
    };
    for (right, wrong, taken) in [(right, wrong, 1), (important, no_important, 0)] {
        let mut pair = default_pair();
        for item in [&right, &right, &wrong] {
            send(&mut *pair.one, item);
        }
        assert!(pair.flow(1 << 20).is_err());
        assert_eq!(pair.alike.taken, taken);
        assert_eq!(pair.other.counters().total.items_in, 3);
    }
}

#[test]
fn what_is_alike_takes_as_much_of_the_window_and_may_be_as_long_as_any_other() {
    let mut strict = identity("b@host", 1);
    strict.limits.window = 256 << 10;
    strict.limits.max_message = 5000;
    for (lengths, told) in [
        (vec![1000; 400], "more was sent than was granted"),
        (vec![10, 20, 6000], "larger than may be"),
    ] {
        let mut receiver = pair(&identity("a@host", 1), &strict);
        let mut sender = default_pair();
        let result = lengths.chunks(20).try_for_each(|lengths| {
            for length in lengths {
                send(&mut *sender.one, &bytes(1, *length, 0));
            }
            transfer(&mut *sender.one, &mut *receiver.other, 0, 1 << 20, START);
            receive(&mut *receiver.other, 0, START, false).map(drop)
        });
        assert!(result.expect_err("it is too much").0.contains(told));
        let counters = receiver.other.counters();
        assert!(counters.owed <= (256 << 10) + (32 << 10) + 32);
        assert!(counters.total.items_in > 1);
    }
}
