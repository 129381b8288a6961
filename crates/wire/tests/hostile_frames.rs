//! Frames that no honest node sends: each ends the link, and none of them costs more than its bytes.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use support::{
    Got, Pair, START, bytes, default_pair, identity, number, pair, receive, send, transfer,
};

const BATCH: u8 = 1;
const STATE: u8 = 4;
const PING: u8 = 5;
const SHAPE: u8 = 7;
const AFTER: u8 = 8;
const GOODBYE: u8 = 9;

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    [&length[..3], &[kind], body].concat()
}

/// A number as frames have it.
fn put(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7F {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// As many of the bytes come as there is room for, and are looked at.
fn feed(pair: &mut Pair, mut stream: &[u8]) -> Result<Vec<Got>, String> {
    let mut got = Vec::new();
    while !stream.is_empty() {
        let space = pair.other.space(0);
        let count = stream.len().min(space.len());
        space[..count].copy_from_slice(&stream[..count]);
        pair.other.filled(0, count, START);
        stream = &stream[count..];
        let came = receive(&mut *pair.other, 0, START, true).map_err(|error| error.to_string())?;
        got.extend(came);
    }
    Ok(got)
}

/// What tells that so many frames were taken, and how much is granted.
fn state(taken: u64, granted: u64) -> Vec<u8> {
    frame(STATE, &[put(taken), put(granted)].concat())
}

/// Why a link ends over which these bytes come.
fn end_by(stream: &[u8]) -> String {
    feed(&mut default_pair(), stream).expect_err("it goes on")
}

#[test]
fn more_than_was_sent_cannot_be_taken_and_no_more_granted_than_a_window() {
    let window = 8 << 20;
    let mut pair = default_pair();
    assert_eq!(feed(&mut pair, &state(0, window)), Ok(vec![]));
    assert!(end_by(&state(1, window)).contains("more was handed over than was sent"));
    assert!(end_by(&state(0, window + 1)).contains("more was granted than there can be"));
    assert!(end_by(&frame(STATE, &[])).contains("ends too soon"));
}

#[test]
fn a_frame_that_is_too_long_ends_the_link_by_its_head() {
    let longest = 128 * 1024;
    let head = |length: u32| [&length.to_le_bytes()[..3], &[0xC0]].concat();
    assert_eq!(feed(&mut default_pair(), &head(longest)), Ok(vec![]));
    assert!(end_by(&head(longest + 1)).contains("longer than may be"));
}

#[test]
fn a_frame_names_no_more_links_than_there_can_be() {
    for kind in [AFTER, GOODBYE] {
        let reason = if kind == GOODBYE { &[0][..] } else { &[] };
        let named = |count: u64| {
            let positions = [1, 0].repeat(count as usize);
            frame(kind, &[reason, &put(count), &positions].concat())
        };
        assert_eq!(feed(&mut default_pair(), &named(64)), Ok(vec![]), "{kind}");
        assert!(end_by(&named(65)).contains("ends too soon"), "{kind}");
    }
}

#[test]
fn shapes_come_in_order_and_are_bounded_in_number_and_length() {
    let shape = |number: u64, text: &str| {
        let length = put(text.len() as u64);
        frame(SHAPE, &[put(number), length, text.into()].concat())
    };
    let wrong = "a shape has a number that it cannot have";
    for number in [0, 2] {
        let stream = shape(number, r#"["a"]"#);
        assert!(end_by(&stream).contains(wrong), "{number}");
    }
    assert!(end_by(&shape(1, r#"["a"]"#).repeat(2)).contains(wrong));
    let all: Vec<_> = (1..=4096)
        .map(|number| shape(number, &format!(r#"["key {number}"]"#)))
        .collect();
    let mut pair = default_pair();
    assert_eq!(feed(&mut pair, &all.concat()), Ok(vec![]));
    let more = feed(&mut pair, &shape(4097, r#"["a"]"#));
    assert!(more.expect_err("one too many").contains(wrong));
    let keys: Vec<_> = (0..64)
        .map(|key| format!("\"{key:03}{}\"", "x".repeat(300)))
        .collect();
    let long = format!("[{}]", keys.join(","));
    assert!(long.len() > 16 * 1024);
    assert!(end_by(&shape(1, &long)).contains(wrong));
}

#[test]
fn who_asks_without_end_and_reads_no_answer_is_not_answered_without_end() {
    let mut pair = default_pair();
    let pings: Vec<_> = (0..100_000).map(|token| frame(PING, &put(token))).collect();
    assert_eq!(feed(&mut pair, &pings.concat()), Ok(vec![]));
    let queued = pair.other.counters().queued;
    assert!(queued <= 257 * 1024, "{queued} bytes wait");
}

#[test]
fn who_sends_without_end_and_reads_nothing_is_not_told_without_end_what_was_taken() {
    let mut pair = default_pair();
    let batch = frame(BATCH, &[]);
    let mut most = 0;
    for _ in 0..100_000 {
        feed(&mut pair, &batch).expect("an empty batch is none the worse");
        most = most.max(pair.other.output(0, START).len());
    }
    assert!(most < 512 << 10, "{most} bytes wait");
    // Once it reads it hears of all.
    let mut last = Vec::new();
    loop {
        let bytes = pair.other.output(0, START).to_vec();
        if bytes.is_empty() {
            break;
        }
        pair.other.written(0, bytes.len(), START);
        last = bytes;
    }
    assert_eq!(last, state(100_000, 8 << 20));
}

#[test]
fn a_small_message_may_be_too_large_as_well() {
    let mut small = identity("b@host", 1);
    small.limits.max_message = 5000;
    // Alone, and after others that differ from it in their value only.
    for before in [0, 2] {
        let mut strict = pair(&identity("a@host", 1), &small);
        let mut generous = default_pair();
        for _ in 0..before {
            send(&mut *generous.one, &bytes(1, 100, 0));
        }
        send(&mut *generous.one, &bytes(1, 5000, 0));
        send(&mut *generous.one, &number(1, 1));
        transfer(&mut *generous.one, &mut *strict.other, 0, 1 << 20, START);
        let error = receive(&mut *strict.other, 0, START, true).expect_err("too large");
        assert!(error.0.contains("larger than may be"), "{error}");
    }
}
