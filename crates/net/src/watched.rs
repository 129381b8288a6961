#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::{Arc, PoisonError, RwLock};

use crate::connection::Connection;
use crate::lately::Lately;
#[cfg(unix)]
use crate::loop_watch::LoopSockets;

/// The connections of a node, for its threads, which look whether something has come.
#[derive(Default)]
pub(crate) struct Watched {
    connections: RwLock<Vec<Arc<Connection>>>,
    /// Those that threads look at.
    pub lately: Arc<Lately>,
    /// The event loop of the thread that looks, if it waits for what comes.
    #[cfg(unix)]
    sockets: OnceLock<Arc<LoopSockets>>,
}

impl Watched {
    /// These are the connections now.
    pub fn note(&self, connections: Vec<Arc<Connection>>) {
        let mut known = self
            .connections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *known = connections;
    }

    /// The event loop of the thread that looks waits for what comes over links that begin from now on.
    #[cfg(unix)]
    pub fn set_loop(&self, sockets: Arc<LoopSockets>) {
        // The first stays.
        let _ = self.sockets.set(sockets);
    }

    /// So it does for this connection, if there is a loop.
    pub fn join_loop(&self, connection: &Connection) {
        #[cfg(unix)]
        if let Some(sockets) = self.sockets.get() {
            connection.join_loop(sockets);
        }
        #[cfg(not(unix))]
        let _ = connection;
    }

    /// It waits for none any more.
    pub fn leave_loop(&self) {
        #[cfg(unix)]
        if let Some(sockets) = self.sockets.get() {
            sockets.close();
        }
    }

    /// Something can be read from the peer at a seat, says that loop.
    #[cfg(unix)]
    pub fn read_at_loop(&self, seat: u32) {
        let connections = self.connections.read();
        let connections = connections.unwrap_or_else(PoisonError::into_inner);
        let mut connections = connections.iter();
        if let Some(connection) = connections.find(|connection| connection.seat == seat) {
            connection.read_at_loop();
        }
    }
}
