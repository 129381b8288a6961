use crate::{Agreement, Claim, Refusal};

/// What an acceptor grants to a dialer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The acceptor's counter of attempts.
    pub serial: u64,
    /// The link's place in the pool.
    pub place: u16,
}

/// Where a handshake stands.
#[derive(Debug)]
pub enum HandshakeStep {
    /// It needs bytes of the other side.
    Wait,
    /// Dialer: its proof comes next. Ask [`Peers::proof`](crate::Peers) for the serial, then call `prove`.
    Prove,
    /// Acceptor: the other one has proved who it is; `admit` or `refuse` it.
    Ask(Box<Claim>),
    /// What is in `output` is the last; then the link begins.
    Done(Box<Agreement>),
    /// It has failed: write what is in `output`, then close.
    Failed(HandshakeError),
}

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// This node refused.
    #[error("refused here: {0}")]
    Refused(Refusal),
    /// The other node refused.
    #[error("refused there: {0}")]
    RefusedThere(Refusal),
    /// It took more than its time.
    #[error("the handshake took too long")]
    TimedOut,
    /// What came is no handshake of ours.
    #[error("what came is not the handshake of a node")]
    Malformed,
}
