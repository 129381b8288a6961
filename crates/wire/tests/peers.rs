//! Rules of the table of peers; what they add up to is simulated elsewhere.

#![allow(clippy::expect_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use support::{START, agree, identity};
use tergo_wire::{
    Action, Claim, ConnectionKey, DialId, DownReason, HandshakeError, LinkPlace, PeerIdentity,
    Peers, Purpose, Refusal,
};

const ID: [u8; 16] = [7; 16];

fn claim(name: &str, creation: u64, serial: u64, purpose: Purpose) -> Claim {
    Claim {
        peer: PeerIdentity {
            identity: identity(name, creation),
            serial,
        },
        purpose,
        connection_id: ID,
    }
}

fn first(name: &str, creation: u64, serial: u64) -> Claim {
    claim(name, creation, serial, Purpose::First)
}

fn join(name: &str, serial: u64, place: u16) -> Claim {
    claim(name, 1, serial, Purpose::Join { id: ID, place })
}

fn actions(peers: &mut Peers) -> Vec<Action> {
    std::iter::from_fn(|| peers.next_action()).collect()
}

/// The table of `b@host`, with `a@host` (creation 5) connected.
fn connected() -> (Peers, ConnectionKey) {
    let mut peers = Peers::new("b@host", 3);
    let (_, link) = peers
        .admit(&first("a@host", 5, 1), START)
        .expect("it is let in");
    actions(&mut peers);
    (peers, link.key)
}

fn dial(peers: &mut Peers) -> DialId {
    match actions(peers).last() {
        Some(Action::Dial { dial, .. }) => *dial,
        other => panic!("no dial, but {other:?}"),
    }
}

#[test]
fn an_earlier_incarnation_is_refused_while_a_later_one_is_connected() {
    let (mut peers, key) = connected();
    let result = peers.admit(&first("a@host", 4, 9), START);
    assert_eq!(result, Err(Refusal::StaleCreation));
    assert_eq!(actions(&mut peers), []);
    peers.disconnect(key, DownReason::Disconnected);
    assert!(peers.admit(&first("a@host", 4, 9), START).is_ok());
}

#[test]
fn a_later_incarnation_gets_in_when_the_earlier_one_does_not_answer() {
    let (mut peers, key) = connected();
    let later = first("a@host", 6, 1);
    assert_eq!(peers.admit(&later, START), Err(Refusal::NameTaken));
    assert_eq!(peers.admit(&later, START), Err(Refusal::NameTaken));
    assert_eq!(
        actions(&mut peers),
        [Action::Probe(key)],
        "it is asked once"
    );
    let link = LinkPlace { key, place: 0 };
    peers.link_lost(link, true, DownReason::Silence, START);
    let (_, link) = peers.admit(&later, START).expect("it is let in");
    let all = actions(&mut peers);
    assert!(
        matches!(&all[0], Action::Down { key: old, reason: DownReason::Silence, .. } if *old == key)
    );
    assert!(matches!(&all[1], Action::Up { key: new, creation: 6, .. } if *new == link.key));
    assert_ne!(link.key, key);
}

#[test]
fn who_has_lost_its_connection_gets_another_and_the_old_one_ends_first() {
    let (mut peers, key) = connected();
    assert_eq!(
        peers.admit(&first("a@host", 5, 1), START),
        Err(Refusal::Crossing)
    );
    peers
        .admit(&first("a@host", 5, 2), START)
        .expect("it is let in");
    let all = actions(&mut peers);
    assert!(
        matches!(&all[0], Action::Down { key: old, reason: DownReason::Replaced, .. } if *old == key)
    );
    assert!(matches!(&all[1], Action::Up { .. }));
}

