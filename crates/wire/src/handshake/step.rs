use crate::handshake::HandshakeError;
use crate::{Agreement, Claim};

/// What an acceptor grants to a dialer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The acceptor's counter of attempts; it is the number of the link in the connection, too.
    pub serial: u64,
    /// The link's place in the pool.
    pub place: u16,
}

/// Where a handshake stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeStep {
    /// It needs bytes of the other side.
    Wait,
    /// Dialer: its proof comes next. Ask [`Peers::prove`](crate::Peers::prove) for the serial, then call `prove`.
    Prove,
    /// Acceptor: the other one has proved who it is; `admit` or `refuse` it.
    Ask(Box<Claim>),
    /// What is in `output` is the last; then the link begins.
    Done(Box<Agreement>),
    /// It has failed: write what is in `output`, then close.
    Failed(HandshakeError),
}
