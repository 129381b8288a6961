//! Who gets in by a handshake, and who does not.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;
use support::{accept_settings, carry, dial_settings, identity, shake};
use tergo_wire::{
    Admission, CookieAcceptor, CookieDialer, Features, Handshake, HandshakeError, HandshakeStep,
    Identity, Purpose, Refusal, Role,
};

const ADMISSION: Admission = Admission {
    serial: 9,
    place: 0,
};

fn alice() -> Identity {
    Identity {
        features: Features(Features::ALL.0 | 1 << 40),
        ..identity("alice@host", 5)
    }
}

fn bob() -> Identity {
    Identity {
        pool: 3,
        ..identity("bob@host", 6)
    }
}

fn dialer() -> CookieDialer {
    CookieDialer::new(dial_settings(alice(), "bob@host", Purpose::First, 1))
}

fn acceptor() -> CookieAcceptor {
    CookieAcceptor::new(accept_settings(bob(), 2))
}

fn refused(step: &HandshakeStep) -> Option<Refusal> {
    match step {
        HandshakeStep::Failed(
            HandshakeError::Refused(refusal) | HandshakeError::RefusedThere(refusal),
        ) => Some(*refusal),
        _ => None,
    }
}

/// Everything that the dialer says, and what the acceptor does, of one handshake.
fn record() -> (Vec<u8>, Vec<u8>) {
    let (mut one, mut other) = (dialer(), acceptor());
    let (mut said, mut answered) = (Vec::new(), Vec::new());
    loop {
        said.extend_from_slice(one.output());
        let moved = carry(&mut one, &mut other);
        answered.extend_from_slice(other.output());
        let moved = carry(&mut other, &mut one) || moved;
        match (one.step(), other.step()) {
            (HandshakeStep::Prove, _) => one.prove(1),
            (_, HandshakeStep::Ask(_)) => other.admit(ADMISSION),
            _ if !moved => return (said, answered),
            _ => {}
        }
    }
}

#[test]
fn both_know_the_same_afterwards() {
    let (one, other) = shake(&mut dialer(), &mut acceptor(), ADMISSION);
    let (HandshakeStep::Done(one), HandshakeStep::Done(other)) = (one, other) else {
        panic!("the handshake failed");
    };
    assert_eq!((one.role, other.role), (Role::Dialer, Role::Acceptor));
    assert_eq!(one.peer.identity, bob());
    assert_eq!(other.peer.identity, alice());
    assert_eq!((one.peer.serial, other.peer.serial), (9, 1));
    assert_eq!(one.connection_id, other.connection_id);
    assert_eq!((one.link, other.link), (9, 9));
    assert_eq!((one.pool, other.pool), (3, 3));
    assert_eq!(
        (one.features, other.features),
        (Features::ALL, Features::ALL)
    );
    assert_eq!((one.version, other.version), (1, 1));
}

/// HMAC-SHA-256 as docs/protocol.md has it, without TLS.
fn mac(label: &str, said: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(support::COOKIE).expect("any key is one");
    mac.update(label.as_bytes());
    mac.update(&[0]);
    for message in said {
        mac.update(message);
    }
    mac.finalize().into_bytes().into()
}

#[test]
fn the_proofs_are_those_of_the_protocol() {
    let (said, answered) = record();
    let (hello, proof) = said[8..].split_at(3 + 36);
    let (challenge, accept) = answered.split_at(3 + 34);
    let (proof_body, proof_mac) = proof.split_last_chunk::<32>().expect("it has a proof");
    let (accept_body, accept_mac) = accept.split_last_chunk::<32>().expect("it has a proof");
    assert_eq!(&said[..8], b"TERGO\r\n\x1A");
    assert_eq!([hello[0], challenge[0], proof[0], accept[0]], [1, 2, 3, 4]);
    let all = [hello, challenge, proof_body];
    assert_eq!(*proof_mac, mac("tergo dialer", &all));
    let all = [hello, challenge, proof, accept_body];
    assert_eq!(*accept_mac, mac("tergo acceptor", &all));
    let (one, _) = shake(&mut dialer(), &mut acceptor(), ADMISSION);
    let HandshakeStep::Done(agreement) = one else {
        panic!("the handshake failed");
    };
    let id = mac("tergo connection", &[hello, challenge, proof]);
    assert_eq!(agreement.connection_id, id[..16]);
}

