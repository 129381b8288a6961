use std::io::{self, Read, Write};

use crate::tls::{BINDING_BYTES, TlsStream};

/// What stands between a link's bytes and its socket: nothing, or TLS. Every call is given the socket, which
/// answers `WouldBlock` instead of waiting.
#[derive(Debug)]
pub enum Channel {
    /// Bytes go as they are.
    Plain,
    /// Encrypted.
    Tls(Box<TlsStream>),
}

impl Channel {
    /// Goes on with what must be done before bytes can be exchanged; done when it returns `Ok`.
    ///
    /// # Errors
    /// As [`TlsStream::handshake`].
    pub fn handshake(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        match self {
            Self::Plain => Ok(()),
            Self::Tls(tls) => tls.handshake(socket),
        }
    }

    /// Reads; 0: nothing more will come.
    ///
    /// # Errors
    /// `WouldBlock`: nothing is there. Others: the link is lost.
    pub fn read(&mut self, socket: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain => socket.read(into),
            Self::Tls(tls) => tls.read(socket, into),
        }
    }

    /// Writes; returns how many bytes it has taken, which may still wait if `wants_write`.
    ///
    /// # Errors
    /// `WouldBlock`: nothing was taken. Others: the link is lost.
    pub fn write(&mut self, socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain => socket.write(bytes),
            Self::Tls(tls) => tls.write(socket, bytes),
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// `WouldBlock`: call again when the socket can be written to. Others: the link is lost.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Plain => Ok(()),
            Self::Tls(tls) => tls.flush(socket),
        }
    }

    /// Says that nothing more will be written; `flush` before the socket is shut.
    pub fn close(&mut self) {
        if let Self::Tls(tls) = self {
            tls.close();
        }
    }

    /// Whether something waits until the socket can be written to.
    pub fn wants_write(&self) -> bool {
        matches!(self, Self::Tls(tls) if tls.wants_write())
    }

    /// Whether it encrypts.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// What binds a handshake to this link; none without TLS.
    pub fn binding(&self) -> Option<[u8; BINDING_BYTES]> {
        match self {
            Self::Plain => None,
            Self::Tls(tls) => tls.binding(),
        }
    }
}
