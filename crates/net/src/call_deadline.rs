use tergo_core::layout::{DEADLINE_SHIFT, KIND_INSPECT, KIND_REQUEST};
use tergo_wire::{Item, Op};

/// Nothing further away is told, ms: the bits would mean the past.
const FAR_AWAY: u32 = 1 << 30;
const MASK: u32 = u32::MAX >> DEADLINE_SHIFT;

/// The second word of a request as a thread reads it: its peer says how many ms its call has left, and they count from when
/// it came, by the clock of the threads. None for what is no request.
#[inline]
pub(crate) fn at(item: &Item<'_>, arrived: u32) -> Option<u32> {
    let kind = u32::from(item.kind);
    if item.op() == Op::Control || kind != KIND_REQUEST && kind != KIND_INSPECT {
        return None;
    }
    let word = item.payload.get(4..)?.first_chunk::<4>()?;
    let word = u32::from_le_bytes(*word);
    let form = word & ((1 << DEADLINE_SHIFT) - 1);
    Some(over(word >> DEADLINE_SHIFT, arrived) << DEADLINE_SHIFT | form)
}

/// When so many ms are over; 0, which says nothing, stays that.
fn over(left: u32, arrived: u32) -> u32 {
    match left {
        1..FAR_AWAY => (arrived.wrapping_add(left) & MASK).max(1),
        _ => 0,
    }
}
