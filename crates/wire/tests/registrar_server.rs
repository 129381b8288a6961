//! The registrar's server: who may register what, who is told what, and what nobody may do to it.

#![allow(clippy::expect_used, reason = "these are tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tergo_wire::registrar::{
    Announcement, Answer, ApplicationMode, ApplicationQuery, ApplicationRoute, ApplicationState,
    AskError, Decoder, HEADER_BYTES, Inquiry, LinkId, MAX_DATAGRAM, Message, Progress, Question,
    Refusal, Route, Server, ServerLimits,
};

const START: Duration = Duration::ZERO;
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const REMOTE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn server() -> Server {
    Server::new(ServerLimits::default(), false, START)
}

fn route(host: &str, port: u16) -> Route {
    Route {
        host: host.to_owned(),
        port,
        tls: false,
        handshake: "tergo-handshake:1".to_owned(),
        protocol: "tergo-wire:1".to_owned(),
    }
}

fn node(name: &str, routes: Vec<Route>) -> Announcement {
    Announcement {
        node: name.to_owned(),
        hidden: false,
        routes,
        applications: Vec::new(),
    }
}

fn application(node: &str, name: &str, weight: u32, tags: &[&str]) -> ApplicationRoute {
    ApplicationRoute {
        node: node.to_owned(),
        name: name.to_owned(),
        weight,
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        mode: ApplicationMode::Permanent,
        state: ApplicationState::Running,
    }
}

fn with_application(name: &str, host: &str, weight: u32, tags: &[&str]) -> Announcement {
    Announcement {
        applications: vec![application(name, "web", weight, tags)],
        ..node(name, vec![route(host, 1)])
    }
}

fn bytes(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out).expect("it fits");
    out
}

fn say(server: &mut Server, link: LinkId, message: &Message, now: Duration) {
    server.read(link, &bytes(message), now);
}

/// What a link was sent since the last time, and whether it is to be closed.
fn heard(server: &mut Server, link: LinkId) -> (Vec<Message>, bool) {
    let output = server.take_output(link);
    let mut decoder = Decoder::new();
    decoder.push(&output.bytes);
    let mut messages = Vec::new();
    while let Some(message) = decoder.next().expect("a server speaks well") {
        messages.push(message);
    }
    (messages, output.is_closed)
}

fn register(server: &mut Server, announcement: Announcement) -> LinkId {
    let link = server.open(START).expect("there is room");
    say(server, link, &Message::Register(announcement), START);
    assert_eq!(heard(server, link), (vec![Message::Registered], false));
    link
}

fn resolve(server: &mut Server, link: LinkId, node: &str) -> Result<Vec<Route>, Refusal> {
    let node = node.to_owned();
    say(server, link, &Message::Resolve { id: 5, node }, START);
    match heard(server, link).0.pop().expect("an answer") {
        Message::Routes { id: 5, routes } => Ok(routes),
        Message::Refused { id: 5, refusal } => Err(refusal),
        other => panic!("{other:?}"),
    }
}

/// Asks by datagram as clients do, over all pages.
fn inquire(server: &mut Server, from: IpAddr, question: Question) -> Result<Answer, AskError> {
    let mut inquiry = Inquiry::new(77, question, seconds(1), START);
    loop {
        let datagram = inquiry.poll_send(START).expect("a question is due");
        assert_eq!(datagram.len(), MAX_DATAGRAM);
        let answer = server.datagram(from, &datagram, START).expect("an answer");
        assert!(answer.len() <= datagram.len());
        if let Progress::Done(answer) = inquiry.read(&answer, START) {
            return answer;
        }
    }
}

fn web(with: &[&str], without: &[&str], state: Option<ApplicationState>) -> ApplicationQuery {
    ApplicationQuery {
        name: "web".to_owned(),
        with_tags: with.iter().map(|&tag| tag.to_owned()).collect(),
        without_tags: without.iter().map(|&tag| tag.to_owned()).collect(),
        state,
    }
}

#[test]
fn a_registered_node_is_found_until_its_link_is_gone() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    let b = register(
        &mut server,
        node("b@host", vec![route("", 2), route("x", 3)]),
    );
    let routes = resolve(&mut server, a, "b@host");
    assert_eq!(routes, Ok(vec![route("", 2), route("x", 3)]));
    server.close(b);
    assert_eq!(resolve(&mut server, a, "b@host"), Err(Refusal::Unknown));
}

