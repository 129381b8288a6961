use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::task::Poll;
use std::time::Duration;

use tergo_core::Glance;
use tergo_wire::{Agreement, CloseReason, ConnectionCounters, ConnectionKey, DownReason};
use tokio::sync::Notify;
use tokio::time::Sleep;

use crate::clock::Clock;
use crate::help::Help;
use crate::last_look::{LastLook, Look};
use crate::lately::Lately;
use crate::link_driver::{LinkDriver, Plan};
#[cfg(unix)]
use crate::loop_watch::LoopSockets;
use crate::outcome::Outcome;
use crate::socket::Socket;
use crate::sync::{lock, try_lock};

/// Somebody wants everything looked at.
const ALL: u32 = 1;
/// Threads have written something for the peer.
const OUT: u32 = 2;
/// Something has come, which is told once.
const IN: u32 = 4;
/// A peer that sent something within so many µs is likely to send more.
const LATELY_US: u64 = 2000;
/// Whoever has looked within so many µs looks again.
const LOOKED_AT_US: u64 = 1000;
/// How long the network's thread relies on that loop when nothing comes, µs: its OS thread may have something else to do.
const AT_LOOP_US: u64 = 100_000;
/// How often the network's thread looks after who looks, and after who sleeps.
const LOOK_AFTER: Duration = Duration::from_millis(1);
const LOOK_AFTER_SLEEPER: Duration = Duration::from_millis(10);
/// How often memory that is not in use is given back.
const REST: Duration = Duration::from_secs(10);

/// Why the network's thread does not wait any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    /// Somebody wants something, or a socket takes more.
    Asked,
    /// The time is over.
    Late,
    /// Something can be read.
    Readable,
}

/// A connection to a peer: whoever has time drives it.
pub(crate) struct Connection {
    /// What the table of peers calls it.
    pub key: ConnectionKey,
    /// The peer's name.
    pub peer: String,
    /// Its incarnation.
    pub creation: u64,
    /// The number of the seat in the fabric.
    pub seat: u32,
    /// None when it is over.
    driver: Mutex<Option<LinkDriver>>,
    /// What is to be looked at by whoever has the lock, before he is content.
    wanted: AtomicU32,
    /// Wakes the network's thread.
    notify: Notify,
    /// How the peer broke the protocol.
    fault: OnceLock<&'static str>,
    /// When something came last, µs.
    last_read: AtomicU64,
    last_look: LastLook,
    /// Those that threads look at.
    lately: Arc<Lately>,
    /// Whether it is among them.
    is_lately: AtomicBool,
    itself: Weak<Self>,
    help: Help,
    /// The event loop of a thread that waits for what comes, if there is one.
    #[cfg(unix)]
    sockets: OnceLock<Arc<LoopSockets>>,
    clock: Clock,
}

impl Connection {
    /// Without links.
    pub fn new(
        (key, peer, creation): (ConnectionKey, String, u64),
        seat: u32,
        driver: LinkDriver,
        (help, clock, lately): (Help, Clock, Arc<Lately>),
    ) -> Arc<Self> {
        Arc::new_cyclic(|itself| Self {
            key,
            peer,
            creation,
            seat,
            driver: Mutex::new(Some(driver)),
            wanted: AtomicU32::new(ALL),
            notify: Notify::new(),
            fault: OnceLock::new(),
            last_read: AtomicU64::new(0),
            last_look: LastLook::default(),
            lately,
            is_lately: AtomicBool::new(false),
            itself: itself.clone(),
            help,
            #[cfg(unix)]
            sockets: OnceLock::new(),
            clock,
        })
    }

    /// Is woken by the fabric from now on.
    pub fn listen(&self) {
        let weak = self.itself.clone();
        let waker = Arc::new(move || {
            if let Some(connection) = weak.upgrade() {
                connection.push();
            }
        });
        self.with(|driver, _| driver.on_wake(waker));
    }

    /// One more link. Only on the network's thread.
    pub fn attach(&self, agreement: &Agreement, socket: Socket, rest: &[u8]) {
        self.with(|driver, now| {
            driver.attach(agreement, socket, rest, now);
            #[cfg(unix)]
            if let Some(sockets) = self.sockets.get() {
                driver.join_loop(sockets);
            }
        });
        self.wake();
    }

    /// The event loop of a thread waits for what comes over the links that begin from now on.
    #[cfg(unix)]
    pub fn join_loop(&self, sockets: &Arc<LoopSockets>) {
        // The first stays.
        let _ = self.sockets.set(Arc::clone(sockets));
    }

    /// Whether an event loop waits for what comes.
    fn is_at_loop(&self) -> bool {
        if !self.has_loop() {
            return false;
        }
        let Some(guard) = try_lock(&self.driver) else {
            return false;
        };
        let is_at_loop = guard.as_ref().is_some_and(LinkDriver::is_at_loop);
        self.release(guard);
        is_at_loop
    }

