use std::time::Duration;

use tergo_wire::{Admission, Agreement, Claim, Handshake, HandshakeError, HandshakeStep, Refusal};

use crate::clock::Clock;
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

/// Why there is no link. None: the other end has gone, or the link is not wanted any more.
pub(crate) type NoLink = Option<HandshakeError>;

/// Carries a handshake out, until its deadline at the latest.
pub(crate) async fn shake(
    mut socket: Socket,
    handshake: &mut dyn Handshake,
    clock: Clock,
    judge: &mut dyn Judge,
) -> Result<Shaken, NoLink> {
    let deadline = clock.instant(handshake.deadline());
    let talking = tokio::time::timeout_at(deadline, talk(&mut socket, handshake, judge));
    let Ok(talked) = talking.await else {
        handshake.expire(clock.now().max(handshake.deadline()));
        return Err(Some(HandshakeError::TimedOut));
    };
    let (agreement, rest) = talked?;
    Ok(Shaken {
        agreement,
        socket,
        rest,
    })
}

async fn talk(
    socket: &mut Socket,
    handshake: &mut dyn Handshake,
    judge: &mut dyn Judge,
) -> Result<(Box<Agreement>, Vec<u8>), NoLink> {
    let mut bytes = Vec::new();
    loop {
        match handshake.step() {
            HandshakeStep::Wait => {
                write(socket, handshake).await?;
                let used = listen(socket, handshake, judge, &mut bytes).await?;
                bytes.drain(..used);
            }
            HandshakeStep::Prove => handshake.prove(judge.prove().ok_or(None)?),
            HandshakeStep::Ask(claim) => match judge.admit(&claim) {
                Ok(admission) => handshake.admit(admission),
                Err(refusal) => handshake.refuse(refusal),
            },
            HandshakeStep::Done(agreement) => {
                write(socket, handshake).await?;
                return Ok((agreement, bytes));
            }
            HandshakeStep::Failed(error) => {
                // The other end may have gone; why it failed is known.
                let _ = write(socket, handshake).await;
                socket.stream.close();
                return Err(Some(error));
            }
        }
    }
}

/// Gives bytes to the handshake, those that are there first; how many it used.
async fn listen(
    socket: &mut Socket,
    handshake: &mut dyn Handshake,
    judge: &mut dyn Judge,
    bytes: &mut Vec<u8>,
) -> Result<usize, NoLink> {
    let used = handshake.input(bytes);
    if used > 0 {
        return Ok(used);
    }
    let before = bytes.len();
    bytes.resize(before + READ_BYTES, 0);
    let count = socket.read(&mut bytes[before..]).await.unwrap_or(0);
    bytes.truncate(before + count);
    if count == 0 {
        return Err(None);
    }
    judge.has_heard();
    Ok(handshake.input(bytes))
}

async fn write(socket: &mut Socket, handshake: &mut dyn Handshake) -> Result<(), NoLink> {
    let count = handshake.output().len();
    let written = socket.write_all(handshake.output()).await;
    written.map_err(|_| None)?;
    handshake.written(count);
    Ok(())
}

/// 32 bytes of chance; none when the system gives none.
pub(crate) fn nonce() -> Option<[u8; 32]> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}

/// When a handshake that begins now must be over.
pub(crate) fn deadline(clock: Clock, within: Duration) -> Duration {
    clock.now() + within
}
