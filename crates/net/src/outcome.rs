use tergo_wire::DownReason;

/// What a run found out that changes who is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A link is gone.
    LinkLost {
        /// Its place in the pool.
        place: u16,
        /// Whether the connection is lost with it.
        is_fatal: bool,
        /// Why.
        reason: DownReason,
    },
    /// The connection is over.
    Over {
        /// Why.
        reason: DownReason,
        /// How the peer broke the protocol.
        fault: Option<&'static str>,
    },
}
