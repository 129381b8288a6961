//! Two nodes over a real socket: what reaches whom, in which order.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::time::Instant;

use support::{CONTROL, Got, NodeOptions, PATIENCE, Received, Thread, encode, pair};
use tergo_core::layout::{
    CONTROL_PUBLISHED, FRAME_CONTROL, FRAME_FORMAT_SHIFT, OP_RESUME, OP_SUSPEND,
};
use tergo_wire::Limits;

#[test]
fn frames_of_processes_reach_processes_of_the_other_node_in_order() {
    let ((mut one, to_two), (mut two, to_one)) = pair(&NodeOptions::default());
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    for value in 0..1000 {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    one.threads[0].turn();
    let messages = two.threads[0].messages(1000);
    let values: Vec<_> = messages.iter().map(|message| message.integer).collect();
    assert_eq!(values, (0..1000).collect::<Vec<_>>());
    assert_eq!(messages[0].seat, to_one);
    assert_eq!(messages[0].sender, (0, alice.slot, alice.generation));
    assert!(two.threads[0].send(to_one, alice, bob, b"back"));
    two.threads[0].turn();
    assert_eq!(one.threads[0].messages(1)[0].payload, encode(b"back"));
}

#[test]
fn names_controls_and_blobs_arrive() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        threads: 2,
        ..NodeOptions::default()
    });
    let alice = one.threads[1].spawn();
    let bob = two.threads[1].spawn();
    two.threads[1].name(bob, "bob");
    let thread = &mut one.threads[1];
    assert!(thread.send_named(to_two, "bob", alice, b"by name"));
    assert!(thread.send_blob(to_two, bob, alice, &vec![7; 100_000]));
    assert!(thread.send_control(to_two, CONTROL | 1 << 24, 9, b"control"));
    thread.turn();
    let messages = two.threads[1].messages(2);
    assert!(messages[0].payload.ends_with(&encode(b"by name")));
    assert_eq!(messages[1].blobs, [vec![7; 100_000]]);
    let control = two.threads[1].find(|got| match got {
        Got::Control { op: CONTROL, frame } => Some(frame.clone()),
        _ => None,
    });
    assert_eq!(control.payload, encode(b"control"));
}

/// For thread 0 and for those whose bits are set: bit n for thread n + 1.
fn published_for_all(others: u32) -> u32 {
    CONTROL_PUBLISHED | others << 8
}

fn next_published(thread: &mut Thread) -> Received {
    thread.find(|got| match got {
        Got::Control {
            op: CONTROL_PUBLISHED,
            frame,
        } => Some(frame.clone()),
        _ => None,
    })
}

#[test]
fn what_is_published_for_several_threads_reaches_each_of_them_once_and_nobody_else() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        threads: 4,
        ..NodeOptions::default()
    });
    let thread = &mut one.threads[0];
    // Thread 16 is not there.
    assert!(thread.send_control(to_two, published_for_all(0b101 | 1 << 15), 9, b"to all"));
    assert!(thread.send_control(to_two, published_for_all(0b111), 9, b"the end"));
    thread.turn();
    for number in [0, 1, 3] {
        let published = next_published(&mut two.threads[number]);
        assert_eq!(published.payload, encode(b"to all"), "thread {number}");
    }
    for number in 0..4 {
        let published = next_published(&mut two.threads[number]);
        assert_eq!(published.payload, encode(b"the end"), "thread {number}");
    }
}

#[test]
fn what_is_published_reaches_threads_however_far_apart_they_are() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        threads: 64,
        ..NodeOptions::default()
    });
    // By bits that stand for four threads each: 1 to 4, and 61 to 64, of which the last is not there.
    let first = CONTROL_PUBLISHED | 3 << 6 | 1 << 8 | 1 << 23;
    let thread = &mut one.threads[0];
    assert!(thread.send_control(to_two, first, 9, b"to some"));
    for number in 0..64 {
        assert!(thread.send_control(to_two, CONTROL_PUBLISHED | number << 24, 9, b"the end"));
    }
    thread.turn();
    for (number, thread) in two.threads.iter_mut().enumerate() {
        if matches!(number, 0..=4 | 61..) {
            assert_eq!(next_published(thread).payload, encode(b"to some"));
        }
        let last = next_published(thread);
        assert_eq!(last.payload, encode(b"the end"), "thread {number}");
    }
}

#[test]
fn a_thread_that_has_no_room_keeps_no_other_one_from_what_is_for_both_and_gets_all_in_order() {
    let window = 512 * 1024;
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        threads: 2,
        quota: 1,
        limits: Limits {
            window,
            ..Limits::default()
        },
        ..NodeOptions::default()
    });
    let text = |number: usize| [&number.to_le_bytes()[..], &[7; 10_000]].concat();
    let first = |round: usize| 65 * round;
    for round in 0..6 {
        // Thread 1 has room for 25 to 50; what is held then fits into the window, but not that of all rounds.
        let numbers = first(round)..first(round + 1);
        for number in numbers.clone() {
            let thread = &mut one.threads[0];
            assert!(thread.send_control(to_two, published_for_all(1), 9, &text(number)));
            thread.turn();
            let published = next_published(&mut two.threads[0]);
            assert_eq!(published.payload, encode(&text(number)));
        }
        for number in numbers {
            let published = next_published(&mut two.threads[1]);
            assert_eq!(published.payload, encode(&text(number)));
        }
    }
}

