use std::collections::VecDeque;

use crate::NIL;
use crate::layout::{CONTROL_WORDS, IN_WORDS};
use crate::mailbox::MessagePool;
use crate::ring::{InboxWriter, Record};

/// Records above which a list that was emptied gives its memory back.
const KEEP_RECORDS: usize = 1 << 16;
/// Orphans that a turn tells of at most, in a fifth of the inbox: dropping millions must not hold up
/// the living.
const ORPHANS_A_TURN: usize = IN_WORDS as usize / 16;
/// Records that come from outside, half an inbox of them, after which the next turn is for slices.
const MOST_FROM_OUTSIDE: usize = (IN_WORDS / CONTROL_WORDS / 2) as usize;

/// Messages whose process has ended, still in their nodes.
#[derive(Clone, Copy, Debug)]
struct Orphans {
    slot: u32,
    first: u32,
}

/// What TypeScript has to be told and has not been yet.
///
/// A payload's `SHARED` must be read before any slice or `DROPPED` that has the payload. That holds
/// because records keep their order, and orphans and slices are written only after all records.
#[derive(Debug, Default)]
pub(super) struct Pending {
    records: VecDeque<Record>,
    orphans: VecDeque<Orphans>,
    /// So many of the records come from outside, by frames and timers, or stand before one that does.
    outside: usize,
    /// Whether such records are left over by the last turn, or have left hardly any room for slices there.
    is_behind: bool,
}

impl Pending {
    /// Adds a record.
    #[inline]
    pub fn push(&mut self, record: Record) {
        self.records.push_back(record);
    }

    /// Shows the payload of each record that tells of a frame.
    pub fn each_frame(&mut self, mut each: impl FnMut(&mut u32)) {
        self.records
            .iter_mut()
            .filter_map(Record::frame_mut)
            .for_each(&mut each);
    }

    /// Records that wait.
    #[inline]
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Those that were added since there were `before` come from outside.
    #[inline]
    pub fn came_from_outside(&mut self, before: usize) {
        if self.records.len() > before {
            self.outside = self.records.len();
        }
    }

    /// Whether what comes from outside has to wait for a turn: if each one added as much, no process would ever get on. What
    /// processes do themselves never holds it up for long.
    #[inline]
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Whether some record tells of a frame that is in a mailbox.
    pub fn tells_of_placed(&self) -> bool {
        self.records.iter().any(|record| record.is_placed())
    }

    /// Adds the chain of nodes that begins with `first`, messages to a process that was in `slot`.
    pub fn orphan(&mut self, slot: u32, first: u32) {
        self.orphans.push_back(Orphans { slot, first });
    }

    /// Whether there is nothing to tell.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.orphans.is_empty()
    }

    /// Writes as much as fits; gives the number of orphans among it, or none when records are left,
    /// after which nothing else may be written.
    #[inline]
    pub fn write(&mut self, inbox: &mut InboxWriter<'_>, pool: &mut MessagePool) -> Option<u64> {
        self.is_behind = false;
        if !self.records.is_empty() && !self.write_records(inbox) {
            return None;
        }
        Some(if self.orphans.is_empty() {
            0
        } else {
            self.write_orphans(inbox, pool)
        })
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.records.capacity() * size_of::<Record>()
            + self.orphans.capacity() * size_of::<Orphans>()
    }

    fn write_records(&mut self, inbox: &mut InboxWriter<'_>) -> bool {
        let count = self.records.len().min(inbox.records_left());
        for record in self.records.drain(..count) {
            inbox.record(record);
        }
        let told = self.outside.min(count);
        self.outside -= told;
        self.is_behind = self.outside > 0 || told > MOST_FROM_OUTSIDE;
        let is_done = self.records.is_empty();
        if is_done && self.records.capacity() > KEEP_RECORDS {
            self.records.shrink_to(KEEP_RECORDS);
        }
        is_done
    }

    fn write_orphans(&mut self, inbox: &mut InboxWriter<'_>, pool: &mut MessagePool) -> u64 {
        let mut room = inbox.records_left().min(ORPHANS_A_TURN);
        let mut dropped = 0;
        while let Some(orphans) = self.orphans.front_mut().filter(|_| room > 0) {
            room -= 1;
            let node = orphans.first;
            let (message, next) = pool.read(node);
            if !message.is_notice() {
                inbox.record(Record::dropped(orphans.slot, message.tag, message.payload));
                dropped += 1;
            }
            orphans.first = next;
            pool.release(node, node, 1);
            if next == NIL {
                self.orphans.pop_front();
            }
        }
        dropped
    }
}
