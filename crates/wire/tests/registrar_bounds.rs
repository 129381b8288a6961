//! What those who come and go, or ask without end, cannot do to the registrar of a host.

#![allow(clippy::expect_used, reason = "these are tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tergo_wire::registrar::{
    Announcement, ApplicationMode, ApplicationRoute, ApplicationState, Decoder, Inquiry, LinkId,
    Message, Question, Refusal, Route, Server, ServerLimits,
};

const START: Duration = Duration::ZERO;

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number).into()
}

/// Registers a new link, and gives the answer.
fn register(server: &mut Server, announcement: Announcement) -> (LinkId, Message) {
    let link = server.open(START).expect("there is room");
    let mut bytes = Vec::new();
    let message = Message::Register(announcement);
    message.encode(&mut bytes).expect("it fits");
    server.read(link, &bytes, START);
    let mut decoder = Decoder::new();
    decoder.push(&server.take_output(link).bytes);
    let answer = decoder.next().expect("a server speaks well");
    (link, answer.expect("an answer"))
}

fn application(node: &str) -> ApplicationRoute {
    ApplicationRoute {
        node: node.to_owned(),
        name: "web".to_owned(),
        weight: 1,
        tags: Vec::new(),
        mode: ApplicationMode::Permanent,
        state: ApplicationState::Running,
    }
}

/// A node is looked for.
fn question() -> Vec<u8> {
    let question = Question::Node("a@host".to_owned());
    let mut inquiry = Inquiry::new(1, question, Duration::from_secs(1), START);
    inquiry.poll_send(START).expect("it is due")
}

#[test]
fn nodes_have_so_many_links_and_whoever_goes_makes_room() {
    let limits = ServerLimits {
        max_links: 3,
        ..ServerLimits::default()
    };
    let mut server = Server::new(limits, false, START);
    for round in 0..5 {
        let links = ["a@host", "b@host", "c@host"].map(|name| {
            let (link, answer) = register(&mut server, Announcement::hidden(name));
            assert_eq!(answer, Message::Registered, "{name} in round {round}");
            link
        });
        assert_eq!(server.open(START), None, "three are all");
        for link in links {
            server.close(link);
        }
    }
}

#[test]
fn nobody_announces_what_is_not_his_or_hides_and_is_found() {
    let mut server = Server::new(ServerLimits::default(), false, START);
    let hidden = Announcement::hidden("a@host");
    let of_another = Announcement {
        hidden: false,
        applications: vec![application("b@host")],
        ..hidden.clone()
    };
    let found = Announcement {
        applications: vec![application("a@host")],
        ..hidden
    };
    for announcement in [of_another, found] {
        let refusal = Refusal::Incorrect;
        let (_, answer) = register(&mut server, announcement);
        assert_eq!(answer, Message::Refused { id: 0, refusal });
    }
    assert_eq!(server.nodes(), 0);
}

#[test]
fn the_answers_to_all_addresses_together_are_bounded() {
    let limits = ServerLimits {
        datagrams: 50,
        ..ServerLimits::default()
    };
    let mut server = Server::new(limits, false, START);
    let question = question();
    let mut answered = |from| server.datagram(address(from), &question, START).is_some();
    assert_eq!((0..1000).filter(|from| answered(*from)).count(), 100);
}

#[test]
fn who_has_asked_nothing_for_long_may_not_ask_more_at_once() {
    let mut server = Server::new(ServerLimits::default(), false, START);
    let question = question();
    let mut answered = |now| server.datagram(address(1), &question, now).is_some();
    assert!(answered(START));
    let later = Duration::from_hours(1);
    assert_eq!((0..9000).filter(|_| answered(later)).count(), 2000);
}

#[test]
fn a_datagram_is_one_question_and_nothing_more() {
    let mut server = Server::new(ServerLimits::default(), false, START);
    let mut question = question();
    assert!(server.datagram(address(1), &question, START).is_some());
    question.push(0);
    assert_eq!(server.datagram(address(1), &question, START), None);
}

#[test]
fn a_host_loops_back_however_it_is_written() {
    let is_loopback = |host: &str| {
        let route = Route {
            host: host.to_owned(),
            port: 1,
            tls: false,
            handshake: "h:1".to_owned(),
            protocol: "p:1".to_owned(),
        };
        route.is_loopback()
    };
    let own = ["127.0.0.1", "127.9.9.9", "LocalHost", "::1", "[::1]"];
    for host in own.iter().chain(&["::ffff:127.0.0.1", "[::ffff:7f00:1]"]) {
        assert!(is_loopback(host), "{host}");
    }
    for host in ["", "10.0.0.1", "::", "[::2]", "localhost.example", "far"] {
        assert!(!is_loopback(host), "{host}");
    }
}
