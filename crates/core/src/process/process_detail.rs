use crate::NIL;

/// How a mailbox is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Most messages in each queue.
    pub limit: u32,
    /// The gauge that counts them.
    pub gauge: u32,
}

/// What only relations, names and counters need of a process: 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessDetail {
    /// Messages handed over in slices.
    pub delivered: u64,
    /// First of the relations that it is the consumer of.
    pub own_relations: u32,
    /// First of the relations onto it.
    pub relations: u32,
    /// First of its name, aliases and events.
    pub addresses: u32,
    /// Address of its name.
    pub name: u32,
    /// Counts only while `Process::is_bounded`.
    pub bound: Bound,
}

impl ProcessDetail {
    /// A process that has nothing of all this.
    pub const EMPTY: Self = Self {
        delivered: 0,
        own_relations: NIL,
        relations: NIL,
        addresses: NIL,
        name: NIL,
        bound: Bound {
            limit: 0,
            gauge: NIL,
        },
    };
}
