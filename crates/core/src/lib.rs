//! The semantics of Tergo's actors, without I/O, clock, threads or Node.js.
//!
//! [`Scheduler`] is the whole interface. It shares a [`RingMemory`] with the TypeScript side, reads
//! commands from it and writes records into it; `docs/design/crossing.md` specifies every word.

#![forbid(unsafe_code)]

pub mod layout;

mod counters;
mod fabric;
mod mailbox;
mod process;
mod registry;
mod relation;
mod ring;
mod scheduler;
mod sync;
mod timer;
mod watchdog;

pub use counters::{Counters, ProcessCounters};
pub use fabric::{
    BlobBytes, Block, Claim, Delivery, Fabric, Fallback, FrameHead, FrameRun, FrameSender, Glance,
    Inbound, JoinError, LinkPort, MAX_PAYLOAD, OnTheWay, OsThread, payload_bytes, split_name,
};
pub use ring::RingMemory;
pub use scheduler::{EventTraits, Scheduler, Verdict};
pub use watchdog::{LOOK_AT_LOOPS_EVERY_MS, LOOK_EVERY_MS, Standstill, Watchdog};

/// The index that stands for "none" in every table.
const NIL: u32 = u32::MAX;
