//! A window that is used up is shared by small items and large ones.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::collections::VecDeque;

use support::{Got, Pair, blobs, bytes, identity, number, pair, send, transfer};
use tergo_wire::{Delivery, Incoming};

const WINDOW: u64 = 256 << 10;

/// A receiver that is slower than who sends to it: it gives back so many bytes of the window at a time.
struct Slow {
    pair: Pair,
    step: u64,
    /// Costs that are not given back yet.
    owed: u64,
    /// Ids of the senders of what came, with how many bytes.
    came: VecDeque<(u64, u64)>,
}

impl Slow {
    fn new(step: u64) -> Self {
        let mut small = identity("b@host", 1);
        small.limits.window = WINDOW;
        Self {
            pair: pair(&identity("a@host", 1), &small),
            step,
            owed: 0,
            came: VecDeque::new(),
        }
    }

    /// Sends small items as long as there is room, and lets the receiver take a step.
    fn flood(&mut self, item: &Got) {
        let one = &mut *self.pair.one;
        while one
            .send(&item.item(), Delivery::default(), &mut Vec::new())
            .is_ok()
        {}
        transfer(one, &mut *self.pair.other, 0, 1 << 20, self.pair.now);
        self.take();
        let released = self.step.min(self.owed);
        self.owed -= released;
        self.pair.other.release(released);
        // What is released is told with it.
        send(&mut *self.pair.other, &number(9, 1));
        transfer(
            &mut *self.pair.other,
            &mut *self.pair.one,
            0,
            1 << 20,
            self.pair.now,
        );
        let mut answers = 0;
        while let Some(Incoming::Item { cost, .. }) =
            self.pair.one.next(0, self.pair.now).expect("all is right")
        {
            answers += cost;
        }
        self.pair.one.release(answers);
    }

    fn take(&mut self) {
        while let Some(incoming) = self
            .pair
            .other
            .next(0, self.pair.now)
            .expect("all is right")
        {
            if let Incoming::Item { item, blobs, cost } = incoming {
                let blobs: usize = blobs.iter().map(Vec::len).sum();
                self.came
                    .push_back((item.sender.id, (item.payload.len() + blobs) as u64));
                self.owed += cost;
            }
        }
    }

    /// How many bytes of small items come before a large one that is sent while they use up the window; none: it does not come.
    fn before(&mut self, large: &Got) -> Option<u64> {
        let small = bytes(2, 1000, 0);
        for _ in 0..100 {
            self.flood(&small);
        }
        send(&mut *self.pair.one, large);
        self.came.clear();
        let mut before = 0;
        for _ in 0..10_000 {
            self.flood(&small);
            while let Some((id, length)) = self.came.pop_front() {
                if id == large.sender.id {
                    return Some(before);
                }
                before += length;
            }
        }
        None
    }
}

#[test]
fn a_large_item_gets_through_while_small_ones_use_up_the_window() {
    for step in [1000, 10_000, 70_000] {
        for large in [
            bytes(1, 40_000, 0),
            bytes(1, 1 << 20, 0),
            blobs(1, &[16 << 10]),
        ] {
            let before = Slow::new(step).before(&large);
            assert!(
                before.is_some_and(|bytes| bytes < 16 * WINDOW),
                "{before:?} bytes of small ones first, {step} at a time"
            );
        }
    }
}

#[test]
fn small_items_get_through_while_large_ones_use_up_the_window() {
    let mut slow = Slow::new(1000);
    let large = bytes(1, 100_000, 0);
    for _ in 0..2000 {
        slow.flood(&large);
    }
    let small = number(2, 1);
    let mut is_sent = false;
    slow.came.clear();
    for _ in 0..2000 {
        is_sent = is_sent
            || slow
                .pair
                .one
                .send(&small.item(), Delivery::default(), &mut Vec::new())
                .is_ok();
        slow.flood(&large);
    }
    assert!(slow.came.iter().any(|(id, _)| *id == 2));
}

#[test]
fn a_window_that_is_used_up_counts_once_however_often_somebody_tries() {
    let mut slow = Slow::new(WINDOW / 2);
    let blocked = |slow: &Slow| slow.pair.one.counters().total.blocked;
    for item in [bytes(1, 1000, 0), bytes(2, 100_000, 0)] {
        let before = blocked(&slow);
        let one = &mut *slow.pair.one;
        let mut offer = || one.send(&item.item(), Delivery::default(), &mut Vec::new());
        while offer().is_ok() {}
        for _ in 0..10 {
            assert!(offer().is_err());
        }
        assert_eq!(blocked(&slow), before + 1);
    }
    // What was granted since may be used up again.
    let before = blocked(&slow);
    for _ in 0..100 {
        slow.flood(&bytes(1, 1000, 0));
    }
    assert!(blocked(&slow) > before);
}
