use super::{Process, ProcessDetail, lifecycle::Lifecycle};
use crate::layout::{GRANT_MAX, SLOT_MASK};

/// All process slots of a scheduler.
#[derive(Debug)]
pub(crate) struct ProcessTable {
    processes: Vec<Process>,
    details: Vec<ProcessDetail>,
    /// Slots that can be granted.
    free: Vec<u32>,
    /// Slots whose process ended in this turn: the inbox may still have a slice of it.
    quarantine: Vec<u32>,
    /// Slots begin with the generation after this one.
    floor: u32,
    live: u32,
}

impl ProcessTable {
    /// A table without slots; what will live in them has generations above `floor`.
    pub fn new(floor: u32) -> Self {
        Self {
            processes: Vec::new(),
            details: Vec::new(),
            free: Vec::new(),
            quarantine: Vec::new(),
            floor,
            live: 0,
        }
    }

    /// The live process in a slot, if it is of this generation.
    #[inline]
    pub fn live_mut(&mut self, slot: u32, generation: u32) -> Option<&mut Process> {
        self.processes
            .get_mut(slot as usize)
            .filter(|process| process.is_live(generation))
    }

    /// Whether the process of this generation is alive.
    pub fn is_live(&self, slot: u32, generation: u32) -> bool {
        self.processes
            .get(slot as usize)
            .is_some_and(|process| process.is_live(generation))
    }

    /// The live process in a slot, of whichever generation.
    pub fn occupant_mut(&mut self, slot: u32) -> Option<&mut Process> {
        self.processes
            .get_mut(slot as usize)
            .filter(|process| process.lifecycle.is_alive())
    }

    /// Whether some process is alive in the slot.
    pub fn is_occupied(&self, slot: u32) -> bool {
        self.processes
            .get(slot as usize)
            .is_some_and(|process| process.lifecycle.is_alive())
    }

    /// Whether the slot was ever granted.
    pub fn is_known(&self, slot: u32) -> bool {
        (slot as usize) < self.processes.len()
    }

    /// The process in a slot that is known.
    #[inline]
    pub fn get(&self, slot: u32) -> &Process {
        &self.processes[slot as usize]
    }

    /// The process in a slot that is known.
    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut Process {
        &mut self.processes[slot as usize]
    }

    /// The rest of the process in a slot that is known.
    #[inline]
    pub fn detail(&self, slot: u32) -> &ProcessDetail {
        &self.details[slot as usize]
    }

    /// The rest of the process in a slot that is known.
    #[inline]
    pub fn detail_mut(&mut self, slot: u32) -> &mut ProcessDetail {
        &mut self.details[slot as usize]
    }

    /// Begins a process in a granted slot; false when the slot is not granted in this generation.
    pub fn spawn(&mut self, slot: u32, generation: u32, is_ready: bool) -> bool {
        let Some(process) = self.processes.get_mut(slot as usize) else {
            return false;
        };
        if process.lifecycle != Lifecycle::Granted || process.generation != generation {
            return false;
        }
        process.spawn(is_ready);
        self.live += 1;
        true
    }

    /// Ends the process in a slot; the slot is quarantined until the next turn begins.
    ///
    /// A slot that has used up its generations is never granted again.
    pub fn vacate(&mut self, slot: u32) {
        let process = self.get_mut(slot);
        process.lifecycle = Lifecycle::Vacant;
        process.is_bounded = false;
        let is_reusable = process.generation < u32::MAX;
        self.live -= 1;
        self.details[slot as usize] = ProcessDetail::EMPTY;
        if is_reusable {
            self.quarantine.push(slot);
        }
    }

    /// A turn begins: what ended before it can be granted.
    #[inline]
    pub fn end_quarantine(&mut self) {
        if !self.quarantine.is_empty() {
            self.free.append(&mut self.quarantine);
        }
    }

    /// Grants a slot: slot and generation, or none when all sixteen million are taken.
    pub fn grant(&mut self) -> Option<(u32, u32)> {
        let slot = self.free.pop().or_else(|| self.grow())?;
        let process = self.get_mut(slot);
        process.generation = process.generation.saturating_add(1);
        process.lifecycle = Lifecycle::Granted;
        Some((slot, process.generation))
    }

    /// Processes alive.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Bytes allocated.
    pub fn bytes(&self) -> usize {
        self.processes.capacity() * size_of::<Process>()
            + self.details.capacity() * size_of::<ProcessDetail>()
            + (self.free.capacity() + self.quarantine.capacity()) * size_of::<u32>()
    }

    /// Makes room for a whole grant, so that the rest of it finds free slots.
    fn grow(&mut self) -> Option<u32> {
        let first = self.processes.len() as u32;
        let end = (first + GRANT_MAX).min(SLOT_MASK + 1);
        let generation = self.floor;
        self.processes.resize_with(end as usize, || Process {
            generation,
            ..Process::VACANT
        });
        self.details.resize(end as usize, ProcessDetail::EMPTY);
        self.free.extend((first..end).rev());
        self.free.pop()
    }
}
