use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Mailbox, Message, MessagePool};

fn message(queue: u32, payload: u32) -> Message {
    Message::new(0, queue, 0, payload)
}

fn take(mailbox: &mut Mailbox, pool: &mut MessagePool, count: usize) -> Vec<u32> {
    let entries: Vec<[AtomicU32; 2]> = (0..count).map(|_| Default::default()).collect();
    mailbox.take(pool, &entries);
    entries
        .iter()
        .map(|[_, payload]| payload.load(Relaxed))
        .collect()
}

#[test]
fn higher_queues_come_first_and_each_keeps_its_order() {
    let (mut mailbox, mut pool) = (Mailbox::EMPTY, MessagePool::new());
    for (queue, payload) in [(3, 1), (2, 2), (1, 3), (0, 4), (2, 5), (0, 6)] {
        mailbox.push_back(&mut pool, message(queue, payload));
    }
    assert_eq!(mailbox.lengths(), [2, 1, 2, 1]);
    assert_eq!(take(&mut mailbox, &mut pool, 6), [4, 6, 3, 2, 5, 1]);
    assert!(mailbox.is_empty());
}

#[test]
fn what_is_put_back_comes_before_what_waits() {
    let (mut mailbox, mut pool) = (Mailbox::EMPTY, MessagePool::new());
    mailbox.push_back(&mut pool, message(2, 3));
    mailbox.push_front(&mut pool, message(2, 2));
    mailbox.push_front(&mut pool, message(2, 1));
    mailbox.push_back(&mut pool, message(2, 4));
    assert_eq!(take(&mut mailbox, &mut pool, 4), [1, 2, 3, 4]);
}

#[test]
fn taking_less_than_there_is_leaves_the_rest() {
    let (mut mailbox, mut pool) = (Mailbox::EMPTY, MessagePool::new());
    (1..=5).for_each(|payload| mailbox.push_back(&mut pool, message(2, payload)));
    assert_eq!(take(&mut mailbox, &mut pool, 2), [1, 2]);
    assert_eq!(take(&mut mailbox, &mut pool, 3), [3, 4, 5]);
}

#[test]
fn nodes_are_used_again() {
    let (mut first, mut other, mut pool) = (Mailbox::EMPTY, Mailbox::EMPTY, MessagePool::new());
    other.push_back(&mut pool, message(0, 0));
    for round in 0..1000 {
        (0..10).for_each(|payload| first.push_back(&mut pool, message(2, payload)));
        take(&mut first, &mut pool, 10);
        assert_eq!(pool.in_use(), 1, "after round {round}");
    }
    assert!(
        pool.bytes() < 1000,
        "a thousand rounds need no more than one"
    );
}

#[test]
fn a_pool_gives_the_memory_of_a_flood_back_when_no_other_comes() {
    let (mut mailbox, mut pool) = (Mailbox::EMPTY, MessagePool::new());
    let count = if cfg!(miri) { 1000 } else { 3_000_000 };
    let flood = |mailbox: &mut Mailbox, pool: &mut MessagePool, count: u32| {
        (0..count).for_each(|payload| mailbox.push_back(pool, message(2, payload)));
        take(mailbox, pool, count as usize);
        assert_eq!(pool.in_use(), 0);
    };
    flood(&mut mailbox, &mut pool, count);
    let kept = pool.bytes();
    flood(&mut mailbox, &mut pool, count);
    assert_eq!(pool.bytes(), kept, "the next flood finds it there");
    (0..2048).for_each(|_| flood(&mut mailbox, &mut pool, 1));
    assert!(pool.bytes() <= 16 << 20, "{} bytes are kept", pool.bytes());
}
