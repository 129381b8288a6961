use std::sync::Arc;

use crate::NIL;
use crate::relation::TargetKind;

/// What an event has besides an address.
#[derive(Debug, Default)]
pub(crate) struct EventState {
    /// Its name; empty when it stands for one of another thread.
    pub name: Arc<str>,
    /// Whether the producer hears of the first and the last subscriber.
    pub notify: bool,
}

/// What stands at an address.
#[derive(Debug)]
pub(crate) enum AddressBody {
    /// Nothing.
    Free,
    /// The name of a process.
    Name(Arc<str>),
    /// An alias of a process.
    Alias,
    /// An event that a process publishes.
    Event(Box<EventState>),
    /// Another node; belongs to no process.
    Node,
    /// Stands for something of another thread; belongs to no process.
    Proxy,
}

impl AddressBody {
    /// Which kind of target it is; none when nothing is here.
    pub fn kind(&self) -> Option<TargetKind> {
        match self {
            Self::Free => None,
            Self::Name(_) => Some(TargetKind::Name),
            Self::Alias => Some(TargetKind::Alias),
            Self::Event(_) => Some(TargetKind::Event),
            Self::Node | Self::Proxy => Some(TargetKind::Node),
        }
    }
}

/// An entry of the registry.
#[derive(Debug)]
pub(crate) struct Address {
    /// Tells apart what stood at this index, one after the other; the notices of events have its lowest 26 bits.
    pub generation: u32,
    /// Slot of the process that it belongs to.
    pub owner: u32,
    /// First of the relations onto it.
    pub relations: u32,
    /// How many there are.
    pub relation_count: u32,
    /// The owner's next address.
    pub(super) next_owned: u32,
    /// The owner's address before this one.
    pub(super) previous_owned: u32,
    /// What stands here.
    pub body: AddressBody,
}

impl Address {
    /// An entry where nothing has ever stood.
    pub(super) const FREE: Self = Self {
        generation: 0,
        owner: NIL,
        relations: NIL,
        relation_count: 0,
        next_owned: NIL,
        previous_owned: NIL,
        body: AddressBody::Free,
    };
}
