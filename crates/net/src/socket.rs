use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream as StdStream};
use std::pin::pin;
use std::task::Poll;

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

use crate::channel::Channel;

/// Bytes that the system may hold back of a link.
const UNSENT: u32 = 128 << 10;

/// A connected socket: the stream, which anybody may drive, and what tells when it is worth while.
#[derive(Debug)]
pub(crate) struct Socket {
    /// Reads and writes.
    pub stream: Stream,
    /// Says when the socket can be read or written.
    pub readiness: Readiness,
}

/// The bytes of a link: a socket, or TLS over one. It never waits, and works on every thread.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: StdStream,
    channel: Channel,
}

/// Says when a socket can be read or written. To be asked on the network's thread only.
#[derive(Debug)]
pub(crate) struct Readiness {
    stream: TcpStream,
}

/// A socket of which nobody is told.
#[derive(Debug)]
pub(crate) struct Unwatched {
    stream: StdStream,
}

impl Unwatched {
    /// To be called on the network's thread, which is told from now on.
    ///
    /// # Errors
    /// Those of the system.
    pub fn watch(self) -> io::Result<Readiness> {
        Ok(Readiness {
            stream: TcpStream::from_std(self.stream)?,
        })
    }
}

impl Socket {
    /// Over a connected stream.
    ///
    /// # Errors
    /// Those of the system.
    pub fn new(stream: TcpStream, channel: Channel) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        bound_buffers(&stream);
        let stream = stream.into_std()?;
        let socket = stream.try_clone()?;
        let stream = TcpStream::from_std(stream)?;
        Ok(Self {
            stream: Stream { socket, channel },
            readiness: Readiness { stream },
        })
    }

    /// Waits until TLS is ready for the handshake of the nodes; gives what binds that to it.
    ///
    /// # Errors
    /// The link is lost, or its certificates are refused.
    pub async fn establish(&mut self) -> io::Result<Option<[u8; 32]>> {
        let Stream { socket, channel } = &mut self.stream;
        while let Err(error) = channel.handshake(socket) {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(error);
            }
            self.readiness.drained();
            if channel.wants_write() {
                self.readiness.filled();
            }
            self.readiness.either(channel.wants_write()).await?;
        }
        Ok(channel.binding())
    }

    /// Reads some bytes, waiting for them; 0: the other end has closed.
    ///
    /// # Errors
    /// The link is lost.
    pub async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(into) {
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
            match self.stream.write(bytes) {
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

/// What the system holds back of a link, all that is sent later has to wait for: small messages beside a large one, too.
fn bound_buffers(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    // A system that cannot do it holds back more: that costs time, not the connection.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
    // What is on its way over a network is not counted there. On one host nothing is: all of it is in the buffers of the two sockets.
    let peer = stream.peer_addr();
    if peer.is_ok_and(|peer| peer.ip().to_canonical().is_loopback()) {
        let _ = socket.set_send_buffer_size(UNSENT as usize);
    }
}

impl Stream {
    /// Reads some bytes; 0: the other end has closed.
    ///
    /// # Errors
    /// `WouldBlock`: nothing is there; else the link is lost.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.channel.read(&mut self.socket, into)
    }

    /// Takes some bytes and writes them. Without bytes: writes all that it has taken before, and gives 0.
    ///
    /// # Errors
    /// `WouldBlock`: the socket takes no more now; else the link is lost.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return self.channel.flush(&mut self.socket).map(|()| 0);
        }
        self.channel.write(&mut self.socket, bytes)
    }

    /// The socket's descriptor.
    #[cfg(unix)]
    pub fn fd(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.socket)
    }

    /// Whether a read that did not fill its space has taken all that was there.
    pub fn tells_by_short_reads(&self) -> bool {
        cfg!(unix) && !self.channel.is_tls()
    }

    /// The last bytes of a socket that is given up, as they are, as far as that goes without waiting. What has come is read
    /// before: a socket that is closed with something unread resets the other end.
    pub fn end_with(&mut self, bytes: &[u8]) {
        // What is not there cannot be read, and who has gone need not be told.
        let _ = self.socket.read(&mut [0; 1024]);
        let _ = self.socket.write(bytes);
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Says that nothing more is written, as far as that goes without waiting.
    pub fn close(&mut self) {
        self.channel.close();
        // The other end may be gone already, which is what is wanted.
        let _ = self.channel.flush(&mut self.socket);
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

impl Readiness {
    /// From now on nobody is told; the system has nothing to do with it any more.
    ///
    /// # Errors
    /// Those of the system.
    pub fn unwatch(self) -> io::Result<Unwatched> {
        Ok(Unwatched {
            stream: self.stream.into_std()?,
        })
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
