use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::{Error, Result};
use napi_derive::napi;
use tergo_core::{Fabric, JoinError, Scheduler};
use tergo_net::Profiles;

/// The fabrics that threads of this OS process can join, by number.
static FABRICS: Mutex<BTreeMap<u32, Shared>> = Mutex::new(BTreeMap::new());
static LAST_ID: AtomicU32 = AtomicU32::new(0);

/// What the threads and the network of one node share.
#[derive(Clone)]
pub struct Shared {
    /// What connects them.
    pub fabric: Arc<Fabric>,
    /// How messages for other nodes are compressed.
    pub profiles: Arc<Profiles>,
}

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
        let shared = Shared {
            fabric: Fabric::new(threads, quota_chunks),
            profiles: Arc::default(),
        };
        lock().insert(id, shared);
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
        let shared = lock().remove(&self.id);
        drop(shared);
    }
}

impl Drop for BindingFabric {
    fn drop(&mut self) {
        self.close();
    }
}

/// Takes the place of a thread.
pub fn join(fabric: u32, thread: u32) -> Result<(Scheduler, Arc<Profiles>)> {
    let Shared { fabric, profiles } = find(fabric)?;
    let scheduler = Scheduler::join(&fabric, thread).map_err(|error| {
        Error::from_reason(match error {
            JoinError::Unknown => "the fabric has no such thread",
            JoinError::Taken => "the thread has joined already",
        })
    })?;
    Ok((scheduler, profiles))
}

/// The fabric of a number, and what else is shared with it.
pub fn find(fabric: u32) -> Result<Shared> {
    let found = lock().get(&fabric).cloned();
    found.ok_or_else(|| Error::from_reason("there is no such fabric"))
}

/// A panic under the lock leaves the table whole.
fn lock() -> MutexGuard<'static, BTreeMap<u32, Shared>> {
    FABRICS.lock().unwrap_or_else(PoisonError::into_inner)
}
