use std::sync::Arc;

use super::blobs::{Blob, BlobBytes};
use super::fabric::Fabric;
use super::frame_head::FrameHead;
use super::inject::Range;
use super::link_seat::LinkSeat;
use super::open_chunk::{FrameRun, OpenChunk};
use super::way::Way;
use crate::layout::{
    BLOCK_WORDS, CONTROL_PEER_GONE, CONTROL_PEER_UP, CONTROL_WATCH, FLAG_BLOBS, FLAG_NAMED,
    FORMAT_INT, FORMAT_RAW, FRAME_CONTROL, FRAME_MESSAGE, FRAME_WORDS,
};

/// The longest payload of a frame, bytes, the lists before the value included.
pub const MAX_PAYLOAD: usize = (BLOCK_WORDS - FRAME_WORDS) as usize * 4;

/// Whether a frame may go beyond the quota of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It waits like all others.
    Plain,
    /// Twice the quota: somebody may wait for it who holds up all others.
    Urgent,
    /// Without end: there will be no other chance.
    Last,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is written, and goes with the next hand-over.
    Written,
    /// There is no room on the way to its thread; the connection is woken when there is.
    Full,
    /// There is no such thread, and the frame is no message that somebody may wait for; or it fits in no chunk.
    Lost,
}

/// A frame of the peer for a thread.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// Its words; of `FLAG_BLOBS` and `FLAG_NAMED` the writer itself knows.
    pub head: FrameHead,
    /// The name that it is for, in place of a process.
    pub name: Option<&'a str>,
    /// The value.
    pub payload: &'a [u8],
    /// What takes the place of the second word of the payload, of one that has two.
    pub second_word: Option<u32>,
}

/// What a connection knows of a thread.
#[derive(Debug, Default)]
struct Lane {
    open: Option<OpenChunk>,
    /// Which of those that received there was told of the peer; 0: none was.
    incarnation: u32,
    /// Whether something was written since the last rest.
    is_warm: bool,
}

impl Lane {
    #[inline]
    fn has_room(&self, words: u32) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.has_room(words as usize))
    }
}

/// Writes what a peer sends for the threads of this node.
#[derive(Debug)]
pub(super) struct LinkWriter {
    fabric: Arc<Fabric>,
    number: u32,
    /// By thread.
    lanes: Vec<Lane>,
    /// Who the peer is, as the threads are told; empty before and after.
    introduction: Vec<u8>,
}

impl LinkWriter {
    pub fn new(fabric: Arc<Fabric>, number: u32) -> Self {
        let lanes = (0..fabric.threads()).map(|_| Lane::default()).collect();
        Self {
            fabric,
            number,
            lanes,
            introduction: Vec::new(),
        }
    }

    /// Tells each thread, before anything else, who is there.
    pub fn introduce(&mut self, introduction: Vec<u8>) {
        self.introduction = introduction;
        self.greet_new();
    }

    /// Tells those threads that have joined since, too.
    pub fn greet_new(&mut self) {
        if self.introduction.is_empty() {
            return;
        }
        for thread in 0..self.lanes.len() as u32 {
            let incarnation = self.incarnation_of(thread);
            if incarnation != 0 && incarnation != self.lanes[thread as usize].incarnation {
                self.greet(thread, incarnation);
            }
        }
        self.hand_over();
    }