#[test]
fn a_name_with_a_living_holder_is_refused_and_the_holder_unharmed() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    let other = server.open(START).expect("there is room");
    let claim = Message::Register(node("a@host", vec![route("", 66)]));
    say(&mut server, other, &claim, START);
    let refusal = Refusal::Taken;
    let refused = vec![Message::Refused { id: 0, refusal }];
    assert_eq!(heard(&mut server, other), (refused, true));
    server.close(other);
    assert_eq!(resolve(&mut server, a, "a@host"), Ok(vec![route("", 1)]));
    server.close(a);
    register(&mut server, node("a@host", vec![route("", 66)]));
}

#[test]
fn a_registration_in_pieces_is_one() {
    let mut server = server();
    let link = server.open(START).expect("there is room");
    let message = Message::Register(node("a@host", vec![route("", 1)]));
    for byte in bytes(&message) {
        server.read(link, &[byte], START);
    }
    assert_eq!(heard(&mut server, link), (vec![Message::Registered], false));
}

#[test]
fn whoever_breaks_the_protocol_is_closed_without_an_answer() {
    for garbage in [
        &b"GET / HTTP/1.0\r\n\r\n"[..],
        b"TR\x02\x01\x00\x00",
        b"TR\x01\x01\x00\x03\x02\xff\xff",
        b"TR\x01\x0c\x00\x00",
    ] {
        let mut server = server();
        let link = server.open(START).expect("there is room");
        server.read(link, garbage, START);
        assert_eq!(heard(&mut server, link), (vec![], true), "{garbage:?}");
        assert!(server.take_touched().contains(&link));
        server.close(link);
        assert_eq!(server.nodes(), 0);
    }
}

#[test]
fn nodes_hear_of_each_other_but_not_of_hidden_ones() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    let b = register(&mut server, node("b@host", vec![route("", 2)]));
    let hidden = register(&mut server, Announcement::hidden("h@host"));
    assert_eq!(
        heard(&mut server, a).0,
        [Message::Joined("b@host".to_owned())]
    );
    assert_eq!(heard(&mut server, b).0, []);
    say(
        &mut server,
        hidden,
        &Message::Nodes { id: 1, after: None },
        START,
    );
    let nodes = vec!["a@host".to_owned(), "b@host".to_owned()];
    let more = false;
    let list = Message::NodeList { id: 1, nodes, more };
    assert_eq!(heard(&mut server, hidden).0, [list]);
    assert_eq!(resolve(&mut server, a, "h@host"), Err(Refusal::Unknown));
    server.close(hidden);
    server.close(b);
    assert_eq!(
        heard(&mut server, a).0,
        [Message::Left("b@host".to_owned())]
    );
}

#[test]
fn an_announcement_replaces_the_one_before() {
    let mut server = server();
    let a = register(&mut server, with_application("a@host", "", 1, &[]));
    let b = register(&mut server, node("b@host", vec![route("", 2)]));
    let anew = Message::Register(node("a@host", vec![route("", 9)]));
    say(&mut server, a, &anew, START);
    assert_eq!(heard(&mut server, b).0, []);
    assert_eq!(resolve(&mut server, b, "a@host"), Ok(vec![route("", 9)]));
    let question = Question::Application(web(&[], &[], None));
    let unknown = Err(AskError::Refused(Refusal::Unknown));
    assert_eq!(inquire(&mut server, LOCAL, question), unknown);
    say(
        &mut server,
        a,
        &Message::Register(Announcement::hidden("a@host")),
        START,
    );
    assert_eq!(
        heard(&mut server, b).0,
        [Message::Left("a@host".to_owned())]
    );
    let other_name = Message::Register(node("c@host", vec![route("", 9)]));
    say(&mut server, a, &other_name, START);
    let refusal = Refusal::Incorrect;
    let refused = Message::Refused { id: 0, refusal };
    assert_eq!(heard(&mut server, a).0.last(), Some(&refused));
}

