use crate::Item;
use crate::link::CloseReason;

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
        cost: u64,
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
