//! Many senders on a way that stands still now and then: what they say comes once, in order, and in their own names.

#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use support::{
    Got, Node, NodeOptions, PATIENCE, Pid, Proxy, Received, await_links, encode, pair, pair_behind,
    pair_with_proxy,
};
use tergo_net::NetworkEvent;
use tergo_net::wire::Limits;

const WINDOW: u64 = 256 << 10;
/// So many numbers have room in the window beside a large message.
const COUNT: u32 = 6000;
const ROUNDS: u32 = 40;
const PROGRAMS: u64 = 16;
const STEPS: u32 = 400;
/// So many large messages of each take several windows.
const EACH: usize = 10;
const SENDERS: usize = 5;
const RECEIVERS: usize = 3;
const THREADS: u32 = 2;

/// What a process says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Number(u32),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
}

impl Said {
    /// One that nobody says twice, of one of the sizes that go different ways.
    fn new(random: &mut Random, kind: u32, number: u32) -> Self {
        let mut bytes = number.to_le_bytes().to_vec();
        let length = match kind {
            0 => return Self::Number(number),
            1 => random.below(100),
            2 => 100 + random.below(50_000),
            3 => 1000 + random.below(400_000),
            _ => (1 << 20) + random.below(4 << 20),
        };
        bytes.resize(4 + length as usize, 7);
        if kind < 3 {
            Self::Text(bytes)
        } else {
            Self::Bytes(bytes)
        }
    }

    fn is_of(&self, frame: &Received) -> bool {
        match self {
            Self::Number(number) => frame.payload.is_empty() && frame.integer == *number,
            Self::Text(text) => frame.blobs.is_empty() && frame.payload == encode(text),
            Self::Bytes(bytes) => frame.blobs.first() == Some(bytes),
        }
    }
}

/// Two nodes, those that talk, and what was said and has not come yet.
struct Crowd {
    random: Random,
    one: Node,
    seat: u32,
    two: Node,
    proxy: Proxy,
    senders: Vec<Pid>,
    receivers: Vec<Pid>,
    said: HashMap<(usize, usize), VecDeque<Said>>,
    numbers: u32,
    /// Who talks, and to whom.
    pair: (usize, usize),
    has_lost: bool,
}

