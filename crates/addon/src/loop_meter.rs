//! How long libuv's loop of a JS thread works without a rest, as other threads may ask while it does.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::libuv::{Handle, Libuv, Loop, PREPARE};
use crate::watched_loop::{LoopTimes, Meter};

/// The loop is looked at so often at most: what takes less counts with what follows it.
const LOOK_EVERY_NS: u64 = 1_000_000;
/// For so long the longest time is remembered, at least.
const WINDOW_NS: u64 = 10_000_000_000;

/// A loop that has not ended, and the handle that it calls before it waits.
struct Open {
    event_loop: Loop,
    handle: Handle,
}

// SAFETY: other threads use nothing but `uv_metrics_idle_time` of the loop, which is made for that.
unsafe impl Send for Open {}

/// Measures the loop of one JS thread. That costs a turn of the loop one reading of a clock, and a loop that waits nothing.
///
/// All times are of work: what passes while the loop waits does not count.
pub struct LoopMeter {
    libuv: &'static Libuv,
    /// None: the loop is at its end. Ends only under the lock.
    open: Mutex<Option<Open>>,
    /// Whether it is known to count how long it waits; where Node.js does not run the loop itself it may not.
    counts: AtomicBool,
    /// Until that is known: whether it was to wait when it turned last.
    was_to_wait: AtomicBool,
    turns: AtomicU32,
    /// By the clock, when it was looked at last.
    looked_at: AtomicU64,
    /// How long the loop had worked by then.
    worked: AtomicU64,
    longest: AtomicU64,
    /// The longest of the window before this one.
    longest_before: AtomicU64,
    window_from: AtomicU64,
}

impl LoopMeter {
    /// Measures from now on, until `close`; on the loop's thread.
    pub fn of(event_loop: Loop, libuv: &'static Libuv) -> Option<Arc<Self>> {
        let meter = Arc::new(Self {
            libuv,
            open: Mutex::default(),
            counts: AtomicBool::default(),
            was_to_wait: AtomicBool::default(),
            turns: AtomicU32::default(),
            looked_at: AtomicU64::default(),
            worked: AtomicU64::default(),
            longest: AtomicU64::default(),
            longest_before: AtomicU64::default(),
            window_from: AtomicU64::default(),
        });
        let hook = Box::into_raw(Box::new(Hook {
            memory: libuv.memory_of(PREPARE),
            meter: Arc::clone(&meter),
            event_loop,
        }));
        // SAFETY: the memory has the size and alignment of a handle, and lives until `on_closed`; the loop is that of this thread.
        unsafe {
            let handle: Handle = (*hook).memory.as_mut_ptr().cast();
            if (libuv.prepare_init)(event_loop, handle) != 0 {
                drop(Box::from_raw(hook));
                return None;
            }
            (libuv.set_data)(handle, hook.cast::<c_void>());
            (libuv.unref)(handle);
            *meter.lock() = Some(Open { event_loop, handle });
            let (now, waited) = ((libuv.now_ns)(), (libuv.waited_ns)(event_loop));
            meter.worked.store(now.saturating_sub(waited), Relaxed);
            (libuv.prepare_start)(handle, on_prepare);
        }
        Some(meter)
    }

    /// The loop ends; on its thread. The second time it does nothing.
    pub fn close(&self) {
        if let Some(Open { handle, .. }) = self.lock().take() {
            // SAFETY: it was initialised, and is closed once.
            unsafe { (self.libuv.close)(handle, on_closed) };
        }
    }

    /// The loop has done all that there was; on its thread.
    fn turn(&self, event_loop: Loop) {
        // Nobody else writes any of it.
        let turns = self.turns.load(Relaxed).wrapping_add(1);
        self.turns.store(turns, Relaxed);
        if !self.counts.load(Relaxed) {
            // SAFETY: the loop lives: it has called.
            let patience = unsafe { (self.libuv.patience_ms)(event_loop) };
            self.was_to_wait.store(patience != 0, Relaxed);
        }
        // SAFETY: it takes nothing and gives a number.
        let now = unsafe { (self.libuv.now_ns)() };
        if now - self.looked_at.load(Relaxed) < LOOK_EVERY_NS {
            return;
        }
        self.looked_at.store(now, Relaxed);
        // SAFETY: as above.
        let waited = unsafe { (self.libuv.waited_ns)(event_loop) };
        self.counts.fetch_or(waited > 0, Relaxed);
        let worked = now.saturating_sub(waited);
        let before = self.worked.swap(worked, Relaxed);
        self.remember(worked.saturating_sub(before), now);
    }

    fn remember(&self, worked: u64, now: u64) {
        let age = now - self.window_from.load(Relaxed);
        let mut longest = self.longest.load(Relaxed);
        if age >= WINDOW_NS {
            let before = if age < 2 * WINDOW_NS { longest } else { 0 };
            self.longest_before.store(before, Relaxed);
            self.window_from.store(now, Relaxed);
            longest = 0;
        }
        self.longest.store(longest.max(worked), Relaxed);
    }

    fn longest(&self, now: u64) -> u64 {
        let age = now.saturating_sub(self.window_from.load(Relaxed));
        let (longest, before) = (&self.longest, &self.longest_before);
        if age < WINDOW_NS {
            longest.load(Relaxed).max(before.load(Relaxed))
        } else if age < 2 * WINDOW_NS {
            longest.load(Relaxed)
        } else {
            0
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meter for LoopMeter {
    fn times(&self) -> Option<LoopTimes> {
        let open = self.lock();
        let turns = self.turns.load(Relaxed);
        let worked_at_turn = self.worked.load(Relaxed);
        let event_loop = open.as_ref()?.event_loop;
        // SAFETY: any thread may ask; the loop ends only under the lock.
        let (now, waited) = unsafe { ((self.libuv.now_ns)(), (self.libuv.waited_ns)(event_loop)) };
        // It may be waiting and not counting: whether it works cannot be told.
        if waited == 0 && self.was_to_wait.load(Relaxed) {
            return None;
        }
        let worked_ns = now.saturating_sub(waited);
        let unturned_ns = worked_ns.saturating_sub(worked_at_turn);
        Some(LoopTimes {
            turns,
            unturned_ns,
            worked_ns,
            longest_ns: self.longest(now).max(unturned_ns),
        })
    }
}

/// What belongs to the handle. It lives until libuv has closed that.
struct Hook {
    memory: Box<[u128]>,
    meter: Arc<LoopMeter>,
    event_loop: Loop,
}

/// # Safety
/// libuv calls it with a handle of `of` that is not closed.
unsafe extern "C" fn on_prepare(handle: Handle) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: its data is the box that `on_closed` frees.
    let hook = unsafe { &*(libuv.get_data)(handle).cast::<Hook>() };
    hook.meter.turn(hook.event_loop);
}

/// # Safety
/// libuv calls it once for each handle of `of`, and has no use for its memory any more.
unsafe extern "C" fn on_closed(handle: Handle) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: the box of `of`, which is freed here only.
    drop(unsafe { Box::from_raw((libuv.get_data)(handle).cast::<Hook>()) });
}
