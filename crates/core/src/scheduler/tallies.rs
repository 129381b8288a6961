/// What is counted since the scheduler began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tallies {
    /// Processes that were spawned.
    pub spawned: u64,
    /// Processes that ended.
    pub terminated: u64,
    /// Messages that were sent to a process.
    pub sent: u64,
    /// Messages that were handed over, less those that came back.
    pub delivered: u64,
    /// Messages that were not delivered.
    pub dropped: u64,
    /// Messages that were published.
    pub events_published: u64,
    /// Published messages that were put into mailboxes.
    pub events_delivered: u64,
    /// Published messages that found a full mailbox.
    pub events_dropped: u64,
    /// Turns that were taken.
    pub turns: u64,
}
