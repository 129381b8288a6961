//! Rules of one link.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use support::{
    Got, OwnTarget, Pair, START, VALUE, agree, blobs, by_sender, bytes, default_pair, identity,
    number, number_request, packed, pair, receive, send, transfer,
};
use tergo_wire::{
    Algorithm, CloseReason, Delivery, Features, Incoming, Limits, LinkLoss, Purpose, SendError,
};

#[test]
fn a_run_of_numbers_from_one_to_one_takes_two_bytes_each() {
    let mut pair = default_pair();
    let items: Vec<_> = (0..1000).map(|at| number(5, at % 64)).collect();
    let before = pair.one.counters().total.bytes_out;
    let got = pair.exchange(&items, Delivery::default(), 1 << 20);
    assert_eq!(got, items);
    let bytes = pair.one.counters().total.bytes_out - before;
    assert!(bytes < 2 * 1000 + 80, "{bytes} bytes");
}

#[test]
fn a_small_item_overtakes_the_large_one_of_another_sender_and_not_its_own() {
    let mut pair = default_pair();
    let large = bytes(1, 4 << 20, 7);
    send(&mut *pair.one, &large);
    let mut arrived = Vec::new();
    for at in 0..20 {
        send(&mut *pair.one, &number(1, at));
        send(&mut *pair.one, &number(2, at));
        transfer(&mut *pair.one, &mut *pair.other, 0, 100_000, pair.now);
        arrived.extend(receive(&mut *pair.other, 0, pair.now, true).expect("all is right"));
    }
    assert!(arrived.iter().all(|got| got.sender.id == 2));
    assert!(arrived.len() >= 18, "only {} arrived", arrived.len());
    arrived.extend(pair.flow(1 << 20).expect("all is right"));
    let own: Vec<_> = arrived.iter().filter(|got| got.sender.id == 1).collect();
    assert_eq!(own.len(), 21);
    assert_eq!(*own[0], large);
    assert!(own[1..].iter().map(|got| got.integer).eq(0..20));
}

#[test]
fn a_sender_stops_when_the_window_is_used_up_and_goes_on_when_it_is_released() {
    let mut small = identity("b@host", 1);
    small.limits.window = 256 << 10;
    let mut pair = pair(&identity("a@host", 1), &small);
    let item = bytes(1, 1000, 0);
    let mut sent = 0_u64;
    let mut unreleased = 0;
    loop {
        match pair
            .one
            .send(&item.item(), Delivery::default(), &mut Vec::new())
        {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, SendError::Blocked);
                if transfer(&mut *pair.one, &mut *pair.other, 0, 1 << 20, pair.now) == 0 {
                    break;
                }
            }
        }
        while let Some(Incoming::Item { cost, .. }) =
            pair.other.next(0, pair.now).expect("all is right")
        {
            unreleased += cost;
        }
        transfer(&mut *pair.other, &mut *pair.one, 0, 1 << 20, pair.now);
        receive(&mut *pair.one, 0, pair.now, true).expect("all is right");
    }
    assert!(sent * 1000 < 300 << 10, "{sent} were sent");
    assert_eq!(pair.other.counters().owed, unreleased);
    pair.other.release(unreleased);
    pair.flow(1 << 20).expect("all is right");
    send(&mut *pair.one, &item);
}

#[test]
fn a_message_larger_than_the_window_gets_through() {
    let mut small = identity("b@host", 1);
    small.limits.window = 256 << 10;
    let mut pair = pair(&identity("a@host", 1), &small);
    let items = [
        blobs(1, &[3 << 20, 1 << 20]),
        number(1, 1),
        bytes(2, 2 << 20, 3),
    ];
    let got = pair.exchange(&items, Delivery::default(), 50_000);
    assert_eq!(by_sender(&got), by_sender(&items));
}

#[test]
fn a_message_larger_than_the_peer_takes_is_refused_by_its_first_size() {
    let mut small = identity("b@host", 1);
    small.limits.max_message = 100_000;
    let mut pair = pair(&identity("a@host", 1), &small);
    for item in [bytes(1, 100_000, 0), blobs(1, &[60_000, 60_000])] {
        let mut all = item.blobs.clone();
        let result = pair
            .one
            .send(&item.item(), packed(Algorithm::Lz4), &mut all);
        assert_eq!(result, Err(SendError::TooLarge));
        assert_eq!(all, item.blobs);
    }
    let fits = bytes(1, 99_990, 0);
    assert_eq!(
        pair.exchange(std::slice::from_ref(&fits), Delivery::default(), 1 << 20),
        [fits]
    );
}

