/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The window is used up or too much waits; try again after the next bytes have come or were written.
    #[error("the peer has no room")]
    Blocked,
    /// It is large, or comes after something large of its sender, and too much of that waits already; try again when bytes were
    /// written. What others say may go before it.
    #[error("too much that is large waits")]
    Behind,
    /// It is larger than the peer takes; nothing was sent.
    #[error("the message is larger than the peer takes")]
    TooLarge,
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

/// How a peer broke the protocol: the link is to be closed, and with it the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer broke the protocol: {0}")]
pub struct LinkError(pub &'static str);
