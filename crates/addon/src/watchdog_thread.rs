//! The one thread that looks for callbacks that block, for all schedulers of the OS process, and tells of threads that hang when nobody
//! else can.
//!
//! Nobody waits for it: it ends with the process, and touches nothing but memory that it holds a
//! share of.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use tergo_core::{LOOK_AT_LOOPS_EVERY_MS, LOOK_EVERY_MS, RingMemory, Watchdog};

use crate::voice::Voice;
use crate::watched_loop::{LoopTimes, Meter, WatchedLoop};

/// It calls nothing deep.
const STACK_BYTES: usize = 128 * 1024;

static STATE: Mutex<State> = Mutex::new(State {
    watchdog: Watchdog::new(),
    loops: Vec::new(),
    is_started: false,
    is_parked: false,
});
static WAKE: Condvar = Condvar::new();

struct State {
    watchdog: Watchdog,
    loops: Vec<WatchedLoop>,
    is_started: bool,
    /// Whether the thread waits for `WAKE`.
    is_parked: bool,
}

/// Watches a ring and the event loop of its thread, and starts the thread if this is the first one.
pub fn watch(ring: Arc<RingMemory>, meter: Option<Arc<dyn Meter>>) {
    let mut state = lock();
    let event_loop = meter.map(|meter| WatchedLoop::new(Arc::clone(&ring), meter));
    state.loops.extend(event_loop);
    state.watchdog.watch(ring);
    if !state.is_started {
        // Without a thread blocked callbacks go unreported, which is no reason to fail.
        let thread = thread::Builder::new().name("tergo-watchdog".to_owned());
        state.is_started = thread.stack_size(STACK_BYTES).spawn(run).is_ok();
    }
    rouse(&mut state);
}

/// Watches a ring no longer.
pub fn forget(ring: &Arc<RingMemory>) {
    let mut state = lock();
    state.watchdog.forget(ring);
    state
        .loops
        .retain(|watched| !Arc::ptr_eq(&watched.ring, ring));
}

/// How the event loop of the thread of a ring does; none for one that is not watched, or cannot be measured.
pub fn loop_times(ring: &Arc<RingMemory>) -> Option<LoopTimes> {
    lock().loop_of(ring)?.times()
}

/// Tells from now on when the thread of a ring hangs.
pub fn tell(ring: &Arc<RingMemory>, voice: Voice) {
    let mut state = lock();
    if let Some(watched) = state.loop_of(ring) {
        watched.voice = Some(voice);
        // It may be waiting for ever.
        rouse(&mut state);
    }
}

/// Somebody is busy again.
pub fn wake() {
    rouse(&mut lock());
}

impl State {
    fn loop_of(&mut self, ring: &Arc<RingMemory>) -> Option<&mut WatchedLoop> {
        let mut loops = self.loops.iter_mut();
        loops.find(|watched| Arc::ptr_eq(&watched.ring, ring))
    }

    /// What is to be told of loops.
    fn look_at_loops(&mut self) -> Vec<String> {
        self.loops
            .iter_mut()
            .filter_map(WatchedLoop::look)
            .collect()
    }

    /// How long the thread may wait when no ring is of interest; none: until it is woken.
    fn patience(&self) -> Option<Duration> {
        let tells = self.loops.iter().any(|watched| watched.voice.is_some());
        tells.then_some(Duration::from_millis(LOOK_AT_LOOPS_EVERY_MS))
    }
}

fn rouse(state: &mut State) {
    state.watchdog.wake();
    if std::mem::take(&mut state.is_parked) {
        WAKE.notify_one();
    }
}

fn run() {
    let start = Instant::now();
    let mut loops_at = 0;
    loop {
        let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut state = lock();
        if now >= loops_at {
            loops_at = now + LOOK_AT_LOOPS_EVERY_MS;
            let lines = state.look_at_loops();
            if !lines.is_empty() {
                drop(state);
                write(&lines);
                state = lock();
            }
        }
        if state.watchdog.look(now) {
            drop(state);
            thread::sleep(Duration::from_millis(LOOK_EVERY_MS));
        } else {
            park(state);
        }
    }
}

fn park(mut state: MutexGuard<'_, State>) {
    state.is_parked = true;
    let is_parked = |state: &mut State| state.is_parked;
    if let Some(patience) = state.patience() {
        let waited = WAKE.wait_timeout_while(state, patience, is_parked);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_parked = false;
    } else {
        let _state = WAKE
            .wait_while(state, is_parked)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

/// Not under the lock: who reads it may be slow. Nobody can be told that it failed.
fn write(lines: &[String]) {
    let mut out = io::stderr().lock();
    for line in lines {
        let _ = out.write_all(line.as_bytes());
    }
}

/// A panic under the lock leaves at worst a wrong guess about who blocks.
fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
