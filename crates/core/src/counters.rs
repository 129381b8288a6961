//! What can be counted, as values to read.

/// The counters of a scheduler, since it began where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Processes that were spawned.
    pub spawned: u64,
    /// Processes that ended.
    pub terminated: u64,
    /// Messages that were sent to a process.
    pub sent: u64,
    /// Messages of any kind that were handed over in slices, less those that came back.
    pub delivered: u64,
    /// Messages that were not delivered, because the process was or went away.
    pub dropped: u64,
    /// Messages that were published.
    pub events_published: u64,
    /// Published messages that were put into mailboxes.
    pub events_delivered: u64,
    /// Published messages that found a full mailbox.
    pub events_dropped: u64,
    /// Turns that were taken.
    pub turns: u64,
    /// Processes alive now.
    pub processes: u64,
    /// Names registered now.
    pub names: u64,
    /// Aliases that exist now.
    pub aliases: u64,
    /// Events registered now.
    pub events: u64,
    /// Links that stand now.
    pub links: u64,
    /// Monitors that stand now.
    pub monitors: u64,
    /// Timers that run now.
    pub timers: u64,
    /// Messages in mailboxes now, and those of ended processes that have not been reported yet.
    pub messages: u64,
    /// Bytes of all tables now.
    pub table_bytes: u64,
}

/// The counters of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessCounters {
    /// Messages in the queues now: urgent, system, main, log.
    pub queued: [u32; 4],
    /// Messages handed over in slices, less those that came back.
    pub delivered: u64,
    /// Links that it has made and that stand.
    pub links: u32,
    /// Monitors that it has made and that stand.
    pub monitors: u32,
    /// Aliases that it has.
    pub aliases: u32,
    /// Events that it publishes.
    pub events: u32,
}
