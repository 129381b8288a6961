//! How a node ends a connection.

use tergo_wire::{CloseReason, DownReason};

use super::{GOODBYE_WITHIN, Hub};

impl Hub {
    /// Says goodbye to the peer whose connection has that seat, and to no other connection of that peer.
    pub fn disconnect(&self, seat: u32) {
        self.close(seat, CloseReason::Disconnected, DownReason::Disconnected);
    }

    /// Ends the connection in a seat, whose peer has broken the protocol as the threads know it.
    pub fn cut_off(&self, seat: u32) {
        self.close(seat, CloseReason::Protocol, DownReason::Protocol);
    }

    fn close(&self, seat: u32, told: CloseReason, reason: DownReason) {
        if let Some(connection) = self.connection_at(seat) {
            connection.close(told, reason, GOODBYE_WITHIN);
        }
    }
}
