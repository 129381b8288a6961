use std::sync::Arc;

use super::blobs::{Blob, BlobBytes};
use super::fabric::Fabric;
use super::inject::Range;
use crate::NIL;
use crate::layout::{BLOCK_WORDS, MAX_SEATS, PORT_AT};
use crate::ring::RingMemory;

/// A chunk that this thread fills. It stays this thread's until the next one is opened, whatever becomes of
/// the receiver: TypeScript writes into it as long as it knows of no other.
#[derive(Clone, Copy, Debug)]
struct Open {
    chunk: u32,
    /// The word up to which it was handed over.
    handed: u32,
    /// Which of those that received at that place it is for. When that one has left, what stands in the chunk goes nowhere.
    incarnation: u32,
}

/// What one thread sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    fabric: Arc<Fabric>,
    thread: u32,
    /// By receiver, as long as the highest number so far: the chunk that is filled.
    open: Vec<Option<Open>>,
    /// By receiver: blobs whose frames were not handed over yet.
    blobs: Vec<Vec<u32>>,
    /// Ranges that were handed over.
    pub ranges: u64,
    /// Chunks and blobs that were refused.
    pub refusals: u64,
    /// Chunks and blobs that went beyond the quota.
    pub forced: u64,
}

impl Outgoing {
    /// Of a thread that has joined.
    pub fn new(fabric: Arc<Fabric>, thread: u32) -> Self {
        Self {
            fabric,
            thread,
            open: Vec::new(),
            blobs: Vec::new(),
            ranges: 0,
            refusals: 0,
            forced: 0,
        }
    }

    /// Closes the chunk for a thread, as far as it is written, and opens the next. `NIL`, and the chunk stays
    /// open, when the quota is used up or nobody is there.
    pub fn open(&mut self, receiver: u32, is_forced: bool, ring: &RingMemory) -> u32 {
        let Some(incarnation) = self.incarnation_of(receiver) else {
            return NIL;
        };
        // All of it, in order: a thread that ends now must not have told a peer of what it lost on the way to another one.
        // Also when there is no room, which is made by what waits here.
        self.hand_over(ring);
        if !self.may_have(receiver, None, is_forced) {
            return NIL;
        }
        let Some(chunk) = self.fabric.arena.take() else {
            return NIL;
        };
        self.fabric.add_chunk(self.thread, receiver);
        self.close_chunk(receiver, ring);
        self.know(receiver);
        self.open[receiver as usize] = Some(Open {
            chunk,
            handed: 0,
            incarnation,
        });
        chunk
    }

    /// Whether somebody receives at that place.
    pub fn reaches(&self, receiver: u32) -> bool {
        self.incarnation_of(receiver).is_some()
    }

    /// Hands over what was written for a member, and closes the chunk: nothing is written into it any more.
    pub fn close_chunk(&mut self, receiver: u32, ring: &RingMemory) {
        if receiver < MAX_SEATS {
            self.hand_over_to(receiver, ring, true);
            ring.set_word(PORT_AT + receiver, 0);
        }
    }

    /// Keeps bytes for a thread, of which a frame in the chunk that is open will tell: the number; 0 when the
    /// quota is used up or nobody is there. Of the same frame `of_same` bytes are kept already.
    pub fn put_blob(&mut self, receiver: u32, bytes: &[u8], of_same: u64, is_forced: bool) -> u32 {
        let size = bytes.len() as u64;
        let is_there = self.incarnation_of(receiver).is_some();
        if !is_there || !self.may_have(receiver, Some((size, of_same)), is_forced) {
            return 0;
        }
        let bytes = BlobBytes::Own(bytes.to_vec());
        let sender = self.thread;
        self.fabric.add_blob(sender, receiver, size);
        let number = self.fabric.blobs.put(Blob {
            bytes,
            sender,
            receiver,
        });
        self.note_blob(receiver, number);
        number
    }

