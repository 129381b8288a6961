use std::io;
use std::time::Duration;

use tergo_wire::{Admission, Agreement, Claim, Handshake, HandshakeError, HandshakeStep, Refusal};

use crate::clock::Clock;
use crate::no_link::NoLink;
use crate::socket::Socket;

/// Bytes that are read at once: a handshake is shorter.
const READ_BYTES: usize = 4096;

/// A handshake that is done: the link begins.
#[derive(Debug)]
pub(crate) struct Shaken {
    /// What was agreed on.
    pub agreement: Box<Agreement>,
    /// The link.
    pub socket: Socket,
    /// Bytes that came after the handshake.
    pub rest: Vec<u8>,
}

/// What a handshake asks its node.
pub(crate) trait Judge: Send {
    /// A dialer's proof comes next: the node's counter of attempts; none: the link is not wanted any more.
    fn prove(&mut self) -> Option<u64>;

    /// Whether somebody who has proved who he is may come in.
    fn admit(&mut self, claim: &Claim) -> Result<Admission, Refusal>;

    /// The other end has said something.
    fn has_heard(&mut self);
}

/// Carries a handshake out, until its deadline at the latest; gives what was agreed on, and bytes that came after it.
pub(crate) async fn shake(
    socket: &mut Socket,
    handshake: &mut dyn Handshake,
    clock: Clock,
    judge: &mut dyn Judge,
) -> Result<(Box<Agreement>, Vec<u8>), NoLink> {
    let deadline = clock.instant(handshake.deadline());
    let talking = tokio::time::timeout_at(deadline, talk(socket, handshake, judge));
    let Ok(talked) = talking.await else {
        handshake.expire(clock.now().max(handshake.deadline()));
        return Err(HandshakeError::TimedOut.into());
    };
    talked
}

async fn talk(
    socket: &mut Socket,
    handshake: &mut dyn Handshake,
    judge: &mut dyn Judge,
) -> Result<(Box<Agreement>, Vec<u8>), NoLink> {
    let mut heard = Heard::default();
    loop {
        match handshake.step() {
            HandshakeStep::Wait => {
                write(socket, handshake).await?;
                heard.listen(socket, handshake, judge).await?;
            }
            HandshakeStep::Prove => handshake.prove(judge.prove().ok_or(NoLink::Unwanted)?),
            HandshakeStep::Ask(claim) => match judge.admit(&claim) {
                Ok(admission) => handshake.admit(admission),
                Err(refusal) => handshake.refuse(refusal),
            },
            HandshakeStep::Done(agreement) => {
                write(socket, handshake).await?;
                return Ok((agreement, heard.bytes));
            }
            HandshakeStep::Failed(error) => {
                // The other end may have gone; why it failed is known.
                let _ = write(socket, handshake).await;
                socket.stream.close();
                return Err(heard.fault(error));
            }
        }
    }
}

/// What has come in a handshake.
#[derive(Default)]
struct Heard {
    /// Not used yet.
    bytes: Vec<u8>,
    is_tls: bool,
    has_begun: bool,
}

impl Heard {
    /// Gives bytes to the handshake, those that are there first.
    async fn listen(
        &mut self,
        socket: &mut Socket,
        handshake: &mut dyn Handshake,
        judge: &mut dyn Judge,
    ) -> Result<(), NoLink> {
        let mut used = handshake.input(&self.bytes);
        if used == 0 {
            self.read(socket).await?;
            judge.has_heard();
            used = handshake.input(&self.bytes);
        }
        self.bytes.drain(..used);
        Ok(())
    }

    async fn read(&mut self, socket: &mut Socket) -> Result<(), NoLink> {
        let before = self.bytes.len();
        self.bytes.resize(before + READ_BYTES, 0);
        let read = socket.read(&mut self.bytes[before..]).await;
        self.bytes
            .truncate(before + read.as_ref().map_or(0, |count| *count));
        if read? == 0 {
            return Err(NoLink::HungUp);
        }
        if !self.has_begun {
            self.has_begun = true;
            self.is_tls = is_tls(&self.bytes);
        }
        Ok(())
    }

    /// What an error comes to, after all that was heard.
    fn fault(&self, error: HandshakeError) -> NoLink {
        if error == HandshakeError::Malformed && self.is_tls {
            return NoLink::Encrypts;
        }
        error.into()
    }
}

/// Whether something begins like TLS: an alert or a handshake of version 3.
fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x15 | 0x16, 0x03, ..])
}

async fn write(socket: &mut Socket, handshake: &mut dyn Handshake) -> Result<(), NoLink> {
    let count = handshake.output().len();
    let written = socket.write_all(handshake.output()).await;
    if let Err(error) = written {
        // The other end may have said why it went.
        let said = socket.stream.read(&mut [0]).err().map(NoLink::from);
        return Err(said
            .filter(|said| matches!(said, NoLink::Tls(_)))
            .unwrap_or_else(|| error.into()));
    }
    handshake.written(count);
    Ok(())
}

/// 32 bytes of chance, unless the system gives none.
pub(crate) fn nonce() -> Result<[u8; 32], NoLink> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(|error| NoLink::Io(io::Error::other(error.to_string())))?;
    Ok(nonce)
}

/// When a handshake that begins now must be over.
pub(crate) fn deadline(clock: Clock, within: Duration) -> Duration {
    clock.now() + within
}
