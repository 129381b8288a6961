use tergo_core::layout::{FORMAT_INT, KIND_INSPECT, KIND_REQUEST};

use super::item_state::{
    FORM_BYTES, FORM_INT, FORM_LARGE, FORM_SHIFT, HAS_FIELDS, HAS_META, HAS_SENDER, HAS_TARGET,
    ItemState, OP_MASK, process,
};
use crate::bytes::{Reader, unzigzag};
use crate::{Item, Op, Sender, Target};

/// Reads the items of one batch, one after the other.
#[derive(Debug, Default)]
pub struct ItemReader {
    state: ItemState,
    at: usize,
    /// The head byte of an item that is a plain message and differs from the last in its value only; none: the last is no
    /// plain message.
    again: Option<u8>,
}

/// The head of an item that travels in fragments.
#[derive(Debug)]
pub(crate) struct LargeHead<'a> {
    /// The item, without its payload.
    pub item: Item<'a>,
    /// Bytes of the payload.
    pub payload: u64,
    /// Bytes of each blob.
    pub blobs: Vec<u64>,
    /// Where the bytes begin.
    pub end: usize,
}

impl ItemReader {
    /// A new batch begins.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether the batch has been read to its end.
    #[inline]
    pub fn is_at_end(&self, batch: &[u8]) -> bool {
        self.at >= batch.len()
    }

    /// The next item of the batch, always the same one until `reset`; none: it is no item.
    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    pub fn read<'a>(&mut self, batch: &'a [u8]) -> Option<Item<'a>> {
        let mut reader = Reader::from(batch, self.at);
        let (mut item, form) = self.head(batch, &mut reader)?;
        match form {
            FORM_INT => {
                item.format = FORMAT_INT as u8;
                item.integer = unzigzag(reader.u32()?);
            }
            FORM_BYTES if u32::from(item.format) != FORMAT_INT => item.payload = reader.run()?,
            _ => return None,
        }
        self.at = reader.at();
        self.again = is_plain(&item).then_some(item.op() as u8 | form << FORM_SHIFT);
        Some(item)
    }

    /// Gives the values of the plain messages that come next and differ from the last one in their value only to `take`: a
    /// number, or bytes of which `is_value` holds. It ends before the first that is not taken, and before any other item.
    #[inline]
    pub(crate) fn read_alike(
        &mut self,
        batch: &[u8],
        is_value: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(i32, &[u8]) -> bool,
    ) {
        let Some(again) = self.again else {
            return;
        };
        let mut reader = Reader::from(batch, self.at);
        while reader.byte() == Some(again) {
            let value = match again >> FORM_SHIFT {
                FORM_INT => reader.u32().map(|number| (unzigzag(number), &[][..])),
                _ => reader.run().filter(|run| is_value(run)).map(|run| (0, run)),
            };
            if !value.is_some_and(|(integer, bytes)| take(integer, bytes)) {
                return;
            }
            self.at = reader.at();
        }
    }

    /// The head at the start of the fragments of an item with at most so many blobs.
    pub(crate) fn read_large(bytes: &[u8], max_blobs: usize) -> Option<LargeHead<'_>> {
        let mut reader = Reader::new(bytes);
        let (item, form) = Self::default().head(bytes, &mut reader)?;
        if form != FORM_LARGE || u32::from(item.format) == FORMAT_INT {
            return None;
        }
        let payload = reader.u64()?;
        let count = reader.u64()?;
        // Each length takes a byte at least.
        if count > max_blobs as u64 || count > reader.left() as u64 {
            return None;
        }
        let blobs = (0..count).map(|_| reader.u64()).collect::<Option<_>>()?;
        let end = reader.at();
        Some(LargeHead {
            item,
            payload,
            blobs,
            end,
        })
    }

    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    fn head<'a>(&mut self, batch: &'a [u8], reader: &mut Reader<'a>) -> Option<(Item<'a>, u8)> {
        let head = reader.byte()?;
        let has_target = head & HAS_TARGET != 0;
        let target = match head & OP_MASK {
            0 => {
                if has_target {
                    self.state.process = (reader.u32()?, reader.u32()?);
                }
                process(self.state.process)
            }
            1 => self.name(batch, reader, has_target)?,
            2 => {
                if has_target {
                    self.state.control = (reader.byte()?, reader.u32()?, reader.u32()?);
                }
                let (thread, first, second) = self.state.control;
                Target::Control {
                    thread,
                    first,
                    second,
                }
            }
            _ => return None,
        };
        if head & HAS_SENDER != 0 {
            self.state.sender = (reader.u32()?, reader.u32()?, reader.u64()?);
        }
        if head & HAS_META != 0 {
            self.state.meta = reader.array()?;
        }
        if head & HAS_FIELDS != 0 {
            reader.run()?;
        }
        Some((self.item(target)?, head >> FORM_SHIFT))
    }

    fn name<'a>(
        &mut self,
        batch: &'a [u8],
        reader: &mut Reader<'a>,
        has_target: bool,
    ) -> Option<Target<'a>> {
        if has_target {
            let length = usize::from(reader.byte()?);
            self.state.name = (reader.at(), length);
            reader.take(length)?;
        }
        let (at, length) = self.state.name;
        let name = str::from_utf8(batch.get(at..at + length)?).ok()?;
        (!name.is_empty()).then_some(Target::Name(name))
    }

    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    fn item<'a>(&self, target: Target<'a>) -> Option<Item<'a>> {
        let (place, generation, id) = self.state.sender;
        let [kind_and_flags, queue, format] = self.state.meta;
        (queue < 4).then_some(Item {
            target,
            sender: Sender {
                thread: place as u8,
                slot: place >> 8,
                generation,
                id,
            },
            kind: kind_and_flags & 0xF,
            queue,
            flags: kind_and_flags >> 4,
            format,
            integer: 0,
            payload: &[],
        })
    }
}

/// Whether it goes into a mailbox as it is: nobody waits for what becomes of it, nothing stands before its value.
#[inline]
fn is_plain(item: &Item<'_>) -> bool {
    let kind = u32::from(item.kind);
    item.op() == Op::Message && item.flags == 0 && kind != KIND_REQUEST && kind != KIND_INSPECT
}
