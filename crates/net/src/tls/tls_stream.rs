use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::TlsError;

/// Bytes of what binds a handshake to its TLS link.
pub const BINDING_BYTES: usize = 32;

const BINDING_LABEL: &[u8] = b"EXPORTER-tergo-handshake-1";
/// Bytes that may wait to be encrypted or written; what is beyond is not taken.
const MAX_UNSENT: usize = 256 << 10;

/// One link's TLS, over any socket that answers `WouldBlock` instead of waiting. It has no socket of its own:
/// each call is given one.
#[derive(Debug)]
pub struct TlsStream {
    connection: Connection,
}

impl TlsStream {
    pub(super) fn client(
        config: Arc<ClientConfig>,
        server: ServerName<'static>,
    ) -> Result<Self, TlsError> {
        let connection = ClientConnection::new(config, server).map_err(TlsError::Setup)?;
        Ok(Self::new(connection.into()))
    }

    pub(super) fn server(config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        let connection = ServerConnection::new(config).map_err(TlsError::Setup)?;
        Ok(Self::new(connection.into()))
    }

    fn new(mut connection: Connection) -> Self {
        connection.set_buffer_limit(Some(MAX_UNSENT));
        Self { connection }
    }

    /// Goes on with the handshake as far as the socket allows; done when it returns `Ok`. The other side may
    /// still refuse the certificate it was shown, which the first read tells.
    ///
    /// # Errors
    /// `WouldBlock`: call again when the socket is ready, for writing if `wants_write`. `InvalidData`: the
    /// other side or its certificate is refused, and was told so if the socket took it.
    pub fn handshake(&mut self, socket: &mut (impl Read + Write)) -> io::Result<()> {
        loop {
            self.flush(socket)?;
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            if self.connection.read_tls(socket)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Err(error) = self.process() {
                // Best effort: the other side should learn why.
                let _ = self.flush(socket);
                return Err(error);
            }
        }
    }

    /// Reads what was said; 0: the other side has said that it is done.
    ///
    /// # Errors
    /// `WouldBlock`: nothing is there. `UnexpectedEof`: the socket ended without that word. `InvalidData`: what came
    /// is not what TLS allows.
    pub fn read(&mut self, socket: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            self.connection.read_tls(socket)?;
            self.process()?;
        }
    }

    /// Encrypts, and writes as far as the socket allows. Returns how many bytes it has taken; they
    /// are on their way, though `wants_write` may say that not all are written.
    ///
    /// # Errors
    /// `WouldBlock`: too much waits already, nothing was taken.
    pub fn write(&mut self, socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            let now = self.connection.writer().write(&bytes[taken..])?;
            taken += now;
            match self.flush(socket) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && taken > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Writes all that waits.
    ///
    /// # Errors
    /// `WouldBlock`: call again when the socket can be written to.
    pub fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(socket)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Says that nothing more will come; `flush` writes it.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// Whether something waits until the socket can be written to.
    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Whether the handshake goes on.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// A secret that only the two ends of this link have, to bind the handshake inside to it; none while
    /// the TLS handshake goes on.
    pub fn binding(&self) -> Option<[u8; BINDING_BYTES]> {
        let exported = [0; BINDING_BYTES];
        let exported = self
            .connection
            .export_keying_material(exported, BINDING_LABEL, None);
        exported.ok()
    }

    fn process(&mut self) -> io::Result<()> {
        let processed = self.connection.process_new_packets();
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        processed.map(|_| ()).map_err(invalid)
    }
}
