use std::sync::RwLock;

use tergo_wire::Compression;

/// Most ways of compressing on a node: their numbers have ten bits.
const MOST: usize = 1023;

/// How messages of processes are compressed, by number: a frame has the number of the profile of its sender.
#[derive(Debug, Default)]
pub struct Profiles {
    profiles: RwLock<Vec<Compression>>,
}

impl Profiles {
    /// The number of a profile, from 1, the same for the same settings; 0 when no more can be had: not compressed.
    pub fn number(&self, compression: Compression) -> u32 {
        let mut profiles = write(&self.profiles);
        if let Some(index) = profiles.iter().position(|known| *known == compression) {
            return index as u32 + 1;
        }
        if profiles.len() == MOST {
            return 0;
        }
        profiles.push(compression);
        profiles.len() as u32
    }

    /// The profile of a number.
    pub fn get(&self, number: u32) -> Option<Compression> {
        let index = (number as usize).checked_sub(1)?;
        let profiles = self.profiles.read();
        let profiles = profiles.unwrap_or_else(std::sync::PoisonError::into_inner);
        profiles.get(index).copied()
    }
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