#[test]
fn what_the_first_link_agreed_on_holds_for_the_others() {
    let mut wide = identity("b@host", 1);
    wide.pool = 2;
    let mut narrow = wide.clone();
    narrow.limits.max_message = 100_000;
    let dialer = identity("a@host", 1);
    let mut pair = pair(&dialer, &wide);
    let purpose = Purpose::Join {
        id: [0; 16],
        place: 1,
    };
    let (one, other) = agree(&dialer, &narrow, purpose, (8, 1));
    pair.one.open(&one, pair.now);
    pair.other.open(&other, pair.now);
    for sender in 1..=20 {
        let item = bytes(sender, 200_000, 0);
        let taken = pair
            .one
            .send(&item.item(), Delivery::default(), &mut Vec::new());
        assert_eq!(taken, Ok(()), "of sender {sender}");
    }
}

#[test]
fn an_over_long_message_ends_the_link_of_its_receiver() {
    // The sender does not know of the receiver's limit.
    let (own, mut small) = (identity("a@host", 1), identity("b@host", 1));
    small.limits.max_message = 50_000;
    let mut generous = default_pair();
    let mut strict = pair(&own, &small);
    for item in [bytes(1, 50_001, 0), blobs(1, &[50_001])] {
        send(&mut *generous.one, &item);
        transfer(&mut *generous.one, &mut *strict.other, 0, 1 << 20, START);
        let result = receive(&mut *strict.other, 0, START, true);
        assert!(
            result
                .expect_err("too long")
                .0
                .contains("larger than may be")
        );
        (generous, strict) = (default_pair(), pair(&own, &small));
    }
}

#[test]
fn what_is_marked_is_compressed_if_the_peer_can_read_it() {
    for algorithm in [Algorithm::Lz4, Algorithm::Zstd, Algorithm::Gzip] {
        let mut pair = default_pair();
        let items = [bytes(1, 20_000, 7), bytes(1, 99, 7), bytes(1, 200_000, 7)];
        assert_eq!(pair.exchange(&items, packed(algorithm), 1 << 20), items);
        let total = pair.one.counters().total;
        assert!(
            total.raw_out > 220_000 && total.compressed_out < 5000,
            "{total:?}"
        );
        assert_eq!(pair.other.counters().total.raw_in, total.raw_out);
    }
    let mut mute = identity("b@host", 1);
    mute.features = Features(Features::ALL.0 & !Features::ZSTD.0);
    let mut pair = pair(&identity("a@host", 1), &mute);
    let items = [bytes(1, 20_000, 7)];
    assert_eq!(
        pair.exchange(&items, packed(Algorithm::Zstd), 1 << 20),
        items
    );
    assert_eq!(pair.one.counters().total.raw_out, 0);
}