    fn has_loop(&self) -> bool {
        #[cfg(unix)]
        return self
            .sockets
            .get()
            .is_some_and(|sockets| !sockets.is_closed());
        #[cfg(not(unix))]
        return false;
    }

    /// The network's thread will look at everything.
    pub fn wake(&self) {
        self.wanted.fetch_or(ALL, Ordering::SeqCst);
        self.notify.notify_one();
    }

    /// A thread has written something for the peer; or there is room on the way to a thread again. The thread that
    /// calls this sends it itself, if it may help.
    pub fn push(&self) {
        if self.help == Help::None {
            return self.notify.notify_one();
        }
        self.help_with(OUT, LinkDriver::run_out);
    }

    /// A thread that has nothing else to do looks whether the peer has sent something; true when it has sent lately. `now`: µs.
    pub fn look(&self, glance: Glance, now: u64) -> bool {
        match glance {
            Glance::Around => self.look_around(now),
            Glance::Last => self.look_last(),
            Glance::Awake => self.last_look.awake(now),
        }
    }

    /// Whether nothing has come for so long that the network's thread looks after it, and no other, until something does.
    pub fn has_rested(&self, now: u64) -> bool {
        let has_rested = now.saturating_sub(self.last_read.load(Ordering::Relaxed)) >= AT_LOOP_US;
        if has_rested {
            self.last_look.set(Look::Nobody);
            self.is_lately.store(false, Ordering::Relaxed);
        }
        has_rested
    }

    fn look_around(&self, now: u64) -> bool {
        let last = self.last_read.load(Ordering::Relaxed);
        let is_lately = now.saturating_sub(last) <= LATELY_US;
        if is_lately {
            self.last_look.set(Look::At(now));
            self.help_with(0, LinkDriver::run_on_thread);
        }
        is_lately
    }

    /// The thread sleeps now: its event loop sees to it, or else the network's thread.
    fn look_last(&self) -> bool {
        if self.last_look.take() == Look::Nobody {
            return false;
        }
        if self.is_at_loop() {
            self.last_look.set(Look::AtLoop);
        } else {
            self.wake();
        }
        true
    }

    /// Whether a thread looks at it, or will, so that the network's thread would only be in its way.
    fn is_looked_at(&self) -> bool {
        let now = self.now_us();
        match self.last_look.get() {
            Look::Nobody => false,
            Look::At(at) => now.saturating_sub(at) < LOOKED_AT_US,
            Look::AtLoop => {
                let since = now.saturating_sub(self.last_read.load(Ordering::Relaxed));
                since < AT_LOOP_US && self.has_loop()
            }
        }
    }

    /// Something can be read, says the event loop of the thread that looks. It says so once: whoever has the lock reads it.
    #[cfg(unix)]
    pub fn read_at_loop(&self) {
        self.last_look.set(Look::At(self.now_us()));
        self.help_with(IN, LinkDriver::run_on_thread);
    }

    /// The time, µs.
    pub fn now_us(&self) -> u64 {
        self.clock.now().as_micros() as u64
    }

    /// One run on whatever thread calls, unless somebody is at it. What only the network's thread can do is left to
    /// it.
    fn help_with(&self, what: u32, run: fn(&mut LinkDriver, Duration) -> bool) {
        self.wanted.fetch_or(what, Ordering::SeqCst);
        while let Some(mut guard) = try_lock(&self.driver) {
            let wanted = self.wanted.swap(0, Ordering::SeqCst);
            let Some(driver) = guard.as_mut() else {
                return;
            };
            let run = if wanted & IN == 0 {
                run
            } else {
                LinkDriver::run_on_thread
            };
            let must_go_on = run(driver, self.clock.now()) || !driver.fall_asleep();
            self.note_read(driver);
            let is_for_network = must_go_on || driver.needs_network() || wanted & ALL != 0;
            drop(guard);
            if is_for_network {
                return self.wake();
            }
            // Somebody who did not get the lock meanwhile relies on this look.
            if self.wanted.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }

    fn note_read(&self, driver: &mut LinkDriver) {
        if driver.has_read() {
            self.last_read.store(self.now_us(), Ordering::Relaxed);
            let may_be_looked_at = self.help == Help::ReadAndWrite;
            if may_be_looked_at && !self.is_lately.swap(true, Ordering::Relaxed) {
                self.lately.add(self.itself.clone());
            }
        }
    }

    /// Says goodbye; it is over when that is written.
    pub fn close(&self, reason: CloseReason, down: DownReason, within: Duration) {
        self.with(|driver, now| driver.close(reason, down, now + within));
        self.wake();
    }

    /// Threads that have joined hear of the peer.
    pub fn greet_new(&self) {
        self.with(|driver, _| driver.greet_new());
    }

    /// Asks the peer whether it lives.
    pub fn probe(&self, within: Duration) {
        self.with(|driver, now| driver.probe(now, now + within));
        self.wake();
    }

    /// The peer broke the protocol.
    pub fn note_fault(&self, fault: &'static str) {
        // The first says most.
        let _ = self.fault.set(fault);
    }

    /// How the peer broke the protocol, if it did.
    pub fn fault(&self) -> Option<&'static str> {
        self.fault.get().copied()
    }