#[test]
fn messages_that_differ_in_their_value_only_wait_behind_what_has_no_room() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        quota: 1,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    one.threads[0].send_blobs(to_two, bob, alice, 12);
    for value in 0..10 {
        assert!(one.threads[0].send_int(to_two, bob, alice, value));
    }
    one.threads[0].turn();
    two.await_items(22);
    let messages = two.threads[0].messages(22);
    assert!(
        messages[..12]
            .iter()
            .all(|message| message.blobs.len() == 1)
    );
    let values: Vec<_> = messages[12..].iter().map(|it| it.integer).collect();
    assert_eq!(values, (0..10).collect::<Vec<_>>());
}

#[test]
fn messages_that_differ_in_their_value_only_reach_whom_they_are_for_among_others() {
    let ((mut one, to_two), (mut two, to_one)) = pair(&NodeOptions {
        threads: 2,
        ..NodeOptions::default()
    });
    let alice = one.threads[0].spawn();
    let targets = [two.threads[0].spawn(), two.threads[1].spawn()];
    // Runs of every length, to one and the other, of numbers and of bytes.
    for run in 0..60 {
        for value in 0..run {
            let thread = &mut one.threads[0];
            let target = targets[run as usize % 2];
            assert!(if run % 3 == 0 {
                thread.send(to_two, target, alice, &vec![value as u8; value as usize])
            } else {
                thread.send_int(to_two, target, alice, value)
            });
        }
    }
    one.threads[0].turn();
    for (number, thread) in two.threads.iter_mut().enumerate() {
        for run in (0..60).filter(|run| run % 2 == number) {
            for (value, message) in (0..).zip(thread.messages(run)) {
                assert_eq!((message.seat, message.sender.1), (to_one, alice.slot));
                if run % 3 == 0 {
                    assert_eq!(message.payload, encode(&vec![value as u8; value as usize]));
                } else {
                    assert_eq!(message.integer, value);
                }
            }
        }
    }
}

#[test]
fn a_control_of_a_process_reaches_a_thread_that_takes_none_of_its_messages() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        quota: 1,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    two.threads[0].command([OP_SUSPEND, bob.slot, bob.generation, 0]);
    for _ in 0..100 {
        while !one.threads[0].send(to_two, bob, alice, &[7; 10_000]) {
            one.threads[0].turn();
        }
        one.threads[0].turn();
    }
    let words = [
        0,
        CONTROL,
        9,
        alice.slot,
        alice.generation,
        1000 + alice.slot,
    ];
    let head = FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT;
    assert!(one.threads[0].post(to_two, head, words, &encode(b"control")));
    one.threads[0].turn();
    let control = two.threads[0].find(|got| match got {
        Got::Control { op: CONTROL, frame } => Some(frame.clone()),
        _ => None,
    });
    assert_eq!(control.payload, encode(b"control"));
    two.threads[0].command([OP_RESUME, bob.slot, bob.generation, 0]);
    assert_eq!(two.threads[0].messages(100).len(), 100);
}

#[test]
fn what_a_process_publishes_waits_behind_those_of_its_messages_that_have_no_room() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        quota: 1,
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    one.threads[0].send_blobs(to_two, bob, alice, 12);
    let words = [
        0,
        CONTROL_PUBLISHED,
        9,
        alice.slot,
        alice.generation,
        1000 + alice.slot,
    ];
    let head = FRAME_CONTROL | 1 << FRAME_FORMAT_SHIFT;
    assert!(one.threads[0].post(to_two, head, words, &encode(b"published")));
    one.threads[0].turn();
    two.await_items(13);
    let deadline = Instant::now() + PATIENCE;
    let (mut messages, mut is_published) = (0, false);
    while !is_published {
        assert!(Instant::now() < deadline, "it does not come");
        for got in two.threads[0].turn() {
            messages += u32::from(matches!(got, Got::Message { .. }));
            is_published |= matches!(got, Got::Control { .. });
        }
    }
    assert_eq!(messages, 12);
}

#[test]
fn what_is_larger_than_the_peer_takes_goes_nowhere_and_leaves_nothing_to_the_next() {
    let ((mut one, to_two), (mut two, _)) = pair(&NodeOptions {
        limits: Limits {
            max_message: 50_000,
            ..Limits::default()
        },
        ..NodeOptions::default()
    });
    let (alice, bob) = (one.threads[0].spawn(), two.threads[0].spawn());
    let thread = &mut one.threads[0];
    assert!(thread.send_blob(to_two, bob, alice, &vec![7; 60_000]));
    assert!(thread.send_blob(to_two, bob, alice, &vec![8; 40_000]));
    assert!(thread.send_blob(to_two, bob, alice, &vec![9; 60_000]));
    assert!(thread.send(to_two, bob, alice, b"small"));
    thread.turn();
    let messages = two.threads[0].messages(2);
    assert_eq!(messages[0].blobs, [vec![8; 40_000]]);
    assert_eq!(messages[1].payload, encode(b"small"));
    assert!(messages[1].blobs.is_empty());
    assert_eq!(one.network.connections()[0].refused, 2);
}

#[test]
fn a_connection_is_told_of_by_its_seat_and_none_by_another_one() {
    let ((one, to_two), (two, to_one)) = pair(&NodeOptions::default());
    let peer = |node: &support::Node, seat| node.network.connection(seat).map(|info| info.peer);
    assert_eq!(peer(&one, to_two).as_deref(), Some("two@localhost"));
    assert_eq!(peer(&two, to_one).as_deref(), Some("one@localhost"));
    assert_eq!(peer(&one, to_two + 1), None);
}
