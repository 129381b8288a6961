//! Who blocks a thread: decided from samples, with the time as an argument.

mod block_watch;
mod watchdog;

#[cfg(test)]
mod tests;

use block_watch::BlockWatch;
pub use watchdog::{LOOK_EVERY_MS, Watchdog};