    /// Writes a frame for its thread. Blobs are taken when it is written, not before.
    pub fn deliver(
        &mut self,
        inbound: &Inbound<'_>,
        claim: Claim,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Delivery {
        if blobs.is_empty() && self.deliver_plain(inbound) {
            return Delivery::Written;
        }
        let Some(mut head) = self.place(inbound) else {
            return Delivery::Lost;
        };
        let length = payload_bytes(inbound.name, inbound.payload.len(), blobs.len());
        if length > MAX_PAYLOAD {
            return Delivery::Lost;
        }
        let bytes = blobs.iter().map(|blob| blob.len() as u64).sum();
        if !self.has_room(head.thread, bytes, claim)
            || !self.ready(head.thread, claim, length as u32)
        {
            // A thread that has ended meanwhile has no room any more, and nobody would tell when it has.
            let is_there = self.incarnation_of(head.thread) != 0;
            return if is_there {
                Delivery::Full
            } else {
                self.deliver(inbound, claim, blobs)
            };
        }
        let numbers = self.keep(head.thread, blobs);
        if !numbers.is_empty() {
            head.flags |= FLAG_BLOBS;
        }
        self.write(&Inbound { head, ..*inbound }, &numbers);
        Delivery::Written
    }

    /// Writes what most frames are, without a name and without blobs, if there is room for it in the open chunk.
    #[inline]
    fn deliver_plain(&mut self, inbound: &Inbound<'_>) -> bool {
        let Inbound { head, payload, .. } = inbound;
        let run = inbound.name.is_none().then(|| self.run_of(head)).flatten();
        run.is_some_and(|mut run| run.write(head.integer, payload, inbound.second_word))
    }

    /// Writes frames with that head into the open chunk of their thread; none if there is none for who receives there.
    #[inline]
    pub fn run_of(&mut self, head: &FrameHead) -> Option<FrameRun<'_>> {
        let seat = self.fabric.seats.get(head.thread as usize)?;
        let lane = self.lanes.get_mut(head.thread as usize)?;
        let open = lane.open.as_mut()?;
        if !seat.inlet.inject.is_current(lane.incarnation) {
            return None;
        }
        lane.is_warm = true;
        let mut head = *head;
        head.flags &= !(FLAG_BLOBS | FLAG_NAMED);
        Some(FrameRun::new(open, &head, self.number))
    }

    /// The thread to which a frame would go now; 0 for one that goes nowhere.
    pub fn thread_of(&self, inbound: &Inbound<'_>) -> u32 {
        self.place(inbound).map_or(0, |head| head.thread)
    }

    /// Hands over what was written.
    pub fn hand_over(&mut self) {
        if self.seat().is_some_and(LinkSeat::has_orphans) {
            self.tell_of_orphans();
        }
        for thread in 0..self.lanes.len() as u32 {
            self.hand_over_to(thread, false);
        }
    }

    /// Gives up the chunks into which nothing was written since the last time.
    pub fn rest(&mut self) {
        for thread in 0..self.lanes.len() as u32 {
            let lane = &mut self.lanes[thread as usize];
            if !std::mem::take(&mut lane.is_warm) {
                self.hand_over_to(thread, true);
            }
        }
    }

    /// Tells the threads, after all else, that nothing comes any more; and gives up all chunks.
    pub fn say_gone(&mut self, reason: u32) {
        let was_introduced = !std::mem::take(&mut self.introduction).is_empty();
        for thread in 0..self.lanes.len() as u32 {
            if was_introduced && self.ready(thread, Claim::Last, 0) {
                let head = FrameHead {
                    op: FRAME_CONTROL,
                    format: FORMAT_INT,
                    integer: reason,
                    thread,
                    first: CONTROL_PEER_GONE,
                    ..FrameHead::default()
                };
                self.write(&Inbound::of(head, &[]), &[]);
            }
            self.hand_over_to(thread, true);
        }
    }

    /// The head as the thread gets it; none when there is nobody. A message to nobody goes to thread 0, for a process
    /// that does not exist, and so does a wish to watch: TypeScript answers whoever waits.
    fn place(&self, inbound: &Inbound<'_>) -> Option<FrameHead> {
        let mut head = inbound.head;
        head.flags &= !(FLAG_BLOBS | FLAG_NAMED);
        if let Some(name) = inbound.name {
            head.flags |= FLAG_NAMED;
            (head.thread, head.first, head.second) = match self.fabric.names.find(name) {
                Some(holder) => {
                    let owner = holder.owner;
                    (owner.thread, owner.slot, owner.generation)
                }
                None => (0, 0, 0),
            };
        }
        if !self.is_there(head.thread) {
            match (head.op, head.first) {
                (FRAME_MESSAGE, _) => (head.thread, head.first, head.second) = (0, 0, 0),
                (FRAME_CONTROL, CONTROL_WATCH) => head.thread = 0,
                _ => {}
            }
        }
        self.is_there(head.thread).then_some(head)
    }

