use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tergo_core::{Fabric, RingMemory, Scheduler, layout};

use crate::waking::Sleeper;
use crate::watchdog_thread;
use crate::watched_loop::Meter;

/// A scheduler that the class and the raw entry points share. All of them live on one JS thread.
pub struct SchedulerHandle {
    /// None after `close`, and after a panic.
    scheduler: RefCell<Option<Scheduler>>,
    /// Why there is no scheduler: then every call says so again.
    has_panicked: Cell<bool>,
    ring: Arc<RingMemory>,
    /// What other threads share with it, if its node has any.
    fabric: Option<Arc<Fabric>>,
    thread: u32,
    /// Until it is closed.
    sleeper: RefCell<Option<Sleeper>>,
}

impl SchedulerHandle {
    /// A scheduler, watched by the watchdog from now on; so is the event loop of its thread, if it has one that can be measured.
    pub fn new(scheduler: Scheduler, meter: Option<Arc<dyn Meter>>) -> Self {
        let ring = Arc::clone(scheduler.ring());
        watchdog_thread::watch(Arc::clone(&ring), meter);
        Self {
            has_panicked: Cell::new(false),
            ring,
            fabric: scheduler.fabric().cloned(),
            thread: scheduler.thread(),
            sleeper: RefCell::new(None),
            scheduler: RefCell::new(Some(scheduler)),
        }
    }

    /// What other threads share with it; it outlives `close`.
    pub fn fabric(&self) -> Option<&Arc<Fabric>> {
        self.fabric.as_ref()
    }

    /// Its number among the threads of its node.
    pub fn thread(&self) -> u32 {
        self.thread
    }

    /// The memory that is shared with TypeScript; it outlives `close`.
    pub fn ring(&self) -> Arc<RingMemory> {
        Arc::clone(&self.ring)
    }

    /// Calls the scheduler. None when it is closed: then whoever reads the ring finds nothing there.
    ///
    /// A panic closes it and stands in the header from then on; it never crosses into JavaScript.
    #[inline]
    pub fn call<T>(&self, call: impl FnOnce(&mut Scheduler) -> T) -> Option<T> {
        let mut scheduler = self.scheduler.borrow_mut();
        let Some(open) = scheduler.as_mut() else {
            self.answer_closed();
            return None;
        };
        // A scheduler that panicked is never called again, so its state does not matter.
        let result = catch_unwind(AssertUnwindSafe(|| call(open)));
        if result.is_err() {
            // Its end may find the same harm.
            let broken = scheduler.take();
            let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
            self.has_panicked.set(true);
            self.answer_closed();
            watchdog_thread::forget(&self.ring);
        }
        result.ok()
    }

    /// That this thread can wake its driver.
    pub fn keep_sleeper(&self, sleeper: Sleeper) {
        *self.sleeper.borrow_mut() = Some(sleeper);
    }

    /// Drops the scheduler; the second time it does nothing.
    pub fn close(&self) {
        drop(self.sleeper.take());
        if self.scheduler.borrow_mut().take().is_some() {
            self.answer_closed();
            watchdog_thread::forget(&self.ring);
        }
    }

    #[cold]
    fn answer_closed(&self) {
        self.ring.silence();
        if self.has_panicked.get() {
            self.ring.set_header(layout::STATUS, layout::STATUS_PANIC);
        }
    }
}

impl Drop for SchedulerHandle {
    fn drop(&mut self) {
        self.close();
    }
}
