use crate::item::{Item, Sender, Target};

/// Head byte: the op.
pub(crate) const OP_MASK: u8 = 3;
/// Head byte: the target differs from that of the last item of this op in the batch, and follows.
pub(crate) const HAS_TARGET: u8 = 1 << 2;
/// Head byte: the sender differs from that of the last item in the batch, and follows.
pub(crate) const HAS_SENDER: u8 = 1 << 3;
/// Head byte: kind, queue, flags or format differ, and follow.
pub(crate) const HAS_META: u8 = 1 << 4;
/// Head byte: optional fields follow, which are skipped.
pub(crate) const HAS_FIELDS: u8 = 1 << 5;
/// Head byte: what the payload is.
pub(crate) const FORM_SHIFT: u8 = 6;
/// Form: a whole number.
pub(crate) const FORM_INT: u8 = 0;
/// Form: a length and bytes.
pub(crate) const FORM_BYTES: u8 = 1;
/// Form, in the head of fragments only: the lengths of the payload and of the blobs; the bytes come after.
pub(crate) const FORM_LARGE: u8 = 2;

/// What the items of a batch have in common so far: what is the same again costs no bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ItemState {
    /// Target of the last message: slot and thread, generation.
    pub process: (u32, u32),
    /// Target of the last control item: thread, first, second.
    pub control: (u8, u32, u32),
    /// Where the last name stands in the batch: place and length.
    pub name: (usize, usize),
    /// Sender of the last item: slot and thread, generation, id.
    pub sender: (u32, u32, u64),
    /// Kind and flags, queue, format of the last item.
    pub meta: [u8; 3],
}

/// Slot and thread in one number.
#[inline]
pub(crate) fn place(thread: u8, slot: u32) -> u32 {
    slot << 8 | u32::from(thread)
}

/// The sender as an item state has it.
#[inline]
pub(crate) fn sender_of(sender: &Sender) -> (u32, u32, u64) {
    (
        place(sender.thread, sender.slot),
        sender.generation,
        sender.id,
    )
}

/// Kind and flags, queue, format. The format of a number is not written.
#[inline]
pub(crate) fn meta_of(item: &Item<'_>, format: u8) -> [u8; 3] {
    [item.kind | item.flags << 4, item.queue, format]
}

/// A process as a target.
#[inline]
pub(crate) fn process((place, generation): (u32, u32)) -> Target<'static> {
    Target::Process {
        thread: place as u8,
        slot: place >> 8,
        generation,
    }
}
