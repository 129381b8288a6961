mod action;
mod peer;
mod peers;

pub use action::{Action, ConnectionKey, DialId, DownReason, LinkPlace};
pub use peers::Peers;
