//! The one thread that looks for callbacks that block, for all schedulers of the OS process.
//!
//! Nobody waits for it: it ends with the process, and touches nothing but memory that it holds a
//! share of.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tergo_core::{LOOK_EVERY_MS, RingMemory, Watchdog};

/// It calls nothing deep.
const STACK_BYTES: usize = 128 * 1024;

static STATE: Mutex<State> = Mutex::new(State {
    watchdog: Watchdog::new(),
    is_started: false,
    is_parked: false,
});
static WAKE: Condvar = Condvar::new();

struct State {
    watchdog: Watchdog,
    is_started: bool,
    /// Whether the thread waits for `WAKE` without a timeout.
    is_parked: bool,
}

/// Watches a ring, and starts the thread if this is the first one.
pub fn watch(ring: Arc<RingMemory>) {
    let mut state = lock();
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
    lock().watchdog.forget(ring);
}

/// Somebody is busy again.
pub fn wake() {
    rouse(&mut lock());
}

fn rouse(state: &mut State) {
    state.watchdog.wake();
    if std::mem::take(&mut state.is_parked) {
        WAKE.notify_one();
    }
}

fn run() {
    let start = Instant::now();
    let pause = Duration::from_millis(LOOK_EVERY_MS);
    let mut state = lock();
    loop {
        let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if state.watchdog.look(now) {
            drop(state);
            thread::sleep(pause);
            state = lock();
        } else {
            state.is_parked = true;
            state = WAKE
                .wait_while(state, |state| state.is_parked)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A panic under the lock leaves at worst a wrong guess about who blocks.
fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
