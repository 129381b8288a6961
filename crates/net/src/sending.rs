use tergo_core::FrameHead;
use tergo_wire::{Delivery, SendError};

use crate::gate::{is_unordered, profile_of};
use crate::link_driver::DriverParts;

/// What the bytes of a frame count at least, so that many small ones end a round, too.
const LEAST_COST: usize = 16;

/// What became of the next frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The protocol has it; so many bytes, blobs not counted, of small ones `LEAST_COST` each.
    Bytes(usize),
    /// There is none.
    Nothing,
    /// It has to wait until the peer or the socket has room.
    Blocked,
}

/// Takes frames of the threads, one by one, and gives them to the protocol.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    payload: Vec<u8>,
    /// Of frames that differ from the last in their value only: numbers, or lengths.
    values: Vec<u32>,
    numbers: Vec<u32>,
    blobs: Vec<Vec<u8>>,
    /// The blobs of a frame that has to wait were taken already.
    has_blobs: bool,
    /// The protocol has the frame that was taken last.
    is_sent: bool,
    /// Frames that went nowhere: nonsense, or larger than the peer takes.
    pub refused: u64,
}

impl Sending {
    /// The next frame, or the one that had to wait; or several that differ from the last in their value only.
    pub fn next(&mut self, parts: &mut DriverParts) -> Sent {
        if self.is_sent
            && let Some(sent) = self.next_alike(parts)
        {
            return sent;
        }
        self.payload.clear();
        let Some(head) = parts.port.next(&mut self.payload, &mut self.numbers) else {
            return Sent::Nothing;
        };
        self.is_sent = false;
        announce(parts);
        if !self.send(&head, parts) {
            return Sent::Blocked;
        }
        parts.port.advance();
        Sent::Bytes(self.payload.len().max(LEAST_COST))
    }

    /// The next frames if they differ from the last in their value only, as most do; none: the next is to be sent as any other.
    #[inline]
    fn next_alike(&mut self, parts: &mut DriverParts) -> Option<Sent> {
        self.payload.clear();
        self.values.clear();
        parts.port.next_alike(&mut self.values, &mut self.payload);
        let sent = parts.wire.send_again(&self.values, &self.payload);
        let sent = self.values.get(..sent).filter(|sent| !sent.is_empty())?;
        parts.port.advance_alike(sent);
        let costs = sent.iter().map(|value| match self.payload.len() {
            0 => LEAST_COST,
            _ => LEAST_COST.max(*value as usize),
        });
        Some(Sent::Bytes(costs.sum()))
    }

    /// False: it has to wait, and its blobs stay here.
    fn send(&mut self, head: &FrameHead, parts: &mut DriverParts) -> bool {
        if !self.has_blobs && !self.numbers.is_empty() {
            let blobs = self.numbers.iter();
            let blobs = blobs.map(|number| parts.port.take_blob(*number));
            self.blobs = blobs.collect::<Option<_>>().unwrap_or_default();
            self.has_blobs = true;
            if self.blobs.len() < self.numbers.len() {
                return self.refuse();
            }
        }
        let Some(item) = parts.gate.outgoing(head, &self.payload) else {
            return self.refuse();
        };
        let delivery = Delivery {
            compression: parts.profiles.get(profile_of(head)),
            is_unordered: is_unordered(head),
        };
        match parts.wire.send(&item, delivery, &mut self.blobs) {
            Ok(()) => {
                self.has_blobs = false;
                self.is_sent = true;
                true
            }
            Err(SendError::Blocked) => false,
            Err(SendError::TooLarge | SendError::Closed) => self.refuse(),
        }
    }

    /// The frame goes nowhere, and the next is taken.
    #[cold]
    fn refuse(&mut self) -> bool {
        self.refused += 1;
        self.blobs.clear();
        self.has_blobs = false;
        true
    }
}

/// Shapes of objects go before the first value that has them. A frame that was taken from its thread has only such as are
/// known by now, and so have those that were taken together with it.
#[inline]
fn announce(parts: &mut DriverParts) {
    let fabric = parts.port.fabric();
    while parts.wire.announced() < fabric.shape_count() {
        let Some(text) = fabric.shape_text(parts.wire.announced() + 1) else {
            return;
        };
        parts.wire.announce(&text);
    }
}
