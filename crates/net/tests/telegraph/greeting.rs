use std::time::Duration;

use tergo_wire::{
    Admission, Agreement, Claim, Features, Handshake, HandshakeError, HandshakeStep, Identity,
    PeerIdentity, Purpose, Refusal, Role,
};

use super::take_line;

/// `NAME CREATION SERIAL` in both directions, the dialer first.
pub struct Greeting {
    role: Role,
    own: Identity,
    id: [u8; 16],
    deadline: Duration,
    input: Vec<u8>,
    output: Vec<u8>,
    peer: Option<PeerIdentity>,
    step: HandshakeStep,
}

impl Greeting {
    pub fn new(role: Role, own: Identity, nonce: [u8; 32], deadline: Duration) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&nonce[..16]);
        Self {
            role,
            own,
            id,
            deadline,
            input: Vec::new(),
            output: Vec::new(),
            peer: None,
            step: match role {
                Role::Dialer => HandshakeStep::Prove,
                Role::Acceptor => HandshakeStep::Wait,
            },
        }
    }

    fn greet(&mut self, serial: u64) {
        let Identity { name, creation, .. } = &self.own;
        self.output = format!("{name} {creation} {serial}\n").into_bytes();
    }

    fn greeted(&mut self, words: &[String]) -> Option<()> {
        let [name, creation, serial] = words else {
            return None;
        };
        let (creation, serial) = (creation.parse().ok()?, serial.parse().ok()?);
        let identity = Identity {
            name: name.clone(),
            creation,
            ..self.own.clone()
        };
        let peer = PeerIdentity { identity, serial };
        self.peer = Some(peer.clone());
        match self.role {
            Role::Dialer => self.agree(serial),
            Role::Acceptor => {
                self.step = HandshakeStep::Ask(Box::new(Claim {
                    peer,
                    purpose: Purpose::First,
                    connection_id: self.id,
                }));
            }
        }
        Some(())
    }

    fn agree(&mut self, link: u64) {
        let peer = self.peer.clone().expect("it has greeted");
        self.step = HandshakeStep::Done(Box::new(Agreement {
            role: self.role,
            purpose: Purpose::First,
            version: 1,
            features: Features(0),
            own: self.own.clone(),
            peer,
            connection_id: self.id,
            link,
            place: 0,
            pool: 1,
        }));
    }
}

impl Handshake for Greeting {
    fn input(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(bytes.len(), |end| end + 1);
        self.input.extend(&bytes[..used]);
        if let Some(words) = take_line(&mut self.input)
            && self.greeted(&words).is_none()
        {
            self.step = HandshakeStep::Failed(HandshakeError::Malformed);
        }
        used
    }

    fn output(&self) -> &[u8] {
        &self.output
    }

    fn written(&mut self, count: usize) {
        self.output.drain(..count);
    }

    fn step(&mut self) -> HandshakeStep {
        self.step.clone()
    }

    fn prove(&mut self, serial: u64) {
        self.step = HandshakeStep::Wait;
        self.greet(serial);
    }

    fn admit(&mut self, admission: Admission) {
        self.greet(admission.serial);
        self.agree(admission.serial);
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.output = b"no\n".to_vec();
        self.step = HandshakeStep::Failed(HandshakeError::Refused(refusal));
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    fn expire(&mut self, now: Duration) {
        if now >= self.deadline {
            self.step = HandshakeStep::Failed(HandshakeError::TimedOut);
        }
    }
}
