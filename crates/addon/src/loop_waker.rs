//! Wakes a JS thread by a handle of its event loop.
//!
//! A thread-safe function of Node-API does the same, and has a queue with a lock, which it holds while the thread is being
//! woken: that one meets the lock and falls asleep once more.

use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;
use std::ptr::{self, NonNull};
use std::sync::{Arc, PoisonError, RwLock};

use napi::bindgen_prelude::{Function, JsValue, Result};
use napi::{Env, check_status, sys};

/// libuv's number for the type of such a handle.
const UV_ASYNC: c_int = 1;

type Handle = *mut c_void;
type OnHandle = unsafe extern "C" fn(Handle);
type HandleSize = unsafe extern "C" fn(c_int) -> usize;
type Init = unsafe extern "C" fn(*mut c_void, Handle, OnHandle) -> c_int;
type Notify = unsafe extern "C" fn(Handle) -> c_int;
type Close = unsafe extern "C" fn(Handle, OnHandle);

/// What is used of libuv.
#[derive(Clone, Copy)]
struct Libuv {
    handle_size: HandleSize,
    init: Init,
    send: Notify,
    close: Close,
    unref: OnHandle,
}

impl Libuv {
    /// Looked up by name: not every runtime with a Node-API has libuv.
    fn find() -> Option<Self> {
        // SAFETY: these are libuv's functions of those names, and their types: https://docs.libuv.org/en/v1.x/api.html.
        unsafe {
            Some(Self {
                handle_size: transmute::<NonNull<c_void>, HandleSize>(symbol(c"uv_handle_size")?),
                init: transmute::<NonNull<c_void>, Init>(symbol(c"uv_async_init")?),
                send: transmute::<NonNull<c_void>, Notify>(symbol(c"uv_async_send")?),
                close: transmute::<NonNull<c_void>, Close>(symbol(c"uv_close")?),
                unref: transmute::<NonNull<c_void>, OnHandle>(symbol(c"uv_unref")?),
            })
        }
    }
}

fn symbol(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: the name ends with a zero.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}

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
    env: sys::napi_env,
    callback: sys::napi_ref,
    cleanup: sys::napi_async_cleanup_hook_handle,
    libuv: Libuv,
    shared: Shared,
    memory: Box<[u64]>,
}

/// Wakes one JS thread; only that thread has it.
pub struct LoopWaker {
    shared: Shared,
    libuv: Libuv,
    ear: *mut Ear,
}

impl LoopWaker {
    /// Calls back on this thread when it is woken, and does not keep its event loop alive. None where there is no libuv.
    pub fn new(env: &Env, callback: &Function<'_, (), ()>) -> Result<Option<Self>> {
        let (Some(libuv), Ok(event_loop)) = (Libuv::find(), env.get_uv_event_loop()) else {
            return Ok(None);
        };
        let mut reference = ptr::null_mut();
        // SAFETY: both belong to this thread, and the function lives through the call.
        let status =
            unsafe { sys::napi_create_reference(env.raw(), callback.raw(), 1, &raw mut reference) };
        check_status!(status, "could not keep the callback")?;
        // SAFETY: it is asked for a type that every libuv has.
        let size = unsafe { (libuv.handle_size)(UV_ASYNC) };
        let shared = Shared::default();
        let ear = Box::into_raw(Box::new(Ear {
            env: env.raw(),
            callback: reference,
            cleanup: ptr::null_mut(),
            libuv,
            shared: Arc::clone(&shared),
            memory: vec![0; size.div_ceil(8)].into(),
        }));
        // SAFETY: `ear` was just made, and nobody else has it yet; the loop is that of this thread.
        if unsafe { open(ear, event_loop.cast()) } {
            return Ok(Some(Self { shared, libuv, ear }));
        }
        // SAFETY: libuv does not know it.
        let ear = unsafe { Box::from_raw(ear) };
        // SAFETY: it was just made, on this thread.
        unsafe { sys::napi_delete_reference(ear.env, ear.callback) };
        Ok(None)
    }