impl Crowd {
    fn gather(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let options = NodeOptions {
            threads: THREADS,
            quota: 16 << random.below(4),
            pool: 1 + random.below(3) as u16,
            limits: Limits {
                window: WINDOW << random.below(3),
                ..Limits::default()
            },
            ..NodeOptions::default()
        };
        let ((mut one, seat), mut two, proxy) = pair_with_proxy(&options);
        let spawn = |node: &mut Node, count: usize| -> Vec<Pid> {
            let threads = (0..THREADS as usize).cycle().take(count);
            threads.map(|thread| node.threads[thread].spawn()).collect()
        };
        let senders = spawn(&mut one, SENDERS);
        let receivers = spawn(&mut two, RECEIVERS);
        Self {
            random,
            one,
            seat,
            two,
            proxy,
            senders,
            receivers,
            said: HashMap::new(),
            numbers: 0,
            pair: (0, 0),
            has_lost: false,
        }
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0 => self.proxy.freeze(true),
            1 | 2 => self.proxy.freeze(false),
            3 => self.hear(),
            4 | 5 => self.flush(),
            _ => self.talk(),
        }
    }

    /// One sender says a few things to one receiver, by and by: such as differ in their values only share what stands before these.
    fn talk(&mut self) {
        let random = &mut self.random;
        if random.below(3) > 0 {
            let of = |pids: usize| random.below(pids as u32) as usize;
            self.pair = [SENDERS, RECEIVERS].map(of).into();
        }
        let (kind, count) = match random.below(20) {
            0 => (4, 1 + random.below(3)),
            1 | 2 => (3, 1 + random.below(4)),
            3 | 4 => (2, 1 + random.below(10)),
            5..10 => (1, 1 + random.below(100)),
            _ => (0, 1 + random.below(300)),
        };
        for _ in 0..count {
            self.numbers += 1;
            let said = Said::new(&mut self.random, kind, self.numbers);
            self.say(self.pair, said);
        }
    }

    fn say(&mut self, pair: (usize, usize), said: Said) {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_lost && !self.hand_over(pair, &said) {
            assert!(Instant::now() < deadline, "there is no room for long");
            self.proxy.freeze(false);
            self.flush();
            self.hear();
        }
        if !self.has_lost {
            self.said.entry(pair).or_default().push_back(said);
        }
    }

    fn hand_over(&mut self, (from, to): (usize, usize), said: &Said) -> bool {
        let (sender, receiver, seat) = (self.senders[from], self.receivers[to], self.seat);
        let thread = &mut self.one.threads[sender.thread as usize];
        match said {
            Said::Number(number) => thread.send_int(seat, receiver, sender, *number),
            Said::Text(text) => thread.send(seat, receiver, sender, text),
            Said::Bytes(bytes) => thread.send_blob(seat, receiver, sender, bytes),
        }
    }

    fn flush(&mut self) {
        for thread in &mut self.one.threads {
            for got in thread.turn() {
                self.has_lost |= matches!(got, Got::Gone(_));
            }
        }
    }

    fn hear(&mut self) {
        for number in 0..self.two.threads.len() {
            for got in self.two.threads[number].turn() {
                match got {
                    Got::Message { slot, frame } => self.check(number, slot, &frame),
                    Got::Gone(_) => self.has_lost = true,
                    _ => {}
                }
            }
        }
    }

    fn check(&mut self, thread: usize, slot: u32, frame: &Received) {
        let place = |pids: &[Pid], thread, slot| {
            let found = pids
                .iter()
                .position(|pid| (pid.thread, pid.slot) == (thread, slot));
            found.expect("it is one of these")
        };
        let from = place(&self.senders, frame.sender.0, frame.sender.1);
        let to = place(&self.receivers, thread as u32, slot);
        let next = self.said.get_mut(&(from, to)).and_then(VecDeque::pop_front);
        assert!(
            next.as_ref().is_some_and(|next| next.is_of(frame)),
            "{to} heard {} of {from}, who said {next:.100?}",
            frame.integer
        );
    }

    fn is_silent(&self) -> bool {
        self.said.values().all(VecDeque::is_empty)
    }
}

/// Connections of so many links, to nodes that take little at a time.
fn with_small_window(pool: u16) -> NodeOptions {
    NodeOptions {
        pool,
        limits: Limits {
            window: WINDOW,
            ..Limits::default()
        },
        ..NodeOptions::default()
    }
}

#[test]
fn what_waited_for_a_large_message_does_not_lend_its_name_to_what_follows() {
    let options = with_small_window(1);
    let ((mut one, seat), (mut two, _)) = pair(&options);
    let thread = &mut one.threads[0];
    let (bulk, alice, bob) = (thread.spawn(), thread.spawn(), two.threads[0].spawn());
    let large = vec![7; WINDOW as usize];
    for _ in 0..ROUNDS {
        assert!(thread.send_blob(seat, bob, bulk, &large));
        // It waits until the large one was written, and goes amid those of the other, which are more than are taken at once.
        assert!(thread.send_int(seat, bob, bulk, COUNT));
        for value in 0..COUNT {
            assert!(thread.send_int(seat, bob, alice, value));
        }
        thread.turn();
        let messages = two.threads[0].messages(2 + COUNT as usize);
        let plain = messages.iter().filter(|message| message.blobs.is_empty());
        let (of_bulk, others): (Vec<_>, Vec<_>) =
            plain.partition(|message| message.sender.1 == bulk.slot);
        assert_eq!(of_bulk.len(), 1, "the others are not in its name");
        assert_eq!(of_bulk[0].integer, COUNT);
        assert!(others.iter().map(|message| message.integer).eq(0..COUNT));
    }
}