    /// A link is dead, says the peer.
    pub fn drop_link(&self, place: u16) {
        self.with(|driver, _| driver.lose(place, DownReason::Lost));
        self.wake();
    }

    /// It is over: the threads hear of it after all that came.
    pub fn end(&self, reason: DownReason) {
        let driver = lock(&self.driver).take();
        if let Some(driver) = driver {
            driver.end(reason as u32);
        }
        self.notify.notify_one();
    }

    /// What it has done, the bytes that wait in the fabric for the peer, and the frames that went nowhere; none when it
    /// is over.
    pub fn counters(&self) -> Option<(ConnectionCounters, u64, u64)> {
        self.with(|driver, _| (driver.counters(), driver.waiting_bytes(), driver.refused()))
    }

    /// Drives it on the network's thread until it is over; tells what changes who is connected.
    pub async fn serve(&self, mut tell: impl FnMut(Outcome)) {
        let mut plan = Plan::default();
        let mut sleep = Box::pin(tokio::time::sleep(REST));
        let mut rest_at = self.clock.now() + REST;
        loop {
            let Some(again) = self.drive(&mut plan, &mut tell) else {
                return;
            };
            if again {
                tokio::task::yield_now().await;
                continue;
            }
            let woken = self.wait(&plan, sleep.as_mut(), rest_at).await;
            if woken == Woken::Readable && self.is_looked_at() {
                self.leave_to_threads(&mut plan, sleep.as_mut()).await;
            }
            if self.clock.now() >= rest_at {
                self.with(|driver, _| driver.rest());
                rest_at = self.clock.now() + REST;
            }
        }
    }

    /// While threads look at the sockets, the system does not tell this one of what comes: each time that would cost a
    /// wake-up, and one of the cores. It looks after them now and then, for they may have something else to do.
    async fn leave_to_threads(&self, plan: &mut Plan, mut sleep: Pin<&mut Sleep>) {
        plan.links.clear();
        self.with(|driver, _| driver.unwatch());
        loop {
            let is_asleep = self.last_look.get() == Look::AtLoop;
            let pause = if is_asleep {
                LOOK_AFTER_SLEEPER
            } else {
                LOOK_AFTER
            };
            let until = self.clock.now() + pause;
            let is_due = plan.deadline.is_some_and(|at| at <= until);
            let woken = self.wait(plan, sleep.as_mut(), until).await;
            if woken != Woken::Late || is_due || !self.is_looked_at() {
                return;
            }
        }
    }

    /// One run on the network's thread; true when there is more to do at once, none when it is over.
    fn drive(&self, plan: &mut Plan, tell: &mut impl FnMut(Outcome)) -> Option<bool> {
        self.wanted.fetch_or(ALL, Ordering::SeqCst);
        let Some(mut guard) = try_lock(&self.driver) else {
            // Whoever has the lock sees what is wanted, and wakes this thread.
            plan.links.clear();
            return Some(false);
        };
        self.wanted.store(0, Ordering::SeqCst);
        let driver = guard.as_mut()?;
        let mut again = driver.run(self.clock.now());
        self.note_read(driver);
        again |= !driver.fall_asleep();
        driver.plan(plan);
        let outcomes = driver.outcomes();
        drop(guard);
        outcomes.into_iter().for_each(tell);
        Some(again || self.wanted.load(Ordering::SeqCst) != 0)
    }

    async fn wait(&self, plan: &Plan, mut sleep: Pin<&mut Sleep>, until: Duration) -> Woken {
        let deadline = plan.deadline.map_or(until, |at| at.min(until));
        let deadline = self.clock.instant(deadline);
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        let mut notified = std::pin::pin!(self.notify.notified());
        std::future::poll_fn(|context| {
            if notified.as_mut().poll(context).is_ready() {
                return Poll::Ready(Woken::Asked);
            }
            if sleep.as_mut().poll(context).is_ready() {
                return Poll::Ready(Woken::Late);
            }
            let ready = plan
                .links
                .iter()
                .find(|(link, is_full)| link.poll(context, *is_full).is_ready());
            match ready {
                Some((_, true)) => Poll::Ready(Woken::Asked),
                Some((_, false)) => Poll::Ready(Woken::Readable),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Waits for the lock, which nobody keeps for long; nothing when it is over.
    fn with<T>(&self, call: impl FnOnce(&mut LinkDriver, Duration) -> T) -> Option<T> {
        let mut guard = lock(&self.driver);
        let result = guard.as_mut().map(|driver| call(driver, self.clock.now()));
        self.release(guard);
        result
    }

    /// Gives the lock back without having looked at what is wanted: whoever did not get it meanwhile relies on that.
    fn release(&self, guard: MutexGuard<'_, Option<LinkDriver>>) {
        drop(guard);
        fence(Ordering::SeqCst);
        if self.wanted.load(Ordering::SeqCst) != 0 {
            self.notify.notify_one();
        }
    }
}
