//! Frames of other threads: into mailboxes, out of them, and done with.

use std::sync::Arc;

use super::kernel::Kernel;
use crate::fabric::{Frame, Glance, Incoming, Port, is_far};
use crate::layout::{
    CONTROL_WORDS, IN_WORDS, MAX_THREADS, REC_DROPPED, REC_FAR, REC_REFUSED, REC_SLICE,
    RECORD_OP_SHIFT, STAT_ALIASES, STAT_DELIVERED, STAT_DROPPED, STAT_EVACUATED, STAT_EVENTS,
    STAT_EVENTS_DELIVERED, STAT_EVENTS_DROPPED, STAT_EVENTS_PUBLISHED, STAT_FORCED, STAT_FRAMES_IN,
    STAT_LINKS, STAT_MESSAGES, STAT_MONITORS, STAT_NAMES, STAT_PROCESSES, STAT_RANGES_OUT,
    STAT_REFUSALS, STAT_RUN_QUEUE, STAT_SPAWNED, STAT_TERMINATED, STAT_TIMERS, STAT_WAKE_UPS,
    TAG_CAME_LATE, TAG_EXTRA_SHIFT,
};
use crate::mailbox::Message;
use crate::ring::{Record, RingMemory};

/// Frames that a turn puts into mailboxes at most: what is on its way must not hold up those who have something.
const FRAMES_A_TURN: u32 = 16_384;
/// So many of them that are no messages in mailboxes, but have to be told of: hardly more than a process takes of its messages meanwhile.
const RECORDS_A_TURN: usize = IN_WORDS as usize / 32;
/// So many are taken before it is asked how many of them have to be told of.
const FRAMES_AT_ONCE: u32 = IN_WORDS / 128;
/// The thread that ends with its node.
const HOME: u32 = 0;

impl Kernel {
    /// Hands over what was written for other threads, and puts what came from them into mailboxes.
    pub fn exchange(&mut self, ring: &RingMemory) {
        let Some(mut port) = self.port.take() else {
            return;
        };
        port.incoming.release();
        let handed = port.outgoing.ranges;
        port.outgoing.hand_over(ring);
        self.evacuate(&mut port);
        let has_work =
            !self.run_queue.is_empty() || !self.pending.is_empty() || port.incoming.has_more();
        // Nobody has answered yet what has just been sent: there is time for a look before the thread sleeps.
        if !has_work && handed == port.outgoing.ranges {
            port.fabric().look(Glance::Around);
        }
        self.receive(&mut port.incoming);
        self.port = Some(port);
    }

    /// The thread has ended: peers that wait for what came for it by name, and was not done with, are told.
    pub fn orphan_frames(&mut self, ring: &RingMemory) {
        let Some(port) = &mut self.port else {
            return;
        };
        let (fabric, thread) = (Arc::clone(port.fabric()), port.thread());
        if thread == HOME || !fabric.has_links() {
            return;
        }
        let queued = port.seat().inlet.inject.close();
        for range in port.incoming.untaken(queued) {
            fabric.orphan_range(range, thread);
        }
        let mut orphan = |payload: &mut u32| {
            if is_far(*payload) {
                fabric.orphan(*payload, thread);
            }
        };
        self.pool.each_payload(&mut orphan);
        self.pending.each_frame(&mut orphan);
        // Of these, some may be answered already: who waited for that does not wait any more when it is told.
        if port.incoming.has_handed() {
            each_handed(ring, self.inbox_used, |mut frame, _| orphan(&mut frame));
        }
        fabric.orphan_calls(thread);
        fabric.wake_for_orphans();
    }

    /// A frame that was handed over waits in a mailbox again.
    #[cold]
    pub fn keep_frame(&mut self, payload: u32) {
        if let Some(port) = &mut self.port {
            port.incoming.kept(payload);
        }
    }

    /// The same for those among the entries of a slice.
    pub fn keep_frames(&mut self, entries: impl Iterator<Item = Message>) {
        for message in entries.filter(|message| is_far(message.payload)) {
            self.keep_frame(message.payload);
        }
    }

    /// Remembers which frames the inbox hands over: they are done with when the next turn begins.
    #[inline]
    pub fn note_handed(&mut self, ring: &RingMemory) {
        let port = self.port.as_ref();
        if port.is_some_and(|port| port.incoming.holds_frames()) {
            self.walk_inbox(ring);
        }
    }

