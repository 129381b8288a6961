//! What connects the schedulers of one node: shared memory, queues between threads, names of the whole
//! node. `docs/design/threads.md` tells how.

mod arena;
mod blobs;
mod block;
mod directory;
mod evacuation;
mod fabric;
mod frame;
mod incoming;
mod inject;
mod lookout;
#[cfg(all(test, loom))]
mod loom_tests;
mod outgoing;
mod port;
mod seat;
mod shapes;
mod way;

pub use block::Block;
pub(crate) use directory::{Directory, Holder};
pub use fabric::{Fabric, JoinError};
pub(crate) use frame::{Frame, is_far};
pub(crate) use port::Port;
