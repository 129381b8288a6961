use crate::Item;

/// Where the number of a blob stands in a value: there the receiver puts its own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobMark {
    /// Place of its four bytes: in the payload, or, if the last blob is the whole value, in that one.
    pub at: usize,
    /// Which blob of the item, from 0.
    pub blob: usize,
}

/// What has come over a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// An item. Its payload was looked through: it can be decoded without danger.
    Item {
        /// It and its payload.
        item: Item<'a>,
        /// Its blobs, in order.
        blobs: Vec<Vec<u8>>,
        /// Where the numbers of the blobs stand.
        marks: Vec<BlobMark>,
        /// What it takes of the window; to be given back by `release` when nobody holds it any more.
        cost: u32,
    },
    /// The keys of the objects of that shape of the peer, as a JSON list: comes before the first item that uses it.
    Shape {
        /// Its number with the peer, from 1.
        number: u32,
        /// The list.
        text: &'a str,
    },
    /// The peer ends the connection.
    Goodbye(CloseReason),
}

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

/// What became of a lost link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkLoss {
    /// Nothing was on its way: the others go on.
    Clean,
    /// Something may not have arrived, or it was the last link: the connection is lost.
    Fatal,
}

/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The window is used up or too much waits; try again after the next bytes have come or were written.
    #[error("the peer has no room")]
    Blocked,
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

/// What a link has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Items sent.
    pub items_out: u64,
    /// Items that came.
    pub items_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Batches sent.
    pub batches_out: u64,
    /// Batches that came.
    pub batches_in: u64,
    /// Fragments sent.
    pub fragments_out: u64,
    /// Fragments that came.
    pub fragments_in: u64,
    /// Bytes before compression, of what was sent compressed.
    pub raw_out: u64,
    /// Bytes after it.
    pub compressed_out: u64,
    /// Bytes after decompression, of what came compressed.
    pub raw_in: u64,
    /// Bytes before it.
    pub compressed_in: u64,
    /// Times that an item met a window that was used up.
    pub blocked: u64,
    /// Time to the peer and back, µs, smoothed; 0: not known yet.
    pub round_trip_us: u64,
}

/// What a connection has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionCounters {
    /// Sums over all its links, lost ones included; the time to the peer is the best.
    pub total: LinkCounters,
    /// Links that it has.
    pub links: u16,
    /// Links that were lost and replaced.
    pub relinks: u64,
    /// Bytes that wait to be written.
    pub queued: u64,
    /// Bytes that came and are not released.
    pub owed: u64,
}
