use super::Block;
use super::frame::Frame;
use super::frame_head::{FrameHead, FrameSender};
use super::link_writer::{Inbound, list_bytes, name_bytes};
use crate::layout::{
    BLOCK_WORDS, FLAG_BLOBS, FLAG_IMPORTANT, FLAG_NAMED, FORMAT_INT_REQUEST, FRAME_MESSAGE,
    FRAME_SEAT_BASE, FRAME_SEAT_SHIFT, FRAME_WORDS, KIND_INSPECT, KIND_REQUEST, MAX_THREADS,
    ORPHAN_SLOT, QUEUE_MAIN,
};

/// Bytes of the payload of what tells of one: its number, the word of the form, a value that nobody reads.
const BYTES: usize = 12;

/// What a peer has sent to a name, and waits for, and what ended with the thread of whoever had the name. The peer does
/// not know on which thread that was: so it is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    sender: FrameSender,
    kind: u32,
    /// Whether it was important, of the flags.
    flags: u32,
    /// By which its sender is answered.
    number: u32,
    /// The thread that has ended.
    thread: u32,
}

impl Orphan {
    /// The frame that begins at a word of a chunk for a thread, and the seat of who sent it; none for one for which nobody
    /// waits, and for one to a pid: whose thread has ended is known there.
    pub fn read(chunk: &Block, at: u32, thread: u32) -> Option<(u32, Self)> {
        let words = chunk.read_words::<{ FRAME_WORDS as usize }>(at)?;
        let seat = words[7] >> FRAME_SEAT_SHIFT;
        let (head, _) = FrameHead::read(&words);
        let is_request = head.kind == KIND_REQUEST || head.kind == KIND_INSPECT;
        let is_awaited = is_request || head.flags & FLAG_IMPORTANT != 0;
        let is_named = head.op == FRAME_MESSAGE && head.flags & FLAG_NAMED != 0;
        if seat == 0 || !is_named || !is_awaited {
            return None;
        }
        let mut place = at + FRAME_WORDS;
        if head.flags & FLAG_BLOBS != 0 {
            place += list_bytes(Frame::blobs(chunk, at).len()) / 4;
        }
        let length = (place < BLOCK_WORDS).then(|| chunk.get(place))?;
        place = place.checked_add(name_bytes(length.min(BLOCK_WORDS) as usize) / 4)?;
        let orphan = Self {
            sender: head.sender,
            kind: head.kind,
            flags: head.flags & FLAG_IMPORTANT,
            number: (place < BLOCK_WORDS).then(|| chunk.get(place))?,
            thread,
        };
        Some((seat + FRAME_SEAT_BASE, orphan))
    }

    /// A call that was taken and not answered, and the seat of whose station.
    pub fn of_call(station: u32, number: u32, thread: u32) -> (u32, Self) {
        let sender = FrameSender {
            thread: station % MAX_THREADS,
            ..FrameSender::default()
        };
        let orphan = Self {
            sender,
            kind: KIND_REQUEST,
            flags: 0,
            number,
            thread,
        };
        (station / MAX_THREADS, orphan)
    }

    /// What its number takes in the frame that tells of it.
    pub fn payload(self) -> [u8; BYTES] {
        let mut payload = [0; BYTES];
        payload[..4].copy_from_slice(&self.number.to_ne_bytes());
        payload
    }

    /// The frame that tells of it: for a process that there is not, so that TypeScript answers whoever waits.
    pub fn inbound(self, payload: &[u8; BYTES]) -> Inbound<'_> {
        let head = FrameHead {
            op: FRAME_MESSAGE,
            kind: self.kind,
            queue: QUEUE_MAIN,
            flags: self.flags,
            format: FORMAT_INT_REQUEST,
            first: ORPHAN_SLOT,
            second: self.thread,
            sender: self.sender,
            ..FrameHead::default()
        };
        Inbound::of(head, payload)
    }
}
