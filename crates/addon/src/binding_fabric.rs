use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::{Error, Result};
use napi_derive::napi;
use tergo_core::{Fabric, JoinError, Scheduler};

/// The fabrics that threads of this OS process can join, by number.
static FABRICS: Mutex<BTreeMap<u32, Arc<Fabric>>> = Mutex::new(BTreeMap::new());
static LAST_ID: AtomicU32 = AtomicU32::new(0);

/// What the threads of one node share. `docs/design/threads.md` tells how it is used.
#[napi]
pub struct BindingFabric {
    id: u32,
}

#[napi]
impl BindingFabric {
    /// A fabric for so many threads; `quotaChunks` times 256 KiB may be on their way from one to another.
    #[napi(constructor)]
    pub fn new(threads: u32, quota_chunks: u32) -> Self {
        let id = LAST_ID.fetch_add(1, Relaxed).wrapping_add(1);
        lock().insert(id, Fabric::new(threads, quota_chunks));
        Self { id }
    }

    /// The number by which other threads of this OS process find it.
    #[napi(getter)]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// No thread can join any more. The second time it does nothing.
    #[napi]
    pub fn close(&self) {
        let fabric = lock().remove(&self.id);
        drop(fabric);
    }
}

impl Drop for BindingFabric {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes the place of a thread.
pub fn join(fabric: u32, thread: u32) -> Result<Scheduler> {
    let found = find(fabric)?;
    Scheduler::join(&found, thread).map_err(|error| {
        Error::from_reason(match error {
            JoinError::Unknown => "the fabric has no such thread",
            JoinError::Taken => "the thread has joined already",
        })
    })
}

/// The fabric of a number.
pub fn find(fabric: u32) -> Result<Arc<Fabric>> {
    let found = lock().get(&fabric).map(Arc::clone);
    found.ok_or_else(|| Error::from_reason("there is no such fabric"))
}

/// A panic under the lock leaves the table whole.
fn lock() -> MutexGuard<'static, BTreeMap<u32, Arc<Fabric>>> {
    FABRICS.lock().unwrap_or_else(PoisonError::into_inner)
}
