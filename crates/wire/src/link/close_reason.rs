/// Why a link or connection is closed; the number is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum CloseReason {
    /// The node stops.
    Stopping = 1,
    /// Somebody has asked for it.
    Disconnected = 2,
    /// The other one broke the protocol.
    Protocol = 3,
    /// Nothing came for too long.
    Silence = 4,
    /// A link was lost with something on its way: so is the connection.
    LinkLost = 5,
    /// A later incarnation or attempt of the peer takes its place.
    Replaced = 6,
}

impl CloseReason {
    /// The reason of a number; of an unknown one that the peer stops.
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            2 => Self::Disconnected,
            3 => Self::Protocol,
            4 => Self::Silence,
            5 => Self::LinkLost,
            6 => Self::Replaced,
            _ => Self::Stopping,
        }
    }
}

/// What became of a lost link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkLoss {
    /// Nothing was on its way: the others go on.
    Clean,
    /// Something may not have arrived, or it was the last link: the connection is lost.
    Fatal,
}
