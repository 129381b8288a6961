//! How nodes find each other: the interface that a registrar has, and the one that every host has by itself.

mod embedded;
mod embedded_options;
mod finding;
mod host;
mod inquiring;
mod registrar;
mod registrar_error;
mod serving;
mod session;

pub use embedded::EmbeddedRegistrar;
pub use embedded_options::{DEFAULT_REGISTRAR_PORT, EmbeddedOptions};
pub use registrar::{Answering, EventSink, Registrar, RegistrarEvent, RegistrarInfo};
pub use registrar_error::RegistrarError;
