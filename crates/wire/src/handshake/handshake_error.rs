use crate::Refusal;

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
