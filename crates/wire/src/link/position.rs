use crate::bytes::{Reader, put};

/// Links that a frame can name.
const MAX_NAMED: usize = 64;

/// A link's number, and how many counted frames it has carried.
pub(crate) type Position = (u64, u64);

/// Writes a list of them.
pub(crate) fn put_positions(out: &mut Vec<u8>, positions: &[Position]) {
    put(out, positions.len() as u64);
    for (id, frames) in positions {
        put(out, *id);
        put(out, *frames);
    }
}

/// Reads such a list; none when it is cut off, or longer than any can be.
pub(crate) fn positions(body: &mut Reader<'_>) -> Option<Vec<Position>> {
    let count = body.u32()? as usize;
    if count > MAX_NAMED {
        return None;
    }
    (0..count)
        .map(|_| Some((body.u64()?, body.u64()?)))
        .collect()
}
