use std::sync::Mutex;

use rustc_hash::FxHashMap;

use crate::sync::lock;

/// Large values on their way from thread to thread, by number.
#[derive(Debug, Default)]
pub(crate) struct Blobs {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blobs: FxHashMap<u32, Blob>,
    last: u32,
    /// By receiving thread: bytes on their way there.
    bytes: Vec<u64>,
}

impl State {
    /// One that is larger than all that may be on its way goes alone.
    fn has_room(&self, receiver: u32, size: u64, limit: u64) -> bool {
        let used = self.bytes.get(receiver as usize).copied().unwrap_or(0);
        used == 0 || used.saturating_add(size) <= limit
    }

    /// A number that no blob has.
    fn next_number(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1).max(1);
            if !self.blobs.contains_key(&self.last) {
                return self.last;
            }
        }
    }
}

#[derive(Debug)]
struct Blob {
    bytes: Vec<u8>,
    receiver: u32,
}

impl Blobs {
    /// Keeps a copy of some bytes for a thread; gives the number, or none when more than `limit` would be on the way.
    pub fn put(&self, receiver: u32, bytes: &[u8], limit: u64) -> Option<u32> {
        // Before the lock: it may take a while.
        self.keep(receiver, bytes.to_vec(), limit)
    }

    /// The same without a copy.
    pub fn keep(&self, receiver: u32, bytes: Vec<u8>, limit: u64) -> Option<u32> {
        let mut state = lock(&self.state);
        let size = bytes.len() as u64;
        if !state.has_room(receiver, size, limit) {
            return None;
        }
        let index = receiver as usize;
        if state.bytes.len() <= index {
            state.bytes.resize(index + 1, 0);
        }
        state.bytes[index] += size;
        let number = state.next_number();
        state.blobs.insert(number, Blob { bytes, receiver });
        Some(number)
    }

    /// Whether so many bytes more may be on the way to a thread.
    pub fn has_room(&self, receiver: u32, size: u64, limit: u64) -> bool {
        lock(&self.state).has_room(receiver, size, limit)
    }

    /// Takes a value; none when it was taken already.
    pub fn take(&self, number: u32) -> Option<Vec<u8>> {
        let mut state = lock(&self.state);
        let blob = state.blobs.remove(&number)?;
        if let Some(bytes) = state.bytes.get_mut(blob.receiver as usize) {
            *bytes = bytes.saturating_sub(blob.bytes.len() as u64);
        }
        Some(blob.bytes)
    }

    /// A thread has ended: nobody will take what was for it.
    pub fn forget(&self, receiver: u32) {
        let mut state = lock(&self.state);
        state.blobs.retain(|_, blob| blob.receiver != receiver);
        if let Some(bytes) = state.bytes.get_mut(receiver as usize) {
            *bytes = 0;
        }
    }

    /// Bytes on their way to a thread.
    pub fn bytes(&self, receiver: u32) -> u64 {
        let state = lock(&self.state);
        state.bytes.get(receiver as usize).copied().unwrap_or(0)
    }
}
