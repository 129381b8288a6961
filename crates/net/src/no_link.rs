use std::io;
use std::time::Duration;

use tergo_wire::{HandshakeError, Refusal};

use crate::tls::{TlsError, TlsFailure};

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLink {
    /// Nobody waits for it any more.
    #[error("the link is not wanted any more")]
    Unwanted,
    /// The host has no address.
    #[error("the host name is not known ({0})")]
    UnknownHost(io::Error),
    /// The system of the host says so.
    #[error("nobody listens there")]
    NobodyListens,
    /// Nobody says anything.
    #[error("nothing answered within {} ms", .0.as_millis())]
    NoAnswer(Duration),
    /// It took too long.
    #[error("the handshake took over {} ms", .0.as_millis())]
    Slow(Duration),
    /// The other end has gone.
    #[error("the other end hung up")]
    HungUp,
    /// The other end has gone before the two spoke TLS.
    #[error("the other end hung up in the middle of TLS; it may not encrypt")]
    HungUpInTls,
    /// What came is TLS.
    #[error("the other end encrypts, and this one does not; give both `tls`, or none")]
    Encrypts,
    /// The two ends did not come to speak TLS.
    #[error(transparent)]
    Tls(TlsFailure),
    /// This end cannot speak TLS.
    #[error(transparent)]
    NoTls(TlsError),
    /// The nodes did not agree.
    #[error(transparent)]
    Handshake(HandshakeError),
    /// What the system says.
    #[error("{0}")]
    Io(io::Error),
}

impl NoLink {
    /// The system gives no connection.
    pub fn unconnected(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::NobodyListens,
            _ => Self::Io(error),
        }
    }

    /// TLS has failed.
    pub fn in_tls(error: io::Error) -> Self {
        match Self::from(error) {
            Self::HungUp => Self::HungUpInTls,
            other => other,
        }
    }

    /// What the table of peers makes of it.
    pub fn handshake_error(&self) -> Option<HandshakeError> {
        match self {
            Self::Handshake(error) => Some(*error),
            Self::Slow(_) => Some(HandshakeError::TimedOut),
            Self::Tls(failure) if failure.is_busy() => {
                Some(HandshakeError::RefusedThere(Refusal::Busy))
            }
            _ => None,
        }
    }

    /// Whether it is worth telling: not that somebody changed his mind, that of two nodes that dial each other one link ends, or
    /// that a further link of a peer comes when its connection is over or has that link.
    pub fn is_told(&self) -> bool {
        let is_usual = matches!(
            self,
            Self::Unwanted
                | Self::HungUp
                | Self::HungUpInTls
                | Self::Io(_)
                | Self::Handshake(HandshakeError::Refused(
                    Refusal::Crossing | Refusal::ConnectionUnknown | Refusal::PoolFull
                ))
        );
        !is_usual
    }
}

impl From<HandshakeError> for NoLink {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<io::Error> for NoLink {
    fn from(error: io::Error) -> Self {
        if let Some(fault) = TlsFailure::of(&error) {
            return Self::Tls(fault);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::HungUp,
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_told(refusal: Refusal) -> bool {
        NoLink::from(HandshakeError::Refused(refusal)).is_told()
    }

    #[test]
    fn a_link_of_a_known_peer_that_comes_too_late_is_not_told_of_as_strangers_are() {
        assert!(!is_told(Refusal::Crossing));
        assert!(!is_told(Refusal::ConnectionUnknown));
        assert!(!is_told(Refusal::PoolFull));
        assert!(is_told(Refusal::CookieMismatch));
        assert!(is_told(Refusal::NameMismatch));
        assert!(is_told(Refusal::NameTaken));
        assert!(is_told(Refusal::StaleCreation));
    }
}
