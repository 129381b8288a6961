//! How the sleeping driver of a JS thread is woken: by a thread-safe function, or at once when its own thread finds out that
//! something has come.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::bindgen_prelude::{Function, FunctionRef, JsValue, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, sys};

/// Called by whoever has frames for a driver that sleeps.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

thread_local! {
    /// What wakes the drivers of this OS thread, by number.
    static DRIVERS: RefCell<HashMap<u32, Rc<FunctionRef<(), ()>>>> = RefCell::default();
    /// Those that are to be woken when what this thread does is done; none: nothing is done that may wake them.
    static WOKEN: RefCell<Option<Vec<u32>>> = const { RefCell::new(None) };
}

/// That a driver of this thread can be woken by it, too. What it calls is given up with this.
pub struct Sleeper(u32);

impl Drop for Sleeper {
    fn drop(&mut self) {
        // A thread at its end may have lost its list already.
        let _ = DRIVERS.try_with(|drivers| drivers.borrow_mut().remove(&self.0));
    }
}

/// What wakes a driver of this thread by a callback, from whatever thread; it does not keep the process alive. This thread can do so
/// directly for as long as the other part lives.
pub fn waker(callback: &Function<'_, (), ()>) -> Result<(Waker, Sleeper)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let driver = Rc::new(callback.create_ref()?);
    let wake = callback
        .build_threadsafe_function::<()>()
        .weak::<true>()
        .build()?;
    DRIVERS.with_borrow_mut(|drivers| drivers.insert(number, driver));
    let waker = move || {
        if !is_woken_here(number) {
            // Refused only when its thread is at its end, which takes no frames any more.
            let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    };
    Ok((Arc::new(waker), Sleeper(number)))
}

/// Whether the driver is one of this thread, which wakes it when it is done.
fn is_woken_here(number: u32) -> bool {
    let is_done_here = WOKEN.try_with(|woken| {
        let mut woken = woken.borrow_mut();
        let is_here = || DRIVERS.with_borrow(|drivers| drivers.contains_key(&number));
        woken
            .as_mut()
            .filter(|_| is_here())
            .map(|woken| woken.push(number))
    });
    is_done_here.is_ok_and(|woken| woken.is_some())
}

/// Does something that does not panic, in a call of JavaScript; then the drivers of this thread are awake that it has woken.
pub fn within_call<T>(env: Env, work: impl FnOnce() -> T) -> T {
    let (result, woken) = note_woken(work);
    for driver in woken {
        // It only queues a microtask. An error would be thrown by the call.
        let _ = driver.borrow_back(&env).and_then(|wake| wake.call(()));
    }
    result
}

/// The same in a callback of the event loop.
pub fn within_event<T>(env: sys::napi_env, work: impl FnOnce() -> T) -> T {
    let (result, woken) = note_woken(work);
    for driver in woken {
        call_back(env, &driver);
    }
    result
}

fn note_woken<T>(work: impl FnOnce() -> T) -> (T, Vec<Rc<FunctionRef<(), ()>>>) {
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

/// Calls as Node.js does for an event, so that microtasks run and what is thrown is an uncaught exception.
fn call_back(env: sys::napi_env, driver: &FunctionRef<(), ()>) {
    let mut scope = ptr::null_mut();
    // SAFETY: the environment lives: its clean-up hook has not run, which removes the driver. All values are of this scope.
    unsafe {
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return;
        }
        if let Ok(wake) = driver.borrow_back(&Env::from_raw(env)) {
            let mut receiver = ptr::null_mut();
            sys::napi_get_global(env, &raw mut receiver);
            sys::napi_make_callback(
                env,
                ptr::null_mut(),
                receiver,
                wake.raw(),
                0,
                ptr::null(),
                ptr::null_mut(),
            );
            throw_pending(env);
        }
        sys::napi_close_handle_scope(env, scope);
    }
}

/// # Safety
/// In a handle scope of a living environment.
unsafe fn throw_pending(env: sys::napi_env) {
    let mut is_pending = false;
    // SAFETY: by contract.
    unsafe {
        sys::napi_is_exception_pending(env, &raw mut is_pending);
        if is_pending {
            let mut error = ptr::null_mut();
            sys::napi_get_and_clear_last_exception(env, &raw mut error);
            sys::napi_fatal_exception(env, error);
        }
    }
}
