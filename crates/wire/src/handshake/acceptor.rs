use std::time::Duration;

use crate::handshake::exchange::{Exchange, body_of};
use crate::handshake::message::{
    HELLO, MAGIC, PROOF, Proof, accept, challenge, read_hello, read_proof, refusal,
};
use crate::handshake::transcript::{Label, MAC_BYTES, Transcript};
use crate::handshake::{HandshakeError, VERSIONS};
use crate::{
    AcceptSettings, Admission, Agreement, Claim, Handshake, HandshakeStep, Identity, Refusal, Role,
};

/// The acceptor's end of the handshake with a cookie: it says nothing of itself to who has not proved to know it.
#[derive(Debug)]
pub struct CookieAcceptor {
    exchange: Exchange,
    transcript: Transcript,
    own: Identity,
    nonce: [u8; 32],
    version: u16,
    has_challenged: bool,
    /// What the dialer has proved to be.
    claim: Option<Claim>,
}

impl CookieAcceptor {
    /// Waits for a hello.
    pub fn new(settings: AcceptSettings) -> Self {
        Self {
            exchange: Exchange::new(true, settings.deadline),
            transcript: Transcript::new(settings.cookie, settings.exporter),
            own: settings.own,
            nonce: settings.nonce,
            version: 0,
            has_challenged: false,
            claim: None,
        }
    }

    fn say(&mut self, message: &[u8]) {
        self.transcript.add(message);
        self.exchange.say(message);
    }

    fn hear(&mut self, message: &[u8]) -> Result<HandshakeStep, HandshakeError> {
        if self.has_challenged {
            return self.proved(message);
        }
        let message = message.get(MAGIC.len()..).unwrap_or_default();
        let hello = body_of(message, HELLO).and_then(read_hello);
        let ((from, to), nonce) = hello.ok_or(HandshakeError::Malformed)?;
        let version = to.min(VERSIONS.1);
        if version < from.max(VERSIONS.0) {
            return Err(HandshakeError::Refused(Refusal::VersionMismatch));
        }
        if nonce == self.nonce {
            return Err(HandshakeError::Malformed);
        }
        self.version = version;
        self.has_challenged = true;
        self.transcript.add(message);
        let challenge = challenge(version, &self.nonce);
        self.say(&challenge);
        Ok(HandshakeStep::Wait)
    }

    /// What comes here is not looked at before its proof: all that is wrong with it has the same answer.
    fn proved(&mut self, message: &[u8]) -> Result<HandshakeStep, HandshakeError> {
        let mismatch = HandshakeError::Refused(Refusal::CookieMismatch);
        let (said, mac) = match message.split_last_chunk::<MAC_BYTES>() {
            Some((said, mac)) => (said, *mac),
            None => (message, [0; MAC_BYTES]),
        };
        self.transcript.add(said);
        if !self.transcript.is_proof(Label::Dialer, &mac) {
            return Err(mismatch);
        }
        self.transcript.add(&mac);
        let proof = body_of(said, PROOF).and_then(read_proof);
        let proof = proof.ok_or(HandshakeError::Malformed)?;
        self.asked(proof).map_err(HandshakeError::Refused)
    }

    fn asked(&mut self, proof: Proof) -> Result<HandshakeStep, Refusal> {
        let Proof {
            peer,
            purpose,
            dialled,
        } = proof;
        let is_own_name = peer.identity.name == self.own.name;
        let is_own = is_own_name && peer.identity.creation == self.own.creation;
        let claim = self.claim.insert(Claim {
            peer,
            purpose,
            connection_id: self.transcript.connection_id(purpose),
        });
        if is_own {
            return Err(Refusal::Oneself);
        }
        if is_own_name {
            return Err(Refusal::NameTaken);
        }
        if dialled != self.own.name {
            return Err(Refusal::NameMismatch);
        }
        Ok(HandshakeStep::Ask(Box::new(claim.clone())))
    }

    fn agreement(&self, claim: &Claim, admission: Admission) -> Agreement {
        let peer = claim.peer.clone();
        Agreement {
            role: Role::Acceptor,
            purpose: claim.purpose,
            version: self.version,
            features: self.own.features.both(peer.identity.features),
            own: self.own.clone(),
            connection_id: claim.connection_id,
            link: admission.serial,
            place: admission.place,
            pool: self.own.pool,
            peer,
        }
    }

    fn say_refusal(&mut self, reason: Refusal) {
        let message = refusal(reason, self.claim.is_some());
        self.say(&message);
        if self.claim.is_some() {
            let mac = self.transcript.mac(Label::Refusal);
            self.say(&mac);
        }
    }
}

impl Handshake for CookieAcceptor {
    fn input(&mut self, bytes: &[u8]) -> usize {
        let (used, message) = self.exchange.take(bytes);
        if let Some(message) = message {
            match self.hear(&message) {
                Ok(step) => self.exchange.step = step,
                Err(HandshakeError::Refused(reason)) => self.refuse(reason),
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

    fn prove(&mut self, _serial: u64) {}

    fn admit(&mut self, admission: Admission) {
        let Some(claim) = self.claim.clone() else {
            return;
        };
        let message = accept(&self.own, admission.serial, admission.place);
        self.say(&message);
        let mac = self.transcript.mac(Label::Acceptor);
        self.say(&mac);
        let agreement = self.agreement(&claim, admission);
        self.exchange.step = HandshakeStep::Done(Box::new(agreement));
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.say_refusal(refusal);
        self.exchange.fail(HandshakeError::Refused(refusal));
    }

    fn deadline(&self) -> Duration {
        self.exchange.deadline()
    }

    fn expire(&mut self, now: Duration) {
        self.exchange.expire(now);
    }
}
