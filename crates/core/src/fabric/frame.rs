use super::Block;
use crate::layout::{
    AGAIN_BACK_MAX, AGAIN_BACK_SHIFT, AGAIN_WORDS, BLOCK_WORDS, FAR, FLAG_BLOBS, FLAG_IMPORTANT,
    FORMAT_INT, FRAME_AGAIN, FRAME_FLAGS_SHIFT, FRAME_FORMAT_SHIFT, FRAME_KIND_SHIFT,
    FRAME_MESSAGE, FRAME_QUEUE_SHIFT, FRAME_WORDS, TAG_EXTRA_SHIFT, TAG_QUEUE_SHIFT,
};

/// What the first word of a frame says of its format.
const FORMAT: u32 = 0xFF << FRAME_FORMAT_SHIFT;

/// Whether a payload is the number of a frame.
#[inline]
pub(crate) fn is_far(payload: u32) -> bool {
    payload & FAR != 0
}

/// The head of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    head: u32,
    length: u32,
    /// Slot of the target.
    pub slot: u32,
    /// Generation of the target.
    pub generation: u32,
    /// Where the whole head stands: before the frame, for one that says the same again.
    head_at: u32,
    /// Words before the payload.
    words: u32,
}

impl Frame {
    /// The frame that begins at a word of a chunk.
    #[inline]
    pub fn read(chunk: &Block, at: u32) -> Self {
        let [head, length, slot, generation] = chunk.read_words(at).unwrap_or_default();
        let frame = Self {
            head,
            length,
            slot,
            generation,
            head_at: at,
            words: FRAME_WORDS,
        };
        if head & 0xF == FRAME_AGAIN {
            frame.again(chunk)
        } else {
            frame
        }
    }

    /// With the head that its sender has not written again; one without an end, if there is none where it should be.
    #[inline]
    fn again(self, chunk: &Block) -> Self {
        let back = 2 * (self.head >> AGAIN_BACK_SHIFT & AGAIN_BACK_MAX);
        // Before the chunk there is none.
        let head_at = self.head_at.checked_sub(back).unwrap_or(BLOCK_WORDS);
        let [head, _, slot, generation] = chunk.read_words(head_at).unwrap_or_default();
        if head & 0xF != FRAME_MESSAGE {
            let length = u32::MAX;
            return Self {
                head: FORMAT,
                length,
                ..self
            };
        }
        Self {
            head: head & !FORMAT | self.head & FORMAT,
            length: self.length,
            slot,
            generation,
            head_at,
            words: AGAIN_WORDS,
        }
    }

    /// The word after it, which begins at `at`; none when it cannot be a frame.
    #[inline]
    pub fn end(self, at: u32) -> Option<u32> {
        let format = self.head >> FRAME_FORMAT_SHIFT & 0xFF;
        let payload = if format == FORMAT_INT {
            0
        } else {
            self.length.checked_add(7)? / 8 * 2
        };
        let end = at.checked_add(self.words)?.checked_add(payload)?;
        (end <= BLOCK_WORDS).then_some(end)
    }

    /// All words of its head, as if it were the first of its kind; and how many of them stand before its payload.
    pub fn whole_head(self, chunk: &Block) -> ([u32; FRAME_WORDS as usize], u32) {
        let mut words = chunk.read_words(self.head_at).unwrap_or_default();
        [words[0], words[1]] = [self.head, self.length];
        (words, self.words)
    }

    /// Whether it goes into a mailbox.
    #[inline]
    pub fn is_message(self) -> bool {
        self.head & 0xF == FRAME_MESSAGE
    }

    /// Whether blobs belong to it.
    #[inline]
    pub fn has_blobs(self) -> bool {
        self.head >> FRAME_FLAGS_SHIFT & FLAG_BLOBS != 0
    }

    /// Whether its sender wants to know what becomes of it.
    #[inline]
    pub fn is_important(self) -> bool {
        self.head >> FRAME_FLAGS_SHIFT & FLAG_IMPORTANT != 0
    }

    /// Kind and queue as a mailbox entry has them; the lowest bit of the extra says whether blobs belong
    /// to it.
    #[inline]
    pub fn tag(self) -> u32 {
        let kind = self.head >> FRAME_KIND_SHIFT & 0xF;
        let queue = self.head >> FRAME_QUEUE_SHIFT & 3;
        let blobs = u32::from(self.has_blobs());
        kind | queue << TAG_QUEUE_SHIFT | blobs << TAG_EXTRA_SHIFT
    }

    /// The number of the frame at a word of a chunk.
    #[inline]
    pub fn number(chunk: u32, at: u32) -> u32 {
        FAR | chunk << 15 | (at / 2)
    }

    /// The chunk in the number of a frame.
    #[inline]
    pub fn chunk_of(number: u32) -> u32 {
        number >> 15 & 0xFFFF
    }

    /// The numbers of the blobs of the frame at a word; what cannot be is left out.
    pub fn blobs(chunk: &Block, at: u32) -> Vec<u32> {
        let first = at + FRAME_WORDS;
        if first >= BLOCK_WORDS {
            return Vec::new();
        }
        let count = chunk.get(first).min(BLOCK_WORDS - first - 1);
        (0..count)
            .map(|index| chunk.get(first + 1 + index))
            .collect()
    }

    /// The word at which the frame of that number begins.
    pub fn word_of(number: u32) -> u32 {
        (number & 0x7FFF) * 2
    }
}
