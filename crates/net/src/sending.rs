use tergo_core::FrameHead;
use tergo_wire::{Delivery, SendError};

use crate::gate::{is_unordered, profile_of};
use crate::link_driver::DriverParts;
use crate::parked::{Load, Parked};

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

/// What became of a frame that the protocol was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Sent,
    /// It goes nowhere.
    Refused,
    /// It has to wait, and so has whatever comes after it.
    Blocked,
    /// It has to wait, and so has what its sender says after it.
    Behind,
}

/// Takes frames of the threads, one by one, and gives them to the protocol.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    /// What the frame that was taken last carries.
    load: Load,
    /// Of frames that differ from the last in their value only: numbers, or lengths.
    values: Vec<u32>,
    /// The protocol has the frame that was taken last.
    is_sent: bool,
    parked: Parked,
    /// Of which what is parked knows.
    reroutings: u64,
    /// Frames that went nowhere: nonsense, or larger than the peer takes.
    pub refused: u64,
}

impl Sending {
    /// Gives the protocol those frames that wait for others of their senders, as far as they may go now: a link that stands does
    /// not hold up what goes over another one.
    pub fn retry(&mut self, parts: &mut DriverParts) {
        if self.parked.is_empty() {
            return;
        }
        let reroutings = parts.wire.reroutings();
        if std::mem::replace(&mut self.reroutings, reroutings) != reroutings {
            self.parked.follow(|id| parts.wire.place_of(id));
        }
        for place in self.parked.places() {
            self.retry_one(place, parts);
        }
    }

    fn retry_one(&mut self, place: usize, parts: &mut DriverParts) {
        while let Some((head, load)) = self.parked.first(place) {
            announce(parts);
            match send(head, load, parts) {
                // The protocol would say what is alike to the frame taken last as if it were alike to this one.
                Fate::Sent => self.is_sent = false,
                Fate::Refused => self.refused += 1,
                Fate::Blocked | Fate::Behind => return,
            }
            self.parked.remove_first(place);
        }
    }

    /// Whether some frames wait for others of their senders.
    pub fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Bytes of these.
    pub fn parked_bytes(&self) -> u64 {
        self.parked.bytes()
    }

    /// The next frame, or the one that had to wait; or several that differ from the last in their value only.
    pub fn next(&mut self, parts: &mut DriverParts) -> Sent {
        if self.is_sent
            && let Some(sent) = self.next_alike(parts)
        {
            return sent;
        }
        self.load.payload.clear();
        let next = parts
            .port
            .next(&mut self.load.payload, &mut self.load.numbers);
        let Some(head) = next else {
            return Sent::Nothing;
        };
        self.is_sent = false;
        let size = self.load.payload.len().max(LEAST_COST);
        let fate = if self.must_wait(&head, parts) {
            Fate::Behind
        } else {
            announce(parts);
            send(&head, &mut self.load, parts)
        };
        match fate {
            Fate::Sent => self.is_sent = true,
            Fate::Refused => self.refused += 1,
            Fate::Behind if self.park(&head, parts) => {}
            Fate::Blocked | Fate::Behind => return Sent::Blocked,
        }
        parts.port.advance();
        Sent::Bytes(size)
    }

    /// Whether the frame that was taken has to wait for those that wait already.
    #[inline]
    fn must_wait(&self, head: &FrameHead, parts: &DriverParts) -> bool {
        !self.parked.is_empty() && {
            let place = parts.wire.place_of(head.sender.id);
            self.parked.holds_up(head, &self.load, place)
        }
    }

    /// Has it wait; false when there is no room.
    fn park(&mut self, head: &FrameHead, parts: &DriverParts) -> bool {
        let place = parts.wire.place_of(head.sender.id);
        self.parked.push(head, &mut self.load, place)
    }

    /// The next frames if they differ from the last in their value only, as most do; none: the next is to be sent as any other.
    #[inline]
    fn next_alike(&mut self, parts: &mut DriverParts) -> Option<Sent> {
        let payload = &mut self.load.payload;
        payload.clear();
        self.values.clear();
        parts.port.next_alike(&mut self.values, payload);
        let sent = parts.wire.send_again(&self.values, payload);
        let sent = self.values.get(..sent).filter(|sent| !sent.is_empty())?;
        parts.port.advance_alike(sent);
        let costs = sent.iter().map(|value| match payload.len() {
            0 => LEAST_COST,
            _ => LEAST_COST.max(*value as usize),
        });
        Some(Sent::Bytes(costs.sum()))
    }
}

/// Gives a frame to the protocol. What has to wait keeps its blobs.
fn send(head: &FrameHead, load: &mut Load, parts: &mut DriverParts) -> Fate {
    let fate = if load.take_blobs(&parts.port) {
        offer(head, load, parts)
    } else {
        Fate::Refused
    };
    if matches!(fate, Fate::Sent | Fate::Refused) {
        load.forget_blobs();
    }
    fate
}

fn offer(head: &FrameHead, load: &mut Load, parts: &mut DriverParts) -> Fate {
    let Some(item) = parts.gate.outgoing(head, &load.payload) else {
        return Fate::Refused;
    };
    let delivery = Delivery {
        compression: parts.profiles.get(profile_of(head)),
        is_unordered: is_unordered(head),
    };
    match parts.wire.send(&item, delivery, &mut load.blobs) {
        Ok(()) => Fate::Sent,
        Err(SendError::Blocked) => Fate::Blocked,
        Err(SendError::Behind) => Fate::Behind,
        Err(SendError::TooLarge | SendError::Closed) => Fate::Refused,
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
