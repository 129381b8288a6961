use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

use tergo_wire::Role;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::transport::{Plain, Security, Transport};

/// A connected socket: the transport, which anybody may drive, and what tells when it is worth while.
pub(crate) struct Socket {
    /// Reads and writes.
    pub transport: Box<dyn Transport>,
    /// Says when the socket can be read or written.
    pub readiness: Readiness,
}

/// Says when a socket can be read or written. To be asked on the network's thread only.
#[derive(Debug)]
pub(crate) struct Readiness {
    stream: TcpStream,
}

impl Socket {
    /// Over a connected stream.
    ///
    /// # Errors
    /// Those of the system, and of the security.
    pub fn new(
        stream: TcpStream,
        security: Option<&dyn Security>,
        role: Role,
        host: &str,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let twin = stream.try_clone()?;
        let transport: Box<dyn Transport> = match security {
            Some(security) => security.wrap(twin, role, host)?,
            None => Box::new(Plain::new(twin)),
        };
        let readiness = Readiness {
            stream: TcpStream::from_std(stream)?,
        };
        Ok(Self {
            transport,
            readiness,
        })
    }

    /// Waits until the transport is ready for a handshake.
    ///
    /// # Errors
    /// The transport has failed.
    pub async fn establish(&mut self) -> io::Result<()> {
        while is_blocked(&self.transport.establish())? {
            self.readiness.drained();
            let must_write = is_blocked(&self.transport.flush())?;
            if must_write {
                self.readiness.filled();
            }
            self.readiness.either(must_write).await?;
        }
        is_blocked(&self.transport.flush()).map(|_| ())
    }

    /// Reads some bytes, waiting for them; 0: the other end has closed.
    ///
    /// # Errors
    /// The link is lost.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.transport.read(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readiness.drained();
                    self.readiness.either(false).await?;
                }
                other => return other,
            }
        }
    }

    /// Writes all bytes.
    ///
    /// # Errors
    /// The link is lost.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let written = if bytes.is_empty() {
                self.transport.flush().map(|()| 0)
            } else {
                self.transport.write(bytes)
            };
            match written {
                Ok(0) if bytes.is_empty() => return Ok(()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readiness.filled();
                    self.readiness.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Readiness {
    /// The address of the other end.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// Polls for something to read, and with `is_write` for room to write.
    pub fn poll(&self, context: &mut std::task::Context<'_>, is_write: bool) -> Poll<()> {
        let can_read = self.stream.poll_read_ready(context).is_ready();
        let can_write = is_write && self.stream.poll_write_ready(context).is_ready();
        if can_read || can_write {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Nothing more can be read now: the next bytes make it ready again.
    ///
    /// Nothing is lost between the read that said so and this: on this thread the readiness changes only while it
    /// waits.
    pub fn drained(&self) {
        self.forget(Interest::READABLE);
    }

    /// Nothing more can be written now.
    pub fn filled(&self) {
        self.forget(Interest::WRITABLE);
    }

    async fn either(&self, is_write: bool) -> io::Result<()> {
        let mut readable = pin!(self.stream.readable());
        let mut writable = pin!(self.stream.writable());
        std::future::poll_fn(|context| {
            if let Poll::Ready(result) = readable.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if is_write {
                return writable.as_mut().poll(context);
            }
            Poll::Pending
        })
        .await
    }

    async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    fn forget(&self, interest: Interest) {
        let blocked = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = self.stream.try_io(interest, blocked);
    }
}

/// Whether something would have to wait; an error for everything else that failed.
pub(crate) fn is_blocked<T>(result: &io::Result<T>) -> io::Result<bool> {
    match result {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error.kind().into()),
    }
}
