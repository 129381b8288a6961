//! What somebody who knows the cookie, or sends back what comes, cannot make of a handshake.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use support::{accept_settings, carry, dial_settings, identity, shake};
use tergo_wire::{
    Admission, CookieAcceptor, CookieDialer, Handshake, HandshakeError, HandshakeStep, Identity,
    Purpose, Refusal,
};

/// Bytes of the magic, a hello and a challenge.
const MAGIC: usize = 8;
const HELLO: usize = 3 + 36;
const CHALLENGE: usize = 3 + 34;
const MALFORMED: HandshakeStep = HandshakeStep::Failed(HandshakeError::Malformed);

fn bob() -> Identity {
    Identity {
        pool: 3,
        ..identity("bob@host", 6)
    }
}

fn dialer(nonce: u8) -> CookieDialer {
    let own = identity("alice@host", 5);
    CookieDialer::new(dial_settings(own, "bob@host", Purpose::First, nonce))
}

fn acceptor(nonce: u8) -> CookieAcceptor {
    CookieAcceptor::new(accept_settings(bob(), nonce))
}

/// A dialer that has proved itself, all that was said so far, and what its acceptor says then, without the proof.
fn proved() -> (CookieDialer, Vec<u8>, Vec<u8>) {
    let (mut one, mut other) = (dialer(1), acceptor(2));
    let mut said = one.output()[MAGIC..].to_vec();
    carry(&mut one, &mut other);
    said.extend_from_slice(other.output());
    carry(&mut other, &mut one);
    one.prove(1);
    said.extend_from_slice(one.output());
    carry(&mut one, &mut other);
    other.admit(Admission {
        serial: 9,
        place: 0,
    });
    let (accept, _) = other.output().split_last_chunk::<32>().expect("a proof");
    (one, said, accept.to_vec())
}

/// What comes of it when the acceptor says that, with the right proof.
fn answered(one: &mut CookieDialer, said: &[u8], accept: &[u8]) -> HandshakeStep {
    let mut mac = Hmac::<Sha256>::new_from_slice(support::COOKIE).expect("any key is one");
    for part in [&b"tergo acceptor"[..], &[0], said, accept] {
        mac.update(part);
    }
    one.input(accept);
    one.input(&mac.finalize().into_bytes());
    one.step()
}

#[test]
fn who_has_another_name_than_was_dialled_is_none_whatever_it_proves() {
    let (mut one, said, accept) = proved();
    let done = answered(&mut one, &said, &accept);
    assert!(matches!(done, HandshakeStep::Done(_)));
    let (mut one, said, mut accept) = proved();
    let at = accept.windows(3).position(|name| name == b"bob");
    accept[at.expect("its name")] = b'r';
    assert_eq!(
        answered(&mut one, &said, &accept),
        HandshakeStep::Failed(HandshakeError::Refused(Refusal::NameMismatch))
    );
}

#[test]
fn a_place_is_one_of_the_pool() {
    for (place, is_one) in [(2, true), (3, false), (127, false)] {
        let (mut one, said, mut accept) = proved();
        accept[3] = place;
        let step = answered(&mut one, &said, &accept);
        assert_eq!(matches!(step, HandshakeStep::Done(_)), is_one, "{place}");
        assert!(is_one || step == MALFORMED, "{place}");
    }
}

#[test]
fn whose_nonce_is_ones_own_sends_back_what_comes() {
    let mut other = acceptor(2);
    other.input(dialer(2).output());
    assert_eq!(other.step(), MALFORMED);
    assert!(other.output().is_empty());
    let (mut one, mut honest) = (dialer(2), acceptor(3));
    carry(&mut one, &mut honest);
    let mut challenge = honest.output().to_vec();
    challenge[5..CHALLENGE].fill(2);
    one.input(&challenge);
    assert_eq!(one.step(), MALFORMED);
}

#[test]
fn a_version_that_was_not_offered_is_not_agreed_on() {
    for version in [0_u16, 2, 9] {
        let (mut one, mut other) = (dialer(1), acceptor(2));
        assert_eq!(one.output().len(), MAGIC + HELLO);
        carry(&mut one, &mut other);
        let mut challenge = other.output().to_vec();
        challenge[3..5].copy_from_slice(&version.to_le_bytes());
        one.input(&challenge);
        assert_eq!(one.step(), MALFORMED, "{version}");
    }
}

#[test]
fn what_is_done_does_not_time_out_any_more() {
    let (mut one, mut other) = (dialer(1), acceptor(2));
    let admission = Admission {
        serial: 9,
        place: 0,
    };
    shake(&mut one, &mut other, admission);
    for end in [&mut one as &mut dyn Handshake, &mut other] {
        end.expire(end.deadline() + Duration::from_secs(1));
        assert!(matches!(end.step(), HandshakeStep::Done(_)));
    }
}
