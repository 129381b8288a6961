//! Turns: what is written into the inbox.

use super::kernel::Kernel;
use crate::ring::{InboxWriter, Record, RingMemory};

impl Kernel {
    /// Advances the timers to `now` and fills the inbox; gives the words that were written.
    #[inline]
    pub fn fill_inbox(&mut self, ring: &RingMemory) -> usize {
        // Ticks of repeated timers for which there is no time are missed, and do not pile up.
        let must_wait = self.pending.is_behind();
        if self.wheel.running() > 0 && !must_wait {
            self.fire_timers(ring.now());
        }
        let is_due = |due| due <= ring.now();
        self.are_timers_late = must_wait && self.wheel.next_due().is_some_and(is_due);
        let mut inbox = ring.inbox();
        if let Some(dropped) = self.pending.write(&mut inbox, &mut self.pool) {
            self.tallies.dropped += dropped;
            self.write_slices(&mut inbox);
        }
        self.inbox_used = inbox.used();
        self.note_handed(ring);
        self.tallies.turns += 1;
        self.inbox_used
    }

    fn fire_timers(&mut self, now: u64) {
        let pending = &mut self.pending;
        let before = pending.records();
        self.wheel.advance(now, |index, sequence| {
            pending.push(Record::timer(index, sequence));
        });
        pending.came_from_outside(before);
    }

    /// One slice for each process that stands in the run queue now, as long as there is room. What
    /// is left over goes to the end of the queue, but what only the room cut off stays in front.
    #[inline]
    fn write_slices(&mut self, inbox: &mut InboxWriter<'_>) {
        for _ in 0..self.run_queue.len() {
            let room = inbox.entries_left();
            let Some(slot) = self.run_queue.first().filter(|_| room > 0) else {
                return;
            };
            self.run_queue.remove(&mut self.processes, slot);
            let process = self.processes.get_mut(slot);
            process.budget.renew();
            let wanted = process.mailbox.len().min(process.budget.messages());
            let count = wanted.min(room);
            let entries = inbox.slice(slot, count);
            process.mailbox.take(&mut self.pool, entries);
            self.processes.detail_mut(slot).delivered += count as u64;
            self.tallies.delivered += count as u64;
            if count < wanted {
                self.run_queue.push_front(&mut self.processes, slot);
                return;
            }
            self.schedule(slot);
        }
    }
}
