use crate::Item;
use crate::link::CloseReason;

/// What has come over a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// An item. Its payload was looked through: it can be decoded without danger.
    Item {
        /// It and its payload.
        item: Item<'a>,
        /// Its blobs: the value names them by their place here.
        blobs: Vec<Vec<u8>>,
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
