use std::ptr;

use napi::bindgen_prelude::{Function, JsValue, Result};
use napi::{Env, check_status, sys};

/// A function that Rust calls on the thread of its environment, and keeps.
pub struct JsCallback {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl JsCallback {
    /// Keeps a function. To be given up on this thread, before its environment has ended.
    pub fn new(env: Env, function: &Function<'_, bool, ()>) -> Result<Self> {
        let env = env.raw();
        let mut reference = ptr::null_mut();
        // SAFETY: both belong to this thread, and the function lives through the call.
        let status =
            unsafe { sys::napi_create_reference(env, function.raw(), 1, &raw mut reference) };
        check_status!(status, "could not keep the callback")?;
        Ok(Self { env, reference })
    }

    /// Calls it with true, within a call of JavaScript, which throws what it throws.
    pub fn call_within(&self) {
        // SAFETY: a scope is open in a call of JavaScript, to which all values belong.
        unsafe {
            let mut argument = ptr::null_mut();
            sys::napi_get_boolean(self.env, true, &raw mut argument);
            let (function, global) = self.function_and_global();
            let (argc, result) = (1, ptr::null_mut());
            sys::napi_call_function(
                self.env,
                global,
                function,
                argc,
                &raw const argument,
                result,
            );
        }
    }

    /// Calls it without arguments, as Node.js does for an event: microtasks run, and what it throws is an uncaught exception. Not
    /// to be called while JavaScript runs.
    #[cfg(unix)]
    pub fn call(&self) {
        let env = self.env;
        let mut scope = ptr::null_mut();
        // SAFETY: the environment has not ended; all values belong to the scope.
        unsafe {
            if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
                return;
            }
            let (function, global) = self.function_and_global();
            let (context, none, ignored) = (ptr::null_mut(), ptr::null(), ptr::null_mut());
            let status = sys::napi_make_callback(env, context, global, function, 0, none, ignored);
            let mut error = ptr::null_mut();
            if status == sys::Status::napi_pending_exception
                && sys::napi_get_and_clear_last_exception(env, &raw mut error)
                    == sys::Status::napi_ok
            {
                sys::napi_fatal_exception(env, error);
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }

    /// # Safety
    /// A handle scope is open.
    unsafe fn function_and_global(&self) -> (sys::napi_value, sys::napi_value) {
        let (mut function, mut global) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: by contract.
        unsafe {
            sys::napi_get_reference_value(self.env, self.reference, &raw mut function);
            sys::napi_get_global(self.env, &raw mut global);
        }
        (function, global)
    }
}

impl Drop for JsCallback {
    fn drop(&mut self) {
        // SAFETY: it was made once, on this thread, and is given up once.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}