    /// Keeps what this thread keeps for another one for one more: the number; 0 when it was taken already, the quota is
    /// used up or nobody is there.
    pub fn share_blob(&mut self, receiver: u32, blob: u32, is_forced: bool) -> u32 {
        if self.incarnation_of(receiver).is_none() {
            return 0;
        }
        let (fabric, sender) = (Arc::clone(&self.fabric), self.thread);
        let may_go = |size| {
            let may_go = self.may_have(receiver, Some((size, 0)), is_forced);
            if may_go {
                fabric.add_blob(sender, receiver, size);
            }
            may_go
        };
        let Some(number) = fabric.blobs.share(blob, sender, receiver, may_go) else {
            return 0;
        };
        self.note_blob(receiver, number);
        number
    }

    /// Hands over what was written since the last time.
    #[inline]
    pub fn hand_over(&mut self, ring: &RingMemory) {
        for group in 0..self.open.len().div_ceil(32) as u32 {
            let mut marks = ring.take_marks(group);
            while marks != 0 {
                self.hand_over_to(32 * group + marks.trailing_zeros(), ring, false);
                marks &= marks - 1;
            }
        }
    }

    /// What was not handed over is lost. Receivers free the chunks when they are done with the rest.
    pub fn close(&mut self) {
        for receiver in 0..self.open.len() as u32 {
            self.lose_blobs(receiver);
            if let Some(open) = self.open[receiver as usize].take() {
                self.hand_over_range(receiver, open, open.handed, true);
            }
        }
    }

    fn note_blob(&mut self, receiver: u32, number: u32) {
        self.know(receiver);
        self.blobs[receiver as usize].push(number);
    }

    fn incarnation_of(&self, receiver: u32) -> Option<u32> {
        if receiver == self.thread {
            return None;
        }
        self.fabric.inlet(receiver)?.inject.incarnation()
    }

    /// There is a place for what is known of a receiver.
    fn know(&mut self, receiver: u32) {
        let count = receiver as usize + 1;
        if self.open.len() < count {
            self.open.resize(count, None);
            self.blobs.resize(count, Vec::new());
        }
    }

    /// Whether a chunk, or a blob of that size beside others of its frame, may go; counts what may not, or only because it must.
    fn may_have(&mut self, receiver: u32, blob: Option<(u64, u64)>, is_forced: bool) -> bool {
        let (way, quota) = (self.fabric.way(self.thread, receiver), self.fabric.quota);
        let has_room = match blob {
            None => way.has_room(quota),
            Some((size, of_same)) => way.has_room_for(size, of_same, quota),
        };
        if !has_room && is_forced {
            self.forced += 1;
        } else if !has_room {
            self.refusals += 1;
        }
        has_room || is_forced
    }

    fn hand_over_to(&mut self, receiver: u32, ring: &RingMemory, is_last: bool) {
        let Some(Some(open)) = self.open.get(receiver as usize).copied() else {
            return;
        };
        let written = ring.word(PORT_AT + receiver) / 4;
        let to = written.min(BLOCK_WORDS).max(open.handed);
        if to > open.handed || is_last {
            self.open[receiver as usize] = self.hand_over_range(receiver, open, to, is_last);
        }
    }

    /// Gives what is to be known of the chunk from now on; none when it is another's.
    fn hand_over_range(
        &mut self,
        receiver: u32,
        open: Open,
        to: u32,
        is_last: bool,
    ) -> Option<Open> {
        let range = Range {
            chunk: open.chunk,
            sender: self.thread,
            from: open.handed,
            to,
            is_last,
        };
        let inlet = self.fabric.inlet(receiver);
        if inlet.is_some_and(|inlet| inlet.push(range, open.incarnation)) {
            self.ranges += 1;
            self.blobs[receiver as usize].clear();
        } else {
            self.lose_blobs(receiver);
            if is_last {
                self.fabric.free_chunk(open.chunk, self.thread, receiver);
            }
        }
        (!is_last).then_some(Open { handed: to, ..open })
    }

    /// Nobody will hear of these.
    fn lose_blobs(&mut self, receiver: u32) {
        for number in self.blobs[receiver as usize].drain(..) {
            drop(self.fabric.take_blob(number));
        }
    }
}
