use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::hub::Hub;

/// Events that are taken at once.
const EVENTS: usize = 64;
/// Only nodes with one thread let it read.
const THREAD: u32 = 0;

/// What the event loop of a node's only thread waits for: one descriptor that is readable when something comes over any
/// link. So the thread wakes by itself and reads; otherwise the network's thread would have to wake first, and then wake it.
///
/// The sockets are behind a descriptor of their own, not in that loop: the system wakes who waits for a socket on the core of the sender,
/// for it takes it that the sender sleeps now. A thread that looks for the answer instead would be in its way.
pub struct LoopWatch {
    poll: Poll,
    events: Events,
    hub: Weak<Hub>,
    sockets: Arc<LoopSockets>,
}

impl LoopWatch {
    pub(crate) fn new(hub: &Arc<Hub>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let sockets = Arc::new(LoopSockets(RwLock::new(Some(registry))));
        hub.watched.set_loop(Arc::clone(&sockets));
        Ok(Self {
            poll,
            events: Events::with_capacity(EVENTS),
            hub: Arc::downgrade(hub),
            sockets,
        })
    }

    /// What the event loop waits for.
    pub fn fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// To be called on the thread when it is readable: reads what has come, unless the thread is awake, which sees to that
    /// itself. False: there is no network any more.
    pub fn read(&mut self) -> bool {
        let Some(hub) = self.hub.upgrade() else {
            return false;
        };
        if !hub.fabric.is_asleep(THREAD) {
            return true;
        }
        // An interruption or none: what came is told again.
        if self
            .poll
            .poll(&mut self.events, Some(Duration::ZERO))
            .is_ok()
        {
            for event in &self.events {
                hub.watched.read_at_loop(event.token().0 as u32);
            }
        }
        true
    }
}

impl Drop for LoopWatch {
    fn drop(&mut self) {
        self.sockets.close();
    }
}

/// The sockets behind a [`LoopWatch`]; nothing once nobody waits for them any more.
pub(crate) struct LoopSockets(RwLock<Option<Registry>>);

impl LoopSockets {
    /// Nobody waits for them from now on.
    pub fn close(&self) {
        let registry = self.0.write();
        *registry.unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether nobody does any more.
    pub fn is_closed(&self) -> bool {
        self.with(|_| ()).is_none()
    }

    fn with<T>(&self, call: impl FnOnce(&Registry) -> T) -> Option<T> {
        let registry = self.0.read();
        let registry = registry.unwrap_or_else(PoisonError::into_inner);
        registry.as_ref().map(call)
    }
}

/// A socket of a connection that an event loop waits for.
pub(crate) struct LoopSocket {
    fd: RawFd,
    sockets: Arc<LoopSockets>,
}

impl LoopSocket {
    /// The loop waits for it; none when the system cannot. The descriptor stays open for as long as this lives.
    pub fn new(sockets: &Arc<LoopSockets>, seat: u32, fd: RawFd) -> Option<Self> {
        let token = Token(seat as usize);
        let mut socket = SourceFd(&fd);
        let added = sockets.with(|registry| {
            registry
                .register(&mut socket, token, Interest::READABLE)
                .is_ok()
        });
        let sockets = Arc::clone(sockets);
        (added == Some(true)).then_some(Self { fd, sockets })
    }
}

impl Drop for LoopSocket {
    fn drop(&mut self) {
        let mut socket = SourceFd(&self.fd);
        // Whoever is not there need not be removed.
        let _ = self
            .sockets
            .with(|registry| registry.deregister(&mut socket));
    }
}
