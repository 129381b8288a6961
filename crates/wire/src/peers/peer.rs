use std::time::Duration;

use super::{ConnectionKey, DialId};
use crate::{Refusal, Role};

/// What is known of one peer.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Its connection.
    pub up: Option<Up>,
    /// The dial that is going on.
    pub dial: Option<Dialling>,
    /// Somebody asked for it, and has had no answer.
    pub wish: Option<Wish>,
    /// The latest that was heard of it: incarnation, and its counter of attempts.
    pub heard: (u64, u64),
}

/// A dial that is going on.
#[derive(Debug)]
pub(super) struct Dialling {
    pub id: DialId,
    /// Its proof was sent: the peer may have let it in.
    pub is_proved: bool,
}

/// A peer is to be connected.
#[derive(Debug)]
pub(super) struct Wish {
    /// After that the next refusal is the answer.
    pub until: Duration,
    /// When it is dialled again, if it is not being dialled.
    pub retry_at: Option<Duration>,
    /// How long the next pause is.
    pub pause: Duration,
    /// The last refusal.
    pub refusal: Option<Refusal>,
}

/// An established connection.
#[derive(Debug)]
pub(super) struct Up {
    pub key: ConnectionKey,
    pub creation: u64,
    pub id: [u8; 16],
    /// The dialer of the first link fills the pool.
    pub role: Role,
    /// Which places of the pool have a link.
    pub links: Vec<bool>,
    /// When the next empty place is filled.
    pub fill_at: Option<Duration>,
    /// How long the pause is if that fails.
    pub pause: Duration,
    /// It is being asked whether it lives.
    pub probed_until: Duration,
}

impl Up {
    /// The first empty place.
    pub fn empty(&self) -> Option<usize> {
        self.links.iter().position(|has_link| !has_link)
    }
}

impl Peer {
    /// Whether nothing is going on with it.
    pub fn is_idle(&self) -> bool {
        self.up.is_none() && self.dial.is_none() && self.wish.is_none()
    }

    /// Whether what it says is newer than all that was heard of this incarnation.
    pub fn is_news(&self, creation: u64, serial: u64) -> bool {
        self.heard.0 != creation || serial > self.heard.1
    }

    /// When something is due.
    pub fn due(&self) -> Option<Duration> {
        if self.dial.is_some() {
            return None;
        }
        match &self.up {
            Some(up) => up.fill_at,
            None => self.wish.as_ref()?.retry_at,
        }
    }
}
