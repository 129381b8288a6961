use std::io::{self, Read, Write};
use std::net::TcpStream;

use tergo_wire::Role;

/// What carries the bytes of a link: a socket, or TLS over one. It never waits.
pub trait Transport: Send {
    /// Goes on with what must be over before anything is said.
    ///
    /// # Errors
    /// `WouldBlock`: go on when the socket can be read, or when what `flush` has to write is written; else the link
    /// has failed.
    fn establish(&mut self) -> io::Result<()>;

    /// What both ends and nobody else know of this link, for the proof of the handshake; none without TLS.
    fn exporter(&self) -> Option<[u8; 32]>;

    /// Reads some bytes; 0: the other end has closed.
    ///
    /// # Errors
    /// `WouldBlock`: nothing is there; else the link is lost.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Takes some bytes to be written.
    ///
    /// # Errors
    /// `WouldBlock`: it takes none now; else the link is lost.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes what it has taken and not written.
    ///
    /// # Errors
    /// `WouldBlock`: the socket takes no more now; else the link is lost.
    fn flush(&mut self) -> io::Result<()>;

    /// Says that nothing more is written, as far as that goes without waiting.
    fn close(&mut self);
}

/// Puts a transport over sockets: TLS does.
pub trait Security: Send + Sync {
    /// The transport over a socket that does not block. `host` is what was dialled, empty for an acceptor.
    ///
    /// # Errors
    /// The settings do not fit the peer, such as a name that cannot be checked.
    fn wrap(&self, stream: TcpStream, role: Role, host: &str) -> io::Result<Box<dyn Transport>>;
}

/// A socket by itself.
#[derive(Debug)]
pub(crate) struct Plain {
    stream: TcpStream,
}

impl Plain {
    /// Over a socket that does not block.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream }
    }
}

impl Transport for Plain {
    fn establish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn exporter(&self) -> Option<[u8; 32]> {
        None
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self) {
        // The other end may be gone already, which is what is wanted.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }
}