    /// Thread 0 answers whoever waits for what ended with its thread.
    #[cold]
    fn tell_of_orphans(&mut self) {
        for orphan in self.seat().map(LinkSeat::take_orphans).unwrap_or_default() {
            let payload = orphan.payload();
            self.deliver(&orphan.inbound(&payload), Claim::Last, &mut Vec::new());
        }
    }

    fn seat(&self) -> Option<&LinkSeat> {
        self.fabric.link(self.number)
    }

    fn is_there(&self, thread: u32) -> bool {
        self.has_open(thread) || self.incarnation_of(thread) != 0
    }

    /// Whether a chunk is open for who sits there. One may be open yet for who sat there before.
    fn has_open(&self, thread: u32) -> bool {
        let (lane, seat) = (thread as usize, self.fabric.seats.get(thread as usize));
        let open = self.lanes.get(lane).filter(|lane| lane.open.is_some());
        open.zip(seat)
            .is_some_and(|(lane, seat)| seat.inlet.inject.is_current(lane.incarnation))
    }

    /// Who sits there; 0: nobody.
    fn incarnation_of(&self, thread: u32) -> u32 {
        let seat = self.fabric.seats.get(thread as usize);
        let incarnation = seat.and_then(|seat| seat.inlet.inject.incarnation());
        incarnation.unwrap_or(0)
    }

    /// Whether large values of so many bytes may go to a thread; if not, the connection is woken when they may.
    fn has_room(&self, thread: u32, bytes: u64, claim: Claim) -> bool {
        let (way, quota) = (self.way(thread), claim.of(self.fabric.quota));
        bytes == 0 || self.may(|| way.has_room_for(bytes, 0, quota))
    }

    /// Whether there is room; if not, the connection is woken when there is.
    fn may(&self, has_room: impl Fn() -> bool) -> bool {
        if has_room() {
            return true;
        }
        if let Some(seat) = self.seat() {
            seat.wait();
        }
        self.fabric.note_waiting();
        has_room()
    }

    fn keep(&self, thread: u32, blobs: &mut Vec<Vec<u8>>) -> Vec<u32> {
        let kept = blobs.drain(..).map(|bytes| {
            let size = bytes.len() as u64;
            self.fabric.add_blob(self.number, thread, size);
            self.fabric.blobs.put(Blob {
                bytes: BlobBytes::Own(bytes),
                sender: self.number,
                receiver: thread,
            })
        });
        kept.collect()
    }

    fn way(&self, thread: u32) -> &Way {
        self.fabric.way(self.number, thread)
    }

    /// Sees to an open chunk with room for so many bytes of payload; false when there is none to be had.
    #[inline]
    fn ready(&mut self, thread: u32, claim: Claim, length: u32) -> bool {
        let words = FRAME_WORDS + length.next_multiple_of(8) / 4;
        let lane = &self.lanes[thread as usize];
        let inject = &self.fabric.seats[thread as usize].inlet.inject;
        let is_ready = lane.has_room(words) && inject.is_current(lane.incarnation);
        is_ready || self.make_ready(thread, claim, words)
    }

    fn make_ready(&mut self, thread: u32, claim: Claim, words: u32) -> bool {
        let incarnation = self.incarnation_of(thread);
        let known = self.lanes[thread as usize].incarnation;
        if incarnation == 0 || (known != incarnation && !self.greet(thread, incarnation)) {
            return false;
        }
        self.lanes[thread as usize].has_room(words) || self.open(thread, claim)
    }

    /// Tells a thread, before anything else, who the peer is.
    fn greet(&mut self, thread: u32, incarnation: u32) -> bool {
        // What was written for who sat there before goes nowhere.
        self.hand_over_to(thread, true);
        self.lanes[thread as usize].incarnation = incarnation;
        if !self.open(thread, Claim::Last) {
            return false;
        }
        let head = FrameHead {
            op: FRAME_CONTROL,
            format: FORMAT_RAW,
            thread,
            first: CONTROL_PEER_UP,
            ..FrameHead::default()
        };
        let introduction = std::mem::take(&mut self.introduction);
        if !introduction.is_empty() {
            self.write(&Inbound::of(head, &introduction), &[]);
        }
        self.introduction = introduction;
        true
    }

