use std::time::Duration;

use crate::bytes::Reader;
use crate::item::{ItemReader, Parcel};
use crate::link::LinkError;
use crate::link::credit::cost;
use crate::link::frame::{LAST, MAX_BLOBS};
use crate::link::outbound::FragmentHead;

/// What is kept free for a part before its bytes have come.
const MAX_RESERVE: u64 = 1 << 20;
/// An item of which nothing more comes for so long is given up, and the link with it.
const MAX_AGE: Duration = Duration::from_mins(1);
/// Who looks so much later was stopped itself.
const LATE: Duration = Duration::from_secs(1);

/// The large items that are in the middle of coming.
#[derive(Debug)]
pub(crate) struct Assemblies {
    streams: Vec<Option<Box<Assembly>>>,
    /// How many there are.
    count: usize,
    /// Their bytes, those that did not come yet included.
    bytes: u64,
    max_message: u64,
    window: u64,
}

#[derive(Debug)]
struct Assembly {
    parcel: Parcel,
    /// Bytes of its payload.
    payload: u64,
    /// Bytes of its blobs.
    blobs: Vec<u64>,
    /// All of them.
    bytes: u64,
    /// Bytes that have not come yet.
    left: u64,
    /// When the last came.
    touched: Duration,
}

/// What a fragment has brought.
#[derive(Debug, Default)]
pub(crate) struct Added {
    /// A new item has begun, which takes so much of the window.
    pub begun: Option<u64>,
    /// All of it is here.
    pub whole: Option<Box<Parcel>>,
}

impl Assemblies {
    /// At most so many at a time; of messages of at most so many bytes.
    pub fn new(max_assemblies: u32, max_message: u64, window: u64) -> Self {
        let mut streams = Vec::new();
        streams.resize_with(max_assemblies as usize, || None);
        Self {
            streams,
            count: 0,
            bytes: 0,
            max_message,
            window,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds the bytes of a fragment; `total` is what the first of an item says.
    pub fn add(
        &mut self,
        head: FragmentHead,
        bytes: &[u8],
        now: Duration,
    ) -> Result<Added, LinkError> {
        let place = self.streams.get_mut(head.stream as usize);
        let place = place.ok_or(LinkError("too many large items at a time"))?;
        if head.total.is_some() != place.is_none() {
            return Err(LinkError("a fragment belongs to no item"));
        }
        let mut added = Added::default();
        if let Some(total) = head.total {
            let (assembly, rest) = begin(total, bytes, self.max_message, now)?;
            self.count += 1;
            self.bytes += assembly.bytes;
            if self.count > 1 && self.bytes > 2 * self.max_message {
                return Err(LinkError("too many bytes of large items at a time"));
            }
            added.begun = Some(cost(assembly.bytes, self.window));
            place.insert(Box::new(assembly)).append(rest, now)?;
        } else if let Some(assembly) = place {
            assembly.append(bytes, now)?;
        }
        if head.flags & LAST != 0 {
            let assembly = place.take().filter(|assembly| assembly.left == 0);
            let assembly = assembly.ok_or(LinkError("an item ends before its bytes do"))?;
            self.count -= 1;
            self.bytes -= assembly.bytes;
            added.whole = Some(Box::new(assembly.parcel));
        }
        Ok(added)
    }

    /// Whether nothing came of one of them for too long. Who was stopped itself reads first what waits for it.
    pub fn is_stale(&mut self, now: Duration) -> bool {
        let late = self.deadline().and_then(|due| now.checked_sub(due));
        if late.is_some_and(|late| late > LATE) {
            self.put_off(now);
            return false;
        }
        late.is_some()
    }

    /// Nothing was read until now: nothing could come.
    pub fn put_off(&mut self, now: Duration) {
        if !self.is_empty() {
            let all = self.streams.iter_mut().flatten();
            all.for_each(|one| one.touched = now);
        }
    }

    /// When one of them is too old.
    pub fn deadline(&self) -> Option<Duration> {
        if self.is_empty() {
            return None;
        }
        let touched = self.streams.iter().flatten().map(|one| one.touched).min();
        touched.map(|touched| touched + MAX_AGE)
    }
}

impl Assembly {
    fn append(&mut self, mut bytes: &[u8], now: Duration) -> Result<(), LinkError> {
        self.touched = now;
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(TOO_LONG)?;
        let room = self.payload - self.parcel.payload.len() as u64;
        let (payload, rest) = bytes.split_at(bytes.len().min(room as usize));
        self.parcel.payload.extend_from_slice(payload);
        bytes = rest;
        while !bytes.is_empty() {
            let blobs = &mut self.parcel.blobs;
            let length_of = |index: usize| self.blobs.get(index).copied().unwrap_or(0);
            let is_full = blobs
                .last()
                .is_none_or(|blob| blob.len() as u64 == length_of(blobs.len() - 1));
            if is_full {
                blobs.push(Vec::with_capacity(
                    length_of(blobs.len()).min(MAX_RESERVE) as usize
                ));
            }
            let length = length_of(blobs.len() - 1);
            let blob = blobs.last_mut().ok_or(TOO_LONG)?;
            let room = (length - blob.len() as u64).min(bytes.len() as u64) as usize;
            blob.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
        }
        if self.left == 0 {
            // Blobs without bytes at the end.
            self.parcel.blobs.resize_with(self.blobs.len(), Vec::new);
        }
        Ok(())
    }
}

const TOO_LONG: LinkError = LinkError("an item has more bytes than it says");

fn begin(
    total: u64,
    bytes: &[u8],
    max_message: u64,
    now: Duration,
) -> Result<(Assembly, &[u8]), LinkError> {
    let head = ItemReader::read_large(bytes, MAX_BLOBS);
    let head = head.ok_or(LinkError("the first fragment has no head of an item"))?;
    let sum = head
        .blobs
        .iter()
        .try_fold(head.payload, |sum, blob| sum.checked_add(*blob));
    let sum = sum.filter(|sum| *sum <= max_message);
    let sum = sum.ok_or(LinkError("a message is larger than may be"))?;
    let mut reader = Reader::from(bytes, head.end);
    let rest = reader.rest();
    if sum.checked_add(head.end as u64) != Some(total) {
        return Err(LinkError(
            "the lengths of an item are not those of its bytes",
        ));
    }
    let mut parcel = Parcel::new(&head.item);
    parcel
        .payload
        .reserve(head.payload.min(MAX_RESERVE) as usize);
    parcel.blobs.reserve(head.blobs.len());
    let assembly = Assembly {
        parcel,
        payload: head.payload,
        blobs: head.blobs,
        bytes: sum,
        left: sum,
        touched: now,
    };
    Ok((assembly, rest))
}
