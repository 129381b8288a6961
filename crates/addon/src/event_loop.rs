//! Whether libuv has something to do, asked without giving it its turn.

use napi::Env;

/// What tells whether libuv's loop of this environment has events; none where that cannot be asked.
#[cfg(unix)]
pub fn has_events(env: &Env) -> Option<impl Fn() -> bool + 'static> {
    use std::ffi::{c_int, c_void};

    // Looked up by name: not every runtime with a Node-API has libuv.
    // SAFETY: the name ends with a zero.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"uv_backend_fd".as_ptr()) };
    let event_loop = env.get_uv_event_loop().ok()?;
    if symbol.is_null() || event_loop.is_null() {
        return None;
    }
    // SAFETY: this is libuv's function of that name, and its type: https://docs.libuv.org/en/v1.x/loop.html.
    let backend_fd = unsafe {
        std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut c_void) -> c_int>(symbol)
    };
    // SAFETY: the loop of this environment, which lives as long as its thread.
    let fd = unsafe { backend_fd(event_loop.cast()) };
    (fd >= 0).then_some(move || {
        let mut polled = libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry, which lives through the call; it does not wait.
        unsafe { libc::poll(&raw mut polled, 1, 0) > 0 }
    })
}

/// Windows has no descriptor for it.
#[cfg(not(unix))]
pub fn has_events(_env: &Env) -> Option<fn() -> bool> {
    None
}