    fn open(&mut self, thread: u32, claim: Claim) -> bool {
        self.hand_over_to(thread, true);
        let (way, quota) = (self.way(thread), claim.of(self.fabric.quota));
        if !self.may(|| way.has_room(quota)) {
            return false;
        }
        let Some(chunk) = self.fabric.arena.take() else {
            return false;
        };
        let Some(block) = self.fabric.arena.block(chunk) else {
            return false;
        };
        self.fabric.add_chunk(self.number, thread);
        self.lanes[thread as usize].open = Some(OpenChunk::new(chunk, block));
        true
    }

    /// Into the open chunk, which has room.
    fn write(&mut self, inbound: &Inbound<'_>, blobs: &[u32]) {
        let Inbound {
            head,
            name,
            payload,
            second_word,
        } = inbound;
        let lane = &mut self.lanes[head.thread as usize];
        lane.is_warm = true;
        let Some(open) = &mut lane.open else {
            return;
        };
        let mut at = open.at + FRAME_WORDS;
        if !blobs.is_empty() {
            open.block.set(at, blobs.len() as u32);
            for (index, number) in blobs.iter().enumerate() {
                open.block.set(at + 1 + index as u32, *number);
            }
            at += list_bytes(blobs.len()) / 4;
        }
        if let Some(name) = name {
            open.block.set(at, name.len() as u32);
            open.block.write_bytes(at + 1, name.as_bytes());
            at += name_bytes(name.len()) / 4;
        }
        open.block.write_bytes(at, payload);
        if let Some(word) = second_word {
            open.block.set(at + 1, *word);
        }
        let length = (at - open.at - FRAME_WORDS) * 4 + payload.len() as u32;
        let words = head.words(self.number, length);
        open.block.write_words(open.at, &words);
        open.at += FRAME_WORDS + length.next_multiple_of(8) / 4;
    }

    fn hand_over_to(&mut self, thread: u32, is_last: bool) {
        let lane = &mut self.lanes[thread as usize];
        let Some(open) = &mut lane.open else {
            return;
        };
        let (chunk, from, to) = (open.chunk, open.handed, open.at);
        if from == to && !is_last {
            return;
        }
        open.handed = to;
        if is_last {
            lane.open = None;
        }
        let incarnation = lane.incarnation;
        let range = Range {
            chunk,
            sender: self.number,
            from,
            to,
            is_last,
        };
        let inlet = &self.fabric.seats[thread as usize].inlet;
        if !inlet.push(range, incarnation) {
            self.lanes[thread as usize].open = None;
            self.fabric.orphan_range(range, thread);
            self.fabric.free_chunk(chunk, self.number, thread);
        }
    }
}

impl Claim {
    fn of(self, quota: u32) -> u32 {
        match self {
            Self::Plain => quota,
            Self::Urgent => quota.saturating_mul(2),
            Self::Last => u32::MAX,
        }
    }
}

impl<'a> Inbound<'a> {
    /// A frame for a process or a thread.
    pub fn of(head: FrameHead, payload: &'a [u8]) -> Self {
        Self {
            head,
            name: None,
            payload,
            second_word: None,
        }
    }
}

/// Bytes of the payload of a frame for a name or none, with a value of so many bytes and so many blobs beside it; at most
/// `MAX_PAYLOAD`.
pub fn payload_bytes(name: Option<&str>, value: usize, blobs: usize) -> usize {
    let lists = list_bytes(blobs) + name.map_or(0, |name| name_bytes(name.len()));
    lists as usize + value
}

/// Takes the payload of a frame with `FLAG_NAMED` apart: the name, and the value.
pub fn split_name(payload: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = payload.split_first_chunk::<4>()?;
    let length = u32::from_ne_bytes(*length) as usize;
    let name = str::from_utf8(rest.get(..length)?).ok()?;
    Some((name, payload.get(name_bytes(length) as usize..)?))
}

/// Bytes of a name of so many bytes before the value.
pub(super) fn name_bytes(length: usize) -> u32 {
    (4 + length as u32).next_multiple_of(8)
}

/// Bytes of the list of so many blobs before the value.
pub(super) fn list_bytes(blobs: usize) -> u32 {
    match blobs as u32 {
        0 => 0,
        count => (4 * (1 + count)).next_multiple_of(8),
    }
}
