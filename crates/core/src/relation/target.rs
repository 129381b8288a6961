use crate::layout::{RELATION_NODE, TARGET_ALIAS, TARGET_EVENT, TARGET_NAME, TARGET_PID};

/// What a relation is onto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TargetKind {
    /// A process; the index is its slot.
    Pid,
    /// A registered name.
    Name,
    /// An alias.
    Alias,
    /// An event.
    Event,
    /// Another node.
    Node,
}

impl TargetKind {
    /// Decodes the kind of a relation and the queue bits of its command.
    pub fn decode(relation_kind: u32, target_kind: u32) -> Self {
        match target_kind {
            _ if relation_kind & RELATION_NODE != 0 => Self::Node,
            TARGET_NAME => Self::Name,
            TARGET_ALIAS => Self::Alias,
            TARGET_EVENT => Self::Event,
            _ => Self::Pid,
        }
    }

    /// The bits that `decode` reads: those of the relation kind, and the target kind.
    pub fn encode(self) -> (u32, u32) {
        match self {
            Self::Pid => (0, TARGET_PID),
            Self::Name => (0, TARGET_NAME),
            Self::Alias => (0, TARGET_ALIAS),
            Self::Event => (0, TARGET_EVENT),
            Self::Node => (RELATION_NODE, TARGET_PID),
        }
    }
}

/// One target of relations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Slot of a process, or index of an address.
    pub index: u32,
    /// Which of them.
    pub kind: TargetKind,
}
