//! Processes of the model, and what waits in their mailboxes.

use tergo_core::layout::{KIND_EVENT, KIND_MESSAGE};

use super::{Kind, Model, Process};
use crate::support::record::Entry;

impl Model {
    pub fn spawn(&mut self, is_ready: bool) {
        let pid = self.driver.spawn_as(is_ready);
        let stale = self.processes.iter().find(|process| process.pid == pid);
        assert!(stale.is_none(), "no slot has the same generation twice");
        self.processes.push(Process {
            pid,
            is_alive: true,
            is_ready,
            is_suspended: false,
            bound: None,
            gauged: [0; 4],
            queues: Default::default(),
        });
    }

    pub fn ready(&mut self, process: usize) {
        self.driver.ready(self.processes[process].pid);
        self.processes[process].is_ready = true;
    }

    pub fn suspend(&mut self, process: usize) {
        self.driver.suspend(self.processes[process].pid);
        let process = &mut self.processes[process];
        process.is_suspended = process.is_ready;
    }

    pub fn resume(&mut self, process: usize) {
        self.driver.resume(self.processes[process].pid);
        self.processes[process].is_suspended = false;
    }

    pub fn send(&mut self, process: usize, queue: u32) {
        let payload = self.number();
        let pid = self.processes[process].pid;
        self.driver.send(pid, queue, payload);
        let entry = Entry::new(KIND_MESSAGE, queue, 0, payload);
        if self.processes[process].is_alive {
            self.push(process, entry);
        } else {
            self.expect_dropped(pid.slot, entry);
        }
    }

    pub fn limit(&mut self, process: usize, limit: u32) {
        if self.processes[process].is_alive && self.next_gauge < 1024 {
            let gauge = self.next_gauge;
            self.next_gauge += 1;
            self.driver.limit(self.processes[process].pid, limit, gauge);
            self.processes[process].bound = (limit > 0).then_some((limit, gauge));
            self.processes[process].gauged = [0; 4];
        }
    }

    pub fn exit(&mut self, process: usize) {
        let reason = self.number();
        let pid = self.processes[process].pid;
        self.driver.exit(pid, reason);
        if !self.processes[process].is_alive {
            return self.expect_shared(reason, 0);
        }
        self.processes[process].is_alive = false;
        for queue in std::mem::take(&mut self.processes[process].queues) {
            for entry in queue {
                self.expect_dropped(pid.slot, entry);
            }
        }
        while let Some(own) = self.position(|relation| relation.consumer == process) {
            self.withdraw(own);
        }
        let mut told = self.fire(Kind::Pid, process, reason);
        for address in (0..self.addresses.len()).rev() {
            let owned = &mut self.addresses[address];
            if owned.owner == process && std::mem::take(&mut owned.is_alive) {
                let kind = owned.kind;
                told += self.fire(kind, address, reason);
            }
        }
        self.expect_shared(reason, told);
    }

    pub(super) fn push(&mut self, process: usize, entry: Entry) {
        self.processes[process].queues[entry.queue()].push_back(entry);
    }

    /// As TypeScript would when a message is taken or given back. Only events are counted here, so
    /// that the core's part is seen alone.
    pub(super) fn gauge(&mut self, process: usize, entry: Entry, change: i32) {
        let Some((_, gauge)) = self.processes[process].bound else {
            return;
        };
        if entry.kind() == KIND_EVENT {
            self.driver.flush();
            let queue = entry.queue();
            let model = &mut self.processes[process].gauged[queue];
            assert_eq!(self.driver.gauge(gauge, queue as u32), *model);
            *model = model.saturating_add_signed(change);
            self.driver.set_gauge(gauge, queue as u32, *model);
        }
    }

    pub(super) fn has_room(&mut self, process: usize, queue: u32) -> bool {
        let process = &mut self.processes[process];
        let Some((limit, _)) = process.bound else {
            return true;
        };
        let gauged = &mut process.gauged[queue as usize];
        let has_room = *gauged < limit;
        *gauged += u32::from(has_room);
        has_room
    }

    pub(super) fn occupant(&self, slot: u32) -> Option<usize> {
        let mut processes = self.processes.iter();
        processes.position(|process| process.is_alive && process.pid.slot == slot)
    }
}
