use crate::bytes::put;
use crate::item::ItemWriter;
use crate::link::LinkCounters;
use crate::link::frame::{self, BATCH, BATCH_BYTES, PACKED};
use crate::link::packer::Packer;
use crate::{Compression, Item};

/// The bytes that a link has to write, and the batch that is being filled.
#[derive(Default)]
pub(crate) struct Outbound {
    out: Vec<u8>,
    /// How many of them were written.
    start: usize,
    open: Open,
    /// The items of a batch, or the bytes of a fragment, that will be compressed.
    raw: Vec<u8>,
    writer: ItemWriter,
    packer: Packer,
    /// Counted frames so far.
    frames: u64,
}

/// What the batch being filled is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    None,
    /// Its head stands there in `out`.
    Plain(usize),
    /// It is in `raw`.
    Packed(Compression),
}

impl Outbound {
    /// Puts an item into the batch.
    #[inline]
    pub fn item(
        &mut self,
        item: &Item<'_>,
        compression: Option<Compression>,
        counters: &mut LinkCounters,
    ) {
        counters.items_out += 1;
        let length = match (compression, self.open) {
            (None, Open::Plain(at)) => {
                self.writer.write(&mut self.out, item);
                self.out.len() - at
            }
            (Some(wanted), Open::Packed(open)) if wanted == open => {
                self.writer.write(&mut self.raw, item);
                self.raw.len()
            }
            _ => self.first(item, compression, counters),
        };
        if length >= BATCH_BYTES {
            self.seal(counters);
        }
    }

    /// Whether a batch is being filled, which counts as no frame yet.
    pub fn is_filling(&self) -> bool {
        self.open != Open::None
    }

    /// Whether an uncompressed batch is being filled.
    #[inline]
    pub fn is_plain(&self) -> bool {
        matches!(self.open, Open::Plain(_))
    }

    /// Whether the last item of it is a number.
    #[inline]
    pub fn has_number(&self) -> bool {
        self.writer.has_number()
    }

    /// Puts the last item of that batch into it once more, with another value.
    #[inline]
    pub fn item_again(&mut self, integer: u32, payload: &[u8], counters: &mut LinkCounters) {
        let Open::Plain(at) = self.open else {
            return;
        };
        counters.items_out += 1;
        let integer = integer.cast_signed();
        self.writer.write_again(&mut self.out, integer, payload);
        if self.out.len() - at >= BATCH_BYTES {
            self.seal(counters);
        }
    }

    /// The first item of another batch; gives its length.
    fn first(
        &mut self,
        item: &Item<'_>,
        compression: Option<Compression>,
        counters: &mut LinkCounters,
    ) -> usize {
        self.seal(counters);
        self.writer.reset();
        if let Some(compression) = compression {
            self.open = Open::Packed(compression);
            self.raw.clear();
            self.writer.write(&mut self.raw, item);
            self.raw.len()
        } else {
            let at = frame::begin(&mut self.out, BATCH);
            self.open = Open::Plain(at);
            self.writer.write(&mut self.out, item);
            self.out.len() - at
        }
    }

    /// Closes the batch.
    pub fn seal(&mut self, counters: &mut LinkCounters) {
        match std::mem::take(&mut self.open) {
            Open::None => return,
            Open::Plain(at) => frame::end(&mut self.out, at),
            Open::Packed(compression) => self.seal_packed(compression, counters),
        }
        self.frames += 1;
        counters.batches_out += 1;
    }

    fn seal_packed(&mut self, compression: Compression, counters: &mut LinkCounters) {
        let at = frame::begin(&mut self.out, PACKED);
        if !self.pack_raw(compression, counters) {
            self.out.truncate(at);
            frame::begin(&mut self.out, BATCH);
            self.out.extend_from_slice(&self.raw);
        }
        frame::end(&mut self.out, at);
    }

    /// Writes the bytes that are to be compressed so; false when that is not worth it.
    fn pack_raw(&mut self, compression: Compression, counters: &mut LinkCounters) -> bool {
        let start = self.out.len();
        let is_packed = self.packer.pack(compression, &self.raw, &mut self.out);
        if is_packed {
            counters.raw_out += self.raw.len() as u64;
            counters.compressed_out += (self.out.len() - start) as u64;
        }
        is_packed
    }

    /// Writes a frame after what is in the batch.
    pub fn frame(
        &mut self,
        kind: u8,
        counters: &mut LinkCounters,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        self.seal(counters);
        let at = frame::begin(&mut self.out, kind);
        body(&mut self.out);
        frame::end(&mut self.out, at);
        self.frames += u64::from(frame::is_counted(kind));
    }

    /// A fragment: its head, and what `write` gives, compressed if that is wanted and worth it.
    pub fn fragment(
        &mut self,
        head: FragmentHead,
        compression: Option<Compression>,
        counters: &mut LinkCounters,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.seal(counters);
        let at = frame::begin(&mut self.out, frame::FRAGMENT);
        self.out.push(head.flags);
        let flags_at = self.out.len() - 1;
        put(&mut self.out, u64::from(head.stream));
        if let Some(total) = head.total {
            put(&mut self.out, total);
        }
        match compression {
            None => write(&mut self.out),
            Some(compression) => {
                self.raw.clear();
                write(&mut self.raw);
                if self.pack_raw(compression, counters) {
                    self.out[flags_at] |= frame::IS_PACKED;
                } else {
                    self.out.extend_from_slice(&self.raw);
                }
            }
        }
        frame::end(&mut self.out, at);
        self.frames += 1;
        counters.fragments_out += 1;
    }

    /// Bytes that wait, the batch being filled included.
    #[inline]
    pub fn queued(&self) -> usize {
        let raw = match self.open {
            Open::Packed(_) => self.raw.len(),
            _ => 0,
        };
        self.out.len() - self.start + raw
    }

    /// What is to be written; the batch has to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.out[self.start..]
    }

    /// So many were written.
    pub fn written(&mut self, count: usize) {
        self.start = (self.start + count).min(self.out.len());
        if self.start == self.out.len() && self.open == Open::None {
            self.out.clear();
            self.start = 0;
        } else if self.start > COMPACT_BYTES {
            self.out.drain(..self.start);
            if let Open::Plain(at) = &mut self.open {
                *at -= self.start;
            }
            self.start = 0;
        }
    }

    /// Counted frames so far; the batch being filled is none yet.
    pub fn frames(&self) -> u64 {
        self.frames
    }
}

/// Written bytes are removed when there are so many.
const COMPACT_BYTES: usize = 128 * 1024;

/// What stands before the bytes of a fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FragmentHead {
    /// First, last.
    pub flags: u8,
    /// Which of the items that are on their way.
    pub stream: u32,
    /// Of the first: all bytes that will come.
    pub total: Option<u64>,
}
