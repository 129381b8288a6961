use rustc_hash::FxHashMap;

use crate::sync::{Mutex, lock};

/// A large value on its way from one thread to another.
#[derive(Debug)]
pub(crate) struct Blob {
    /// The value.
    pub bytes: Vec<u8>,
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
        let mut state = lock(&self.state);
        let number = state.next_number();
        state.blobs.insert(number, blob);
        number
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