#[test]
fn applications_are_chosen_by_tags_state_and_weight() {
    let mut server = server();
    register(
        &mut server,
        with_application("a@host", "", 1, &["eu", "new"]),
    );
    register(&mut server, with_application("b@host", "", 9, &["eu"]));
    register(&mut server, with_application("c@host", "", 0, &["eu"]));
    let mut found =
        |query: ApplicationQuery| match inquire(&mut server, LOCAL, Question::Application(query)) {
            Ok(Answer::Applications(routes)) => routes
                .into_iter()
                .map(|route| route.node)
                .collect::<Vec<_>>(),
            Err(AskError::Refused(Refusal::Unknown)) => Vec::new(),
            other => panic!("{other:?}"),
        };
    assert_eq!(found(web(&[], &[], None)), ["a@host", "b@host"]);
    assert_eq!(found(web(&["eu", "new"], &[], None)), ["a@host"]);
    assert_eq!(found(web(&["eu"], &["new"], None)), ["b@host"]);
    assert!(found(web(&["us"], &[], None)).is_empty());
    assert!(found(web(&[], &[], Some(ApplicationState::Loaded))).is_empty());
    assert_eq!(
        found(web(&[], &[], Some(ApplicationState::Running))).len(),
        2
    );
}

#[test]
fn long_answers_come_in_pages_that_are_never_longer_than_the_question() {
    let mut server = server();
    let names: Vec<_> = (100..200).map(|number| format!("n{number}@host")).collect();
    for name in &names {
        register(
            &mut server,
            with_application(name, "", 1, &["some-longer-tag"]),
        );
    }
    let question = Question::Application(web(&[], &[], None));
    let Ok(Answer::Applications(routes)) = inquire(&mut server, LOCAL, question) else {
        panic!("an answer");
    };
    let found: Vec<_> = routes.into_iter().map(|route| route.node).collect();
    assert_eq!(found, names);
}

#[test]
fn a_question_as_short_as_possible_gets_no_longer_answer() {
    let mut server = server();
    register(&mut server, node("a@host", vec![route("far.example", 1)]));
    let node = "a@host".to_owned();
    let question = bytes(&Message::Resolve { id: 1, node });
    assert_eq!(server.datagram(REMOTE, &question, START), None);
    let node = "unknown@host".to_owned();
    let question = bytes(&Message::Resolve { id: 1, node });
    let answer = server.datagram(REMOTE, &question, START);
    assert!(answer.expect("there is room for a refusal").len() <= question.len());
}

#[test]
fn datagrams_that_are_no_questions_are_not_answered() {
    let mut server = server();
    register(&mut server, node("a@host", vec![route("", 1)]));
    let resolve = bytes(&Message::Resolve {
        id: 1,
        node: "a@host".to_owned(),
    });
    let claim = Message::Register(node("b@host", vec![]));
    let cases = [
        Vec::new(),
        b"garbage".to_vec(),
        resolve[..HEADER_BYTES].to_vec(),
        [resolve.as_slice(), b"x"].concat(),
        bytes(&claim),
        bytes(&Message::Ping),
        bytes(&Message::Nodes { id: 1, after: None }),
        padded_nodes(),
        vec![0xff; 1200],
    ];
    for datagram in cases {
        assert_eq!(
            server.datagram(LOCAL, &datagram, START),
            None,
            "{datagram:?}"
        );
    }
    assert_eq!(server.nodes(), 1);
}

/// A question for all nodes, with more than enough room for the answer.
fn padded_nodes() -> Vec<u8> {
    let mut question = bytes(&Message::Nodes { id: 1, after: None });
    question.extend([128, 0, 200]);
    question.extend([0; 200]);
    question[5] += 203;
    question
}