#[test]
fn a_link_that_stands_holds_up_nothing_large_that_goes_over_others() {
    let options = with_small_window(3);
    let ((mut one, seat), mut two, proxy) = pair_with_proxy(&options);
    await_links(&[&one, &two], 3);
    let bob = two.threads[0].spawn();
    let thread = &mut one.threads[0];
    let senders: Vec<Pid> = (0..12).map(|_| thread.spawn()).collect();
    for sender in &senders {
        assert!(thread.send_int(seat, bob, *sender, 0));
    }
    thread.turn();
    two.threads[0].messages(senders.len());
    proxy.freeze_links(1);
    for number in 0..EACH {
        for sender in &senders {
            let large = vec![number as u8; WINDOW as usize / 4];
            assert!(thread.send_blob(seat, bob, *sender, &large));
        }
    }
    thread.turn();
    let mut heard: HashMap<u32, Vec<u8>> = HashMap::new();
    let mut hear_until = |is_enough: fn(usize) -> bool| {
        while !is_enough(heard.values().filter(|all| all.len() == EACH).count()) {
            let message = &two.threads[0].messages(1)[0];
            let all = heard.entry(message.sender.1).or_default();
            assert_eq!(usize::from(message.blobs[0][0]), all.len());
            all.push(message.blobs[0][0]);
        }
    };
    // Some four of the twelve send over the link that stands.
    hear_until(|complete| complete >= 6);
    proxy.freeze_links(0);
    hear_until(|complete| complete == 12);
}

#[test]
fn what_waits_when_the_pool_grows_is_not_held_up_by_the_link_that_came() {
    let options = with_small_window(2);
    let ((mut one, seat), mut two, proxy) = pair_behind(&options, |proxy| {
        proxy.freeze_further(true);
    });
    proxy.freeze_links(1);
    let bob = two.threads[0].spawn();
    let thread = &mut one.threads[0];
    let mut by_place = |place| {
        let mut pids = std::iter::repeat_with(|| thread.spawn());
        pids.find(|pid| place_of(pid.id().into(), 2) == place)
            .expect("some")
    };
    let (first, moved, last) = (by_place(0), by_place(1), by_place(0));
    let large = vec![7; WINDOW as usize / 4];
    for (sender, count) in [(first, EACH), (moved, 2 * EACH), (last, EACH)] {
        for _ in 0..count {
            assert!(thread.send_blob(seat, bob, sender, &large));
        }
    }
    thread.turn();
    proxy.freeze_further(false);
    await_links(&[&one, &two], 2);
    proxy.freeze_further(true);
    proxy.freeze_links(0);
    let mut heard: HashMap<u32, usize> = HashMap::new();
    let mut hear_all = |sender: Pid, count: usize| {
        while heard.get(&sender.slot) != Some(&count) {
            let slot = two.threads[0].messages(1)[0].sender.1;
            *heard.entry(slot).or_default() += 1;
        }
    };
    hear_all(last, EACH);
    proxy.freeze_further(false);
    hear_all(moved, 2 * EACH);
}

/// The place of the pool to which a sender belongs; docs/protocol.md.
fn place_of(id: u64, pool: u64) -> u64 {
    (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % pool
}

#[test]
fn what_many_say_comes_once_in_order_and_in_their_own_names() {
    for seed in 1..=PROGRAMS {
        let mut crowd = Crowd::gather(seed);
        for _ in 0..STEPS {
            crowd.step();
        }
        crowd.proxy.freeze(false);
        let deadline = Instant::now() + PATIENCE;
        while !crowd.is_silent() {
            assert!(
                Instant::now() < deadline,
                "program {seed}: something does not come"
            );
            crowd.flush();
            crowd.hear();
        }
        assert!(!crowd.has_lost, "program {seed}: the connection was lost");
    }
}

#[test]
fn what_comes_of_many_before_a_cut_is_what_each_said_first() {
    for seed in 1..=PROGRAMS {
        let mut crowd = Crowd::gather(seed);
        for _ in 0..crowd.random.below(STEPS) {
            crowd.step();
        }
        crowd.proxy.cut(usize::MAX / 2);
        crowd.proxy.freeze(false);
        let deadline = Instant::now() + PATIENCE;
        while !matches!(
            crowd.two.network.next_event(),
            Some(NetworkEvent::Down { .. })
        ) {
            assert!(
                Instant::now() < deadline,
                "program {seed}: no word of the loss"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        while !crowd.has_lost || crowd.two.threads.iter().any(support::Thread::has_more) {
            assert!(
                Instant::now() < deadline,
                "program {seed}: its threads are not told"
            );
            crowd.hear();
        }
    }
}

/// A stream of random numbers that a seed determines.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        // xorshift64*: https://www.jstatsoft.org/article/view/v011i14
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as u32 % limit
    }
}
