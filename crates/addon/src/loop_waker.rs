//! Wakes a JS thread by a handle of its event loop.
//!
//! A thread-safe function of Node-API does the same, and has a queue with a lock, which it holds while the thread is being
//! woken: that one meets the lock and falls asleep once more.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

use napi::{Env, sys};

use crate::js_callback::JsCallback;
use crate::libuv::{ASYNC, Handle, Libuv};
use crate::waking::Waker;

/// A handle that is open.
struct Open(Handle);

// SAFETY: of the handle other threads use nothing but `uv_async_send`, which is made for that.
unsafe impl Send for Open {}
// SAFETY: as above.
unsafe impl Sync for Open {}

/// What those who wake and the thread share; none: it is not woken any more.
type Shared = Arc<RwLock<Option<Open>>>;

/// What belongs to a handle. It lives until libuv has closed that.
struct Ear {
    /// Given up when the handle is closed: after the end of the environment nothing of it can be.
    callback: Option<Rc<JsCallback>>,
    cleanup: sys::napi_async_cleanup_hook_handle,
    libuv: &'static Libuv,
    shared: Shared,
    memory: Box<[u128]>,
}

/// Wakes one JS thread; only that thread has it.
pub struct LoopWaker {
    shared: Shared,
    libuv: &'static Libuv,
    ear: *mut Ear,
}

impl LoopWaker {
    /// Calls back on this thread when it is woken, and does not keep its event loop alive. None where there is no libuv.
    pub fn new(env: Env, callback: &Rc<JsCallback>) -> Option<Self> {
        let libuv = Libuv::get()?;
        let event_loop = ptr::NonNull::new(env.get_uv_event_loop().ok()?.cast::<c_void>())?;
        let shared = Shared::default();
        let ear = Box::into_raw(Box::new(Ear {
            callback: Some(Rc::clone(callback)),
            cleanup: ptr::null_mut(),
            libuv,
            shared: Arc::clone(&shared),
            memory: libuv.memory_of(ASYNC),
        }));
        // SAFETY: `ear` was just made, and nobody else has it; the memory is as large as libuv says, and stays where it is until
        // `on_closed`; the loop is that of this thread.
        unsafe {
            let handle: Handle = (*ear).memory.as_mut_ptr().cast();
            if (libuv.async_init)(event_loop, handle, on_wake) != 0 {
                drop(Box::from_raw(ear));
                return None;
            }
            (libuv.set_data)(handle, ear.cast());
            (libuv.unref)(handle);
            let hook = &raw mut (*ear).cleanup;
            sys::napi_add_async_cleanup_hook(env.raw(), Some(on_end), ear.cast(), hook);
            *shared.write().unwrap_or_else(PoisonError::into_inner) = Some(Open(handle));
        }
        Some(Self { shared, libuv, ear })
    }

    /// What wakes the thread, on any thread. After the end it does nothing.
    pub fn waker(&self) -> Waker {
        let shared = Arc::clone(&self.shared);
        let send = self.libuv.async_send;
        Arc::new(move || {
            let open = shared.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(Open(handle)) = &*open {
                // SAFETY: it is closed only under the lock.
                unsafe { send(*handle) };
            }
        })
    }
}

impl Drop for LoopWaker {
    fn drop(&mut self) {
        if take(&self.shared).is_some() {
            // SAFETY: it was open, so libuv has not closed it, and the ear lives.
            unsafe { close(self.ear) };
        }
    }
}

fn take(shared: &Shared) -> Option<Open> {
    let mut open = shared.write().unwrap_or_else(PoisonError::into_inner);
    open.take()
}

/// # Safety
/// The handle of this ear was open until now; this is its thread.
unsafe fn close(ear: *mut Ear) {
    // SAFETY: by contract.
    unsafe {
        drop((*ear).callback.take());
        let handle: Handle = (*ear).memory.as_mut_ptr().cast();
        ((*ear).libuv.close)(handle, on_closed);
    }
}

unsafe extern "C" fn on_wake(handle: Handle) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: libuv calls this only between `new` and `close`, on the thread of the ear, which is its data.
    let callback = unsafe { (*(libuv.get_data)(handle).cast::<Ear>()).callback.clone() };
    if let Some(callback) = callback {
        callback.call();
    }
}

/// The environment ends.
unsafe extern "C" fn on_end(_cleanup: sys::napi_async_cleanup_hook_handle, ear: *mut c_void) {
    let ear = ear.cast::<Ear>();
    // SAFETY: the hook is removed before the ear is gone.
    unsafe {
        if take(&(*ear).shared).is_some() {
            close(ear);
        }
    }
}

unsafe extern "C" fn on_closed(handle: Handle) {
    let Some(libuv) = Libuv::get() else {
        return;
    };
    // SAFETY: `close` was called once, and nobody else uses the ear after that.
    let ear = unsafe { Box::from_raw((libuv.get_data)(handle).cast::<Ear>()) };
    // SAFETY: the hook was added by `new`, and is removed once.
    unsafe { sys::napi_remove_async_cleanup_hook(ear.cleanup) };
}
