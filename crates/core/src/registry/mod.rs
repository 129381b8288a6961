//! Names, aliases, events and nodes: the addresses that are not processes.

mod address;
mod registry;

#[cfg(test)]
mod tests;

pub(crate) use address::{Address, AddressBody, EventState};
pub(crate) use registry::Registry;
