use std::io;
use std::sync::Arc;

use crate::socket::{Readiness, Socket, Stream};

/// One socket of the pool.
pub(crate) struct Link {
    /// Its bytes.
    pub stream: Stream,
    /// Nothing more was there to be read.
    pub is_drained: bool,
    /// The socket takes no more now.
    pub is_full: bool,
    /// None while threads look themselves: nobody need be told.
    readiness: Option<Arc<Readiness>>,
}

impl Link {
    /// Over a socket whose handshake is over.
    pub fn new(socket: Socket) -> Self {
        Self {
            stream: socket.stream,
            is_drained: false,
            is_full: false,
            readiness: Some(Arc::new(socket.readiness)),
        }
    }

    /// What tells when there is something to do, after it was told what was found out. To be asked on the network's thread.
    ///
    /// # Errors
    /// Those of the system.
    pub fn watch(&mut self) -> io::Result<Arc<Readiness>> {
        let is_drained = std::mem::take(&mut self.is_drained);
        if let Some(readiness) = &self.readiness {
            if is_drained {
                readiness.drained();
            }
            if self.is_full {
                readiness.filled();
            }
            return Ok(Arc::clone(readiness));
        }
        // A new one tells of all that the socket is ready for.
        let readiness = Arc::new(self.stream.watch()?);
        self.readiness = Some(Arc::clone(&readiness));
        Ok(readiness)
    }

    /// Nobody need be told of what comes; whoever waits for room to write must be.
    pub fn unwatch(&mut self) {
        if !self.is_full {
            self.readiness = None;
        }
    }
}