#[test]
fn a_shape_is_told_before_the_first_item_that_has_it() {
    let mut pair = default_pair();
    pair.one.announce(r#"["type","id"]"#);
    let shaped = Got {
        head: [12, 2, 0, VALUE],
        payload: vec![13, 1, 0, 4, 1, 4, 2],
        ..number(1, 0)
    };
    send(&mut *pair.one, &shaped);
    transfer(&mut *pair.one, &mut *pair.other, 0, 1 << 20, START);
    let first = pair.other.next(0, START).expect("all is right");
    let text = r#"["type","id"]"#;
    assert_eq!(first, Some(Incoming::Shape { number: 1, text }));
    let second = pair.other.next(0, START).expect("all is right");
    assert!(matches!(second, Some(Incoming::Item { .. })));
}

#[test]
fn a_shape_that_was_not_told_ends_the_link() {
    let mut pair = default_pair();
    let shaped = Got {
        head: [12, 2, 0, VALUE],
        payload: vec![13, 1, 0, 4, 1, 4, 2],
        ..number(1, 0)
    };
    send(&mut *pair.one, &shaped);
    assert!(pair.flow(1 << 20).is_err());
}

#[test]
fn a_request_for_a_number_has_two_words_and_the_number() {
    for (length, is_right) in [(8, false), (11, false), (12, true), (13, false)] {
        let mut pair = default_pair();
        let request = Got {
            payload: vec![1; length],
            ..number_request(1, [0; 3])
        };
        send(&mut *pair.one, &request);
        assert_eq!(pair.flow(1 << 20).is_ok(), is_right, "{length} bytes");
    }
}

#[test]
fn silence_is_noticed_and_traffic_is_not() {
    let mut pair = default_pair();
    let step = Duration::from_millis(500);
    for _ in 0..200 {
        pair.now += step;
        pair.flow(1 << 20).expect("all is right");
        assert_eq!(pair.one.tick(pair.now), None);
        assert_eq!(pair.other.tick(pair.now), None);
    }
    assert!(pair.one.counters().total.round_trip_us > 0);
    let mut waited = Duration::ZERO;
    while pair.one.tick(pair.now).is_none() {
        pair.now += step;
        waited += step;
    }
    let bound = Duration::from_secs(45);
    assert!(waited <= bound && waited > bound / 2, "{waited:?}");
}

#[test]
fn who_was_stopped_itself_takes_nobody_for_silent() {
    let mut pair = default_pair();
    pair.flow(1 << 20).expect("all is right");
    pair.now += Duration::from_mins(10);
    assert_eq!(pair.one.tick(pair.now), None);
    // What the other one says now is heard.
    pair.flow(1 << 20).expect("all is right");
    pair.now += Duration::from_secs(10);
    assert_eq!(pair.one.tick(pair.now), None);
}

#[test]
fn what_waits_to_be_taken_is_no_silence() {
    let mut pair = default_pair();
    send(&mut *pair.one, &number(1, 1));
    transfer(&mut *pair.one, &mut *pair.other, 0, 1 << 20, START);
    for second in 0..100 {
        let now = START + Duration::from_secs(second);
        assert_eq!(pair.other.tick(now), None);
    }
    receive(&mut *pair.other, 0, START, true).expect("all is right");
    let silent = (100..300).find(|second| {
        let now = START + Duration::from_secs(*second);
        pair.other.tick(now).is_some()
    });
    assert_eq!(silent, Some(99 + 45));
}

#[test]
fn a_probe_that_nobody_answers_ends_the_link() {
    let mut pair = default_pair();
    let deadline = pair.now + Duration::from_secs(1);
    pair.one.probe(pair.now, deadline);
    pair.flow(1 << 20).expect("all is right");
    assert_eq!(pair.one.tick(deadline), None);
    pair.one.probe(deadline, deadline + Duration::from_secs(1));
    assert_eq!(pair.one.tick(deadline + Duration::from_millis(999)), None);
    assert_eq!(pair.one.tick(deadline + Duration::from_secs(1)), Some(0));
}

#[test]
fn goodbye_comes_after_what_was_sent() {
    let mut pair = default_pair();
    send(&mut *pair.one, &number(1, 1));
    pair.one.close(CloseReason::Stopping);
    assert_eq!(
        pair.one
            .send(&number(1, 2).item(), Delivery::default(), &mut Vec::new()),
        Err(SendError::Closed)
    );
    transfer(&mut *pair.one, &mut *pair.other, 0, 1 << 20, START);
    let first = pair.other.next(0, START).expect("all is right");
    assert!(matches!(first, Some(Incoming::Item { .. })));
    let second = pair.other.next(0, START).expect("all is right");
    assert_eq!(second, Some(Incoming::Goodbye(CloseReason::Stopping)));
}

#[test]
fn frames_of_later_versions_are_skipped_if_they_may_be() {
    let optional = [3, 0, 0, 0xC0, 1, 2, 3];
    let needed = [3, 0, 0, 0x40, 1, 2, 3];
    let feed = |bytes: &[u8]| {
        let mut pair = default_pair();
        pair.other.space(0)[..bytes.len()].copy_from_slice(bytes);
        pair.other.filled(0, bytes.len(), START);
        send(&mut *pair.one, &number(1, 1));
        pair.flow(1 << 20)
    };
    assert_eq!(feed(&optional), Ok(vec![number(1, 1)]));
    assert!(feed(&needed).is_err());
}

#[test]
fn optional_fields_of_an_item_and_the_ends_of_frames_are_skipped() {
    // A batch with one item: all that can follow its head, and fields of a later version.
    let item = [
        0x2C | 0x10, // a message with target, sender, meta, fields
        0x01,
        0x05, // target
        0x02,
        0x01,
        0x09, // sender
        0x0C,
        0x02,
        0x00, // meta
        0x02,
        0xAA,
        0xBB, // fields
        0x0A, // the number 5
    ];
    let mut stream = vec![item.len() as u8, 0, 0, 1];
    stream.extend_from_slice(&item);
    // A ping with more behind its token.
    stream.extend_from_slice(&[3, 0, 0, 5, 0x07, 0x01, 0x02]);
    let mut pair = default_pair();
    pair.other.space(0)[..stream.len()].copy_from_slice(&stream);
    pair.other.filled(0, stream.len(), START);
    let got = receive(&mut *pair.other, 0, START, true).expect("all is right");
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].integer, 5);
    assert_eq!(got[0].target, OwnTarget::Process(1, 0, 5));
    assert_eq!(got[0].head, [12, 2, 0, 0]);
}

