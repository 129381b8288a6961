use std::time::Duration;

use crate::bytes::{Reader, put, put_run};
use crate::handshake::transcript::MAC_BYTES;
use crate::{Features, Identity, Limits, PeerIdentity, Purpose, Refusal};

/// The first bytes of a link. A text-only peer, or one that speaks something else, fails on them.
pub(crate) const MAGIC: [u8; 8] = *b"TERGO\r\n\x1A";
/// Kind and length of a message.
pub(crate) const HEAD_BYTES: usize = 3;

/// Versions and nonce of the dialer, after the magic.
pub(crate) const HELLO: u8 = 1;
/// Version and nonce of the acceptor.
pub(crate) const CHALLENGE: u8 = 2;
/// Who the dialer is, and its proof.
pub(crate) const PROOF: u8 = 3;
/// Who the acceptor is, and its proof.
pub(crate) const ACCEPT: u8 = 4;
/// Why not.
pub(crate) const REFUSAL: u8 = 5;

/// No message has more bytes after its head.
pub(crate) fn max_bytes(kind: u8) -> Option<usize> {
    match kind {
        HELLO | CHALLENGE | REFUSAL => Some(128),
        PROOF | ACCEPT => Some(1024),
        _ => None,
    }
}

/// What a dialer says with its proof.
#[derive(Debug)]
pub(crate) struct Proof {
    pub peer: PeerIdentity,
    pub purpose: Purpose,
    /// The name that was dialled.
    pub dialled: String,
}

/// What an acceptor says with its proof.
#[derive(Debug)]
pub(crate) struct Accept {
    pub peer: PeerIdentity,
    pub place: u16,
}

/// A message: its head, then what `body` appends.
pub(crate) fn message(kind: u8, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![kind, 0, 0];
    body(&mut out);
    out
}

/// Puts the length into the head, for the body and so many bytes that are still to come.
pub(crate) fn finish(message: &mut [u8], to_come: usize) {
    let length = (message.len() - HEAD_BYTES + to_come) as u16;
    message[1..HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
}

pub(crate) fn hello(versions: (u16, u16), nonce: &[u8; 32]) -> Vec<u8> {
    let mut message = message(HELLO, |out| {
        out.extend_from_slice(&versions.0.to_le_bytes());
        out.extend_from_slice(&versions.1.to_le_bytes());
        out.extend_from_slice(nonce);
    });
    finish(&mut message, 0);
    message
}

/// Versions and nonce; what follows is for later versions.
pub(crate) fn read_hello(body: &[u8]) -> Option<((u16, u16), [u8; 32])> {
    let mut reader = Reader::new(body);
    let versions = (word(&mut reader)?, word(&mut reader)?);
    Some((versions, reader.array()?))
}

pub(crate) fn challenge(version: u16, nonce: &[u8; 32]) -> Vec<u8> {
    let mut message = message(CHALLENGE, |out| {
        out.extend_from_slice(&version.to_le_bytes());
        out.extend_from_slice(nonce);
    });
    finish(&mut message, 0);
    message
}

pub(crate) fn read_challenge(body: &[u8]) -> Option<(u16, [u8; 32])> {
    let mut reader = Reader::new(body);
    Some((word(&mut reader)?, reader.array()?))
}

/// Without its proof.
pub(crate) fn proof(own: &Identity, serial: u64, purpose: Purpose, dialled: &str) -> Vec<u8> {
    let mut message = message(PROOF, |out| {
        match purpose {
            Purpose::First => out.push(0),
            Purpose::Join { id, place } => {
                out.push(1);
                out.extend_from_slice(&id);
                put(out, u64::from(place));
            }
        }
        put_run(out, dialled.as_bytes());
        put_identity(out, own, serial);
    });
    finish(&mut message, MAC_BYTES);
    message
}

pub(crate) fn read_proof(body: &[u8]) -> Option<Proof> {
    let mut reader = Reader::new(body);
    let purpose = match reader.byte()? {
        0 => Purpose::First,
        1 => Purpose::Join {
            id: reader.array()?,
            place: u16::try_from(reader.u32()?).ok()?,
        },
        _ => return None,
    };
    let dialled = text(&mut reader, 255)?;
    let peer = identity(&mut reader)?;
    Some(Proof {
        peer,
        purpose,
        dialled,
    })
}

/// Without its proof.
pub(crate) fn accept(own: &Identity, serial: u64, place: u16) -> Vec<u8> {
    let mut message = message(ACCEPT, |out| {
        put(out, u64::from(place));
        put_identity(out, own, serial);
    });
    finish(&mut message, MAC_BYTES);
    message
}

pub(crate) fn read_accept(body: &[u8]) -> Option<Accept> {
    let mut reader = Reader::new(body);
    let place = reader.u32()?;
    let peer = identity(&mut reader)?;
    let is_place = place < u32::from(peer.identity.pool);
    is_place.then_some(Accept {
        peer,
        place: place as u16,
    })
}

/// With room for a proof, if the dialer has proved itself.
pub(crate) fn refusal(refusal: Refusal, has_proof: bool) -> Vec<u8> {
    let mut message = message(REFUSAL, |out| out.push(refusal as u8));
    finish(&mut message, if has_proof { MAC_BYTES } else { 0 });
    message
}

fn put_identity(out: &mut Vec<u8>, own: &Identity, serial: u64) {
    put_run(out, own.name.as_bytes());
    put(out, own.creation);
    put(out, serial);
    put(out, own.features.0);
    put(out, own.limits.window);
    put(out, own.limits.max_message);
    put(out, u64::from(own.limits.max_assemblies));
    put(out, own.limits.keep_alive.as_millis() as u64);
    put(out, u64::from(own.limits.misses));
    put(out, u64::from(own.pool));
    put_run(out, own.software.as_bytes());
}

/// What a node says of itself; none when it cannot be. What follows is for later versions.
fn identity(reader: &mut Reader<'_>) -> Option<PeerIdentity> {
    let name = text(reader, 255).filter(|name| !name.is_empty())?;
    let creation = reader.u64()?;
    let serial = reader.u64()?;
    let features = Features(reader.u64()?);
    let limits = Limits {
        window: reader.u64()?,
        max_message: reader.u64()?,
        max_assemblies: reader.u32()?,
        keep_alive: Duration::from_millis(reader.u64()?),
        misses: u8::try_from(reader.u32()?).ok()?,
    };
    let pool = u16::try_from(reader.u32()?).ok()?;
    let software = text(reader, 64)?;
    let identity = Identity {
        name,
        creation,
        features,
        limits,
        pool,
        software,
    };
    identity
        .is_sound()
        .then_some(PeerIdentity { identity, serial })
}

fn word(reader: &mut Reader<'_>) -> Option<u16> {
    reader.array().map(u16::from_le_bytes)
}

fn text(reader: &mut Reader<'_>, max: usize) -> Option<String> {
    let text = reader.run().filter(|text| text.len() <= max)?;
    str::from_utf8(text).ok().map(str::to_owned)
}

/// The refusal of a number.
pub(crate) fn refusal_of(number: u8) -> Option<Refusal> {
    use Refusal::{
        Busy, ConnectionUnknown, CookieMismatch, Crossing, NameMismatch, NameTaken, NotAllowed,
        Oneself, PoolFull, StaleCreation, VersionMismatch,
    };
    let all = [
        CookieMismatch,
        VersionMismatch,
        Busy,
        Oneself,
        NameMismatch,
        StaleCreation,
        NameTaken,
        Crossing,
        ConnectionUnknown,
        PoolFull,
        NotAllowed,
    ];
    all.into_iter().find(|refusal| *refusal as u8 == number)
}
