use crate::layout::{
    FORMAT_INT, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT, FRAME_QUEUE_SHIFT,
    FRAME_SEAT_BASE, FRAME_SEAT_SHIFT, FRAME_WORDS, MAX_THREADS, SLOT_MASK,
};

const THREAD_SHIFT: u32 = 24;
const ID_HIGH_MASK: u32 = (1 << FRAME_SEAT_SHIFT) - 1;

/// Who wrote a frame: a process of the node on whose side the frame is looked at, or of its peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameSender {
    /// Its thread.
    pub thread: u32,
    /// Its slot.
    pub slot: u32,
    /// Its generation.
    pub generation: u32,
    /// Its id, below 2^53.
    pub id: u64,
}

/// What stands in the eight words before a payload, between a thread and a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameHead {
    /// `FRAME_MESSAGE` or `FRAME_CONTROL`.
    pub op: u32,
    /// Kind of a message.
    pub kind: u32,
    /// Queue of a message.
    pub queue: u32,
    /// `FLAG_…`; of `FLAG_BLOBS` the port itself knows.
    pub flags: u32,
    /// Format of the value.
    pub format: u32,
    /// The value, for `FORMAT_INT`.
    pub integer: u32,
    /// The thread that it is for.
    pub thread: u32,
    /// Slot of the target, or op of a control frame.
    pub first: u32,
    /// Generation of the target, or what the op says.
    pub second: u32,
    /// Who wrote it.
    pub sender: FrameSender,
    /// How it is to travel to another node: the number of a profile, and `FRAME_UNORDERED`.
    pub options: u32,
}

impl FrameHead {
    /// Reads what a thread wrote for a connection; and the bytes of the payload.
    #[inline]
    pub(super) fn read(words: &[u32; FRAME_WORDS as usize]) -> (Self, u32) {
        let word = |index: usize| words[index];
        let head = word(0);
        let format = head >> FRAME_FORMAT_SHIFT & 0xFF;
        let is_int = format == FORMAT_INT;
        let (first, place) = (word(2), word(4));
        let frame = Self {
            op: head & 0xF,
            kind: head >> FRAME_KIND_SHIFT & 0xF,
            queue: head >> FRAME_QUEUE_SHIFT & 3,
            flags: head >> FRAME_FLAGS_SHIFT & 0xF,
            format,
            integer: if is_int { word(1) } else { 0 },
            thread: first >> THREAD_SHIFT,
            first: first & SLOT_MASK,
            second: word(3),
            sender: FrameSender {
                thread: place >> THREAD_SHIFT,
                slot: place & SLOT_MASK,
                generation: word(5),
                id: u64::from(word(7) & ID_HIGH_MASK) << 32 | u64::from(word(6)),
            },
            options: word(7) >> FRAME_SEAT_SHIFT,
        };
        (frame, Self::length(word(0), word(1)))
    }

    /// Bytes of the payload, by the first two words.
    #[inline]
    pub(super) fn length(head: u32, value: u32) -> u32 {
        match head >> FRAME_FORMAT_SHIFT & 0xFF {
            FORMAT_INT => 0,
            _ => value,
        }
    }

    /// As a thread reads it: the sender is behind the connection in `seat`.
    #[inline]
    pub(super) fn words(&self, seat: u32, length: u32) -> [u32; FRAME_WORDS as usize] {
        let is_int = self.format == FORMAT_INT;
        let sender = &self.sender;
        [
            self.op & 0xF
                | (self.kind & 0xF) << FRAME_KIND_SHIFT
                | (self.queue & 3) << FRAME_QUEUE_SHIFT
                | (self.flags & 0xF) << FRAME_FLAGS_SHIFT
                | (self.format & 0xFF) << FRAME_FORMAT_SHIFT,
            if is_int { self.integer } else { length },
            self.first & SLOT_MASK,
            self.second,
            sender.slot & SLOT_MASK | sender.thread << THREAD_SHIFT,
            sender.generation,
            sender.id as u32,
            (sender.id >> 32) as u32 & ID_HIGH_MASK | (seat - FRAME_SEAT_BASE) << FRAME_SEAT_SHIFT,
        ]
    }
}

const _: () = assert!(FRAME_SEAT_BASE < MAX_THREADS && FRAME_WORDS == 8);
