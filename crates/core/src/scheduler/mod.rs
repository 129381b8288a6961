//! The scheduler: carries out commands, decides who runs, and writes what TypeScript has to know.

mod delivery;
mod ends;
mod kernel;
mod pending;
mod relating;
mod reports;
mod scheduler;
mod tallies;
mod turn;
mod verdict;

pub use scheduler::Scheduler;
pub use verdict::Verdict;
