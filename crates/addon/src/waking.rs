//! How the sleeping driver of a JS thread is woken: by its event loop, or at once when its own thread finds out that something has
//! come.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::Env;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;

use crate::js_callback::JsCallback;
#[cfg(unix)]
use crate::loop_waker::LoopWaker;

/// Called by whoever has frames for a driver that sleeps.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

thread_local! {
    /// What wakes the drivers of this OS thread, by number.
    static DRIVERS: RefCell<HashMap<u32, Rc<JsCallback>>> = RefCell::default();
    /// Those that are to be woken when what this thread does is done; none: nothing is done that may wake them.
    static WOKEN: RefCell<Option<Vec<u32>>> = const { RefCell::new(None) };
}

/// A driver of this thread, which can be woken for as long as this lives.
pub struct Sleeper {
    number: u32,
    #[cfg(unix)]
    _waker: Option<LoopWaker>,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // A thread at its end may have lost its list already.
        let _ = DRIVERS.try_with(|drivers| drivers.borrow_mut().remove(&self.number));
    }
}

/// What wakes a driver of this thread by a callback, from whatever thread. The callback is told whether it is called within a call of
/// JavaScript. It does not keep the process alive.
pub fn waker(env: Env, callback: &Function<'_, bool, ()>) -> Result<(Waker, Sleeper)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let driver = Rc::new(JsCallback::new(env, callback)?);
    #[cfg(unix)]
    let (wake, waker) = match LoopWaker::new(env, &driver) {
        Some(waker) => (waker.waker(), Some(waker)),
        None => (by_threadsafe_function(callback)?, None),
    };
    #[cfg(not(unix))]
    let wake = by_threadsafe_function(callback)?;
    DRIVERS.with_borrow_mut(|drivers| drivers.insert(number, driver));
    let sleeper = Sleeper {
        number,
        #[cfg(unix)]
        _waker: waker,
    };
    let waker = move || {
        if !is_woken_here(number) {
            wake();
        }
    };
    Ok((Arc::new(waker), sleeper))
}

/// Where libuv's functions cannot be looked up.
fn by_threadsafe_function(callback: &Function<'_, bool, ()>) -> Result<Waker> {
    let wake = callback
        .build_threadsafe_function::<bool>()
        .weak::<true>()
        .build()?;
    Ok(Arc::new(move || {
        // Refused only when its thread is at its end, which takes no frames any more.
        let _ = wake.call(false, ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// Whether the driver is one of this thread, which wakes it when it is done.
fn is_woken_here(number: u32) -> bool {
    let noted = WOKEN.try_with(|woken| {
        let mut woken = woken.borrow_mut();
        let is_here = || DRIVERS.with_borrow(|drivers| drivers.contains_key(&number));
        let woken = woken.as_mut().filter(|_| is_here());
        woken.map(|woken| woken.push(number)).is_some()
    });
    noted.unwrap_or(false)
}

/// Does something that does not panic, in a call of JavaScript; then the drivers of this thread are awake that it has woken.
pub fn within_call<T>(work: impl FnOnce() -> T) -> T {
    let (result, woken) = note_woken(work);
    for driver in woken {
        driver.call_within();
    }
    result
}

/// The same in a callback of the event loop.
#[cfg(unix)]
pub fn within_event<T>(work: impl FnOnce() -> T) -> T {
    let (result, woken) = note_woken(work);
    for driver in woken {
        driver.call();
    }
    result
}

fn note_woken<T>(work: impl FnOnce() -> T) -> (T, Vec<Rc<JsCallback>>) {
    let outer = WOKEN.replace(Some(Vec::new()));
    let result = work();
    let woken = WOKEN.replace(outer).unwrap_or_default();
    if woken.is_empty() {
        return (result, Vec::new());
    }
    let drivers = DRIVERS.with_borrow(|drivers| {
        let found = woken.iter().filter_map(|number| drivers.get(number));
        found.cloned().collect()
    });
    (result, drivers)
}
