//! Sockets of a network that loses, delays and freezes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::support::random::Random;

/// Bytes that a socket takes before it is full.
const BUFFER: usize = 100_000;

/// A connection of the transport: end 0 has dialled.
#[derive(Debug)]
pub struct Socket {
    pub ways: [Way; 2],
    /// Nothing moves until then.
    pub frozen_until: Duration,
}

/// What goes from an end to the other.
#[derive(Debug, Default)]
pub struct Way {
    pieces: VecDeque<(Duration, Vec<u8>)>,
    last: Duration,
    bytes: usize,
    /// The sending end has closed it, or it was cut: since when that is known at its other end.
    closed: Option<Duration>,
    /// The receiving end has seen that.
    pub is_over: bool,
}

impl Socket {
    pub fn new() -> Self {
        Self {
            ways: [Way::default(), Way::default()],
            frozen_until: Duration::ZERO,
        }
    }

    /// Writes from an end; gives how many bytes were taken.
    pub fn write(&mut self, end: usize, bytes: &[u8], now: Duration, random: &mut Random) -> usize {
        let way = &mut self.ways[end];
        if way.closed.is_some() {
            return bytes.len();
        }
        let count = bytes.len().min(BUFFER - way.bytes);
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let length = (1 + random.below(20_000) as usize).min(rest.len());
            let delay = Duration::from_micros(100 + random.below(20_000));
            way.last = way.last.max(now + delay);
            way.pieces.push_back((way.last, rest[..length].to_vec()));
            rest = &rest[length..];
        }
        way.bytes += count;
        count
    }

    /// The next piece for an end that has come.
    pub fn read(&mut self, end: usize, now: Duration) -> Option<Vec<u8>> {
        if now < self.frozen_until {
            return None;
        }
        let way = &mut self.ways[1 - end];
        if way.pieces.front()?.0 > now {
            return None;
        }
        let (_, piece) = way.pieces.pop_front()?;
        way.bytes -= piece.len();
        Some(piece)
    }

    /// Whether an end learns now that nothing more comes.
    pub fn is_ended(&mut self, end: usize, now: Duration) -> bool {
        if now < self.frozen_until {
            return false;
        }
        let way = &mut self.ways[1 - end];
        let is_due = way.closed.is_some_and(|closed| closed <= now);
        if way.is_over || !is_due || !way.pieces.is_empty() {
            return false;
        }
        way.is_over = true;
        true
    }

    /// An end closes: what it wrote still arrives, what the other one writes does not.
    pub fn close(&mut self, end: usize, now: Duration) {
        let way = &mut self.ways[end];
        if way.closed.is_none() {
            way.closed = Some(way.last.max(now) + Duration::from_millis(1));
        }
        let back = &mut self.ways[1 - end];
        back.pieces.clear();
        back.bytes = 0;
        back.is_over = true;
    }

    /// All on its way is lost, and both ends learn of it, each at its time.
    pub fn cut(&mut self, now: Duration, random: &mut Random) {
        for way in &mut self.ways {
            way.pieces.clear();
            way.bytes = 0;
            if way.closed.is_none() {
                way.closed = Some(now + Duration::from_millis(random.below(300)));
            }
        }
    }

    /// Whether both ends have seen its end.
    pub fn is_dead(&self) -> bool {
        self.ways.iter().all(|way| way.is_over)
    }
}
