use std::time::Duration;

use super::{Action, ConnectionKey, DialId, DownReason};
use crate::{Admission, Agreement, Claim, HandshakeError, Refusal};

/// Where a link belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPlace {
    /// The connection.
    pub key: ConnectionKey,
    /// Its place in the pool.
    pub place: u16,
}

/// The peers of a node: who is connected, who is being dialled, which link of several is kept.
#[derive(Debug)]
pub struct Peers {}

impl Peers {
    /// Nobody is connected to the node of that name and incarnation.
    pub fn new(name: &str, creation: u64) -> Self {
        let _ = (name, creation);
        todo!()
    }

    /// A node is to be connected; nothing when it is already, or is being dialled. Ends in `Up` or `Failed`.
    pub fn connect(&mut self, peer: &str, now: Duration) {
        let _ = (peer, now);
        todo!()
    }

    /// The handshake of a dial is at its `Prove`: the serial for it; none: it was abandoned, close the link.
    pub fn prove(&mut self, dial: DialId) -> Option<u64> {
        let _ = dial;
        todo!()
    }

    /// A handshake of a dial is done; none: it came too late, close the link.
    pub fn dialled(
        &mut self,
        dial: DialId,
        agreement: &Agreement,
        now: Duration,
    ) -> Option<LinkPlace> {
        let _ = (dial, agreement, now);
        todo!()
    }

    /// A dial has failed; without an error nothing answered at all.
    pub fn dial_failed(&mut self, dial: DialId, error: Option<HandshakeError>, now: Duration) {
        let _ = (dial, error, now);
        todo!()
    }

    /// An acceptor's handshake asks: the admission for it, and where its link belongs.
    ///
    /// # Errors
    ///
    /// The dialer is to be refused.
    pub fn admit(
        &mut self,
        claim: &Claim,
        now: Duration,
    ) -> Result<(Admission, LinkPlace), Refusal> {
        let _ = (claim, now);
        todo!()
    }

    /// A link is gone; `is_fatal`: `Connection::lost` says so.
    pub fn link_lost(
        &mut self,
        link: LinkPlace,
        is_fatal: bool,
        reason: DownReason,
        now: Duration,
    ) {
        let _ = (link, is_fatal, reason, now);
        todo!()
    }

    /// A connection is to end: somebody has asked, the peer said goodbye, or broke the protocol.
    pub fn disconnect(&mut self, key: ConnectionKey, reason: DownReason, now: Duration) {
        let _ = (key, reason, now);
        todo!()
    }

    /// What is to be done next, in order.
    pub fn next_action(&mut self) -> Option<Action> {
        todo!()
    }

    /// The time has gone on.
    pub fn tick(&mut self, now: Duration) {
        let _ = now;
        todo!()
    }

    /// When `tick` is needed next.
    pub fn next_deadline(&self) -> Option<Duration> {
        todo!()
    }
}
