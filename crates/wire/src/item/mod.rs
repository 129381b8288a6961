mod item;

pub use item::{Algorithm, Compression, Item, Op, Sender, Target};
