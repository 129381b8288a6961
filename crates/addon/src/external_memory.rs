//! `ArrayBuffer`s over memory that Rust owns.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32};

use napi::bindgen_prelude::{ArrayBuffer, FromNapiValue, Result};
use napi::{Env, check_status, sys};
use tergo_core::{Block, RingMemory};

/// Atomics that TypeScript may read and write, at an address that does not change.
pub trait SharedMemory {
    /// What it is made of.
    type Atomic;

    /// All of them.
    fn atomics(&self) -> &[Self::Atomic];
}

impl SharedMemory for RingMemory {
    type Atomic = AtomicU32;

    fn atomics(&self) -> &[AtomicU32] {
        self.words()
    }
}

impl SharedMemory for Block {
    type Atomic = AtomicU32;

    fn atomics(&self) -> &[AtomicU32] {
        self.words()
    }
}

impl SharedMemory for Vec<AtomicU8> {
    type Atomic = AtomicU8;

    fn atomics(&self) -> &[AtomicU8] {
        self
    }
}

/// An `ArrayBuffer` over `memory`, which lives until the buffer is collected.
///
/// Fails where the runtime has no external buffers (Electron): a copy would not be shared.
pub fn array_buffer<T: SharedMemory>(env: &Env, memory: Arc<T>) -> Result<ArrayBuffer<'_>> {
    let atomics = memory.atomics();
    let (address, bytes) = (atomics.as_ptr(), size_of_val(atomics));
    let share = Arc::into_raw(memory);
    let mut buffer = ptr::null_mut();
    // SAFETY: the address is that of `bytes` bytes of atomics, which may be written through a shared
    // reference; `share` keeps them alive until `release` runs, which V8 calls once, after the buffer
    // is gone.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            address.cast_mut().cast::<c_void>(),
            bytes,
            Some(release::<T>),
            share.cast_mut().cast::<c_void>(),
            &raw mut buffer,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: no buffer was made, so `release` will not run and this is the only use of `share`.
        drop(unsafe { Arc::from_raw(share) });
        check_status!(
            status,
            "this runtime does not support external ArrayBuffers"
        )?;
    }
    // SAFETY: `buffer` is the value that was just made in this environment.
    unsafe { ArrayBuffer::from_napi_value(env.raw(), buffer) }
}

/// Gives up the share that a buffer had in its memory.
unsafe extern "C" fn release<T>(_env: sys::napi_env, _data: *mut c_void, share: *mut c_void) {
    // SAFETY: `share` came from `Arc::into_raw` of an `Arc<T>`, and the finalizer runs once.
    drop(unsafe { Arc::from_raw(share.cast_const().cast::<T>()) });
}
