//! Several OS threads at once: nothing is lost, and order holds.

// Miri would take minutes for each: what they do step by step stands in `fabric.rs` and `fabric_ends.rs`.
#![cfg(not(miri))]
#![allow(clippy::expect_used, reason = "this is a test")]

mod support;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use support::driver::Pid;
use support::member::{MESSAGE, Member, NONE, PER_CHUNK, assert_all_free};
use support::record::Record;
use tergo_core::Fabric;
use tergo_core::layout::{FLAG_BLOBS, FRAME_FLAGS_SHIFT, FRAME_WORDS};

/// What each of the threads does in the stress test.
fn flood(fabric: &Arc<Fabric>, thread: u32, peer: u32, count: u32, ready: &Slots) {
    let mut member = Member::join(fabric, thread);
    let pid = member.driver.spawn();
    member.driver.turn();
    ready[thread as usize].store(pid.slot, Relaxed);
    let woken = Arc::new(AtomicU32::new(0));
    let wakes = Arc::clone(&woken);
    fabric.on_wake(
        thread,
        Arc::new(move || {
            wakes.fetch_add(1, Relaxed);
        }),
    );
    let target = loop {
        let slot = ready[peer as usize].load(Relaxed);
        if slot != NONE {
            break Pid {
                slot,
                generation: 1,
            };
        }
        thread::yield_now();
    };
    let (mut sent, mut expected) = (0, 0);
    while sent < count || expected < count {
        while sent < count && member.message(peer, target, sent) {
            sent += 1;
        }
        let records = member.driver.turn();
        let values: VecDeque<u32> = member.values(&records).into();
        for value in values {
            assert_eq!(value, expected, "each message comes once, in order");
            expected += 1;
        }
        let before = woken.load(Relaxed);
        let is_done = expected == count || sent < count || member.driver.has_more();
        if !is_done && member.driver.scheduler.doze() {
            // The other one still owes something, so it must wake us.
            let deadline = Instant::now() + PATIENCE;
            while woken.load(Relaxed) == before {
                assert!(Instant::now() < deadline, "a wake-up is lost");
                thread::yield_now();
            }
        }
    }
    ready[2].fetch_add(1, Relaxed);
    // Nobody leaves before all have got what was sent to them.
    while ready[2].load(Relaxed) < 2 {
        member.driver.turn();
        thread::yield_now();
    }
}

type Slots = [AtomicU32; 3];

#[test]
fn two_threads_that_flood_each_other_lose_nothing_and_keep_the_order() {
    let count = if cfg!(miri) { 300 } else { 1_000_000 };
    let fabric = Fabric::new(2, 8);
    let ready: Slots = [
        AtomicU32::new(NONE),
        AtomicU32::new(NONE),
        AtomicU32::new(0),
    ];
    thread::scope(|scope| {
        scope.spawn(|| flood(&fabric, 0, 1, count, &ready));
        scope.spawn(|| flood(&fabric, 1, 0, count, &ready));
    });
    assert_all_free(&fabric);
}

/// How long threads wait for each other before they fail.
const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 600 } else { 60 });
const THREADS: u32 = 4;
const STEPS: u32 = if cfg!(miri) { 40 } else { 2000 };
/// Messages in a step: now and then more than the way holds.
const MOST: u32 = if cfg!(miri) { 40 } else { 400 };
/// Processes that each thread has; the last one takes nothing now and then.
const PROCESSES: usize = 3;

/// Who lives on a thread: its incarnation, which tells apart those that joined there, and its processes.
type Home = Option<(u32, [Pid; PROCESSES])>;
/// Thread and incarnation.
type Who = (u32, u32);

/// What all threads of the stress test know.
struct World {
    fabric: Arc<Fabric>,
    homes: [Mutex<Home>; THREADS as usize],
    incarnations: AtomicU32,
    /// From whom, to whom, to which process: messages that were sent by who stayed to the end.
    sent: Mutex<HashMap<(Who, Who, usize), u32>>,
    settled: AtomicU32,
}

impl World {
    /// Waits until all threads have come here so often.
    fn meet(&self, times: u32) {
        self.settled.fetch_add(1, Relaxed);
        let deadline = Instant::now() + PATIENCE;
        while self.settled.load(Relaxed) < times * THREADS {
            assert!(Instant::now() < deadline, "another thread has failed");
            thread::yield_now();
        }
    }
}

/// One thread of the stress test, from its joining to its leaving.
struct Citizen<'a> {
    world: &'a World,
    member: Member,
    me: Who,
    pids: [Pid; PROCESSES],
    is_suspended: bool,
    /// By thread: the incarnation that it knows of.
    known: [u32; THREADS as usize],
    sent: HashMap<(Who, usize), u32>,
    heard: HashMap<(Who, usize), u32>,
}

impl<'a> Citizen<'a> {
    fn join(world: &'a World, thread: u32) -> Self {
        let mut member = Member::join(&world.fabric, thread);
        let pids = [0; PROCESSES].map(|_| member.driver.spawn());
        member.driver.turn();
        let incarnation = world.incarnations.fetch_add(1, Relaxed);
        *world.homes[thread as usize].lock().expect("no panic") = Some((incarnation, pids));
        Self {
            world,
            member,
            me: (thread, incarnation),
            pids,
            is_suspended: false,
            known: [0; THREADS as usize],
            sent: HashMap::new(),
            heard: HashMap::new(),
        }
    }

