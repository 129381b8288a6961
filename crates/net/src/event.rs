use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tergo_wire::{Agreement, DownReason, Refusal, Role};

use crate::dial_failure::DialFailure;
use crate::registrar::RegistrarEvent;
use crate::sync::lock;

/// What a network tells its node, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkEvent {
    /// A peer is connected.
    Up {
        /// The number of its seat in the fabric.
        seat: u32,
        /// Its name.
        peer: String,
        /// Its incarnation.
        creation: u64,
        /// What both nodes can do.
        features: u64,
        /// Which software it runs, for people.
        software: String,
        /// The largest message that it takes, bytes.
        max_message: u64,
        /// Whether this node dialled.
        is_dialler: bool,
    },
    /// A peer is not connected any more.
    Down {
        /// The number of the seat that it had.
        seat: u32,
        /// Its name.
        peer: String,
        /// Its incarnation.
        creation: u64,
        /// Why.
        reason: DownReason,
        /// How the peer broke the protocol, if it did.
        fault: Option<&'static str>,
    },
    /// A peer that was asked for cannot be reached.
    Failed {
        /// Its name.
        peer: String,
        /// Who refused, if anybody answered.
        refusal: Option<Refusal>,
        /// What was tried; none: nothing needed to be.
        failure: Option<DialFailure>,
    },
    /// What the registrar tells.
    Registrar(RegistrarEvent),
    /// Somebody who tried to connect was not let in, or several were.
    Rejected {
        /// From where; `others`: from too many to name them.
        address: String,
        /// Why, for people; of several, why the last one.
        reason: String,
        /// How many this tells of.
        count: u64,
    },
}

impl NetworkEvent {
    /// A peer has that seat from now on.
    pub(crate) fn up(seat: u32, agreement: &Agreement) -> Self {
        let peer = &agreement.peer.identity;
        Self::Up {
            seat,
            peer: peer.name.clone(),
            creation: peer.creation,
            features: agreement.features.0,
            software: peer.software.clone(),
            max_message: peer.limits.max_message,
            is_dialler: agreement.role == Role::Dialer,
        }
    }

    /// Of a peer that would need a place for its connection.
    pub(crate) fn full(peer: &str) -> Self {
        Self::Failed {
            peer: peer.to_owned(),
            refusal: None,
            failure: Some(DialFailure::full()),
        }
    }
}

/// Events that nobody has read yet.
#[derive(Default)]
pub(crate) struct Events {
    queue: Mutex<VecDeque<NetworkEvent>>,
    waker: Mutex<Option<Arc<dyn Fn() + Send + Sync>>>,
}

/// More rejections than these are only counted: strangers must not fill the memory.
const MOST_REJECTED: usize = 256;

impl Events {
    /// What is called when there is something to read, and was not before.
    pub fn on_event(&self, waker: Option<Arc<dyn Fn() + Send + Sync>>) {
        let _former = std::mem::replace(&mut *lock(&self.waker), waker);
        if !lock(&self.queue).is_empty() {
            self.wake();
        }
    }

    /// Adds an event.
    pub fn push(&self, event: NetworkEvent) {
        let is_first = {
            let mut queue = lock(&self.queue);
            if matches!(event, NetworkEvent::Rejected { .. }) && queue.len() >= MOST_REJECTED {
                return;
            }
            queue.push_back(event);
            queue.len() == 1
        };
        if is_first {
            self.wake();
        }
    }

    /// The next event.
    pub fn next(&self) -> Option<NetworkEvent> {
        lock(&self.queue).pop_front()
    }

    fn wake(&self) {
        let waker = lock(&self.waker).clone();
        if let Some(waker) = waker {
            waker();
        }
    }
}
