use crate::Features;
use crate::bytes::Reader;
use crate::item::ItemReader;
use crate::link::LinkError;
use crate::link::frame::{self, FIRST, FRAME_HEAD, IS_PACKED, MAX_BODY};
use crate::link::outbound::FragmentHead;
use crate::link::packer::Packer;
use crate::{Item, LinkCounters};

/// Bytes that are read before they are looked at.
const BUFFER_BYTES: usize = 256 * 1024;
/// With less room than this at its end the buffer is moved up.
const MIN_SPACE: usize = 64 * 1024;

/// The bytes that came over a link, cut into frames, and the batch that is being read.
pub(crate) struct Inbound {
    buffer: Vec<u8>,
    /// Where the frame at hand begins.
    start: usize,
    end: usize,
    batch: Batch,
    reader: ItemReader,
    raw: Vec<u8>,
    packer: Packer,
    /// Counted frames that were handed over.
    handed: u64,
}

/// Where the items being read are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    None,
    /// In the frame at hand, whose body has so many bytes.
    Plain(usize),
    /// In `raw`; the same.
    Packed(usize),
}

/// A frame that is whole: its kind, and where its body stands until it is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Its kind.
    pub kind: u8,
    /// Bytes of its body.
    pub length: usize,
}

impl Inbound {
    /// Nothing has come.
    pub fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            batch: Batch::None,
            reader: ItemReader::default(),
            raw: Vec::new(),
            packer: Packer::default(),
            handed: 0,
        }
    }

    /// Where the next bytes go; empty when the frames before have to be taken first.
    pub fn space(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.buffer.len() - self.end < MIN_SPACE {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// Whether there is room for more.
    pub fn has_space(&self) -> bool {
        self.end - self.start < self.buffer.len()
    }

    /// So many bytes came.
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// Whether nothing is left to be taken.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether a frame waits to be taken.
    pub fn has_whole(&self) -> bool {
        self.batch != Batch::None || matches!(self.cut(), Ok(Some(_)))
    }

    /// Counted frames that were handed over as a whole.
    pub fn handed(&self) -> u64 {
        self.handed
    }

    /// Whether an item of a batch comes next. Ends the batch when it was read to its end.
    #[inline]
    pub fn has_item(&mut self) -> bool {
        let length = match self.batch {
            Batch::None => return false,
            Batch::Plain(length) => {
                let batch = &self.buffer[self.start + FRAME_HEAD..][..length];
                if !self.reader.is_at_end(batch) {
                    return true;
                }
                length
            }
            Batch::Packed(length) => {
                if !self.reader.is_at_end(&self.raw) {
                    return true;
                }
                length
            }
        };
        self.batch = Batch::None;
        let kind = frame::BATCH;
        self.done(Cut { kind, length });
        false
    }

    /// The next item of the batch.
    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    pub fn item(&mut self) -> Result<Item<'_>, LinkError> {
        let batch = match self.batch {
            Batch::Plain(length) => &self.buffer[self.start + FRAME_HEAD..][..length],
            _ => &self.raw[..],
        };
        let item = self.reader.read(batch);
        item.ok_or(LinkError("a batch has what is no item"))
    }

    /// The values of the items that come next and differ from the last in their value only: see [`ItemReader::read_alike`].
    #[inline]
    pub fn values(
        &mut self,
        is_value: impl Fn(&[u8]) -> bool,
        take: impl FnMut(i32, &[u8]) -> bool,
    ) {
        let batch = match self.batch {
            Batch::None => return,
            Batch::Plain(length) => &self.buffer[self.start + FRAME_HEAD..][..length],
            Batch::Packed(_) => &self.raw[..],
        };
        self.reader.read_alike(batch, is_value, take);
    }

    /// The next frame, when it is whole.
    pub fn cut(&self) -> Result<Option<Cut>, LinkError> {
        let bytes = &self.buffer[self.start..self.end];
        let Some((kind, length)) = frame::head(bytes) else {
            return Ok(None);
        };
        if length > MAX_BODY {
            return Err(LinkError("a frame is longer than may be"));
        }
        let is_whole = bytes.len() - FRAME_HEAD >= length;
        Ok(is_whole.then_some(Cut { kind, length }))
    }

    /// The body of the frame at hand.
    pub fn body(&self, cut: Cut) -> &[u8] {
        &self.buffer[self.start + FRAME_HEAD..][..cut.length]
    }

    /// The frame at hand was looked at.
    pub fn done(&mut self, cut: Cut) {
        self.start += FRAME_HEAD + cut.length;
        self.handed += u64::from(frame::is_counted(cut.kind));
    }

    /// The frame at hand is a batch, which is read from now on.
    pub fn open(
        &mut self,
        cut: Cut,
        features: Features,
        counters: &mut LinkCounters,
    ) -> Result<(), LinkError> {
        self.reader.reset();
        counters.batches_in += 1;
        if cut.kind == frame::BATCH {
            self.batch = Batch::Plain(cut.length);
            return Ok(());
        }
        let body = &self.buffer[self.start + FRAME_HEAD..][..cut.length];
        self.packer.unpack(body, features, &mut self.raw)?;
        counters.compressed_in += cut.length as u64;
        counters.raw_in += self.raw.len() as u64;
        self.batch = Batch::Packed(cut.length);
        Ok(())
    }

    /// The head and the bytes of the fragment at hand.
    pub fn fragment(
        &mut self,
        cut: Cut,
        features: Features,
        counters: &mut LinkCounters,
    ) -> Result<(FragmentHead, &[u8]), LinkError> {
        let body = &self.buffer[self.start + FRAME_HEAD..][..cut.length];
        let mut reader = Reader::new(body);
        let head = fragment_head(&mut reader).ok_or(LinkError("a fragment has no head"))?;
        counters.fragments_in += 1;
        let bytes = reader.rest();
        if head.flags & IS_PACKED == 0 {
            return Ok((head, bytes));
        }
        self.packer.unpack(bytes, features, &mut self.raw)?;
        counters.compressed_in += bytes.len() as u64;
        counters.raw_in += self.raw.len() as u64;
        Ok((head, &self.raw))
    }
}

fn fragment_head(reader: &mut Reader<'_>) -> Option<FragmentHead> {
    let flags = reader.byte()?;
    let stream = reader.u32()?;
    let total = match flags & FIRST {
        0 => None,
        _ => Some(reader.u64()?),
    };
    Some(FragmentHead {
        flags,
        stream,
        total,
    })
}
