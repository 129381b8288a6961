use crate::item::Parcel;

/// What comes next over a link.
pub(crate) enum Ready {
    /// More bytes are needed.
    Nothing,
    /// An item of a batch: take it.
    Item,
    /// A large item, and what it takes of the window.
    Large(Box<Parcel>, u64),
    /// A new shape, from 0.
    Shape(usize),
    /// It has to wait for other links, or has come to its end.
    Wait,
}
