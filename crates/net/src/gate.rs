use tergo_core::layout::{
    CONTROL_CANCEL, CONTROL_PUBLISHED, CONTROL_THREAD_ENDED, FLAG_NAMED, FORMAT_INT, FRAME_CONTROL,
    FRAME_MESSAGE, FRAME_UNORDERED, KIND_ADDRESSED, KIND_EVENT, KIND_FAR, KIND_INSPECT,
    KIND_REQUEST, KIND_SIGNAL, MAX_THREADS, SLOT_MASK,
};
use tergo_core::{FrameHead, FrameSender, Inbound, MAX_PAYLOAD, payload_bytes, split_name};
use tergo_wire::{Item, Sender, Target};

use crate::call_deadline;

/// Kinds of messages that processes of another node may send; the others are made on this node only.
const KINDS: u32 = 1 << KIND_FAR
    | 1 << KIND_ADDRESSED
    | 1 << KIND_REQUEST
    | 1 << KIND_EVENT
    | 1 << KIND_SIGNAL
    | 1 << KIND_INSPECT;

/// Bit n: control frames with op n may be for several threads.
const FOR_SEVERAL: u64 = 1 << CONTROL_PUBLISHED | 1 << CONTROL_THREAD_ENDED | 1 << CONTROL_CANCEL;

/// The op of a control frame.
const CONTROL_OP: u32 = 0x3F;
/// Above it, of these: for how many threads each bit above that stands, less one.
const STEP_SHIFT: u32 = 6;
/// Above them a bit for each so many of the threads after the first that it is also for.
const OTHERS_SHIFT: u32 = 8;
/// There are so many of them.
const OTHERS: u32 = 16;

/// Turns frames into items and back, and knows which of them a peer may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// Bit n: control frames with op n are for peers.
    controls: u64,
}

impl Gate {
    /// Lets control frames pass whose ops are the bits of `controls`.
    pub fn new(controls: u64) -> Self {
        Self { controls }
    }

    /// The item that a frame becomes; none for what no peer would take, or is no frame.
    pub fn outgoing<'a>(self, head: &FrameHead, payload: &'a [u8]) -> Option<Item<'a>> {
        let thread = head.thread as u8;
        let is_named = head.flags & FLAG_NAMED != 0;
        let (target, payload) = match head.op {
            FRAME_MESSAGE if is_named => {
                let (name, value) = split_name(payload)?;
                (Target::Name(name), value)
            }
            FRAME_MESSAGE => {
                let target = Target::Process {
                    thread,
                    slot: head.first,
                    generation: head.second,
                };
                (target, payload)
            }
            FRAME_CONTROL => {
                let target = Target::Control {
                    thread,
                    first: head.first,
                    second: head.second,
                };
                (target, payload)
            }
            _ => return None,
        };
        let item = Item {
            target,
            sender: Sender {
                thread: head.sender.thread as u8,
                slot: head.sender.slot,
                generation: head.sender.generation,
                id: head.sender.id,
            },
            kind: head.kind as u8,
            queue: head.queue as u8,
            flags: (head.flags & !FLAG_NAMED) as u8,
            format: head.format as u8,
            integer: head.integer.cast_signed(),
            payload,
        };
        self.passes(&item).then_some(item)
    }

    /// The frame that an item of a peer with so many blobs becomes; none when the peer must not send it.
    /// It has come at `arrived`, ms of the clock of the threads.
    pub fn incoming<'a>(self, item: &Item<'a>, blobs: usize, arrived: u32) -> Option<Inbound<'a>> {
        let name = name_of(item);
        let has_room = payload_bytes(name, item.payload.len(), blobs) <= MAX_PAYLOAD;
        if !has_room || !self.passes(item) {
            return None;
        }
        let (op, [thread, first, second]) = match item.target {
            Target::Process {
                thread,
                slot,
                generation,
            } => (FRAME_MESSAGE, [thread.into(), slot, generation]),
            Target::Name(_) => (FRAME_MESSAGE, [0; 3]),
            Target::Control {
                thread,
                first,
                second,
            } => {
                let words = [thread.into(), first & CONTROL_OP, second];
                (FRAME_CONTROL, words)
            }
        };
        let format = u32::from(item.format);
        let head = FrameHead {
            op,
            kind: item.kind.into(),
            queue: item.queue.into(),
            flags: item.flags.into(),
            format,
            integer: if format == FORMAT_INT {
                item.integer.cast_unsigned()
            } else {
                0
            },
            thread,
            first,
            second,
            sender: FrameSender {
                thread: item.sender.thread.into(),
                slot: item.sender.slot,
                generation: item.sender.generation,
                id: item.sender.id,
            },
            options: 0,
        };
        Some(Inbound {
            head,
            name,
            payload: item.payload,
            second_word: call_deadline::at(item, arrived),
        })
    }

    /// For which threads an item is: bit n for the one n after that which it names, whose bit is always set.
    pub fn threads(item: &Item<'_>) -> u64 {
        let Target::Control { first, .. } = item.target else {
            return 1;
        };
        let step = (first >> STEP_SHIFT & 3) + 1;
        let bits = (0..OTHERS).filter(|bit| first >> (OTHERS_SHIFT + bit) & 1 != 0);
        bits.fold(1, |threads, bit| {
            threads | ((1 << step) - 1) << (bit * step) << 1
        })
    }

    fn passes(self, item: &Item<'_>) -> bool {
        // With another thread the sender would be taken for one of another peer: seat and thread are one number.
        if u32::from(item.sender.thread) >= MAX_THREADS {
            return false;
        }
        match item.target {
            Target::Control { first, .. } => {
                let op = first & CONTROL_OP;
                let may_have_others = FOR_SEVERAL >> op & 1 != 0 && first <= SLOT_MASK;
                self.controls >> op & 1 != 0 && (op == first || may_have_others)
            }
            // Beside a number a frame has no bytes, and so no room for a name.
            Target::Name(_) if u32::from(item.format) == FORMAT_INT => false,
            _ => KINDS >> (item.kind & 0xF) & 1 != 0,
        }
    }
}

fn name_of<'a>(item: &Item<'a>) -> Option<&'a str> {
    match item.target {
        Target::Name(name) => Some(name),
        _ => None,
    }
}

/// Whether a frame may overtake others of its sender.
pub(crate) fn is_unordered(head: &FrameHead) -> bool {
    head.options & FRAME_UNORDERED != 0
}

/// The number of the profile by which a frame is compressed; 0: it is not.
pub(crate) fn profile_of(head: &FrameHead) -> u32 {
    head.options & (FRAME_UNORDERED - 1)
}
