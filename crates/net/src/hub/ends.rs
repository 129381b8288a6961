//! How a node ends a connection.

use tergo_wire::{CloseReason, DownReason};

use super::{GOODBYE_WITHIN, Hub};

impl Hub {
    /// Says goodbye to a peer, if it is connected.
    pub fn disconnect(&self, peer: &str) {
        if let Some(connection) = self.connection_to(peer) {
            connection.close(
                CloseReason::Disconnected,
                DownReason::Disconnected,
                GOODBYE_WITHIN,
            );
        }
    }

    /// Ends the connection in a seat, whose peer has broken the protocol as the threads know it.
    pub fn cut_off(&self, seat: u32) {
        let found = self.connections().into_iter().find(|one| one.seat == seat);
        if let Some(connection) = found {
            connection.close(CloseReason::Protocol, DownReason::Protocol, GOODBYE_WITHIN);
        }
    }
}