#[test]
fn a_join_names_its_connection_and_place() {
    let purpose = Purpose::Join {
        id: [3; 16],
        place: 2,
    };
    let mut one = CookieDialer::new(dial_settings(alice(), "bob@host", purpose, 1));
    let admission = Admission {
        serial: 9,
        place: 2,
    };
    let (one, other) = shake(&mut one, &mut acceptor(), admission);
    let (HandshakeStep::Done(one), HandshakeStep::Done(other)) = (one, other) else {
        panic!("the handshake failed");
    };
    assert_eq!((one.connection_id, other.connection_id), ([3; 16], [3; 16]));
    assert_eq!((one.place, other.place), (2, 2));
    assert_eq!((one.purpose, other.purpose), (purpose, purpose));
}

#[test]
fn another_cookie_is_refused_before_the_acceptor_says_who_it_is() {
    let mut settings = dial_settings(alice(), "bob@host", Purpose::First, 1);
    settings.cookie = b"another one".to_vec();
    let (mut one, mut other) = (CookieDialer::new(settings), acceptor());
    let mut said = Vec::new();
    loop {
        carry(&mut one, &mut other);
        said.extend_from_slice(other.output());
        if one.step() == HandshakeStep::Prove {
            one.prove(1);
        } else if !carry(&mut other, &mut one) {
            break;
        }
    }
    assert_eq!(refused(&one.step()), Some(Refusal::CookieMismatch));
    assert_eq!(refused(&other.step()), Some(Refusal::CookieMismatch));
    let text = String::from_utf8_lossy(&said).into_owned();
    assert!(!text.contains("bob") && !text.contains("tergo/"), "{text}");
}

#[test]
fn another_tls_session_between_them_is_refused() {
    let mut settings = dial_settings(alice(), "bob@host", Purpose::First, 1);
    settings.exporter = Some([1; 32]);
    let mut there = accept_settings(bob(), 2);
    there.exporter = Some([2; 32]);
    let (one, other) = shake(
        &mut CookieDialer::new(settings.clone()),
        &mut CookieAcceptor::new(there.clone()),
        ADMISSION,
    );
    assert_eq!(refused(&one), Some(Refusal::CookieMismatch));
    assert_eq!(refused(&other), Some(Refusal::CookieMismatch));
    there.exporter = settings.exporter;
    let (one, _) = shake(
        &mut CookieDialer::new(settings),
        &mut CookieAcceptor::new(there),
        ADMISSION,
    );
    assert!(matches!(one, HandshakeStep::Done(_)));
}

#[test]
fn oneself_a_namesake_and_a_wrong_name_are_refused() {
    let cases = [
        (bob(), "bob@host", Refusal::Oneself),
        (identity("bob@host", 77), "bob@host", Refusal::NameTaken),
        (alice(), "carol@host", Refusal::NameMismatch),
    ];
    for (own, dialled, refusal) in cases {
        let mut one = CookieDialer::new(dial_settings(own, dialled, Purpose::First, 1));
        let (one, other) = shake(&mut one, &mut acceptor(), ADMISSION);
        assert_eq!(
            one,
            HandshakeStep::Failed(HandshakeError::RefusedThere(refusal))
        );
        assert_eq!(
            other,
            HandshakeStep::Failed(HandshakeError::Refused(refusal))
        );
    }
}

#[test]
fn versions_that_do_not_meet_are_refused() {
    let hello = dialer().output().to_vec();
    for (from, to) in [(2_u16, 9_u16), (0, 0)] {
        let mut hello = hello.clone();
        hello[11..13].copy_from_slice(&from.to_le_bytes());
        hello[13..15].copy_from_slice(&to.to_le_bytes());
        let mut other = acceptor();
        other.input(&hello);
        assert_eq!(refused(&other.step()), Some(Refusal::VersionMismatch));
        let mut one = dialer();
        one.input(other.output());
        assert_eq!(refused(&one.step()), Some(Refusal::VersionMismatch));
    }
    // A range that reaches further meets at the highest that both have.
    let mut hello = hello;
    hello[13..15].copy_from_slice(&9_u16.to_le_bytes());
    let mut other = acceptor();
    other.input(&hello);
    assert_eq!(other.step(), HandshakeStep::Wait);
    assert_eq!(other.output()[3..5], 1_u16.to_le_bytes());
}

