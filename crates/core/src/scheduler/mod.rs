//! The scheduler: carries out commands, decides who runs, and writes what TypeScript has to know.

mod arrivals;
mod delivery;
mod ends;
mod kernel;
mod pending;
mod placing;
mod relating;
mod reports;
mod scheduler;
mod tallies;
mod turn;
mod verdict;

pub(crate) use kernel::FIRST_ID;
pub use placing::EventTraits;
pub use scheduler::Scheduler;
pub use verdict::Verdict;
