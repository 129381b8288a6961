use std::time::Duration;

use super::rate_limit::RateLimit;
use super::{Decoder, Message, ServerLimits};

/// What the server knows of one link. A link that is to be closed keeps what is still to be written.
#[derive(Debug)]
pub(super) struct ServerLink {
    pub decoder: Decoder,
    pub is_registered: bool,
    /// When it is closed if nothing is heard of it until then.
    pub deadline: Duration,
    pub is_closing: bool,
    rate: RateLimit,
    out: Vec<u8>,
    max_out: usize,
}

impl ServerLink {
    /// One that has just been opened.
    pub fn new(limits: &ServerLimits, now: Duration) -> Self {
        Self {
            decoder: Decoder::new(),
            is_registered: false,
            deadline: now + limits.register_within,
            is_closing: false,
            rate: RateLimit::new(limits.per_link, limits.per_link * 2, now),
            out: Vec::new(),
            max_out: limits.max_unsent,
        }
    }

    /// Whether it may ask once more.
    pub fn may_ask(&mut self, now: Duration) -> bool {
        self.rate.take(now)
    }

    /// Appends a message. Who does not read what it is sent is closed, without that.
    pub fn send(&mut self, message: &Message) {
        if self.is_closing {
            return;
        }
        if message.encode(&mut self.out).is_err() || self.out.len() > self.max_out {
            self.out.clear();
            self.is_closing = true;
        }
    }

    /// What is to be written.
    pub fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}
