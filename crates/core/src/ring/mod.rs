//! The shared memory and what is read from and written to it.

mod command;
mod fault;
mod inbox_writer;
mod record;
mod ring_memory;

pub(crate) use command::Command;
pub(crate) use fault::Fault;
pub(crate) use inbox_writer::InboxWriter;
pub(crate) use record::Record;
pub use ring_memory::RingMemory;
