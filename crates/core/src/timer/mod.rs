//! Timers: a hierarchical wheel that is told the time.

mod timer_entry;
mod wheel;

#[cfg(test)]
mod tests;

pub(crate) use timer_entry::TimerEntry;
pub(crate) use wheel::TimerWheel;
