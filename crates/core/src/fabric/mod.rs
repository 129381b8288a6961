//! What connects the schedulers of one node: shared memory, queues between threads, names of the whole
//! node. `docs/design/threads.md` tells how.

mod arena;
mod blobs;
mod block;
mod directory;
mod evacuation;
mod fabric;
mod fallbacks;
mod frame;
mod frame_head;
mod glance;
mod incoming;
mod inject;
mod inlet;
mod link_port;
mod link_seat;
mod link_writer;
mod lookout;
#[cfg(all(test, loom))]
mod loom_tests;
mod neighbours;
mod on_the_way;
mod open_chunk;
mod orphan;
mod os_thread;
mod outgoing;
mod port;
mod seat;
mod shapes;
mod way;

pub use blobs::BlobBytes;
pub use block::Block;
pub(crate) use directory::{Holder, Owner, Place, Refusal};
pub use fabric::{Fabric, JoinError};
pub use fallbacks::Fallback;
pub(crate) use frame::{Frame, is_far};
pub use frame_head::{FrameHead, FrameSender};
pub use glance::Glance;
pub(crate) use incoming::Incoming;
pub use link_port::LinkPort;
pub use link_writer::{Claim, Delivery, Inbound, MAX_PAYLOAD, payload_bytes, split_name};
pub use on_the_way::OnTheWay;
pub use open_chunk::FrameRun;
pub use os_thread::OsThread;
pub(crate) use port::Port;
