//! Turns of the model: what they write, and what is given back of it.

use std::collections::VecDeque;

use super::{Model, Slice};
use crate::support::record::{Entry, Record};

impl Model {
    /// A turn: all that it writes is expected, and each slice is what the queues have to give.
    pub fn turn(&mut self) {
        self.slices.clear();
        for record in self.driver.turn() {
            match record {
                Record::Slice {
                    slot,
                    offset,
                    entries,
                } => self.read_slice(slot, offset, entries),
                control => self.read_control(&format!("{control:?}")),
            }
        }
    }

    /// Gives back the last `count` entries of a slice of the last turn.
    pub fn give_back(&mut self, slice: usize, count: usize) {
        let Some(slice) = self.slices.get_mut(slice) else {
            return;
        };
        let kept = slice.entries.len() - count.min(slice.entries.len());
        let returned = slice.entries.split_off(kept);
        let (slot, process) = (slice.slot, slice.process);
        let offset = slice.offset + 2 * kept as u32;
        self.driver.give_back(slot, offset, returned.len() as u32);
        for &entry in returned.iter().rev() {
            if self.processes[process].is_alive {
                self.processes[process].queues[entry.queue()].push_front(entry);
                self.gauge(process, entry, 1);
            } else {
                self.expect_dropped(slot, entry);
            }
        }
    }

    fn read_slice(&mut self, slot: u32, offset: u32, entries: Vec<Entry>) {
        let process = self.occupant(slot).expect("only the living take messages");
        let taker = &mut self.processes[process];
        assert!(
            taker.is_ready && !taker.is_suspended,
            "it may take messages"
        );
        assert!(!entries.is_empty(), "no slice is empty");
        for &entry in &entries {
            let queue = taker.queues.iter_mut().find(|queue| !queue.is_empty());
            let next = queue.and_then(VecDeque::pop_front);
            assert_eq!(next, Some(entry), "the highest queue's first message");
        }
        for &entry in &entries {
            self.gauge(process, entry, -1);
        }
        self.slices.push(Slice {
            slot,
            process,
            offset,
            entries,
        });
    }

    fn read_control(&mut self, record: &str) {
        let count = self.expected.get_mut(record);
        let count = count.unwrap_or_else(|| panic!("{record} was not expected"));
        *count -= 1;
        if *count == 0 {
            self.expected.remove(record);
        }
    }
}