#[test]
fn more_than_was_granted_ends_the_link() {
    let mut strict = identity("b@host", 1);
    strict.limits.window = 256 << 10;
    let mut receiver = pair(&identity("a@host", 1), &strict);
    let mut sender = default_pair();
    let item = bytes(1, 10_000, 0);
    let result = (0..100).try_for_each(|_| {
        send(&mut *sender.one, &item);
        transfer(&mut *sender.one, &mut *receiver.other, 0, 1 << 20, START);
        receive(&mut *receiver.other, 0, START, false).map(drop)
    });
    let error = result.expect_err("much more than the window was sent");
    assert!(error.0.contains("more was sent than was granted"));
}

/// What a receiver with these limits says to five large items at a time from one that does not know them.
fn five_large_items(max_assemblies: u32, max_message: u64) -> String {
    let mut strict = identity("b@host", 1);
    strict.limits = Limits {
        max_assemblies,
        max_message,
        ..Limits::default()
    };
    let mut receiver = pair(&identity("a@host", 1), &strict);
    let mut sender = default_pair();
    for id in 1..=5 {
        send(&mut *sender.one, &bytes(id, 100_000, 0));
    }
    loop {
        let count = transfer(&mut *sender.one, &mut *receiver.other, 0, 1 << 20, START);
        if let Err(error) = receive(&mut *receiver.other, 0, START, false) {
            return error.to_string();
        }
        assert!(count > 0, "all of them were taken");
    }
}

#[test]
fn large_items_that_come_at_a_time_are_bounded_in_number_and_bytes() {
    let error = five_large_items(4, 1 << 20);
    assert!(error.contains("too many large items at a time"), "{error}");
    let error = five_large_items(64, 200_000);
    assert!(error.contains("too many bytes of large items"), "{error}");
}

/// The half of a large item has come.
fn half_of_a_large_item() -> Pair {
    let mut pair = default_pair();
    send(&mut *pair.one, &bytes(1, 1 << 20, 0));
    transfer(&mut *pair.one, &mut *pair.other, 0, 100_000, START);
    receive(&mut *pair.other, 0, START, true).expect("all is right");
    pair
}

#[test]
fn a_large_item_that_does_not_go_on_ends_the_link() {
    let mut pair = half_of_a_large_item();
    let mut now = START;
    while pair.other.tick(now).is_none() {
        now += Duration::from_secs(1);
        // Something comes, so it is not silence.
        pair.other.filled(0, 0, now);
    }
    assert!(now <= START + Duration::from_secs(61));
}

#[test]
fn a_large_item_that_waits_to_be_read_does_not_end_the_link() {
    let mut stopped = half_of_a_large_item();
    assert_eq!(stopped.other.tick(START + Duration::from_secs(90)), None);

    let mut slow = half_of_a_large_item();
    send(&mut *slow.one, &number(2, 1));
    transfer(&mut *slow.one, &mut *slow.other, 0, 100_000, START);
    for second in 0..100 {
        let now = START + Duration::from_secs(second);
        assert_eq!(slow.other.tick(now), None);
    }
}

#[test]
fn a_link_with_something_on_its_way_takes_the_connection_with_it() {
    let mut idle = default_pair();
    idle.flow(1 << 20).expect("all is right");
    assert_eq!(idle.one.lost(0), LinkLoss::Fatal, "it was the last");
}

#[test]
fn a_compressed_bomb_is_refused_before_it_is_unpacked() {
    // Algorithm lz4, length before compression of 16 MiB in three bytes of lz4.
    let body = [1, 0x80, 0x80, 0x80, 0x08, 0, 0, 0];
    let mut stream = vec![body.len() as u8, 0, 0, 2];
    stream.extend_from_slice(&body);
    let mut pair = default_pair();
    pair.other.space(0)[..stream.len()].copy_from_slice(&stream);
    pair.other.filled(0, stream.len(), START);
    let error = receive(&mut *pair.other, 0, START, true).expect_err("a bomb");
    assert!(error.0.contains("more than may be"));
}
