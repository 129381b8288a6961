use std::io;
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;

use crate::sync::lock;

/// The thread of all networks of this OS process, as long as there is one.
static THREAD: Mutex<Weak<NetworkThread>> = Mutex::new(Weak::new());

/// One thread on which the networks of all nodes of an OS process wait for sockets and timers.
#[derive(Debug)]
pub(crate) struct NetworkThread {
    handle: Handle,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl NetworkThread {
    /// The thread, started when there is none; it ends when nobody has a share of it any more.
    ///
    /// # Errors
    /// The system gives no thread, or nothing to wait with.
    pub fn share() -> io::Result<Arc<Self>> {
        let mut known = lock(&THREAD);
        if let Some(thread) = known.upgrade() {
            return Ok(thread);
        }
        let thread = Arc::new(Self::start()?);
        *known = Arc::downgrade(&thread);
        Ok(thread)
    }

    /// By which tasks are started on it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let handle = runtime.handle().clone();
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("tergo-network".into())
            .spawn(move || runtime.block_on(stopped.notified()))?;
        Ok(Self {
            handle,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for NetworkThread {
    fn drop(&mut self) {
        self.stop.notify_one();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A task of its own may have had the last share.
        if thread.thread().id() != std::thread::current().id() {
            // It panicked at most at its end, when nobody needs it any more.
            let _ = thread.join();
        }
    }
}
