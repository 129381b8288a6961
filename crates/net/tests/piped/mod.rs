//! Links with TLS over a connection in memory.

#![allow(clippy::expect_used, reason = "this is a part of tests")]
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use tergo_net::tls::{ClientAuth, Tls, TlsStream};

use crate::authority::{Authority, Leaf, options};

/// A side with that certificate, which believes that authority.
pub fn tls(leaf: Option<&Leaf>, ca: Option<&Authority>, client_auth: ClientAuth) -> Tls {
    Tls::new(options(leaf, ca, client_auth)).expect("good options")
}

/// One end of a connection in memory, which takes and gives a few bytes at a time.
#[derive(Clone, Default)]
pub struct Pipe {
    incoming: Rc<RefCell<VecDeque<u8>>>,
    outgoing: Rc<RefCell<VecDeque<u8>>>,
}

/// The most bytes on their way in one direction.
const CAPACITY: usize = 700;

impl Pipe {
    pub fn pair() -> (Self, Self) {
        let one = Self::default();
        let other = Self {
            incoming: Rc::clone(&one.outgoing),
            outgoing: Rc::clone(&one.incoming),
        };
        (one, other)
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut incoming = self.incoming.borrow_mut();
        if incoming.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = into.len().min(incoming.len()).min(333);
        for (place, byte) in into.iter_mut().zip(incoming.drain(..length)) {
            *place = byte;
        }
        Ok(length)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut outgoing = self.outgoing.borrow_mut();
        let length = bytes.len().min(CAPACITY - outgoing.len());
        if length == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        outgoing.extend(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Two ends of a TLS link.
pub struct Link {
    pub client: TlsStream,
    pub server: TlsStream,
    pub client_end: Pipe,
    pub server_end: Pipe,
}

/// Whether it waits for the other side.
pub fn is_blocked(result: &io::Result<()>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// Reads one byte at most; that there is none yet is fine.
fn settled(read: io::Result<usize>) -> io::Result<()> {
    match read {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

impl Link {
    pub fn new(client: &Tls, server: &Tls, host: &str) -> Self {
        let (client_end, server_end) = Pipe::pair();
        Self {
            client: client.dial(host).expect("it can dial"),
            server: server.accept().expect("it can listen"),
            client_end,
            server_end,
        }
    }

    /// Does the handshake on both sides; then each side has said what it thinks of the other.
    pub fn handshake(&mut self) -> (io::Result<()>, io::Result<()>) {
        for _ in 0..1000 {
            let client = self.client.handshake(&mut self.client_end);
            let server = self.server.handshake(&mut self.server_end);
            if is_blocked(&client) || is_blocked(&server) {
                let is_over = |result: &io::Result<()>| result.is_err() && !is_blocked(result);
                if !is_over(&client) && !is_over(&server) {
                    continue;
                }
            }
            // The last word on the client's certificate reaches it after its own handshake.
            let mut byte = [0];
            let client = match client {
                Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                _ => settled(self.client.read(&mut self.client_end, &mut byte)),
            };
            let server = match server {
                Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
                _ => settled(self.server.read(&mut self.server_end, &mut byte)),
            };
            return (client, server);
        }
        panic!("the handshake does not end");
    }

    pub fn succeeds(mut self) -> bool {
        let (client, server) = self.handshake();
        client.is_ok() && server.is_ok()
    }

    /// Sends that much from client to server, as far as each socket allows.
    pub fn transfer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut received = Vec::new();
        let mut rest = bytes;
        let mut buffer = [0; 1000];
        while received.len() < bytes.len() {
            match self.client.write(&mut self.client_end, rest) {
                Ok(taken) => rest = &rest[taken..],
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            match self.client.flush(&mut self.client_end) {
                Ok(()) => assert!(!self.client.wants_write()),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            match self.server.read(&mut self.server_end, &mut buffer) {
                Ok(length) => received.extend(&buffer[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        received
    }
}
