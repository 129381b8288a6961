use crate::{Compression, Item, Sender, Target};

/// An item that has to wait, with its bytes.
#[derive(Debug)]
pub(crate) struct Parcel {
    target: OwnTarget,
    item: Item<'static>,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Its blobs.
    pub blobs: Vec<Vec<u8>>,
    /// How it is compressed.
    pub compression: Option<Compression>,
}

#[derive(Debug)]
enum OwnTarget {
    Name(Box<str>),
    Other(Target<'static>),
}

/// A stand-in; the real target stands beside it.
const NOWHERE: Target<'static> = Target::Control {
    thread: 0,
    first: 0,
    second: 0,
};

impl Parcel {
    /// Takes the head of an item; its bytes are added afterwards.
    pub fn new(item: &Item<'_>) -> Self {
        let target = match item.target {
            Target::Name(name) => OwnTarget::Name(name.into()),
            Target::Process {
                thread,
                slot,
                generation,
            } => OwnTarget::Other(Target::Process {
                thread,
                slot,
                generation,
            }),
            Target::Control {
                thread,
                first,
                second,
            } => OwnTarget::Other(Target::Control {
                thread,
                first,
                second,
            }),
        };
        Self {
            target,
            item: Item {
                target: NOWHERE,
                payload: &[],
                ..*item
            },
            payload: Vec::new(),
            blobs: Vec::new(),
            compression: None,
        }
    }

    /// The item with its payload.
    pub fn item(&self) -> Item<'_> {
        let target = match &self.target {
            OwnTarget::Name(name) => Target::Name(name),
            OwnTarget::Other(target) => *target,
        };
        Item {
            target,
            payload: &self.payload,
            ..self.item
        }
    }

    /// Who sends it.
    pub fn sender(&self) -> Sender {
        self.item.sender
    }

    /// Payload and blobs together.
    pub fn bytes(&self) -> u64 {
        bytes_of(&self.payload, &self.blobs)
    }
}

/// Payload and blobs together.
pub(crate) fn bytes_of(payload: &[u8], blobs: &[Vec<u8>]) -> u64 {
    let blobs: u64 = blobs.iter().map(|blob| blob.len() as u64).sum();
    payload.len() as u64 + blobs
}
