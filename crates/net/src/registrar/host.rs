use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::sync::lock;
use tergo_wire::registrar::{LinkId, Server};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::sleep_until;

/// How long a link that is to be closed may take to read what is still for it.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// The server that this node runs for its host, and who waits for it.
pub(super) struct Host {
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    server: Server,
    wakers: HashMap<LinkId, Arc<Notify>>,
}

impl Host {
    /// One without links.
    pub fn new(clock: Clock, server: Server) -> Self {
        let wakers = HashMap::new();
        Self {
            clock,
            state: Mutex::new(State { server, wakers }),
        }
    }

    /// Does something with the server, and wakes the links that it touched.
    pub fn with<T>(&self, work: impl FnOnce(&mut Server, Duration) -> T) -> T {
        let mut state = lock(&self.state);
        let done = work(&mut state.server, self.clock.now());
        for link in state.server.take_touched() {
            if let Some(waker) = state.wakers.get(&link) {
                waker.notify_one();
            }
        }
        done
    }

    /// Serves one link until it ends.
    pub async fn serve(&self, id: LinkId, stream: TcpStream) {
        let waker = Arc::new(Notify::new());
        lock(&self.state).wakers.insert(id, Arc::clone(&waker));
        let mut link = Link {
            host: self,
            id,
            stream,
            unsent: Vec::new(),
            close_at: None,
        };
        // However it ended: it is over.
        let _ = link.run(&waker).await;
        lock(&self.state).wakers.remove(&id);
        self.with(|server, _| server.close(id));
    }
}

struct Link<'a> {
    host: &'a Host,
    id: LinkId,
    stream: TcpStream,
    unsent: Vec<u8>,
    close_at: Option<Duration>,
}

impl Link<'_> {
    async fn run(&mut self, waker: &Notify) -> io::Result<()> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            self.collect();
            write_some(&self.stream, &mut self.unsent)?;
            if self.close_at.is_some() && self.unsent.is_empty() {
                return Ok(());
            }
            let deadline = self.host.clock.instant(self.deadline());
            tokio::select! {
                // What has come counts before the time that has passed: this process may have stood still.
                biased;
                () = waker.notified() => {}
                ready = self.stream.ready(interest(&self.unsent)) => {
                    if ready?.is_readable() && !self.read(&mut buffer)? {
                        return Ok(());
                    }
                }
                () = sleep_until(deadline) => {
                    if self.close_at.is_some() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    self.host.with(|server, now| server.tick(self.id, now));
                }
            }
        }
    }

    /// Takes what the server has for it, once all before is written: what waits is bounded by the server.
    fn collect(&mut self) {
        if !self.unsent.is_empty() || self.close_at.is_some() {
            return;
        }
        let output = self.host.with(|server, _| server.take_output(self.id));
        self.unsent = output.bytes;
        if output.is_closed {
            self.close_at = Some(self.host.clock.now() + CLOSE_WITHIN);
        }
    }

    /// When something is due, if nothing happens before: also for a link that is to be closed and takes nothing more.
    fn deadline(&mut self) -> Duration {
        if let Some(close_at) = self.close_at {
            return close_at;
        }
        let due = self
            .host
            .with(|server, now| server.deadline(self.id).ok_or(now));
        due.unwrap_or_else(|now| *self.close_at.insert(now + CLOSE_WITHIN))
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.stream.try_read(buffer) {
            Ok(0) => Ok(false),
            Ok(length) => {
                let bytes = &buffer[..length];
                self.host
                    .with(|server, now| server.read(self.id, bytes, now));
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// What to wait for.
pub(super) fn interest(unsent: &[u8]) -> Interest {
    if unsent.is_empty() {
        Interest::READABLE
    } else {
        Interest::READABLE | Interest::WRITABLE
    }
}

/// Writes as much as the socket takes.
pub(super) fn write_some(stream: &TcpStream, unsent: &mut Vec<u8>) -> io::Result<()> {
    while !unsent.is_empty() {
        match stream.try_write(unsent) {
            Ok(written) => drop(unsent.drain(..written)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