#[test]
fn a_busy_acceptor_refuses_before_anything_else() {
    let (mut one, mut other) = (dialer(), acceptor());
    other.refuse(Refusal::Busy);
    carry(&mut other, &mut one);
    assert_eq!(refused(&one.step()), Some(Refusal::Busy));
}

#[test]
fn a_refusal_that_says_more_needs_a_proof() {
    // Whoever is in between could say it, too.
    for code in [0].into_iter().chain(4..=12) {
        let mut one = dialer();
        one.input(&[5, 1, 0, code]);
        assert_eq!(one.step(), HandshakeStep::Failed(HandshakeError::Malformed));
    }
}

#[test]
fn a_refusal_of_a_later_version_is_one() {
    let (_, answered) = record();
    let challenge = &answered[..3 + 34];
    for (code, refusal) in [(9, Refusal::ConnectionUnknown), (12, Refusal::NotAllowed)] {
        let mut one = dialer();
        one.input(challenge);
        one.prove(1);
        let said = one.output().to_vec();
        let (hello, proof) = said[8..].split_at(3 + 36);
        let message = [5, 33, 0, code];
        one.input(&message);
        one.input(&mac("tergo refusal", &[hello, challenge, proof, &message]));
        let refused = HandshakeError::RefusedThere(refusal);
        assert_eq!(one.step(), HandshakeStep::Failed(refused));
    }
}

#[test]
fn what_was_said_once_gets_nobody_in_again() {
    let (said, _) = record();
    let mut other = CookieAcceptor::new(accept_settings(bob(), 3));
    let used = other.input(&said);
    other.input(&said[used..]);
    assert_eq!(refused(&other.step()), Some(Refusal::CookieMismatch));
    // Nor does what the acceptor said convince another dialer.
    let (_, answered) = record();
    let mut one = CookieDialer::new(dial_settings(alice(), "bob@host", Purpose::First, 4));
    let used = one.input(&answered);
    one.prove(1);
    one.input(&answered[used..]);
    assert_eq!(refused(&one.step()), Some(Refusal::CookieMismatch));
}

#[test]
fn a_node_does_not_convince_itself_by_its_own_words() {
    // All that a dialer says comes back to it.
    let mut one = dialer();
    let said = one.output().to_vec();
    one.input(&said);
    assert!(matches!(one.step(), HandshakeStep::Failed(_)));
    // An attacker lets two handshakes of the same node answer each other: its dialer of bob meets its own acceptor.
    let mut dialling = dialer();
    let mut accepting = CookieAcceptor::new(accept_settings(alice(), 2));
    let (one, other) = shake(&mut dialling, &mut accepting, ADMISSION);
    assert_eq!(refused(&one), Some(Refusal::Oneself));
    assert_eq!(refused(&other), Some(Refusal::Oneself));
    // The proof of a dialer is none of an acceptor.
    let mut victim = dialer();
    carry(&mut acceptor(), &mut victim);
    let mut honest = acceptor();
    carry(&mut victim, &mut honest);
    carry(&mut honest, &mut victim);
    victim.prove(1);
    let mut proof = victim.output().to_vec();
    proof[0] = 4;
    victim.input(&proof);
    assert_eq!(refused(&victim.step()), Some(Refusal::CookieMismatch));
}

#[test]
fn no_wrong_byte_gets_anybody_in() {
    let (said, answered) = record();
    for at in 0..said.len() {
        for bit in 0..8 {
            let (mut one, mut other) = (dialer(), acceptor());
            let wrong = |sent: usize, bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                if let Some(byte) = at.checked_sub(sent).and_then(|at| bytes.get_mut(at)) {
                    *byte ^= 1 << bit;
                }
                bytes
            };
            let hello = wrong(0, one.output());
            let sent = hello.len();
            one.written(sent);
            other.input(&hello);
            carry(&mut other, &mut one);
            one.prove(1);
            other.input(&wrong(sent, one.output()));
            let step = other.step();
            assert!(
                !matches!(step, HandshakeStep::Ask(_)),
                "bit {bit} of byte {at}"
            );
        }
    }
    for at in 0..answered.len() {
        for bit in 0..8 {
            let mut one = dialer();
            let mut bytes = answered.clone();
            bytes[at] ^= 1 << bit;
            let used = one.input(&bytes);
            one.prove(1);
            one.input(&bytes[used..]);
            let step = one.step();
            assert!(
                !matches!(step, HandshakeStep::Done(_)),
                "bit {bit} of byte {at}"
            );
        }
    }
}

