//! Processes: their states, their table, and the queue of those that may run.

mod budget;
mod lifecycle;
mod process;
mod process_detail;
mod process_table;
mod run_queue;

#[cfg(test)]
mod tests;

pub(crate) use process::Process;
pub(crate) use process_detail::{Bound, ProcessDetail};
pub(crate) use process_table::ProcessTable;
pub(crate) use run_queue::RunQueue;
