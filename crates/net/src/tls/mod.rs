//! TLS 1.3 between nodes: certificates and whom they are shown to, without a socket.

mod client_auth;
mod pem;
mod tls;
mod tls_error;
mod tls_failure;
mod tls_fault;
mod tls_options;
mod tls_stream;
mod unchecked;

pub use client_auth::ClientAuth;
pub use pem::Pem;
pub use tls::Tls;
pub use tls_error::TlsError;
pub use tls_failure::TlsFailure;
pub use tls_fault::{TlsFault, TlsPart};
pub use tls_options::TlsOptions;
pub use tls_stream::{BINDING_BYTES, TlsStream};
