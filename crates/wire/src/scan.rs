use crate::bytes::Reader;
use crate::link::LinkError;

/// A value may be nested so deeply.
const MAX_DEPTH: u32 = 1000;
/// Bytes of an element, by the kind of a run of bytes.
const ELEMENT_BYTES: [usize; 15] = [1, 1, 1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 1, 2];

/// Types of extensions that the codec here knows, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions(pub [u64; 4]);

impl Extensions {
    /// One more is known.
    #[must_use]
    pub fn with(mut self, extension: u8) -> Self {
        self.0[usize::from(extension >> 6)] |= 1 << (extension & 63);
        self
    }

    fn has(self, extension: u8) -> bool {
        self.0[usize::from(extension >> 6)] >> (extension & 63) & 1 != 0
    }
}

/// What a value may refer to.
#[derive(Clone, Copy, Debug)]
pub struct ScanWorld<'a> {
    /// How many keys each shape has; the first is number 1.
    pub shapes: &'a [u8],
    /// Extensions that the codec here knows.
    pub extensions: Extensions,
    /// The blobs of the item that the value itself names, in this order and each once.
    pub blobs: &'a [Vec<u8>],
}

/// Looks through a value as `ts/codec` writes it, before anybody decodes it: its nesting, that each length is within its
/// bytes, that what it refers to exists.
///
/// # Errors
///
/// Why it cannot be decoded without danger.
pub fn scan(value: &[u8], world: ScanWorld<'_>) -> Result<(), LinkError> {
    let mut scanner = Scanner {
        reader: Reader::new(value),
        world,
        blobs: 0,
    };
    scanner.value(0)?;
    if scanner.reader.left() > 0 {
        return Err(LinkError("a value ends before its bytes do"));
    }
    if scanner.blobs < world.blobs.len() {
        return Err(LinkError("a blob belongs to no value"));
    }
    Ok(())
}

struct Scanner<'a> {
    reader: Reader<'a>,
    world: ScanWorld<'a>,
    /// Blobs that were named so far.
    blobs: usize,
}

const ENDS: LinkError = LinkError("a value goes beyond its bytes");

impl Scanner<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, LinkError> {
        self.reader.byte().ok_or(ENDS)
    }

    #[inline]
    fn skip(&mut self, count: usize) -> Result<(), LinkError> {
        self.reader.take(count).map(drop).ok_or(ENDS)
    }

    /// A length of which each takes at least so many bytes.
    fn count(&mut self, each: usize) -> Result<usize, LinkError> {
        let count = self.reader.u32().ok_or(ENDS)? as usize;
        if count > self.reader.left() / each {
            return Err(LinkError("a value has more parts than bytes"));
        }
        Ok(count)
    }

    fn values(&mut self, count: usize, depth: u32) -> Result<(), LinkError> {
        for _ in 0..count {
            self.value(depth)?;
        }
        Ok(())
    }

    fn value(&mut self, depth: u32) -> Result<(), LinkError> {
        let tag = self.byte()?;
        match tag {
            0..=3 => Ok(()),
            4 => self.skip(1),
            5 => self.skip(4),
            6 | 17 => self.skip(8),
            8..=11 => self.text_of(tag),
            12..=16 | 19 | 22 => self.container(tag, enter(depth)?),
            7 | 23 => self.text(),
            18 => {
                self.text()?;
                self.text()
            }
            20 => {
                let kind = self.byte()?;
                let length = self.count(1)?;
                self.skip(length)?;
                check_kind(kind, length)
            }
            21 => self.blob(),
            _ => Err(LinkError("a value has an unknown tag")),
        }
    }

    fn container(&mut self, tag: u8, depth: u32) -> Result<(), LinkError> {
        match tag {
            13 => self.shaped(depth),
            14 => self.properties(depth),
            15 => {
                let count = self.count(2)?;
                self.values(2 * count, depth)
            }
            19 => self.error(depth),
            22 => {
                let extension = self.byte()?;
                if !self.world.extensions.has(extension) {
                    return Err(LinkError("a value has an unknown extension"));
                }
                self.value(depth)
            }
            // 12 an array, 16 a set.
            _ => {
                let count = self.count(1)?;
                self.values(count, depth)
            }
        }
    }

    fn shaped(&mut self, depth: u32) -> Result<(), LinkError> {
        let number = usize::from(self.byte()?) | usize::from(self.byte()?) << 8;
        let shapes = self.world.shapes;
        let keys = number.checked_sub(1).and_then(|index| shapes.get(index));
        let keys = keys.ok_or(LinkError("a value has a shape that was not announced"))?;
        self.values(usize::from(*keys), depth)
    }

    fn properties(&mut self, depth: u32) -> Result<(), LinkError> {
        // A key takes two bytes, its value one.
        for _ in 0..self.count(3)? {
            self.text()?;
            self.value(depth)?;
        }
        Ok(())
    }

    fn error(&mut self, depth: u32) -> Result<(), LinkError> {
        self.byte()?;
        self.text()?;
        self.text()?;
        self.value(depth)?;
        match self.byte()? {
            0 => {}
            1 => self.value(depth)?,
            _ => return Err(LinkError("an error has a cause that is none")),
        }
        if self.byte()? != 14 {
            return Err(LinkError("an error has properties that are none"));
        }
        self.properties(depth)
    }

    fn text(&mut self) -> Result<(), LinkError> {
        let tag = self.byte()?;
        self.text_of(tag)
    }

    #[inline]
    fn text_of(&mut self, tag: u8) -> Result<(), LinkError> {
        let length = match tag {
            8 => usize::from(self.byte()?),
            9..=11 => u32::from_le_bytes(self.reader.array().ok_or(ENDS)?) as usize,
            _ => return Err(LinkError("a value has no string where one must be")),
        };
        self.skip(length)
    }

    fn blob(&mut self) -> Result<(), LinkError> {
        let kind = self.byte()?;
        let place = u32::from_le_bytes(self.reader.array().ok_or(ENDS)?) as usize;
        let blob = self.world.blobs.get(place);
        let blob = blob.filter(|_| place == self.blobs);
        let blob = blob.ok_or(LinkError("a value has a blob that did not come"))?;
        self.blobs += 1;
        check_kind(kind, blob.len())
    }
}

fn enter(depth: u32) -> Result<u32, LinkError> {
    if depth == MAX_DEPTH {
        return Err(LinkError("a value is nested too deeply"));
    }
    Ok(depth + 1)
}

fn check_kind(kind: u8, length: usize) -> Result<(), LinkError> {
    match ELEMENT_BYTES.get(usize::from(kind)) {
        Some(bytes) if length.is_multiple_of(*bytes) => Ok(()),
        _ => Err(LinkError("a run of bytes is of no known kind")),
    }
}
