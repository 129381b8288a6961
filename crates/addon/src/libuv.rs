//! What is used of libuv, which Node.js brings.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;
use std::sync::OnceLock;

/// libuv's numbers for handles that another thread can ring, that wait for a descriptor, and that are called before each wait.
pub const ASYNC: c_int = 1;
pub const POLL: c_int = 8;
pub const PREPARE: c_int = 9;
/// For what can be read.
pub const READABLE: c_int = 1;

pub type Loop = NonNull<c_void>;
pub type Handle = *mut c_void;
pub type OnRing = unsafe extern "C" fn(Handle);
pub type OnPrepare = unsafe extern "C" fn(Handle);
pub type OnPoll = unsafe extern "C" fn(Handle, c_int, c_int);
pub type OnClosed = unsafe extern "C" fn(Handle);

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident $symbol:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Functions of libuv, as <https://docs.libuv.org/en/v1.x/api.html> says.
        pub struct Libuv {
            $($(#[$doc])* pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Libuv {
            fn find() -> Option<Self> {
                Some(Self {
                    $($name: {
                        let found = find($symbol)?;
                        // SAFETY: libuv's function of that name has this type.
                        unsafe {
                            std::mem::transmute::<
                                NonNull<c_void>,
                                unsafe extern "C" fn($($argument),*) $(-> $result)?,
                            >(found)
                        }
                    },)*
                })
            }
        }
    };
}

functions! {
    /// The descriptor that is readable when the loop has something to do.
    backend_fd c"uv_backend_fd": fn(Loop) -> c_int;
    /// Bytes of a kind of handle.
    handle_size c"uv_handle_size": fn(c_int) -> usize;
    /// Gives a handle its data.
    set_data c"uv_handle_set_data": fn(Handle, *mut c_void);
    /// The data of a handle.
    get_data c"uv_handle_get_data": fn(Handle) -> *mut c_void;
    /// Makes a handle that can be rung.
    async_init c"uv_async_init": fn(Loop, Handle, OnRing) -> c_int;
    /// Rings it, on any thread.
    async_send c"uv_async_send": fn(Handle) -> c_int;
    /// Makes a handle that can wait for a descriptor.
    poll_init c"uv_poll_init": fn(Loop, Handle, c_int) -> c_int;
    /// Begins to wait.
    poll_start c"uv_poll_start": fn(Handle, c_int, OnPoll) -> c_int;
    /// Makes a handle that is called before the loop waits.
    prepare_init c"uv_prepare_init": fn(Loop, Handle) -> c_int;
    /// Begins to call it.
    prepare_start c"uv_prepare_start": fn(Handle, OnPrepare) -> c_int;
    /// How long the loop would wait now if it were to run, ms; 0: not at all.
    patience_ms c"uv_backend_timeout": fn(Loop) -> c_int;
    /// A clock that never goes back, ns.
    now_ns c"uv_hrtime": fn() -> u64;
    /// How long the loop has waited for something to do, ns; on any thread. 0 where it does not count.
    waited_ns c"uv_metrics_idle_time": fn(Loop) -> u64;
    /// The handle does not keep the loop alive.
    unref c"uv_unref": fn(Handle);
    /// Ends all; calls back when the memory of the handle is not used any more.
    close c"uv_close": fn(Handle, OnClosed);
}

impl Libuv {
    /// What this process has; none where a runtime has a Node-API without libuv.
    pub fn get() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Libuv>> = OnceLock::new();
        FOUND.get_or_init(Self::find).as_ref()
    }

    /// Memory of the size and alignment of a kind of handle.
    pub fn memory_of(&self, kind: c_int) -> Box<[u128]> {
        // SAFETY: it takes a number and gives one.
        let size = unsafe { (self.handle_size)(kind) };
        vec![0; size.div_ceil(size_of::<u128>())].into()
    }
}

fn find(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: a name that ends with a zero.
    NonNull::new(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}
