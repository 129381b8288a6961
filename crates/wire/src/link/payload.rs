use tergo_core::layout::{FLAG_BLOBS, FLAG_WHOLE, FORMAT_INT, FORMAT_INT_REQUEST, KIND_REQUEST};

use crate::link::{BlobMark, LinkError};
use crate::scan::{ScanWorld, scan};
use crate::{Extensions, Item, Op};

/// Format of the values of `ts/codec`.
const FORMAT_VALUE: u32 = 1;
/// The number of a call and the form of its value stand before the value of a request.
const PREFIX_BYTES: usize = 8;

/// Looks through what an item carries; tells where the numbers of its blobs stand.
#[inline]
pub(crate) fn check(
    item: &Item<'_>,
    blobs: &[Vec<u8>],
    shapes: &[u8],
    extensions: Extensions,
) -> Result<Vec<BlobMark>, LinkError> {
    let format = u32::from(item.format);
    let is_request = item.op() != Op::Control && u32::from(item.kind) == KIND_REQUEST;
    if format == FORMAT_INT && !is_request {
        return flags(item, blobs).map(|()| Vec::new());
    }
    flags(item, blobs)?;
    let prefix = if is_request { PREFIX_BYTES } else { 0 };
    if format == FORMAT_INT_REQUEST && is_request && item.payload.len() == prefix {
        return Ok(Vec::new());
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
        _ => {
            let mut marks = scan(value, world(blobs))?;
            for mark in &mut marks {
                mark.at += prefix;
            }
            Ok(marks)
        }
    }
}

#[inline]
fn flags(item: &Item<'_>, blobs: &[Vec<u8>]) -> Result<(), LinkError> {
    let flags = u32::from(item.flags);
    let has_blobs = flags & FLAG_BLOBS != 0;
    if has_blobs == blobs.is_empty() || (!has_blobs && flags & FLAG_WHOLE != 0) {
        return Err(LinkError("the flags of an item are not those of its bytes"));
    }
    Ok(())
}
