mod acceptor;
mod dialer;
mod exchange;
mod handshake_error;
mod message;
mod step;
mod transcript;

pub use acceptor::CookieAcceptor;
pub use dialer::CookieDialer;
pub use handshake_error::HandshakeError;
pub use step::{Admission, HandshakeStep};

/// The versions of the protocol that are spoken here: from, to.
pub(crate) const VERSIONS: (u16, u16) = (1, 1);
