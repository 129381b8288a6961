use std::time::Duration;

use tergo_core::layout::FRAME_MESSAGE;
use tergo_core::{FrameHead, Inbound};
use tergo_wire::{Incoming, LinkError};

use crate::gate::Gate;
use crate::held::Held;
use crate::link_driver::DriverParts;

/// What has come over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Nothing had, or nothing more can be held.
    Nothing,
    /// All of it was delivered, or is held.
    Something,
    /// At its end the peer said goodbye.
    Goodbye,
}

/// Takes from the protocol what has come over a link, and delivers it to the threads.
pub(crate) fn receive(
    parts: &mut DriverParts,
    held: &mut Held,
    place: u16,
    now: Duration,
) -> Result<Received, LinkError> {
    let arrived = parts.clock.steady_ms(now);
    let (mut received, mut released) = (Received::Nothing, 0);
    while !held.is_full() {
        let DriverParts {
            wire, port, gate, ..
        } = parts;
        let Some(incoming) = wire.next(place, now)? else {
            break;
        };
        received = Received::Something;
        match incoming {
            Incoming::Item {
                item, blobs, cost, ..
            } => {
                let inbound = gate.incoming(&item, blobs.len(), arrived);
                let inbound = inbound.ok_or(LinkError("it sent what no peer may send"))?;
                let plain = is_plain(&inbound, &blobs).then_some(inbound.head);
                released += match Gate::threads(&item) {
                    1 => held.deliver(port, &inbound, blobs, cost),
                    threads => held.deliver_to_all(port, (&inbound, threads), blobs, cost),
                };
                if let Some(head) = plain.filter(|_| held.is_empty()) {
                    released += receive_alike(parts, place, &head);
                }
            }
            Incoming::Shape { text, .. } => port.add_shape(text),
            Incoming::Goodbye(_) => return Ok(Received::Goodbye),
        }
    }
    parts.wire.release(released);
    Ok(received)
}

/// What comes next and differs from the item before in its value only, as most does, passes where that has passed; gives
/// what it gives back of the window. Nothing may be held: it must not overtake.
#[inline]
fn receive_alike(parts: &mut DriverParts, place: u16, head: &FrameHead) -> u64 {
    let Some(mut run) = parts.port.run_of(head) else {
        return 0;
    };
    let mut take = |integer: i32, bytes: &[u8]| run.write(integer.cast_unsigned(), bytes, None);
    parts.wire.next_alike(place, &mut take)
}

/// Whether where it goes, and in which form, depends on its head only.
#[inline]
fn is_plain(inbound: &Inbound<'_>, blobs: &[Vec<u8>]) -> bool {
    let is_as_it_is = inbound.name.is_none() && inbound.second_word.is_none();
    is_as_it_is && blobs.is_empty() && inbound.head.op == FRAME_MESSAGE
}
