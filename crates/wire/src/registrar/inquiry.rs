use std::time::Duration;

use super::client::AskError;
use super::decoder::decode_datagram;
use super::field::{FIELD_BYTES, PADDING, put};
use super::question::{Asking, Step};
use super::{Answer, HEADER_BYTES, Message, Question, Refusal};

/// Bytes of every question by datagram, and the most that an answer has. Fits into what every path
/// carries in one piece.
pub const MAX_DATAGRAM: usize = 1200;

/// After how long a question is asked again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A question to the registrar of another host, by datagrams: padded, so that its answer need not be longer, and
/// asked again until it is answered or the time is over.
#[derive(Debug)]
pub struct Inquiry {
    id: u64,
    asking: Asking,
    deadline: Duration,
    due: Duration,
    wait: Duration,
}

/// What a datagram meant for a question.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is settled.
    Done(Result<Answer, AskError>),
    /// There is more to ask for, or nothing was learnt: go on.
    Open,
}

impl Inquiry {
    /// To be asked at once. `id` must be hard to guess: it is what tells an answer from a forgery.
    pub fn new(id: u64, question: Question, within: Duration, now: Duration) -> Self {
        Self {
            id,
            asking: Asking::new(question),
            deadline: now + within,
            due: now,
            wait: FIRST_WAIT,
        }
    }

    /// The datagram to be sent now, if one is due.
    pub fn poll_send(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.due > now {
            return None;
        }
        self.due = now + self.wait;
        self.wait *= 2;
        padded(&self.asking.message(self.id))
    }

    /// When to look for a datagram or for the end.
    pub fn next_at(&self) -> Duration {
        self.due.min(self.deadline)
    }

    /// Whether the time is over.
    pub fn is_over(&self, now: Duration) -> bool {
        now >= self.deadline
    }

    /// A datagram has come from where the question went. What is not an answer to it is as if it had not come.
    pub fn read(&mut self, datagram: &[u8], now: Duration) -> Progress {
        match decode_datagram(datagram) {
            Ok(Some(message)) if id_of(&message) == Some(self.id) => self.take(message, now),
            _ => Progress::Open,
        }
    }

    fn take(&mut self, message: Message, now: Duration) -> Progress {
        match self.asking.take(message) {
            Step::Done(Err(Refusal::Settling)) | Step::Stranger => Progress::Open,
            Step::Done(answer) => Progress::Done(answer.map_err(AskError::from)),
            Step::Again => {
                self.due = now;
                self.wait = FIRST_WAIT;
                Progress::Open
            }
        }
    }
}

/// The message, made as long as its answer may be.
fn padded(message: &Message) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(MAX_DATAGRAM);
    message.encode(&mut bytes).ok()?;
    if let Some(missing) = MAX_DATAGRAM.checked_sub(bytes.len() + FIELD_BYTES) {
        put(&mut bytes, PADDING, &vec![0; missing]).ok()?;
        let length = u16::try_from(bytes.len() - HEADER_BYTES).ok()?;
        bytes[4..HEADER_BYTES].copy_from_slice(&length.to_be_bytes());
    }
    Some(bytes)
}

fn id_of(message: &Message) -> Option<u64> {
    match message {
        Message::Routes { id, .. }
        | Message::Applications { id, .. }
        | Message::NodeList { id, .. }
        | Message::Refused { id, .. } => Some(*id),
        _ => None,
    }
}
