//! What nodes say to each other: bytes and the time in, bytes and events out. No socket, no clock.
//!
//! `docs/protocol.md` specifies every byte. The time is always a [`Duration`](std::time::Duration) since some
//! start that the caller chose, and never goes back.

#![forbid(unsafe_code)]

pub mod registrar;

mod agreement;
mod bytes;
mod handshake;
mod item;
mod link;
mod peers;
mod protocol;
mod scan;
mod tergo_protocol;

pub use agreement::{
    Agreement, Claim, Features, Identity, Limits, PeerIdentity, Purpose, Refusal, Role,
};
pub use handshake::{Admission, CookieAcceptor, CookieDialer, HandshakeError, HandshakeStep};
pub use item::{Algorithm, Compression, Item, ItemReader, ItemWriter, Op, Sender, Target};
pub use link::{
    CloseReason, ConnectionCounters, Incoming, LinkCounters, LinkError, LinkLoss, Packer,
    SendError, WireConnection,
};
pub use peers::{Action, ConnectionKey, DialId, DownReason, LinkPlace, Peers};
pub use protocol::{
    AcceptSettings, Connection, Delivery, DialSettings, Handshake, Protocol, TakeValue,
};
pub use scan::{Extensions, ScanWorld, scan};
pub use tergo_protocol::TergoProtocol;
