use std::sync::atomic::Ordering::Relaxed;

use crate::layout::BLOCK_WORDS;
use crate::sync::{SharedCount, SharedWord};

/// Bytes of a chunk.
const CHUNK_BYTES: u64 = BLOCK_WORDS as u64 * 4;

/// How much is on its way from one thread to another.
///
/// Only the sender adds, so what it has found room for is still free when it takes it; all that the others
/// do is to make more room. Nothing else depends on these numbers: the queue orders what lies in the chunks.
#[derive(Debug, Default)]
pub(crate) struct Way {
    chunks: SharedWord,
    blob_bytes: SharedCount,
}

impl Way {
    /// Whether one more chunk may be on its way, of `quota`, of which blobs take their part.
    pub fn has_room(&self, quota: u32) -> bool {
        self.bytes() + CHUNK_BYTES <= u64::from(quota) * CHUNK_BYTES
    }

    /// Whether so many bytes may travel beside the frames, of a value of which `of_same` bytes do already. A value of more than the
    /// whole quota goes alone, in however many parts.
    pub fn has_room_for(&self, size: u64, of_same: u64, quota: u32) -> bool {
        self.blob_bytes() <= of_same || self.bytes() + size <= u64::from(quota) * CHUNK_BYTES
    }

    /// Whether three quarters of the quota are used up by chunks.
    pub fn is_crowded(&self, quota: u32) -> bool {
        self.chunks() >= crowd_of(quota)
    }

    /// A chunk is on its way from now on; true when it makes the way crowded.
    pub fn add_chunk(&self, quota: u32) -> bool {
        self.chunks.fetch_add(1, Relaxed) + 1 == crowd_of(quota)
    }

    /// A chunk is free again; true when the way is not crowded any more.
    pub fn remove_chunk(&self, quota: u32) -> bool {
        self.chunks.fetch_sub(1, Relaxed) == crowd_of(quota)
    }

    /// So many bytes travel beside the frames from now on.
    pub fn add_blob(&self, size: u64) {
        self.blob_bytes.fetch_add(size, Relaxed);
    }

    /// They were taken, or are lost.
    pub fn remove_blob(&self, size: u64) {
        self.blob_bytes.fetch_sub(size, Relaxed);
    }

    /// Chunks on their way.
    pub fn chunks(&self) -> u32 {
        self.chunks.load(Relaxed)
    }

    /// Bytes beside the frames.
    pub fn blob_bytes(&self) -> u64 {
        self.blob_bytes.load(Relaxed)
    }

    /// Bytes on their way, in chunks and beside the frames.
    pub fn bytes(&self) -> u64 {
        u64::from(self.chunks()) * CHUNK_BYTES + self.blob_bytes()
    }
}

/// So many chunks make a way crowded.
fn crowd_of(quota: u32) -> u32 {
    quota - quota / 4
}