#[test]
fn other_hosts_are_not_told_of_routes_that_loop_back() {
    let mut server = server();
    for (name, host) in [
        ("a@host", "127.0.0.1"),
        ("b@host", "LocalHost"),
        ("c@host", "::1"),
    ] {
        register(&mut server, with_application(name, host, 1, &[]));
        let question = || Question::Node(name.to_owned());
        let unknown = Err(AskError::Refused(Refusal::Unknown));
        assert_eq!(inquire(&mut server, REMOTE, question()), unknown);
        assert!(inquire(&mut server, LOCAL, question()).is_ok());
    }
    register(&mut server, with_application("d@host", "", 1, &[]));
    let question = Question::Application(web(&[], &[], None));
    match inquire(&mut server, REMOTE, question) {
        Ok(Answer::Applications(routes)) => assert_eq!(routes[0].node, "d@host"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn links_that_do_not_register_or_fall_silent_are_closed() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    let stranger = server.open(START).expect("there is room");
    assert_eq!(server.deadline(stranger), Some(seconds(2)));
    server.tick(stranger, seconds(1));
    assert!(!heard(&mut server, stranger).1);
    server.tick(stranger, seconds(2));
    assert!(heard(&mut server, stranger).1);
    say(&mut server, a, &Message::Ping, seconds(9));
    assert_eq!(heard(&mut server, a), (vec![Message::Pong], false));
    server.tick(a, seconds(18));
    assert!(!heard(&mut server, a).1);
    server.tick(a, seconds(19));
    assert!(heard(&mut server, a).1);
    assert_eq!(server.nodes(), 0, "its name is free at once");
}

#[test]
fn links_are_bounded_in_number() {
    let limits = ServerLimits {
        max_links: 4,
        max_unregistered: 2,
        ..ServerLimits::default()
    };
    let mut server = Server::new(limits, false, START);
    let first = server.open(START).expect("there is room");
    let second = server.open(START).expect("there is room");
    assert_eq!(server.open(START), None, "two have not registered");
    for (link, name) in [(first, "a@host"), (second, "b@host")] {
        say(
            &mut server,
            link,
            &Message::Register(node(name, vec![])),
            START,
        );
    }
    assert!(server.open(START).is_some());
    assert!(server.open(START).is_some());
    assert_eq!(server.open(START), None, "four are all");
    server.close(first);
    assert!(server.open(START).is_none(), "two have not registered");
}

#[test]
fn whoever_asks_too_often_is_put_off() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    let mut answers = Vec::new();
    for _ in 0..3000 {
        answers.push(resolve(&mut server, a, "a@host").is_ok());
    }
    let good = answers.iter().filter(|is_good| **is_good).count();
    assert_eq!(good, 1999, "twice the rate at once, less the registration");
    let node = "a@host".to_owned();
    say(
        &mut server,
        a,
        &Message::Resolve { id: 1, node },
        seconds(1),
    );
    let answer = heard(&mut server, a).0.pop();
    assert!(matches!(answer, Some(Message::Routes { .. })));
}

#[test]
fn one_address_does_not_use_up_the_answers_for_others() {
    let mut server = server();
    register(&mut server, node("a@host", vec![route("far", 1)]));
    let mut inquiry = Inquiry::new(1, Question::Node("a@host".to_owned()), seconds(1), START);
    let question = inquiry.poll_send(START).expect("it is due");
    let mut answered = |from, now| server.datagram(from, &question, now).is_some();
    let flood = (0..9000).filter(|_| answered(REMOTE, START)).count();
    assert_eq!(flood, 2000);
    assert!(answered(LOCAL, START));
    let spread = (0..20_000u32).filter(|number| answered(IpAddr::V4((*number).into()), START));
    assert!(spread.count() < 10_000, "all together are bounded, too");
    assert!(answered(REMOTE, seconds(5)));
}

#[test]
fn who_does_not_read_is_closed() {
    let mut server = server();
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    for _ in 0..60_000 {
        say(&mut server, a, &Message::Ping, START);
    }
    assert_eq!(heard(&mut server, a), (vec![], true));
}

#[test]
fn after_a_take_over_what_is_unknown_may_still_come() {
    let mut server = Server::new(ServerLimits::default(), true, START);
    let a = register(&mut server, node("a@host", vec![route("", 1)]));
    assert_eq!(resolve(&mut server, a, "b@host"), Err(Refusal::Settling));
    let node = "b@host".to_owned();
    say(
        &mut server,
        a,
        &Message::Resolve { id: 1, node },
        seconds(2),
    );
    let refusal = Refusal::Unknown;
    let refused = Message::Refused { id: 1, refusal };
    assert_eq!(heard(&mut server, a).0, [refused]);
}
