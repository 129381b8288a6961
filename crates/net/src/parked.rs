use std::collections::{HashMap, VecDeque};

use tergo_core::{FrameHead, FrameSender, LinkPort};

/// So many bytes of payloads wait at most, each frame with this for itself.
const MOST_BYTES: usize = 1 << 20;
const FRAME_BYTES: usize = 256;
/// What has more bytes is large for the protocol.
const SMALL_BYTES: usize = 32 << 10;

/// What a frame carries.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Its payload.
    pub payload: Vec<u8>,
    /// The numbers of its blobs.
    pub numbers: Vec<u32>,
    /// Its blobs, once they were taken.
    pub blobs: Vec<Vec<u8>>,
    has_blobs: bool,
}

impl Load {
    /// Sees to it that the blobs are here; false when they are gone.
    pub fn take_blobs(&mut self, port: &LinkPort) -> bool {
        if self.has_blobs || self.numbers.is_empty() {
            return true;
        }
        let blobs = self.numbers.iter().map(|number| port.take_blob(*number));
        self.blobs = blobs.collect::<Option<_>>().unwrap_or_default();
        self.has_blobs = self.blobs.len() == self.numbers.len();
        self.has_blobs
    }

    /// The frame has gone.
    pub fn forget_blobs(&mut self) {
        self.blobs.clear();
        self.has_blobs = false;
    }

    fn is_large(&self) -> bool {
        !self.numbers.is_empty() || self.payload.len() > SMALL_BYTES
    }
}

/// Frames that wait because too much that is large waits, in order, and what their senders say after them: so that all others go
/// on. Their blobs stay where the threads have put them, and count there, but for those of the first.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    frames: VecDeque<(FrameHead, Load)>,
    senders: HashMap<FrameSender, usize>,
    bytes: usize,
}

impl Parked {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes that wait here: those of blobs in the fabric count there.
    pub fn bytes(&self) -> u64 {
        let loads = self.frames.iter().map(|(_, load)| load);
        let lengths = loads.map(|load| {
            let blobs: usize = load.blobs.iter().map(Vec::len).sum();
            load.payload.len() + blobs
        });
        lengths.sum::<usize>() as u64
    }

    /// Whether a frame has to wait behind these: it is of one of their senders, or large itself, and so would go in their place.
    #[inline]
    pub fn holds_up(&self, head: &FrameHead, load: &Load) -> bool {
        !self.is_empty() && (load.is_large() || self.senders.contains_key(&head.sender))
    }

    /// Puts a frame behind the others; false, and nothing happens, when there is no room.
    pub fn push(&mut self, head: &FrameHead, load: &mut Load) -> bool {
        let bytes = bytes_of(load);
        if self.bytes + bytes > MOST_BYTES {
            return false;
        }
        self.bytes += bytes;
        *self.senders.entry(head.sender).or_default() += 1;
        self.frames.push_back((*head, std::mem::take(load)));
        true
    }

    /// The one that has waited longest.
    pub fn first(&mut self) -> Option<(&FrameHead, &mut Load)> {
        let (head, load) = self.frames.front_mut()?;
        Some((head, load))
    }

    /// It waits no more.
    pub fn remove_first(&mut self) {
        let Some((head, load)) = self.frames.pop_front() else {
            return;
        };
        self.bytes -= bytes_of(&load);
        if let Some(count) = self.senders.get_mut(&head.sender) {
            *count -= 1;
            if *count == 0 {
                self.senders.remove(&head.sender);
            }
        }
    }
}

fn bytes_of(load: &Load) -> usize {
    FRAME_BYTES + load.payload.len() + 4 * load.numbers.len()
}
