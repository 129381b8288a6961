mod item;
mod item_reader;
mod item_state;
mod item_writer;
mod parcel;

pub use item::{Algorithm, Compression, Item, Op, Sender, Target};
pub use item_reader::ItemReader;
pub use item_writer::ItemWriter;
pub(crate) use parcel::{Parcel, bytes_of};
