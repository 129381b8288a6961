//! The network between the nodes, and its clock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::node::End;
use crate::socket::Socket;
use crate::support::START;
use crate::support::random::Random;

pub struct Net {
    pub now: Duration,
    pub random: Random,
    pub sockets: BTreeMap<usize, Socket>,
    /// Sockets that were dialled: the name, and when the other end hears of it.
    pub arriving: Vec<(String, Duration, End)>,
    /// Whether a dial can fail at once.
    pub has_refusals: bool,
    /// Pieces that were read in part.
    rests: BTreeMap<End, Vec<u8>>,
    last: usize,
}

impl Net {
    pub fn new(random: Random) -> Self {
        Self {
            now: START,
            random,
            sockets: BTreeMap::new(),
            arriving: Vec::new(),
            has_refusals: true,
            rests: BTreeMap::new(),
            last: 0,
        }
    }

    /// 32 bytes of chance.
    pub fn nonce(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.random.next() as u8)
    }

    /// Opens a socket; none when that fails at once.
    pub fn dial(&mut self, peer: &str) -> Option<End> {
        if self.has_refusals && self.random.once_in(20) {
            return None;
        }
        self.last += 1;
        self.sockets.insert(self.last, Socket::new());
        let at = self.now + Duration::from_micros(self.random.below(30_000));
        self.arriving.push((peer.to_owned(), at, (self.last, 1)));
        Some((self.last, 0))
    }

    pub fn write(&mut self, (socket, end): End, bytes: &[u8]) -> usize {
        match self.sockets.get_mut(&socket) {
            Some(socket) => socket.write(end, bytes, self.now, &mut self.random),
            None => bytes.len(),
        }
    }

    pub fn read(&mut self, end: End) -> Option<Vec<u8>> {
        self.read_some(end, usize::MAX)
    }

    /// At most so many bytes that have come.
    pub fn read_some(&mut self, at: End, most: usize) -> Option<Vec<u8>> {
        let mut piece = match self.rests.remove(&at) {
            Some(rest) => rest,
            None => self.sockets.get_mut(&at.0)?.read(at.1, self.now)?,
        };
        if piece.len() > most {
            let rest = piece.split_off(most);
            self.rests.insert(at, rest);
        }
        Some(piece)
    }

    pub fn is_ended(&mut self, at: End) -> bool {
        let now = self.now;
        let has_rest = self.rests.contains_key(&at);
        let socket = self.sockets.get_mut(&at.0);
        !has_rest && socket.is_some_and(|socket| socket.is_ended(at.1, now))
    }

    pub fn close(&mut self, (socket, end): End) {
        self.rests.remove(&(socket, end));
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.close(end, self.now);
        }
    }

    pub fn forget_dead(&mut self) {
        self.sockets.retain(|_, socket| !socket.is_dead());
    }
}
