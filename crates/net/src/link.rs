use std::io;
use std::sync::Arc;

#[cfg(unix)]
use crate::loop_watch::LoopSocket;
use crate::socket::{Readiness, Socket, Stream, Unwatched};

/// One socket of the pool.
pub(crate) struct Link {
    /// That the event loop of a thread waits for what comes; gone before the socket is.
    #[cfg(unix)]
    pub at_loop: Option<LoopSocket>,
    /// Its bytes.
    pub stream: Stream,
    /// Nothing more was there to be read.
    pub is_drained: bool,
    /// The socket takes no more now.
    pub is_full: bool,
    readiness: Watch,
}

/// Whether somebody is told when there is something to do.
enum Watch {
    /// The network's thread.
    Told(Arc<Readiness>),
    /// Nobody: threads look themselves.
    Untold(Unwatched),
    /// The system cannot tell.
    Failed,
}

impl Link {
    /// Over a socket whose handshake is over.
    pub fn new(socket: Socket) -> Self {
        Self {
            #[cfg(unix)]
            at_loop: None,
            stream: socket.stream,
            is_drained: false,
            is_full: false,
            readiness: Watch::Told(Arc::new(socket.readiness)),
        }
    }

    /// Whether the event loop of a thread waits for what comes.
    pub fn is_at_loop(&self) -> bool {
        #[cfg(unix)]
        return self.at_loop.is_some();
        #[cfg(not(unix))]
        return false;
    }

    /// What tells when there is something to do, after it was told what was found out. To be asked on the network's thread.
    ///
    /// # Errors
    /// Those of the system.
    pub fn watch(&mut self) -> io::Result<Arc<Readiness>> {
        let is_drained = std::mem::take(&mut self.is_drained);
        let readiness = match std::mem::replace(&mut self.readiness, Watch::Failed) {
            Watch::Told(readiness) => {
                if is_drained {
                    readiness.drained();
                }
                if self.is_full {
                    readiness.filled();
                }
                readiness
            }
            // It tells anew of all that the socket is ready for.
            Watch::Untold(unwatched) => Arc::new(unwatched.watch()?),
            Watch::Failed => return Err(io::ErrorKind::NotConnected.into()),
        };
        self.readiness = Watch::Told(Arc::clone(&readiness));
        Ok(readiness)
    }

    /// Nobody need be told of what comes; whoever waits for room to write must be.
    pub fn unwatch(&mut self) {
        if self.is_full {
            return;
        }
        self.readiness = match std::mem::replace(&mut self.readiness, Watch::Failed) {
            Watch::Told(readiness) => match Arc::try_unwrap(readiness) {
                Ok(readiness) => readiness.unwatch().map_or(Watch::Failed, Watch::Untold),
                // Somebody waits for it.
                Err(readiness) => Watch::Told(readiness),
            },
            other => other,
        };
    }
}