    /// Shows other threads what this one counts.
    pub fn show_statistics(&self) {
        let Some(port) = &self.port else {
            return;
        };
        let statistics = &port.seat().statistics;
        let tallies = &self.tallies;
        for (at, count) in [
            (STAT_DELIVERED, tallies.delivered),
            (STAT_DROPPED, tallies.dropped),
            (STAT_FRAMES_IN, port.incoming.frames),
            (STAT_RANGES_OUT, port.outgoing.ranges),
            (STAT_SPAWNED, tallies.spawned),
            (STAT_TERMINATED, tallies.terminated),
            (STAT_EVENTS_PUBLISHED, tallies.events_published),
            (STAT_EVENTS_DELIVERED, tallies.events_delivered),
            (STAT_EVENTS_DROPPED, tallies.events_dropped),
            (STAT_REFUSALS, port.outgoing.refusals),
            (STAT_FORCED, port.outgoing.forced),
            (STAT_EVACUATED, port.incoming.evacuated),
            (STAT_WAKE_UPS, port.wake_ups),
        ] {
            statistics.set_pair(at, count);
        }
        for (at, count) in [
            (STAT_PROCESSES, self.processes.live()),
            (STAT_RUN_QUEUE, self.run_queue.len()),
            (STAT_LINKS, self.relations.links()),
            (STAT_MONITORS, self.relations.monitors()),
            (STAT_TIMERS, self.wheel.running()),
            (STAT_MESSAGES, self.pool.in_use()),
            (STAT_NAMES, self.registry.names() as u32),
            (STAT_ALIASES, self.registry.aliases()),
            (STAT_EVENTS, self.registry.events() as u32),
        ] {
            statistics.set(at, count);
        }
    }

    /// Messages that wait long move out of chunks in which nearly all else is done with.
    fn evacuate(&mut self, port: &mut Port) {
        let sparse = port.incoming.sparse_chunks();
        // What is told to be in a mailbox must be found there when TypeScript reads that.
        if sparse.is_empty() || self.pending.tells_of_placed() {
            return;
        }
        let mut move_out = |payload: &mut u32| {
            let is_held =
                is_far(*payload) && sparse.get(Frame::chunk_of(*payload) as usize) == Some(&true);
            if is_held {
                *payload = port.incoming.evacuate(*payload);
            }
        };
        self.pool.each_payload(&mut move_out);
        self.pending.each_frame(&mut move_out);
    }

    fn receive(&mut self, incoming: &mut Incoming) {
        if self.pending.is_behind() {
            return;
        }
        let before = self.pending.records();
        let most = before + RECORDS_A_TURN;
        let mut left = FRAMES_A_TURN;
        while left > 0 && self.pending.records() < most && incoming.has_more() {
            let portion = FRAMES_AT_ONCE.min(left);
            left -= portion;
            incoming.receive(portion, |frame, number, sender| {
                self.arrive(frame, number, sender);
            });
        }
        self.pending.came_from_outside(before);
    }

    fn arrive(&mut self, frame: Frame, number: u32, sender: u32) {
        if !frame.is_message() {
            self.pending.push(Record::far(number, frame.has_blobs()));
            return;
        }
        let message = Message {
            tag: frame.tag(),
            payload: number,
        };
        self.tallies.sent += 1;
        let Some(process) = self.processes.live_mut(frame.slot, frame.generation) else {
            let tag = message.tag | TAG_CAME_LATE;
            return self.drop_message(frame.slot, Message { tag, ..message });
        };
        // A thread of this node has counted it before; another node cannot.
        if process.is_bounded && sender >= MAX_THREADS && !self.has_room(frame.slot, message) {
            return self.refuse(frame.slot, message);
        }
        if frame.is_important() {
            let record = Record::placed(frame.slot, message.tag, number);
            self.pending.push(record);
        }
        self.push(frame.slot, message);
    }

    /// Counts a message of another node in the bounded mailbox of a living process, if there is room.
    fn has_room(&self, slot: u32, message: Message) -> bool {
        if !message.is_counted() {
            return true;
        }
        let bound = self.processes.detail(slot).bound;
        self.gauges
            .accept(bound.gauge, message.queue(), bound.limit)
    }

    #[cold]
    fn refuse(&mut self, slot: u32, message: Message) {
        let record = Record::refused(slot, message.tag, message.payload);
        self.pending.push(record);
        self.tallies.dropped += 1;
    }

    fn walk_inbox(&mut self, ring: &RingMemory) {
        if let Some(port) = &mut self.port {
            let incoming = &mut port.incoming;
            each_handed(ring, self.inbox_used, |frame, has_blobs| {
                incoming.handed(frame, has_blobs);
            });
        }
    }
}

/// Shows each frame that the inbox hands over, and whether blobs belong to it.
fn each_handed(ring: &RingMemory, used: usize, mut each: impl FnMut(u32, bool)) {
    let mut at = 0;
    while at < used {
        let [head, first, second] = ring.inbox_words(at);
        match head >> RECORD_OP_SHIFT {
            REC_SLICE => {
                let count = first as usize;
                for message in ring.inbox_entries(at + 2, count) {
                    if is_far(message.payload) {
                        each(message.payload, has_blobs(message.tag));
                    }
                }
                at += 2 + 2 * count;
                continue;
            }
            REC_DROPPED | REC_REFUSED if is_far(second) => each(second, has_blobs(first)),
            REC_FAR => each(first, second != 0),
            _ => {}
        }
        at += CONTROL_WORDS as usize;
    }
}

/// Whether the tag of a far message says that blobs belong to it.
fn has_blobs(tag: u32) -> bool {
    tag >> TAG_EXTRA_SHIFT & 1 != 0
}
