//! Nodes in one OS process: a fabric with threads, and a network.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this is a test"
)]

mod node;
mod proxy;
mod thread;

use std::time::Duration;

#[allow(unused_imports, reason = "each test uses a part of it")]
pub use node::{Node, NodeOptions, await_links, pair, pair_with};
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use proxy::{Proxy, pair_behind, pair_with_proxy};
pub use thread::Thread;

pub const PATIENCE: Duration = Duration::from_secs(30);
/// Op of the control frames that the tests send.
pub const CONTROL: u32 = 5;

/// A process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pid {
    pub thread: u32,
    pub slot: u32,
    pub generation: u32,
}

impl Pid {
    /// By which its node tells it apart from all others.
    pub fn id(self) -> u32 {
        1000 + self.slot
    }
}

/// What a thread finds in its inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Message { slot: u32, frame: Received },
    Dropped(Received),
    Refused(Received),
    Placed(Received),
    Up(String),
    Gone(u32),
    Control { op: u32, frame: Received },
}

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub integer: u32,
    pub payload: Vec<u8>,
    pub blobs: Vec<Vec<u8>>,
    pub sender: (u32, u32, u32),
    pub seat: u32,
    pub kind: u32,
    pub flags: u32,
}

/// A string as the codec writes it.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let mut value = vec![9];
    value.extend((text.len() as u32).to_le_bytes());
    value.extend(text);
    value
}