#[test]
fn of_dials_that_cross_that_of_the_smaller_name_is_kept() {
    let mut smaller = Peers::new("a@host", 1);
    smaller.connect("b@host", START);
    let own = dial(&mut smaller);
    // Not proved yet: the other one's will do.
    let mut early = Peers::new("a@host", 1);
    early.connect("b@host", START);
    let given_up = dial(&mut early);
    early
        .admit(&first("b@host", 1, 1), START)
        .expect("it is let in");
    assert_eq!(actions(&mut early)[0], Action::Abandon(given_up));
    assert_eq!(early.prove(given_up), None);

    assert_eq!(smaller.prove(own), Some(1));
    let result = smaller.admit(&first("b@host", 1, 1), START);
    assert_eq!(result, Err(Refusal::Crossing));

    let mut larger = Peers::new("c@host", 1);
    larger.connect("b@host", START);
    let own = dial(&mut larger);
    larger.prove(own);
    larger
        .admit(&first("b@host", 1, 1), START)
        .expect("it is let in");
    assert_eq!(actions(&mut larger)[0], Action::Abandon(own));
    let (late, _) = agree(
        &identity("c@host", 1),
        &identity("b@host", 1),
        Purpose::First,
        (9, 0),
    );
    assert_eq!(larger.dialled(own, &late, START), None);
}

#[test]
fn refusals_that_pass_are_answered_by_further_dials() {
    let mut peers = Peers::new("a@host", 1);
    peers.connect("b@host", START);
    let mut now = START;
    let busy = Some(HandshakeError::RefusedThere(Refusal::Busy));
    let mut dials = 0;
    loop {
        let all = actions(&mut peers);
        match &all[..] {
            [Action::Dial { dial, .. }] => peers.dial_failed(*dial, busy, now),
            [] => {
                now = peers.next_deadline().expect("something is due");
                peers.tick(now);
                continue;
            }
            [Action::Failed { peer, refusal }] => {
                assert_eq!((peer.as_str(), *refusal), ("b@host", Some(Refusal::Busy)));
                break;
            }
            other => panic!("unexpected: {other:?}"),
        }
        dials += 1;
    }
    assert!((5..12).contains(&dials), "{dials} dials");
    assert!(now <= START + Duration::from_secs(5));
    assert_eq!(peers.next_deadline(), None);
}

#[test]
fn other_refusals_and_silence_are_the_answer() {
    let mut peers = Peers::new("a@host", 1);
    let mismatch = HandshakeError::RefusedThere(Refusal::CookieMismatch);
    for (error, refusal) in [
        (Some(mismatch), Some(Refusal::CookieMismatch)),
        (None, None),
    ] {
        peers.connect("b@host", START);
        peers.connect("b@host", START);
        let own = dial(&mut peers);
        peers.dial_failed(own, error, START);
        let failed = Action::Failed {
            peer: "b@host".into(),
            refusal,
        };
        assert_eq!(actions(&mut peers), [failed]);
    }
    peers.connect("a@host", START);
    let failed = Action::Failed {
        peer: "a@host".into(),
        refusal: Some(Refusal::Oneself),
    };
    assert_eq!(actions(&mut peers), [failed]);
}

/// As of a peer whose memory is that of an earlier moment.
#[test]
fn an_answer_that_is_older_than_what_was_heard_makes_no_connection_and_is_no_end_of_the_wish() {
    let mut peers = Peers::new("a@host", 1);
    let (own, other) = (identity("a@host", 1), identity("b@host", 1));
    let (agreement, _) = agree(&own, &other, Purpose::First, (7, 0));
    peers.connect("b@host", START);
    let begun = dial(&mut peers);
    let link = peers.dialled(begun, &agreement, START).expect("it is new");
    peers.disconnect(link.key, DownReason::Lost);
    actions(&mut peers);
    peers.connect("b@host", START);
    let again = dial(&mut peers);
    assert_eq!(peers.dialled(again, &agreement, START), None);
    let mut now = START;
    while let Some(due) = peers.next_deadline() {
        now = due;
        peers.tick(now);
        let again = dial(&mut peers);
        assert_eq!(peers.dialled(again, &agreement, now), None);
    }
    assert!(now > START && now <= START + Duration::from_secs(5));
    let failed = Action::Failed {
        peer: "b@host".into(),
        refusal: Some(Refusal::Crossing),
    };
    assert_eq!(actions(&mut peers), [failed]);
}

