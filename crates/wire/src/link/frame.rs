//! Frames: what stands between the bytes of a link and everything else.

/// Bytes before the body: its length in three, its kind.
pub(crate) const FRAME_HEAD: usize = 4;
/// No body is longer, compressed or not.
pub(crate) const MAX_BODY: usize = 128 * 1024;
/// A batch is closed when it has so many bytes.
pub(crate) const BATCH_BYTES: usize = 32 * 1024;
/// A payload with more bytes travels in fragments, of so many bytes each.
pub(crate) const FRAGMENT_BYTES: usize = 32 * 1024;
/// So many blobs can an item have.
pub(crate) const MAX_BLOBS: usize = 4096;

/// Items.
pub(crate) const BATCH: u8 = 1;
/// Items, compressed.
pub(crate) const PACKED: u8 = 2;
/// A part of an item.
pub(crate) const FRAGMENT: u8 = 3;
/// What was handed over and what is granted.
pub(crate) const STATE: u8 = 4;
/// To be answered by `PONG`.
pub(crate) const PING: u8 = 5;
/// The answer.
pub(crate) const PONG: u8 = 6;
/// The keys of a shape.
pub(crate) const SHAPE: u8 = 7;
/// What follows comes after what other links carried.
pub(crate) const AFTER: u8 = 8;
/// The connection ends.
pub(crate) const GOODBYE: u8 = 9;
/// Kinds from here on are skipped by who does not know them.
pub(crate) const OPTIONAL: u8 = 0x80;

/// Flag of a fragment: it is the first.
pub(crate) const FIRST: u8 = 1;
/// Flag of a fragment: it is the last.
pub(crate) const LAST: u8 = 2;
/// Flag of a fragment: it is compressed.
pub(crate) const IS_PACKED: u8 = 4;

/// Begins a frame; gives where its head stands.
pub(crate) fn begin(out: &mut Vec<u8>, kind: u8) -> usize {
    let at = out.len();
    out.extend_from_slice(&[0, 0, 0, kind]);
    at
}

/// Ends the frame whose head stands there.
pub(crate) fn end(out: &mut [u8], at: usize) {
    let length = (out.len() - at - FRAME_HEAD) as u32;
    out[at..at + 3].copy_from_slice(&length.to_le_bytes()[..3]);
}

/// Kind and length of the body of the frame that begins there; none: more bytes are needed.
pub(crate) fn head(bytes: &[u8]) -> Option<(u8, usize)> {
    let head: [u8; FRAME_HEAD] = bytes.get(..FRAME_HEAD)?.try_into().ok()?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    Some((head[3], length as usize))
}

/// Whether frames of a kind are counted, and acknowledged by their number.
pub(crate) fn is_counted(kind: u8) -> bool {
    matches!(kind, BATCH | PACKED | FRAGMENT | SHAPE)
}