#[test]
fn what_is_too_long_is_not_kept() {
    for kind in 0..=255 {
        let mut other = acceptor();
        let hello = dialer().output().to_vec();
        other.input(&hello);
        let mut long = vec![kind, 0xFF, 0xFF];
        long.resize(70_000, 7);
        other.input(&long);
        assert_eq!(
            other.step(),
            HandshakeStep::Failed(HandshakeError::Malformed),
            "{kind}"
        );
        let mut one = dialer();
        one.input(&long);
        assert_eq!(
            one.step(),
            HandshakeStep::Failed(HandshakeError::Malformed),
            "{kind}"
        );
    }
}

#[test]
fn a_scanner_is_recognised_by_its_first_byte() {
    for first in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x03\x01",
        b"SSH-2.0",
        b"TERGO\n",
    ] {
        let mut other = acceptor();
        other.input(first);
        assert_eq!(
            other.step(),
            HandshakeStep::Failed(HandshakeError::Malformed)
        );
        assert!(other.output().is_empty());
    }
}

#[test]
fn who_is_slow_has_five_seconds() {
    let (mut one, mut other) = (dialer(), acceptor());
    let hello = one.output().to_vec();
    for (at, byte) in hello.iter().enumerate() {
        other.input(&[*byte]);
        other.expire(support::START + Duration::from_millis(100 * at as u64));
    }
    other.expire(support::START + Duration::from_secs(5));
    assert_eq!(
        other.step(),
        HandshakeStep::Failed(HandshakeError::TimedOut)
    );
    one.expire(one.deadline());
    assert_eq!(one.step(), HandshakeStep::Failed(HandshakeError::TimedOut));
}

#[test]
fn what_follows_the_last_message_belongs_to_the_link() {
    let (mut one, mut other) = (dialer(), acceptor());
    carry(&mut one, &mut other);
    carry(&mut other, &mut one);
    one.prove(1);
    carry(&mut one, &mut other);
    other.admit(ADMISSION);
    let mut bytes = other.output().to_vec();
    let length = bytes.len();
    bytes.extend_from_slice(b"frames");
    assert_eq!(one.input(&bytes), length);
    assert!(matches!(one.step(), HandshakeStep::Done(_)));
    assert_eq!(one.input(b"frames"), 0);
}

#[test]
fn what_a_node_says_of_itself_is_within_bounds() {
    let mut wrong = [(); 12].map(|()| alice());
    wrong[0].name = String::new();
    wrong[1].name = "x".repeat(256);
    wrong[2].limits.window = 1;
    wrong[3].limits.max_message = 4095;
    wrong[4].limits.max_assemblies = 1_000_000;
    wrong[5].limits.keep_alive = Duration::ZERO;
    wrong[6].pool = 65;
    wrong[7].software = "x".repeat(65);
    wrong[8].name = "alice".into();
    wrong[9].name = "alice@host@host".into();
    wrong[10].name = "ali\nce@host".into();
    wrong[11].limits.misses = 0;
    for own in wrong {
        let mut one = CookieDialer::new(dial_settings(own.clone(), "bob@host", Purpose::First, 1));
        let (_, other) = shake(&mut one, &mut acceptor(), ADMISSION);
        assert_eq!(
            other,
            HandshakeStep::Failed(HandshakeError::Malformed),
            "{own:?}"
        );
    }
}

proptest! {
    #[test]
    fn garbage_never_panics_nor_gets_in(
        garbage in proptest::collection::vec(any::<u8>(), 0..3000),
        keeps_magic in any::<bool>(),
    ) {
        let (mut one, mut other) = (dialer(), acceptor());
        if keeps_magic {
            let hello = one.output().to_vec();
            other.input(&hello);
        }
        other.input(&garbage);
        one.input(&garbage);
        one.prove(1);
        one.input(&garbage);
        prop_assert!(!matches!(other.step(), HandshakeStep::Ask(_)));
        prop_assert!(!matches!(one.step(), HandshakeStep::Done(_)));
    }
}
