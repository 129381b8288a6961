use crate::{Purpose, Refusal};

/// A dial that is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialId(pub u64);

/// An established connection; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionKey(pub u64);

/// Where a link belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPlace {
    /// The connection.
    pub key: ConnectionKey,
    /// Its place in the pool.
    pub place: u16,
}

/// What a node has to do about its peers, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a link to that node.
    Dial {
        /// By this it is named afterwards.
        dial: DialId,
        /// The name of the node.
        peer: String,
        /// What the link is for.
        purpose: Purpose,
    },
    /// A link of a connection is dead, says the peer: treat it as lost.
    DropLink(LinkPlace),
    /// Give up a dial: its link is not needed.
    Abandon(DialId),
    /// A connection exists; its first link is at place 0.
    Up {
        /// The connection.
        key: ConnectionKey,
        /// The peer.
        peer: String,
        /// Its incarnation.
        creation: u64,
    },
    /// A connection is over: close what is left of its links. Comes once for each `Up`.
    Down {
        /// The connection.
        key: ConnectionKey,
        /// The peer.
        peer: String,
        /// Why.
        reason: DownReason,
    },
    /// Ask the peer of a connection whether it lives: `Connection::probe`.
    Probe(ConnectionKey),
    /// A peer that somebody asked for cannot be reached.
    Failed {
        /// The peer.
        peer: String,
        /// Why; none: nothing answered.
        refusal: Option<Refusal>,
    },
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    /// Its last link was lost, or one with something on its way.
    Lost,
    /// Nothing came for too long.
    Silence,
    /// The peer said goodbye.
    Goodbye,
    /// The peer broke the protocol.
    Protocol,
    /// Somebody here has asked for it.
    Disconnected,
    /// A later incarnation or attempt of the peer has taken its place.
    Replaced,
}
