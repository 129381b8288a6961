//! What connects the schedulers of one node: shared memory, queues between threads, names of the whole
//! node. `docs/design/threads.md` tells how.

mod arena;
mod blobs;
mod block;
mod directory;
mod fabric;
mod frame;
mod inject;
mod lookout;
mod port;
mod seat;
mod shapes;

pub use block::Block;
pub(crate) use directory::{Directory, Holder};
pub use fabric::{Fabric, JoinError};
pub(crate) use frame::{Frame, is_far};
pub(crate) use port::Port;