    fn step(&mut self, random: &mut Random) {
        let other = (self.me.0 + 1 + random.below(THREADS - 1)) % THREADS;
        let home = *self.world.homes[other as usize].lock().expect("no panic");
        if let Some((incarnation, pids)) = home {
            // As TypeScript does when it hears that a thread has ended.
            if std::mem::replace(&mut self.known[other as usize], incarnation) != incarnation {
                self.member.open[other as usize] = None;
            }
            for _ in 0..random.below(MOST) {
                let process = random.below(PROCESSES as u32) as usize;
                self.send((other, incarnation), process, pids[process], random);
            }
        }
        if random.below(50) == 0 {
            self.member.force(other);
        }
        if random.below(20) == 0 {
            self.toggle();
        }
        if random.below(3) != 0 {
            self.turn();
        }
        if random.below(10) == 0 {
            self.member.driver.scheduler.doze();
        }
    }

    fn send(&mut self, to: Who, process: usize, pid: Pid, random: &mut Random) {
        let number = self.sent.get(&(to, process)).copied().unwrap_or(0);
        let target = (pid.slot, pid.generation);
        let (thread, incarnation) = self.me;
        let words = [thread, incarnation, to.1, process as u32, number];
        let is_sent = if random.below(30) == 0 {
            self.member.frame_with_blob(to.0, pid, &[7; 600], &words) != 0
        } else {
            self.member.frame(to.0, MESSAGE, target, &words)
        };
        if is_sent {
            self.sent.insert((to, process), number + 1);
        }
    }

    fn toggle(&mut self) {
        let pid = self.pids[PROCESSES - 1];
        if self.is_suspended {
            self.member.driver.resume(pid);
        } else {
            self.member.driver.suspend(pid);
        }
        self.is_suspended = !self.is_suspended;
    }

    fn turn(&mut self) {
        for record in self.member.driver.turn() {
            match record {
                Record::Slice { slot, entries, .. } => {
                    for entry in entries {
                        self.hear(slot, entry.payload);
                    }
                }
                Record::Dropped { .. } => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    fn hear(&mut self, slot: u32, frame: u32) {
        let block = self
            .world
            .fabric
            .chunk(frame >> 15 & 0xFFFF)
            .expect("a chunk");
        let at = (frame & 0x7FFF) * 2;
        let has_blob = block.get(at) >> FRAME_FLAGS_SHIFT & FLAG_BLOBS != 0;
        let first = at + FRAME_WORDS + if has_blob { 2 } else { 0 };
        let [thread, incarnation, to, process, number] =
            [0, 1, 2, 3, 4].map(|word| block.get(first + word));
        assert_eq!(to, self.me.1, "it was meant for who had the place before");
        assert_eq!(slot, self.pids[process as usize].slot);
        let heard = self
            .heard
            .entry(((thread, incarnation), process as usize))
            .or_insert(0);
        assert_eq!(number, *heard, "each comes once, in order");
        *heard += 1;
        if has_blob && number.is_multiple_of(2) {
            let blob = self.world.fabric.take_blob(block.get(at + FRAME_WORDS + 1));
            assert_eq!(blob.map(|bytes| bytes.size()), Some(600));
        }
    }

    fn leave(self) {
        *self.world.homes[self.me.0 as usize]
            .lock()
            .expect("no panic") = None;
    }

    /// All stay, and what is on its way arrives.
    fn settle(mut self) {
        if self.is_suspended {
            self.toggle();
        }
        self.turn();
        let mut sent = self.world.sent.lock().expect("no panic");
        sent.extend(
            self.sent
                .iter()
                .map(|((to, process), count)| ((self.me, *to, *process), *count)),
        );
        drop(sent);
        self.world.meet(1);
        self.turn();
        while self.member.driver.has_more() {
            self.turn();
        }
        for ((from, to, process), count) in self.world.sent.lock().expect("no panic").iter() {
            if *to == self.me {
                let heard = self.heard.get(&(*from, *process)).copied();
                assert_eq!(heard, Some(*count), "from {from:?} to {to:?}");
            }
        }
        self.world.meet(2);
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

fn live(world: &World, thread: u32) {
    let mut random = Random(u64::from(thread) + 1);
    let mut citizen = Citizen::join(world, thread);
    for _ in 0..STEPS {
        citizen.step(&mut random);
        if random.below(100) == 0 {
            citizen.leave();
            citizen = Citizen::join(world, thread);
        }
    }
    citizen.settle();
}

#[test]
fn threads_that_come_and_go_under_traffic_lose_nothing_but_their_own() {
    let fabric = Fabric::new(THREADS, 3);
    let world = World {
        fabric: Arc::clone(&fabric),
        homes: [const { Mutex::new(None) }; THREADS as usize],
        incarnations: AtomicU32::new(1),
        sent: Mutex::new(HashMap::new()),
        settled: AtomicU32::new(0),
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let world = &world;
            scope.spawn(move || live(world, thread));
        }
    });
    assert_all_free(&fabric);
    assert!(world.incarnations.load(Relaxed) > THREADS);
    assert!(!world.sent.lock().expect("no panic").is_empty());
    // Two quotas of a pair at most: what is regular, what was forced, and where the rest waits.
    let (made, _) = fabric.chunk_counts();
    assert!(made * PER_CHUNK < NONE, "{made} chunks");
}
