use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use rustc_hash::FxHashMap;

use crate::sync::{Mutex, lock};

/// The bytes of a large value.
#[derive(Debug)]
pub enum BlobBytes {
    /// Of whoever takes them.
    Own(Vec<u8>),
    /// Of several takers, each of which may write: nobody relies on what stands there.
    Shared(Arc<Vec<AtomicU8>>),
}

impl BlobBytes {
    /// How many there are.
    pub fn size(&self) -> u64 {
        let count = match self {
            Self::Own(bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
        };
        count as u64
    }

    /// The bytes themselves, copied if somebody else may have them, too.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes.iter().map(|byte| byte.load(Relaxed)).collect(),
        }
    }

    /// Shared from now on; one more share.
    fn share(&mut self) -> Self {
        if let Self::Own(bytes) = self {
            // In place: the allocation stays where it is.
            let shared = std::mem::take(bytes).into_iter().map(AtomicU8::new);
            *self = Self::Shared(Arc::new(shared.collect()));
        }
        match self {
            Self::Shared(bytes) => Self::Shared(Arc::clone(bytes)),
            Self::Own(bytes) => Self::Own(bytes.clone()),
        }
    }
}

/// A large value on its way from one thread to another.
#[derive(Debug)]
pub(crate) struct Blob {
    /// The value.
    pub bytes: BlobBytes,
    /// Who keeps it for the other.
    pub sender: u32,
    /// Whom it is for.
    pub receiver: u32,
}

/// Large values on their way, by number.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blobs: FxHashMap<u32, Blob>,
    last: u32,
}

impl State {
    fn put(&mut self, blob: Blob) -> u32 {
        let number = self.next_number();
        self.blobs.insert(number, blob);
        number
    }

    /// A number that no blob has; never 0.
    fn next_number(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1).max(1);
            if !self.blobs.contains_key(&self.last) {
                return self.last;
            }
        }
    }
}

impl Blobs {
    /// Keeps a value, and gives its number.
    pub fn put(&self, blob: Blob) -> u32 {
        lock(&self.state).put(blob)
    }

    /// Keeps a value that a sender keeps for one receiver for another one, too, if `may_go` says of its size that it may:
    /// the number; none when it was taken already, or may not.
    pub fn share(
        &self,
        number: u32,
        sender: u32,
        receiver: u32,
        may_go: impl FnOnce(u64) -> bool,
    ) -> Option<u32> {
        let mut state = lock(&self.state);
        let first = state.blobs.get_mut(&number)?;
        if first.sender != sender || !may_go(first.bytes.size()) {
            return None;
        }
        let bytes = first.bytes.share();
        let blob = Blob {
            bytes,
            sender,
            receiver,
        };
        Some(state.put(blob))
    }

    /// Takes a value; none when it was taken already.
    pub fn take(&self, number: u32) -> Option<Blob> {
        lock(&self.state).blobs.remove(&number)
    }

    /// Takes all that is for a thread.
    pub fn take_all(&self, receiver: u32) -> Vec<Blob> {
        let mut state = lock(&self.state);
        let theirs = state.blobs.extract_if(|_, blob| blob.receiver == receiver);
        theirs.map(|(_, blob)| blob).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        lock(&self.state).blobs.len()
    }
}
