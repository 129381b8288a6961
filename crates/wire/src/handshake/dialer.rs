use std::time::Duration;

use crate::handshake::exchange::{Exchange, body_of};
use crate::handshake::message::{
    ACCEPT, CHALLENGE, MAGIC, REFUSAL, hello, proof, read_accept, read_challenge, refusal_of,
};
use crate::handshake::transcript::{Label, MAC_BYTES, Transcript};
use crate::handshake::{HandshakeError, VERSIONS};
use crate::{
    Admission, Agreement, DialSettings, Handshake, HandshakeStep, Identity, PeerIdentity, Purpose,
    Refusal, Role,
};

/// The dialer's end of the handshake with a cookie: it proves itself first, to somebody that it has chosen.
#[derive(Debug)]
pub struct CookieDialer {
    exchange: Exchange,
    transcript: Transcript,
    own: Identity,
    peer: String,
    purpose: Purpose,
    nonce: [u8; 32],
    version: u16,
    has_proved: bool,
    connection_id: [u8; 16],
}

impl CookieDialer {
    /// Says hello.
    pub fn new(settings: DialSettings) -> Self {
        let mut dialer = Self {
            exchange: Exchange::new(false, settings.deadline),
            transcript: Transcript::new(settings.cookie, settings.exporter),
            own: settings.own,
            peer: settings.peer,
            purpose: settings.purpose,
            nonce: settings.nonce,
            version: 0,
            has_proved: false,
            connection_id: [0; 16],
        };
        let hello = hello(VERSIONS, &dialer.nonce);
        dialer.exchange.say(&MAGIC);
        dialer.say(&hello);
        dialer
    }

    fn say(&mut self, message: &[u8]) {
        self.transcript.add(message);
        self.exchange.say(message);
    }

    fn hear(&mut self, message: &[u8]) -> Result<HandshakeStep, HandshakeError> {
        if let Some(body) = body_of(message, REFUSAL) {
            return Err(self.refused(message, body));
        }
        if self.has_proved {
            return self.accepted(message);
        }
        let challenge = body_of(message, CHALLENGE).and_then(read_challenge);
        let (version, nonce) = challenge.ok_or(HandshakeError::Malformed)?;
        let is_ours = (VERSIONS.0..=VERSIONS.1).contains(&version);
        // Who only sends back what comes has our nonce.
        if !is_ours || nonce == self.nonce {
            return Err(HandshakeError::Malformed);
        }
        self.version = version;
        self.transcript.add(message);
        Ok(HandshakeStep::Prove)
    }

    fn accepted(&mut self, message: &[u8]) -> Result<HandshakeStep, HandshakeError> {
        let malformed = HandshakeError::Malformed;
        body_of(message, ACCEPT).ok_or(malformed)?;
        let (said, mac) = message.split_last_chunk::<MAC_BYTES>().ok_or(malformed)?;
        self.transcript.add(said);
        if !self.transcript.is_proof(Label::Acceptor, mac) {
            return Err(HandshakeError::Refused(Refusal::CookieMismatch));
        }
        self.transcript.add(mac);
        let accept = body_of(said, ACCEPT)
            .and_then(read_accept)
            .ok_or(malformed)?;
        if accept.peer.identity.name != self.peer {
            return Err(HandshakeError::Refused(Refusal::NameMismatch));
        }
        Ok(HandshakeStep::Done(Box::new(
            self.agreement(accept.peer, accept.place),
        )))
    }

    fn agreement(&self, peer: PeerIdentity, place: u16) -> Agreement {
        Agreement {
            role: Role::Dialer,
            purpose: self.purpose,
            version: self.version,
            features: self.own.features.both(peer.identity.features),
            own: self.own.clone(),
            connection_id: self.connection_id,
            link: peer.serial,
            place,
            pool: peer.identity.pool,
            peer,
        }
    }

    fn refused(&mut self, message: &[u8], body: &[u8]) -> HandshakeError {
        let Some(number) = body.first() else {
            return HandshakeError::Malformed;
        };
        // A later version may know other reasons.
        let refusal = refusal_of(*number).unwrap_or(Refusal::NotAllowed);
        // These come before the acceptor can prove anything; nothing is decided on them.
        let needs_proof = !matches!(
            refusal,
            Refusal::CookieMismatch | Refusal::VersionMismatch | Refusal::Busy
        );
        if needs_proof && !self.is_proved(message) {
            return HandshakeError::Malformed;
        }
        HandshakeError::RefusedThere(refusal)
    }

    fn is_proved(&mut self, message: &[u8]) -> bool {
        let Some((said, mac)) = message.split_last_chunk::<MAC_BYTES>() else {
            return false;
        };
        self.transcript.add(said);
        self.has_proved && self.transcript.is_proof(Label::Refusal, mac)
    }
}

impl Handshake for CookieDialer {
    fn input(&mut self, bytes: &[u8]) -> usize {
        let (used, message) = self.exchange.take(bytes);
        if let Some(message) = message {
            match self.hear(&message) {
                Ok(step) => self.exchange.step = step,
                Err(error) => self.exchange.fail(error),
            }
        }
        used
    }

    fn output(&self) -> &[u8] {
        self.exchange.output()
    }

    fn written(&mut self, count: usize) {
        self.exchange.written(count);
    }

    fn step(&mut self) -> HandshakeStep {
        self.exchange.step.clone()
    }

    fn prove(&mut self, serial: u64) {
        if self.exchange.step != HandshakeStep::Prove {
            return;
        }
        let message = proof(&self.own, serial, self.purpose, &self.peer);
        self.say(&message);
        let mac = self.transcript.mac(Label::Dialer);
        self.say(&mac);
        self.has_proved = true;
        self.connection_id = self.transcript.connection_id(self.purpose);
        self.exchange.step = HandshakeStep::Wait;
    }

    fn admit(&mut self, _admission: Admission) {}

    fn refuse(&mut self, refusal: Refusal) {
        self.exchange.fail(HandshakeError::Refused(refusal));
    }

    fn deadline(&self) -> Duration {
        self.exchange.deadline()
    }

    fn expire(&mut self, now: Duration) {
        self.exchange.expire(now);
    }
}
