use tergo_core::layout::{
    FLAG_IMPORTANT, FLAG_WHOLE, FORMAT_INT, FORMAT_INT_REQUEST, KIND_INSPECT, KIND_REQUEST,
};

use crate::link::LinkError;
use crate::scan::{ScanWorld, scan};
use crate::{Extensions, Item, Op};

/// Format of the values of `ts/codec`.
const FORMAT_VALUE: u32 = 1;
/// The number of a call, the form of its value and when it is over stand before the value of a request.
const PREFIX_BYTES: usize = 8;
/// What a request for a number has in place of a value.
const NUMBER_BYTES: usize = 4;

/// Looks through what an item carries.
#[inline]
pub(crate) fn check(
    item: &Item<'_>,
    blobs: &[Vec<u8>],
    shapes: &[u8],
    extensions: Extensions,
) -> Result<(), LinkError> {
    let format = u32::from(item.format);
    let is_request = has_prefix(item);
    if format == FORMAT_INT && !is_request {
        return flags(item, blobs);
    }
    flags(item, blobs)?;
    let prefix = if is_request { PREFIX_BYTES } else { 0 };
    let number_end = PREFIX_BYTES + NUMBER_BYTES;
    if format == FORMAT_INT_REQUEST && is_request && item.payload.len() == number_end {
        return Ok(());
    }
    if format != FORMAT_VALUE {
        return Err(LinkError("an item has an unknown format"));
    }
    let value = item.payload.get(prefix..);
    let value = value.ok_or(LinkError("a request has no number"))?;
    let is_whole = u32::from(item.flags) & FLAG_WHOLE != 0;
    let world = |blobs| ScanWorld {
        shapes,
        extensions,
        blobs,
    };
    match blobs.split_last() {
        Some((whole, blobs)) if is_whole => {
            if !value.is_empty() {
                return Err(LinkError("an item has two values"));
            }
            scan(whole, world(blobs))
        }
        _ => scan(value, world(blobs)),
    }
}

/// Whether bytes are the value of a plain message without blobs.
#[inline]
pub(crate) fn is_value(bytes: &[u8], shapes: &[u8], extensions: Extensions) -> bool {
    let world = ScanWorld {
        shapes,
        extensions,
        blobs: &[],
    };
    scan(bytes, world).is_ok()
}

/// Whether somebody waits for an answer: then two words stand before the value.
#[inline]
fn has_prefix(item: &Item<'_>) -> bool {
    let kind = u32::from(item.kind);
    let is_important = u32::from(item.flags) & FLAG_IMPORTANT != 0;
    item.op() != Op::Control && (kind == KIND_REQUEST || kind == KIND_INSPECT || is_important)
}

#[inline]
fn flags(item: &Item<'_>, blobs: &[Vec<u8>]) -> Result<(), LinkError> {
    let flags = u32::from(item.flags);
    // FLAG_BLOBS says nothing that the blobs do not say.
    let is_whole = flags & FLAG_WHOLE != 0;
    let has_bytes = u32::from(item.format) != FORMAT_INT;
    if blobs.is_empty() && is_whole || !has_bytes && !blobs.is_empty() {
        return Err(LinkError("the flags of an item are not those of its bytes"));
    }
    Ok(())
}
