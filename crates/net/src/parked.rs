use std::collections::{HashMap, VecDeque};

use tergo_core::{FrameHead, FrameSender, LinkPort};

/// So many bytes of payloads wait at most, each frame with this for itself.
const MOST_BYTES: usize = 1 << 20;
const FRAME_BYTES: usize = 256;
/// What has more bytes is large for the protocol.
const SMALL_BYTES: usize = 32 << 10;

/// What a frame carries.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Its payload.
    pub payload: Vec<u8>,
    /// The numbers of its blobs.
    pub numbers: Vec<u32>,
    /// Its blobs, once they were taken.
    pub blobs: Vec<Vec<u8>>,
    has_blobs: bool,
}

impl Load {
    /// Sees to it that the blobs are here; false when they are gone.
    pub fn take_blobs(&mut self, port: &LinkPort) -> bool {
        if self.has_blobs || self.numbers.is_empty() {
            return true;
        }
        let blobs = self.numbers.iter().map(|number| port.take_blob(*number));
        self.blobs = blobs.collect::<Option<_>>().unwrap_or_default();
        self.has_blobs = self.blobs.len() == self.numbers.len();
        self.has_blobs
    }

    /// The frame has gone.
    pub fn forget_blobs(&mut self) {
        self.blobs.clear();
        self.has_blobs = false;
    }

    fn is_large(&self) -> bool {
        !self.numbers.is_empty() || self.payload.len() > SMALL_BYTES
    }
}

/// Frames that wait because too much that is large waits, in order for each link, and what their senders say after them: so that
/// all others go on. Their blobs stay where the threads have put them, and count there, but for those of the first of a link.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    /// By place of the link over which they are to go.
    queues: Vec<VecDeque<(FrameHead, Load)>>,
    senders: HashMap<FrameSender, Waiting>,
    bytes: usize,
}

/// What of a sender waits.
#[derive(Debug)]
struct Waiting {
    /// All of it in one queue, in order.
    place: usize,
    frames: usize,
}

impl Parked {
    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.senders.is_empty()
    }

    /// Bytes that wait here: those of blobs in the fabric count there.
    pub fn bytes(&self) -> u64 {
        let loads = self.queues.iter().flatten().map(|(_, load)| load);
        let lengths = loads.map(|load| {
            let blobs: usize = load.blobs.iter().map(Vec::len).sum();
            load.payload.len() + blobs
        });
        lengths.sum::<usize>() as u64
    }

    /// Whether a frame for a link has to wait behind these: it is of one of their senders, or large itself, and so would go in the
    /// place of one for that link.
    pub fn holds_up(&self, head: &FrameHead, load: &Load, place: u16) -> bool {
        let queue = self.queues.get(usize::from(place));
        let is_next = queue.is_none_or(VecDeque::is_empty);
        (load.is_large() && !is_next) || self.senders.contains_key(&head.sender)
    }

    /// Puts a frame behind the others for a link; false, and nothing happens, when there is no room.
    pub fn push(&mut self, head: &FrameHead, load: &mut Load, place: u16) -> bool {
        let bytes = bytes_of(load);
        if self.bytes + bytes > MOST_BYTES {
            return false;
        }
        self.bytes += bytes;
        let place = usize::from(place);
        // The pool may have grown since: what the sender says stays together.
        let waiting = self.senders.entry(head.sender);
        let waiting = waiting.or_insert(Waiting { place, frames: 0 });
        waiting.frames += 1;
        let place = waiting.place;
        self.queue(place).push_back((*head, std::mem::take(load)));
        true
    }

    fn queue(&mut self, place: usize) -> &mut VecDeque<(FrameHead, Load)> {
        if self.queues.len() <= place {
            self.queues.resize_with(place + 1, VecDeque::new);
        }
        &mut self.queues[place]
    }

    /// Other links may carry what some senders say by now, as the pool has grown or a link was lost: what waits follows. Where it
    /// was it would wait for both links, and others would go in its place.
    pub fn follow(&mut self, place_of: impl Fn(u64) -> u16) {
        for (head, load) in std::mem::take(&mut self.queues).into_iter().flatten() {
            let place = usize::from(place_of(head.sender.id));
            if let Some(waiting) = self.senders.get_mut(&head.sender) {
                waiting.place = place;
            }
            self.queue(place).push_back((head, load));
        }
    }

    /// The places of the links for which there may be some.
    pub fn places(&self) -> std::ops::Range<usize> {
        0..self.queues.len()
    }

    /// The one for a link that has waited longest.
    pub fn first(&mut self, place: usize) -> Option<(&FrameHead, &mut Load)> {
        let (head, load) = self.queues.get_mut(place)?.front_mut()?;
        Some((head, load))
    }

    /// It waits no more.
    pub fn remove_first(&mut self, place: usize) {
        let queue = self.queues.get_mut(place);
        let Some((head, load)) = queue.and_then(VecDeque::pop_front) else {
            return;
        };
        self.bytes -= bytes_of(&load);
        if let Some(waiting) = self.senders.get_mut(&head.sender) {
            waiting.frames -= 1;
            if waiting.frames == 0 {
                self.senders.remove(&head.sender);
            }
        }
    }
}

fn bytes_of(load: &Load) -> usize {
    FRAME_BYTES + load.payload.len() + 4 * load.numbers.len()
}

#[cfg(test)]
mod tests {
    use tergo_core::FrameSender;

    use super::*;

    /// What each of these waits for, in order.
    fn waiting(parked: &mut Parked, place: usize) -> Vec<(u64, u32)> {
        let mut all = Vec::new();
        while let Some((head, _)) = parked.first(place) {
            all.push((head.sender.id, head.integer));
            parked.remove_first(place);
        }
        all
    }

    fn parked(ids: &[u64]) -> Parked {
        let mut parked = Parked::default();
        for (integer, id) in ids.iter().enumerate() {
            assert!(parked.push(&head(*id, integer as u32), &mut Load::default(), 0));
        }
        parked
    }

    fn head(id: u64, integer: u32) -> FrameHead {
        FrameHead {
            integer,
            sender: FrameSender {
                id,
                ..FrameSender::default()
            },
            ..FrameHead::default()
        }
    }

    #[test]
    fn what_waits_follows_its_sender_to_the_link_that_carries_it_by_now() {
        let mut parked = parked(&[0, 1, 0, 1]);
        parked.follow(|id| id as u16);
        // What comes after it stays behind it.
        assert!(parked.push(&head(1, 4), &mut Load::default(), 0));
        assert_eq!(waiting(&mut parked, 0), [(0, 0), (0, 2)]);
        assert_eq!(waiting(&mut parked, 1), [(1, 1), (1, 3), (1, 4)]);
        assert!(parked.is_empty());
    }
}
