//! Who blocks a thread: decided from samples, with the time as an argument.

mod block_watch;
mod standstill;
mod watchdog;

#[cfg(test)]
mod tests;

use block_watch::BlockWatch;
pub use standstill::{LOOK_AT_LOOPS_EVERY_MS, Standstill};
pub use watchdog::{LOOK_EVERY_MS, Watchdog};
