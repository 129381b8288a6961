//! What the registrar of a host and its clients say to each other: codec, tables and state machines,
//! bytes only. `docs/protocol-registrar.md` specifies every byte.

mod announcement;
mod application_route;
mod client;
mod datagrams;
mod decoder;
mod fault;
mod field;
mod fuzz;
mod inquiry;
mod message;
mod name;
mod pages;
mod peers;
mod question;
mod rate_limit;
mod refusal;
mod route;
mod server;
mod server_link;
mod table;

pub use announcement::{Announcement, MAX_APPLICATIONS, MAX_ROUTES};
pub use application_route::{
    ApplicationMode, ApplicationQuery, ApplicationRoute, ApplicationState, MAX_TAG_BYTES, MAX_TAGS,
    MAX_TAGS_BYTES,
};
pub use client::{AskError, Client, ClientEvent, ClientOptions};
pub use decoder::Decoder;
pub use fault::Fault;
#[doc(hidden)]
pub use fuzz::fuzz;
pub use inquiry::{Inquiry, MAX_DATAGRAM, Progress};
pub use message::{HEADER_BYTES, MAGIC, Message, VERSION};
pub use name::{MAX_NAME_BYTES, bare_host, host_of, is_application_name, is_node_name};
pub use question::{Answer, Question};
pub use refusal::Refusal;
pub use route::{MAX_VERSION_BYTES, Route};
pub use server::{LinkId, Output, Server, ServerLimits};