    /// What wakes the thread, on any thread. After the end it does nothing.
    pub fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        let send = self.libuv.send;
        move || {
            let open = shared.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(Open(handle)) = &*open {
                // SAFETY: it is closed only under the lock.
                unsafe { send(*handle) };
            }
        }
    }

    /// The thread is woken no more. The second time it does nothing.
    pub fn close(&self) {
        if take(&self.shared).is_some() {
            // SAFETY: it was open, so libuv has not closed it, and the ear lives.
            unsafe { close(self.ear) };
        }
    }
}

impl Drop for LoopWaker {
    fn drop(&mut self) {
        self.close();
    }
}

fn take(shared: &Shared) -> Option<Open> {
    let mut open = shared.write().unwrap_or_else(PoisonError::into_inner);
    open.take()
}

/// False when libuv has refused it.
///
/// # Safety
/// The ear was just made, for this thread, whose event loop this is.
unsafe fn open(ear: *mut Ear, event_loop: *mut c_void) -> bool {
    // SAFETY: by contract; the memory is as large as libuv says, and stays where it is.
    unsafe {
        let libuv = (*ear).libuv;
        let handle = (*ear).memory.as_mut_ptr().cast::<c_void>();
        if (libuv.init)(event_loop, handle, on_wake) != 0 {
            return false;
        }
        handle.cast::<*mut Ear>().write(ear);
        (libuv.unref)(handle);
        sys::napi_add_async_cleanup_hook(
            (*ear).env,
            Some(on_end),
            ear.cast(),
            &raw mut (*ear).cleanup,
        );
        let mut shared = (*ear)
            .shared
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *shared = Some(Open(handle));
        true
    }
}

/// # Safety
/// The handle of this ear was open until now; this is its thread.
unsafe fn close(ear: *mut Ear) {
    // SAFETY: by contract. The reference is given up now: after the end of the environment's hooks there is none.
    unsafe {
        sys::napi_delete_reference((*ear).env, (*ear).callback);
        let handle = (*ear).memory.as_mut_ptr().cast::<c_void>();
        ((*ear).libuv.close)(handle, on_closed);
    }
}

/// # Safety
/// It is the handle of an ear that lives.
unsafe fn ear_of(handle: Handle) -> *mut Ear {
    // SAFETY: by contract: `uv_handle_t` begins with `void* data`, which `open` has written.
    unsafe { *handle.cast::<*mut Ear>() }
}

unsafe extern "C" fn on_wake(handle: Handle) {
    // SAFETY: libuv calls this only between `open` and `close`, on the thread of the environment.
    unsafe {
        let ear = ear_of(handle);
        let (env, callback) = ((*ear).env, (*ear).callback);
        let mut scope = ptr::null_mut();
        if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
            return;
        }
        call_back(env, callback);
        sys::napi_close_handle_scope(env, scope);
    }
}

/// # Safety
/// Both belong to this thread, a handle scope is open, and no JavaScript runs.
unsafe fn call_back(env: sys::napi_env, callback: sys::napi_ref) {
    let (mut function, mut global, mut error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: by contract.
    unsafe {
        sys::napi_get_reference_value(env, callback, &raw mut function);
        sys::napi_get_global(env, &raw mut global);
        let context = ptr::null_mut();
        let (none, ignored) = (ptr::null(), ptr::null_mut());
        let status = sys::napi_make_callback(env, context, global, function, 0, none, ignored);
        let has_thrown = status == sys::Status::napi_pending_exception;
        if has_thrown
            && sys::napi_get_and_clear_last_exception(env, &raw mut error) == sys::Status::napi_ok
        {
            sys::napi_fatal_exception(env, error);
        }
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
    // SAFETY: `close` was called once, and nobody else uses the ear after that.
    let ear = unsafe { Box::from_raw(ear_of(handle)) };
    // SAFETY: the hook was added by `open`, and is removed once.
    unsafe { sys::napi_remove_async_cleanup_hook(ear.cleanup) };
}
