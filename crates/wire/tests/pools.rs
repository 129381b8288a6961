//! A link of a pool may go without the others when nothing of it is on its way.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use support::{Got, Pair, agree, bytes, identity, pair, receive, transfer};
use tergo_wire::{Connection, Delivery, Identity, Incoming, LinkLoss, Purpose};

const WINDOW: u64 = 256 << 10;

/// Both ends of a pool of two links.
struct Pool {
    dialer: Identity,
    acceptor: Identity,
    pair: Pair,
    last_link: u64,
}

impl Pool {
    fn new() -> Self {
        let mut pool = Self::without_second();
        pool.join();
        pool
    }

    fn without_second() -> Self {
        let (dialer, mut acceptor) = (identity("a@host", 1), identity("b@host", 1));
        acceptor.pool = 2;
        acceptor.limits.window = WINDOW;
        let pair = pair(&dialer, &acceptor);
        Self {
            dialer,
            acceptor,
            pair,
            last_link: 10,
        }
    }

    fn join(&mut self) {
        self.open_second();
        self.settle();
    }

    fn open_second(&mut self) {
        self.last_link += 1;
        let purpose = Purpose::Join {
            id: [0; 16],
            place: 1,
        };
        let (one, other) = agree(&self.dialer, &self.acceptor, purpose, (self.last_link, 1));
        self.pair.one.open(&one, self.pair.now);
        self.pair.other.open(&other, self.pair.now);
    }

    /// Carries all that there is, after a time in which all is told; what comes at the second is not released. Gives what it takes
    /// of the window.
    fn settle(&mut self) -> u64 {
        let mut owed = 0;
        for _ in 0..3 {
            self.pair.now += Duration::from_millis(100);
            for place in [0, 1].repeat(2) {
                let Pair {
                    one, other, now, ..
                } = &mut self.pair;
                loop {
                    let count = transfer(&mut **one, &mut **other, place, 1 << 20, *now);
                    while let Some(incoming) = other.next(place, *now).expect("all is right") {
                        if let Incoming::Item { cost, .. } = incoming {
                            owed += cost;
                        }
                    }
                    if count == 0 {
                        break;
                    }
                }
                while transfer(&mut **other, &mut **one, place, 1 << 20, *now) > 0 {
                    receive(&mut **one, place, *now, true).expect("all is right");
                }
            }
        }
        owed
    }
}

#[test]
fn a_sign_of_life_that_is_not_written_yet_is_nothing_on_its_way() {
    let mut pool = Pool::new();
    pool.settle();
    // The first writes a ping that goes nowhere, for the socket has broken.
    let later = pool.pair.now + Duration::from_secs(15);
    assert!(!pool.pair.one.output(1, later).is_empty());
    assert_eq!(pool.pair.one.lost(1), LinkLoss::Clean);
    assert_eq!(pool.pair.other.lost(1), LinkLoss::Clean);
}

fn is_sent(connection: &mut dyn Connection, item: &Got) -> bool {
    let delivery = Delivery::default();
    connection
        .send(&item.item(), delivery, &mut Vec::new())
        .is_ok()
}

#[test]
fn what_was_sent_over_a_lost_link_and_is_held_counts_until_it_is_released() {
    let mut pool = Pool::new();
    // Its place is the second.
    let item = bytes(1, 1000, 0);
    let mut held = 0;
    for _ in 0..20 {
        let before = held;
        while is_sent(&mut *pool.pair.one, &item) {
            held += pool.settle();
        }
        held += pool.settle();
        if held == before {
            break;
        }
        assert_eq!(pool.pair.one.lost(1), LinkLoss::Clean);
        assert_eq!(pool.pair.other.lost(1), LinkLoss::Clean);
        pool.join();
    }
    assert!(held <= 4 * WINDOW, "{held} bytes are held");
    pool.pair.other.release(held);
    assert_eq!(pool.pair.other.counters().owed, 0);
    assert!(pool.settle() > 0, "what waited for that comes");
}

/// The second link says that what comes next over it comes after what the first has carried, of which nothing comes.
fn waiting_for_the_first() -> Pool {
    let mut pool = Pool::without_second();
    pool.settle();
    // They go over the first link, for there is no other.
    for _ in 0..3 {
        assert!(is_sent(&mut *pool.pair.one, &bytes(1, 1000, 0)));
    }
    pool.open_second();
    for _ in 0..3 {
        assert!(is_sent(&mut *pool.pair.one, &bytes(1, 1000, 1)));
    }
    pool
}

fn over_the_second(pool: &mut Pool) {
    let Pair {
        one, other, now, ..
    } = &mut pool.pair;
    assert!(transfer(&mut **one, &mut **other, 1, 1 << 20, *now) > 3000);
    let come = receive(&mut **other, 1, *now, true).expect("all is right");
    assert_eq!(come, [], "it has to wait");
}

#[test]
fn a_link_that_is_lost_with_what_another_one_waits_for_takes_the_connection_with_it() {
    let mut pool = waiting_for_the_first();
    over_the_second(&mut pool);
    assert_eq!(pool.pair.other.lost(0), LinkLoss::Fatal);
}

#[test]
fn a_link_that_waits_for_what_was_lost_before_takes_the_connection_with_it() {
    let mut pool = waiting_for_the_first();
    assert_eq!(pool.pair.other.lost(0), LinkLoss::Clean);
    over_the_second(&mut pool);
    assert_eq!(pool.pair.other.tick(pool.pair.now), Some(1));
    assert_eq!(pool.pair.other.lost(1), LinkLoss::Fatal);
}

#[test]
fn what_waits_can_follow_its_sender_to_another_link() {
    let mut pool = Pool::without_second();
    pool.settle();
    let sender = bytes(1, 1000, 0).item().sender.id;
    let seen = |pool: &Pool| (pool.pair.one.place_of(sender), pool.pair.one.reroutings());
    let (first, before) = seen(&pool);
    assert_eq!(first, 0);
    pool.join();
    let (second, joined) = seen(&pool);
    assert_eq!(second, 1);
    assert_ne!(joined, before);
    assert_eq!(pool.pair.one.lost(1), LinkLoss::Clean);
    let (left, lost) = seen(&pool);
    assert_eq!(left, 0);
    assert_ne!(lost, joined);
}