#[test]
fn the_dialer_fills_the_pool_one_by_one_and_refills_it() {
    let mut acceptor = identity("b@host", 1);
    acceptor.pool = 3;
    let own = identity("a@host", 1);
    let mut peers = Peers::new("a@host", 1);
    peers.connect("b@host", START);
    let dial_first = dial(&mut peers);
    peers.prove(dial_first);
    let (agreement, _) = agree(&own, &acceptor, Purpose::First, (1, 0));
    let link = peers
        .dialled(dial_first, &agreement, START)
        .expect("it is in time");
    let id = agreement.connection_id;
    for place in 1..3 {
        peers.tick(START);
        let all = actions(&mut peers);
        let Some(Action::Dial { dial, purpose, .. }) = all.last() else {
            panic!("no dial, but {all:?}");
        };
        assert_eq!(*purpose, Purpose::Join { id, place });
        peers.prove(*dial);
        let (agreement, _) = agree(&own, &acceptor, *purpose, (1 + u64::from(place), place));
        let joined = peers.dialled(*dial, &agreement, START);
        let key = link.key;
        assert_eq!(joined, Some(LinkPlace { key, place }));
    }
    assert_eq!(peers.next_deadline(), None);
    let lost = LinkPlace {
        key: link.key,
        place: 1,
    };
    peers.link_lost(lost, false, DownReason::Lost, START);
    let due = peers.next_deadline().expect("a link is missing");
    peers.tick(due);
    let again = dial(&mut peers);
    peers.dial_failed(again, None, due);
    let later = peers.next_deadline().expect("a link is missing");
    assert!(later >= due + Duration::from_millis(50));
}

#[test]
fn a_link_for_a_place_that_has_one_says_that_it_is_dead() {
    let mut peers = Peers::new("b@host", 2);
    let (_, link) = peers
        .admit(&first("a@host", 1, 1), START)
        .expect("it is let in");
    actions(&mut peers);
    peers
        .admit(&join("a@host", 2, 1), START)
        .expect("it is let in");
    assert_eq!(
        peers.admit(&join("a@host", 3, 1), START),
        Err(Refusal::PoolFull)
    );
    let dead = LinkPlace {
        key: link.key,
        place: 1,
    };
    assert_eq!(actions(&mut peers), [Action::DropLink(dead)]);
    peers.link_lost(dead, false, DownReason::Lost, START);
    peers
        .admit(&join("a@host", 4, 1), START)
        .expect("it is let in");
    assert_eq!(
        peers.admit(&join("a@host", 5, 2), START),
        Err(Refusal::PoolFull)
    );
    assert_eq!(
        peers.admit(&join("a@host", 2, 1), START),
        Err(Refusal::ConnectionUnknown)
    );
    assert_eq!(
        peers.admit(&join("c@host", 2, 1), START),
        Err(Refusal::ConnectionUnknown)
    );
}

#[test]
fn a_peer_that_knows_of_no_connection_ends_it_here() {
    let mut acceptor = identity("b@host", 1);
    acceptor.pool = 2;
    let mut peers = Peers::new("a@host", 1);
    peers.connect("b@host", START);
    let own = dial(&mut peers);
    peers.prove(own);
    let (agreement, _) = agree(&identity("a@host", 1), &acceptor, Purpose::First, (1, 0));
    peers.dialled(own, &agreement, START);
    peers.tick(START);
    let join = dial(&mut peers);
    let unknown = HandshakeError::RefusedThere(Refusal::ConnectionUnknown);
    peers.dial_failed(join, Some(unknown), START);
    assert!(matches!(
        actions(&mut peers)[..],
        [Action::Down {
            reason: DownReason::Lost,
            ..
        }]
    ));
}

#[test]
fn peers_that_come_and_go_are_forgotten() {
    let mut peers = Peers::new("a@host", 1);
    for at in 0..20_000_u64 {
        let name = format!("n{at}@host");
        let (_, link) = peers
            .admit(&first(&name, 1, 1), START)
            .expect("it is let in");
        peers.disconnect(link.key, DownReason::Lost);
        actions(&mut peers);
    }
    assert!(format!("{peers:?}").len() < 10_000_000);
}
