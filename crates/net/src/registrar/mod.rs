//! How nodes find each other: the interface that a registrar has, and the one that every host has by itself.

mod asking_resolver;
mod embedded;
mod embedded_options;
mod finding;
mod host;
mod inquiring;
mod registrar;
mod registrar_error;
mod serving;
mod session;

pub use asking_resolver::AskingResolver;
pub use embedded::EmbeddedRegistrar;
pub use embedded_options::{DEFAULT_REGISTRAR_PORT, EmbeddedOptions};
pub use registrar::{Answering, EventSink, Registrar, RegistrarEvent, RegistrarInfo, Resolver};
pub use registrar_error::RegistrarError;
