//! The raw entry points: callbacks without arguments, some 15 ns a call.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::{Object, Result};
use napi::{Env, JsValue, check_status, sys};
use tergo_core::Scheduler;

use crate::scheduler_handle::SchedulerHandle;
use crate::waking;

/// An object with the functions `turn`, `flush`, `grant`, `handOver`, `nap` and `doze`. Each holds a share of the scheduler.
pub fn entries<'env>(env: &'env Env, handle: &Rc<SchedulerHandle>) -> Result<Object<'env>> {
    let entries = Object::new(env)?;
    add(env, &entries, c"turn", turn, handle)?;
    add(env, &entries, c"flush", flush, handle)?;
    add(env, &entries, c"grant", grant, handle)?;
    add(env, &entries, c"handOver", hand_over, handle)?;
    add(env, &entries, c"nap", nap, handle)?;
    add(env, &entries, c"doze", doze, handle)?;
    Ok(entries)
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

unsafe extern "C" fn turn(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: `add` made this callback's data, and Node.js gives `env` and `info`.
    unsafe { enter(env, info, Scheduler::turn) }
}

unsafe extern "C" fn flush(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `turn`.
    unsafe { enter(env, info, Scheduler::flush) }
}

unsafe extern "C" fn grant(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `turn`.
    unsafe { enter(env, info, Scheduler::grant) }
}

unsafe extern "C" fn hand_over(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    // SAFETY: as for `turn`.
    unsafe { enter(env, info, Scheduler::hand_over) }
}

unsafe extern "C" fn nap(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as for `turn`.
    unsafe { enter(env, info, Scheduler::nap) }
}

unsafe extern "C" fn doze(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let doze = |scheduler: &mut Scheduler| {
        scheduler.doze();
    };
    // SAFETY: as for `turn`.
    waking::within_call(|| unsafe { enter(env, info, doze) })
}

/// Calls the scheduler that the callback's data points to; answers `undefined`.
///
/// # Safety
/// `env` and `info` are those of a call of a function that `add` made.
#[inline]
unsafe fn enter(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    call: fn(&mut Scheduler),
) -> sys::napi_value {
    let mut data = ptr::null_mut();
    // SAFETY: `env` and `info` are valid by contract; null says that a result is not wanted.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut data,
        )
    };
    // SAFETY: the data is a share of a handle, given up only after the function was collected; the
    // handle is used on this thread alone.
    let handle = unsafe { data.cast_const().cast::<SchedulerHandle>().as_ref() };
    if let (sys::Status::napi_ok, Some(handle)) = (status, handle) {
        handle.call(call);
    }
    ptr::null_mut()
}

/// Gives `entries` a function that calls back with a share of the scheduler as its data.
fn add(
    env: &Env,
    entries: &Object<'_>,
    name: &'static CStr,
    callback: Callback,
    handle: &Rc<SchedulerHandle>,
) -> Result<()> {
    let data = Rc::into_raw(Rc::clone(handle)).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: the name is as long as said; `data` stays valid until `release`, which the finalizer
    // below calls when the function is collected.
    let status = unsafe {
        sys::napi_create_function(
            env.raw(),
            name.as_ptr(),
            name.count_bytes().cast_signed(),
            Some(callback),
            data,
            &raw mut function,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: there is no function, so nobody else gives this share up.
        unsafe { release(env.raw(), data, ptr::null_mut()) };
    }
    check_status!(status, "could not create an entry point")?;
    // SAFETY: the function was just made. Should this fail, the share is leaked, which is harmless.
    let status = unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(release),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    check_status!(status, "could not bind an entry point")?;
    // SAFETY: both values belong to this environment and scope; the name ends with a zero.
    let status =
        unsafe { sys::napi_set_named_property(env.raw(), entries.raw(), name.as_ptr(), function) };
    check_status!(status, "could not export an entry point")
}

/// Gives up the share that a function had in its scheduler.
unsafe extern "C" fn release(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `data` came from `Rc::into_raw` in `add`, and is given up once. Finalizers run on the
    // thread of their environment, which is the only one that uses this `Rc`.
    drop(unsafe { Rc::from_raw(data.cast_const().cast::<SchedulerHandle>()) });
}
