use tergo_core::layout::FORMAT_INT;

use super::item_state::{
    FORM_BYTES, FORM_INT, FORM_LARGE, FORM_SHIFT, HAS_META, HAS_SENDER, HAS_TARGET, ItemState,
    meta_of, place, sender_of,
};
use crate::bytes::{put, put_run, zigzag};
use crate::{Item, Op, Target};

/// Writes the items of one batch, one after the other; docs/protocol.md, Items.
#[derive(Debug, Default)]
pub struct ItemWriter {
    state: ItemState,
    /// The name that was written last; kept apart from the batch, which may be compressed meanwhile.
    name: String,
    /// The head byte of the last item if all that it has in common with the one before is the same: op and form.
    again: u8,
}

impl ItemWriter {
    /// A new batch begins.
    pub fn reset(&mut self) {
        self.state = ItemState::default();
        self.name.clear();
    }

    /// Appends an item without blobs.
    #[inline]
    pub fn write(&mut self, out: &mut Vec<u8>, item: &Item<'_>) {
        let form = if u32::from(item.format) == FORMAT_INT {
            FORM_INT
        } else {
            FORM_BYTES
        };
        self.head(out, item, form);
        self.again = item.op() as u8 | form << FORM_SHIFT;
        self.value(out, item.integer, item.payload);
    }

    /// Appends the last item once more, with another value of its format.
    #[inline]
    pub fn write_again(&mut self, out: &mut Vec<u8>, integer: i32, payload: &[u8]) {
        match zigzag(integer) {
            // As most are: one growth of the batch for both bytes.
            number @ 0..0x80 if self.has_number() => {
                out.extend_from_slice(&[self.again, number as u8]);
            }
            _ => {
                out.push(self.again);
                self.value(out, integer, payload);
            }
        }
    }

    /// Whether the last item is a number.
    #[inline]
    pub(crate) fn has_number(&self) -> bool {
        self.again >> FORM_SHIFT == FORM_INT
    }

    #[inline]
    fn value(&self, out: &mut Vec<u8>, integer: i32, payload: &[u8]) {
        if self.has_number() {
            put(out, u64::from(zigzag(integer)));
        } else {
            put_run(out, payload);
        }
    }

    /// Appends the head of an item that travels in fragments: the lengths stand there, the bytes come after.
    pub fn write_large(&mut self, out: &mut Vec<u8>, item: &Item<'_>, blobs: &[Vec<u8>]) {
        self.head(out, item, FORM_LARGE);
        put(out, item.payload.len() as u64);
        put(out, blobs.len() as u64);
        for blob in blobs {
            put(out, blob.len() as u64);
        }
    }

    #[inline]
    fn head(&mut self, out: &mut Vec<u8>, item: &Item<'_>, form: u8) {
        let at = out.len();
        out.push(0);
        let mut head = item.op() as u8 | form << FORM_SHIFT;
        head |= self.target(out, &item.target);
        let sender = sender_of(&item.sender);
        if sender != self.state.sender {
            self.state.sender = sender;
            head |= HAS_SENDER;
            put(out, u64::from(sender.0));
            put(out, u64::from(sender.1));
            put(out, sender.2);
        }
        let format = if form == FORM_INT {
            self.state.meta[2]
        } else {
            item.format
        };
        let meta = meta_of(item, format);
        if meta != self.state.meta {
            self.state.meta = meta;
            head |= HAS_META;
            out.extend_from_slice(&meta);
        }
        out[at] = head;
    }

    #[inline]
    fn target(&mut self, out: &mut Vec<u8>, target: &Target<'_>) -> u8 {
        match *target {
            Target::Process {
                thread,
                slot,
                generation,
            } => {
                let process = (place(thread, slot), generation);
                if process == self.state.process {
                    return 0;
                }
                self.state.process = process;
                put(out, u64::from(process.0));
                put(out, u64::from(generation));
            }
            Target::Control {
                thread,
                first,
                second,
            } => {
                if (thread, first, second) == self.state.control {
                    return 0;
                }
                self.state.control = (thread, first, second);
                out.push(thread);
                put(out, u64::from(first));
                put(out, u64::from(second));
            }
            Target::Name(name) => {
                if name == self.name {
                    return 0;
                }
                self.name.clear();
                self.name.push_str(name);
                out.push(name.len() as u8);
                out.extend_from_slice(name.as_bytes());
            }
        }
        HAS_TARGET
    }
}

const _: () = assert!(Op::Message as u8 == 0 && Op::Named as u8 == 1 && Op::Control as u8 == 2);
