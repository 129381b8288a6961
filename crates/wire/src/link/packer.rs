use std::io::{Read, Write};

use crate::bytes::{Reader, put};
use crate::link::LinkError;
use crate::link::frame::MAX_BODY;
use crate::{Algorithm, Compression, Features};

/// What compresses to less than one part of so many is sent as it is.
const MAX_RATIO: usize = 8192;

/// Compresses and decompresses runs of at most `MAX_BODY` bytes: algorithm, length before, compressed bytes.
#[derive(Default)]
pub struct Packer {
    packed: Vec<u8>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    zstd_level: i32,
    unzstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Packer {
    /// Appends the raw bytes, compressed; false, and nothing appended, when that saves less than an eighth.
    pub fn pack(&mut self, compression: Compression, raw: &[u8], out: &mut Vec<u8>) -> bool {
        self.packed.clear();
        let is_done = match compression.algorithm {
            Algorithm::Lz4 => self.lz4(raw),
            Algorithm::Zstd => self.zstd(raw, compression.level).is_some(),
            Algorithm::Gzip => self.gzip(raw, compression.level).is_some(),
        };
        let is_worth = self.packed.len() < raw.len() - raw.len() / 8;
        if !is_done || !is_worth || raw.len() / MAX_RATIO > self.packed.len() {
            return false;
        }
        out.push(compression.algorithm as u8);
        put(out, raw.len() as u64);
        out.extend_from_slice(&self.packed);
        true
    }

    /// What the rest of the reader was before it was compressed.
    ///
    /// # Errors
    ///
    /// It is not what it says, is larger than may be, or was compressed by what is not agreed on.
    pub fn unpack(
        &mut self,
        packed: &[u8],
        features: Features,
        raw: &mut Vec<u8>,
    ) -> Result<(), LinkError> {
        let mut reader = Reader::new(packed);
        let algorithm = reader.byte().and_then(algorithm_of);
        let algorithm = algorithm.filter(|algorithm| features.has(feature_of(*algorithm)));
        let algorithm = algorithm.ok_or(LinkError("a compression is not agreed on"))?;
        let length = reader.u32().ok_or(WRONG)? as usize;
        let bytes = reader.rest();
        if length > MAX_BODY || length / MAX_RATIO > bytes.len() {
            return Err(LinkError("compressed bytes are more than may be"));
        }
        raw.clear();
        raw.resize(length, 0);
        let count = match algorithm {
            Algorithm::Lz4 => lz4_flex::block::decompress_into(bytes, raw).ok(),
            Algorithm::Zstd => self.unzstd(bytes, raw),
            Algorithm::Gzip => ungzip(bytes, raw),
        };
        if count == Some(length) {
            Ok(())
        } else {
            Err(WRONG)
        }
    }

    fn lz4(&mut self, raw: &[u8]) -> bool {
        let room = lz4_flex::block::get_maximum_output_size(raw.len());
        self.packed.resize(room, 0);
        let Ok(length) = lz4_flex::block::compress_into(raw, &mut self.packed) else {
            return false;
        };
        self.packed.truncate(length);
        true
    }

    fn zstd(&mut self, raw: &[u8], level: u8) -> Option<()> {
        let level = i32::from(level.clamp(1, 19));
        if self.zstd.is_none() || self.zstd_level != level {
            self.zstd = zstd::bulk::Compressor::new(level).ok();
            self.zstd_level = level;
        }
        self.packed
            .resize(zstd::zstd_safe::compress_bound(raw.len()), 0);
        let length = self
            .zstd
            .as_mut()?
            .compress_to_buffer(raw, &mut self.packed[..]);
        self.packed.truncate(length.ok()?);
        Some(())
    }

    fn gzip(&mut self, raw: &[u8], level: u8) -> Option<()> {
        let level = flate2::Compression::new(u32::from(level.clamp(1, 9)));
        let mut encoder = flate2::write::GzEncoder::new(&mut self.packed, level);
        encoder.write_all(raw).ok()?;
        encoder.finish().ok().map(drop)
    }

    fn unzstd(&mut self, bytes: &[u8], raw: &mut [u8]) -> Option<usize> {
        if self.unzstd.is_none() {
            self.unzstd = zstd::bulk::Decompressor::new().ok();
        }
        self.unzstd.as_mut()?.decompress_to_buffer(bytes, raw).ok()
    }
}

/// Fills the whole of `raw`; none when the bytes have less, or more.
fn ungzip(bytes: &[u8], raw: &mut [u8]) -> Option<usize> {
    let mut decoder = flate2::read::GzDecoder::new(bytes);
    decoder.read_exact(raw).ok()?;
    let is_over = decoder.read(&mut [0]).ok()? == 0;
    is_over.then_some(raw.len())
}

fn algorithm_of(number: u8) -> Option<Algorithm> {
    match number {
        1 => Some(Algorithm::Lz4),
        2 => Some(Algorithm::Zstd),
        3 => Some(Algorithm::Gzip),
        _ => None,
    }
}

/// By which feature a node says that it can read it.
pub(crate) fn feature_of(algorithm: Algorithm) -> Features {
    match algorithm {
        Algorithm::Lz4 => Features::LZ4,
        Algorithm::Zstd => Features::ZSTD,
        Algorithm::Gzip => Features::GZIP,
    }
}

const WRONG: LinkError = LinkError("compressed bytes are not what they say");
