use std::time::Duration;

use crate::handshake::message::{HEAD_BYTES, MAGIC, max_bytes};
use crate::handshake::{HandshakeError, HandshakeStep};

/// What both ends have: bytes in and out, one message at a time, and how it ended.
#[derive(Debug)]
pub(crate) struct Exchange {
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    /// The dialer's first message has it before its head.
    needs_magic: bool,
    deadline: Duration,
    /// Where it stands.
    pub step: HandshakeStep,
}

impl Exchange {
    /// To be over at `deadline`.
    pub fn new(needs_magic: bool, deadline: Duration) -> Self {
        Self {
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            needs_magic,
            deadline,
            step: HandshakeStep::Wait,
        }
    }

    /// Takes bytes up to the end of the next message; gives how many, and the message when it is whole. What is
    /// longer than its kind may be is never kept.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Option<Vec<u8>>) {
        let mut used = 0;
        while self.step == HandshakeStep::Wait {
            let Some(missing) = self.missing() else {
                self.fail(HandshakeError::Malformed);
                break;
            };
            if missing == 0 {
                self.needs_magic = false;
                return (used, Some(std::mem::take(&mut self.input)));
            }
            let end = bytes.len().min(used + missing);
            if end == used {
                break;
            }
            self.input.extend_from_slice(&bytes[used..end]);
            used = end;
        }
        (used, None)
    }

    /// How many bytes are to come of what can be told so far; none: it cannot be a message.
    fn missing(&self) -> Option<usize> {
        let magic = if self.needs_magic { &MAGIC[..] } else { &[] };
        let (start, rest) = self.input.split_at(self.input.len().min(magic.len()));
        if !magic.starts_with(start) {
            return None;
        }
        if rest.len() < HEAD_BYTES {
            return Some(magic.len() - start.len() + HEAD_BYTES - rest.len());
        }
        let length = usize::from(u16::from_le_bytes([rest[1], rest[2]]));
        let max = max_bytes(rest[0])?;
        (length <= max).then(|| HEAD_BYTES + length - rest.len())
    }

    /// To be written.
    pub fn say(&mut self, message: &[u8]) {
        self.output.extend_from_slice(message);
    }

    /// What is to be written.
    pub fn output(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// So many bytes were.
    pub fn written(&mut self, count: usize) {
        self.written = (self.written + count).min(self.output.len());
    }

    /// It is over.
    pub fn fail(&mut self, error: HandshakeError) {
        self.step = HandshakeStep::Failed(error);
    }

    /// When it must be over.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Fails when the time is over.
    pub fn expire(&mut self, now: Duration) {
        let is_over = matches!(self.step, HandshakeStep::Done(_) | HandshakeStep::Failed(_));
        if now >= self.deadline && !is_over {
            self.fail(HandshakeError::TimedOut);
        }
    }
}

/// The body of a message of that kind.
pub(crate) fn body_of(message: &[u8], kind: u8) -> Option<&[u8]> {
    let (head, body) = message.split_at_checked(HEAD_BYTES)?;
    (head[0] == kind).then_some(body)
}
