//! Messages: sent, published, given back.

use super::kernel::Kernel;
use crate::NIL;
use crate::fabric::is_far;
use crate::layout::{KIND_EVENT, SLOT_MASK};
use crate::mailbox::Message;
use crate::relation::{List, TargetKind};
use crate::ring::{Command, Fault, Record, RingMemory};

impl Kernel {
    /// `SEND`: to the end of a queue.
    #[inline]
    pub fn send(&mut self, command: Command) -> Result<(), Fault> {
        let slot = command.first;
        let message = Message {
            tag: command.tag(),
            payload: command.third,
        };
        if is_far(message.payload) {
            self.keep_frame(message.payload);
        }
        self.tallies.sent += 1;
        let Some(process) = self.processes.live_mut(slot, command.second) else {
            self.drop_message(slot, message);
            return self.late(slot);
        };
        process.mailbox.push_back(&mut self.pool, message);
        if process.awaits_messages() {
            self.run_queue.push_back(&mut self.processes, slot);
        }
        Ok(())
    }

    /// `PUBLISH`: to each subscriber of an event.
    pub fn publish(&mut self, command: Command) -> Result<(), Fault> {
        let (event, generation, payload) = (command.first, command.second, command.third);
        if self.registry.live_kind(event, generation) != Some(TargetKind::Event) {
            self.share(payload, 0);
            return self.late_address(event);
        }
        let message = Message::new(KIND_EVENT, command.queue(), 0, payload);
        let (accepted, refused) = self.fan_out(event, message);
        // One that stands for an event elsewhere was counted there.
        let is_own = self.registry.get(event).owner != NIL;
        self.tallies.events_published += u64::from(is_own);
        self.tallies.events_delivered += u64::from(accepted);
        self.tallies.events_dropped += u64::from(refused);
        self.share(payload, accepted);
        Ok(())
    }

    /// `RETURN`: the unread rest of a slice, to the front of its queues.
    pub fn take_back(&mut self, command: Command, ring: &RingMemory) -> Result<(), Fault> {
        let (slot, offset, count) = (
            command.first,
            command.second as usize,
            command.third as usize,
        );
        let words = count.checked_mul(2).ok_or(Fault::Return)?;
        let end = offset.checked_add(words).ok_or(Fault::Return)?;
        if slot > SLOT_MASK || !self.processes.is_known(slot) {
            return Err(Fault::Slot);
        }
        if end > self.inbox_used {
            return Err(Fault::Return);
        }
        if self.port.is_some() {
            self.keep_frames(ring.inbox_entries(offset, count));
        }
        let entries = ring.inbox_entries(offset, count);
        if self.processes.is_occupied(slot) {
            self.put_back(slot, entries.rev());
        } else {
            entries.for_each(|message| self.drop_message(slot, message));
        }
        Ok(())
    }

    /// Reports a message that has no process to go to.
    pub fn drop_message(&mut self, slot: u32, message: Message) {
        if !message.is_notice() {
            let record = Record::dropped(slot, message.tag, message.payload);
            self.pending.push(record);
            self.tallies.dropped += 1;
        }
    }

    fn put_back(&mut self, slot: u32, last_to_first: impl Iterator<Item = Message>) {
        let process = self.processes.get_mut(slot);
        let mut count = 0;
        for message in last_to_first {
            process.mailbox.push_front(&mut self.pool, message);
            count += 1;
        }
        process.budget.returned();
        let detail = self.processes.detail_mut(slot);
        detail.delivered = detail.delivered.saturating_sub(count);
        self.tallies.delivered = self.tallies.delivered.saturating_sub(count);
        self.run_queue.remove(&mut self.processes, slot);
        if self.processes.get(slot).wants_to_run() {
            self.run_queue.push_front(&mut self.processes, slot);
        }
    }

    /// Puts a message into the mailbox of each subscriber: how many took it, and how many were full.
    fn fan_out(&mut self, event: u32, message: Message) -> (u32, u32) {
        let (mut accepted, mut refused) = (0, 0);
        let subscribers = self.registry.get(event).relations;
        for relation in self.relations.iter(List::Target, subscribers) {
            let slot = relation.consumer;
            if relation.is_silent {
                continue;
            }
            if self.processes.get(slot).is_bounded {
                let bound = self.processes.detail(slot).bound;
                let queue = message.queue();
                if !self.gauges.accept(bound.gauge, queue, bound.limit) {
                    refused += 1;
                    continue;
                }
            }
            let process = self.processes.get_mut(slot);
            process.mailbox.push_back(&mut self.pool, message);
            if process.awaits_messages() {
                self.run_queue.push_back(&mut self.processes, slot);
            }
            accepted += 1;
        }
        (accepted, refused)
    }
}
