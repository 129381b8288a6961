//! libuv's loop of a JS thread: whether it has something to do, and what it waits for.

use std::cell::RefCell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

use napi::Env;
use tergo_net::LoopWatch;

use crate::libuv::{Handle, Libuv, Loop, POLL, READABLE};
use crate::loop_meter::LoopMeter;
use crate::waking;

thread_local! {
    /// That of the environment of this OS thread, once somebody has asked for it.
    static HERE: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// The loop of one JS thread, on that thread only.
#[derive(Clone)]
pub struct EventLoop {
    raw: Loop,
    libuv: &'static Libuv,
    /// What waits and is not closed.
    waiting: Rc<RefCell<Vec<Handle>>>,
    /// None: it cannot be measured.
    meter: Option<Arc<LoopMeter>>,
}

impl EventLoop {
    /// That of an environment; none where there is no libuv. What it waits for ends with the environment.
    pub fn of(env: Env) -> Option<Self> {
        let known = HERE.with_borrow(Clone::clone);
        known.or_else(|| Self::first(env))
    }

    fn first(env: Env) -> Option<Self> {
        let raw = NonNull::new(env.get_uv_event_loop().ok()?.cast())?;
        let libuv = Libuv::get()?;
        let mut event_loop = Self {
            raw,
            libuv,
            waiting: Rc::default(),
            meter: None,
        };
        let at_end = event_loop.clone();
        let end = move |()| {
            let here = HERE.take();
            at_end.close_all();
            if let Some(meter) = here.and_then(|here| here.meter) {
                meter.close();
            }
        };
        env.add_env_cleanup_hook((), end).ok()?;
        event_loop.meter = LoopMeter::of(raw, libuv);
        HERE.set(Some(event_loop.clone()));
        Some(event_loop)
    }

    /// What measures it.
    pub fn meter(&self) -> Option<&Arc<LoopMeter>> {
        self.meter.as_ref()
    }

    /// Whether it has something to do, without giving it its turn.
    pub fn has_events(&self) -> bool {
        // SAFETY: the loop lives as long as its thread.
        let fd = unsafe { (self.libuv.backend_fd)(self.raw) };
        let mut polled = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry, which lives through the call; it does not wait.
        unsafe { libc::poll(&raw mut polled, 1, 0) > 0 }
    }

    /// Reads whenever something comes for a node of this thread, as long as what this gives lives. It does not keep the loop
    /// alive. None: the loop cannot wait for it.
    pub fn wait_for(&self, watch: LoopWatch) -> Option<AtLoop> {
        let libuv = self.libuv;
        let fd = watch.fd();
        let waiting = Box::into_raw(Box::new(Waiting {
            memory: libuv.memory_of(POLL),
            event_loop: self.clone(),
            watch,
        }));
        // SAFETY: the memory has the size and alignment of a handle, and lives until `on_closed`.
        unsafe {
            let handle: Handle = (*waiting).memory.as_mut_ptr().cast();
            if (libuv.poll_init)(self.raw, handle, fd) != 0 {
                drop(Box::from_raw(waiting));
                return None;
            }
            (libuv.set_data)(handle, waiting.cast());
            (libuv.unref)(handle);
            self.waiting.borrow_mut().push(handle);
            let at_loop = AtLoop {
                event_loop: self.clone(),
                handle,
            };
            let is_started = (libuv.poll_start)(handle, READABLE, on_readable) == 0;
            is_started.then_some(at_loop)
        }
    }

    fn close(&self, handle: Handle) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(at) = waiting.iter().position(|one| *one == handle) {
            waiting.swap_remove(at);
            // SAFETY: it was initialised, and is closed once: it was in the list.
            unsafe { (self.libuv.close)(handle, on_closed) };
        }
    }

    fn close_all(&self) {
        while let Some(handle) = self.waiting.borrow_mut().pop() {
            // SAFETY: as in `close`.
            unsafe { (self.libuv.close)(handle, on_closed) };
        }
    }
}

/// That the loop waits for something; on the loop's thread only.
pub struct AtLoop {
    event_loop: EventLoop,
    handle: Handle,
}

impl Drop for AtLoop {
    fn drop(&mut self) {
        self.event_loop.close(self.handle);
    }
}

/// A handle of libuv, and what it is for.
struct Waiting {
    memory: Box<[u128]>,
    event_loop: EventLoop,
    watch: LoopWatch,
}

/// # Safety
/// libuv calls it with a handle of `wait_for` that is not closed.
unsafe extern "C" fn on_readable(handle: Handle, _status: c_int, _events: c_int) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: its data is the box that `on_closed` frees; nobody else has it.
    let waiting = unsafe { &mut *(libuv.get_data)(handle).cast::<Waiting>() };
    let goes_on = waking::within_event(|| {
        catch_unwind(AssertUnwindSafe(|| waiting.watch.read())).unwrap_or(false)
    });
    if !goes_on {
        waiting.event_loop.close(handle);
    }
}

/// # Safety
/// libuv calls it once for each handle of `wait_for`, and has no use for its memory any more.
unsafe extern "C" fn on_closed(handle: Handle) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: the box of `wait_for`, which is freed here only.
    drop(unsafe { Box::from_raw((libuv.get_data)(handle).cast::<Waiting>()) });
}
