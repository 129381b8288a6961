use std::time::Duration;

use crate::registrar::is_node_name;

/// Which end of a link a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It opened the link.
    Dialer,
    /// It was dialled.
    Acceptor,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first link of a connection.
    First,
    /// One more link for the pool of a connection.
    Join {
        /// By which its links find it.
        id: [u8; 16],
        /// The empty place that it is for.
        place: u16,
    },
}

/// What both ends of a link can do, one bit each; in force is what both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(pub u64);

impl Features {
    /// lz4 can be read.
    pub const LZ4: Self = Self(1);
    /// zstd can be read.
    pub const ZSTD: Self = Self(1 << 1);
    /// gzip can be read.
    pub const GZIP: Self = Self(1 << 2);
    /// Processes may be spawned from far, as far as the allow lists say so.
    pub const REMOTE_SPAWN: Self = Self(1 << 3);
    /// Applications may be started from far, as far as the allow lists say so.
    pub const REMOTE_APPLICATION_START: Self = Self(1 << 4);
    /// Important messages are confirmed.
    pub const IMPORTANT: Self = Self(1 << 5);

    /// All that this version knows.
    pub const ALL: Self = Self(0b11_1111);

    /// Whether all of `other` is in it.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// What a node lets its peers do to it; each side declares its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that may be on their way to it on each link before it grants more; default 8 MiB, 256 KiB to 4 GiB.
    pub window: u64,
    /// The largest message that it takes, payload and blobs together, bytes; default 64 MiB, 4 KiB to 1 TiB: whatever the
    /// nodes themselves must tell each other fits into the smallest.
    pub max_message: u64,
    /// Large messages that may be in the middle of coming on each link; default 64.
    pub max_assemblies: u32,
    /// It sends something at least this often; default 15 s.
    pub keep_alive: Duration,
    /// So many times its peer's `keep_alive` pass without a sign before a link is lost; the larger number of both rules;
    /// default 3.
    pub misses: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window: 8 << 20,
            max_message: 64 << 20,
            max_assemblies: 64,
            keep_alive: Duration::from_secs(15),
            misses: 3,
        }
    }
}

/// What a node says of itself in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name: two halves around one `@`, at most 255 bytes.
    pub name: String,
    /// Its incarnation: larger after a restart.
    pub creation: u64,
    /// What it can do.
    pub features: Features,
    /// What it lets peers do.
    pub limits: Limits,
    /// Links that it wants for a connection, 1 to 64; the acceptor's number rules.
    pub pool: u16,
    /// Which software it runs, for people; at most 64 bytes.
    pub software: String,
}

impl Identity {
    /// Whether a node can be like that: names and numbers within their bounds.
    pub fn is_sound(&self) -> bool {
        let limits = &self.limits;
        let keep_alive = Duration::from_millis(100)..=Duration::from_hours(1);
        is_node_name(&self.name)
            && self.software.len() <= 64
            && (1..=64).contains(&self.pool)
            && (256 << 10..=1 << 32).contains(&limits.window)
            && (4096..=1 << 40).contains(&limits.max_message)
            && (1..=1024).contains(&limits.max_assemblies)
            && keep_alive.contains(&limits.keep_alive)
            && limits.misses > 0
    }
}

/// Who the other one is, proved by the cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// What it says of itself.
    pub identity: Identity,
    /// Its counter of attempts: the higher, the later it said this.
    pub serial: u64,
}

/// What a dialer asks for, proved by the cookie: an acceptor decides on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub peer: PeerIdentity,
    /// What for.
    pub purpose: Purpose,
    /// The id of the connection that begins, or that the link is for.
    pub connection_id: [u8; 16],
}

/// What the two ends of a link have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Which end this one is.
    pub role: Role,
    /// What the link is for.
    pub purpose: Purpose,
    /// Version of the protocol.
    pub version: u16,
    /// What both can do.
    pub features: Features,
    /// What this end said of itself.
    pub own: Identity,
    /// What the other one said.
    pub peer: PeerIdentity,
    /// By which links of a pool find their connection.
    pub connection_id: [u8; 16],
    /// The link's number in the connection: the acceptor's counter of attempts.
    pub link: u64,
    /// The link's place in the pool, from 0.
    pub place: u16,
    /// Places of the pool.
    pub pool: u16,
}

/// Why a link was refused; the number is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[repr(u8)]
pub enum Refusal {
    /// The proof was wrong, or the message was: which one is not told.
    #[error("the other node has another cookie")]
    CookieMismatch = 1,
    /// No version that both speak.
    #[error("the other node speaks no version of the protocol that is spoken here")]
    VersionMismatch = 2,
    /// Too many handshakes at once, or connections; worth trying again.
    #[error("there are too many handshakes or connections at a time")]
    Busy = 3,
    /// A node dialled itself.
    #[error("a node cannot connect to itself")]
    Oneself = 4,
    /// The node has another name than was dialled.
    #[error("the node there has another name")]
    NameMismatch = 5,
    /// A later incarnation is connected.
    #[error("a later incarnation of this node is connected there")]
    StaleCreation = 6,
    /// An earlier incarnation is connected, and is asked whether it lives; worth trying again.
    #[error("another node of this name is connected there")]
    NameTaken = 7,
    /// The two dialled each other, and the other link is kept.
    #[error("the nodes dialled each other, and the other link is kept")]
    Crossing = 8,
    /// A link for a connection that there is not, or not any more.
    #[error("the connection that the link is for is gone")]
    ConnectionUnknown = 9,
    /// The pool has all its links.
    #[error("the connection has all its links")]
    PoolFull = 10,
    /// The node does not want to be connected to that one.
    #[error("the other node does not allow the connection")]
    NotAllowed = 11,
}
