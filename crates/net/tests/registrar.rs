//! The registrar that every host has by itself, over real sockets.

#![allow(clippy::expect_used, reason = "these are tests")]

mod hosting;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use hosting::{Node, announcement, bytes, impatient, options, route, until, web};
use tergo_net::registrar::{EmbeddedOptions, Registrar, RegistrarError, RegistrarEvent};
use tergo_wire::registrar::{
    Announcement, ApplicationQuery, ClientOptions, Decoder, Message, Refusal,
};

fn connect(options: &EmbeddedOptions) -> TcpStream {
    let stream = TcpStream::connect((options.address, options.port)).expect("somebody serves");
    let timeout = Some(Duration::from_secs(20));
    stream.set_read_timeout(timeout).expect("a socket");
    stream
}

/// The next message that comes; none when the other side has closed.
fn receive(stream: &mut TcpStream) -> Option<Message> {
    let mut decoder = Decoder::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|length| length == 1) {
        decoder.push(&byte);
        if let Some(message) = decoder.next().expect("a server speaks well") {
            return Some(message);
        }
    }
    None
}

#[test]
fn the_first_node_serves_and_all_find_each_other() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let b = Node::started(options.clone(), announcement("b@localhost", 2));
    let hidden = Node::started(options, Announcement::hidden("h@localhost"));
    assert!(a.registrar.info().is_serving);
    assert!(!b.registrar.info().is_serving);
    assert_eq!(a.resolve("b@localhost").expect("it is there"), [route(2)]);
    assert_eq!(b.resolve("a@localhost").expect("it is there"), [route(1)]);
    assert_eq!(
        hidden.resolve("a@localhost").expect("it is there"),
        [route(1)]
    );
    let unknown = a.resolve("h@localhost");
    assert!(
        matches!(unknown, Err(RegistrarError::Unknown(_))),
        "{unknown:?}"
    );
    assert_eq!(hidden.nodes(), ["a@localhost", "b@localhost"]);
}

#[test]
fn nodes_hear_who_comes_and_goes() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let b = Node::started(options, announcement("b@localhost", 2));
    until("a hears of b", || {
        a.saw(&RegistrarEvent::Joined("b@localhost".to_owned()))
    });
    until("b hears of a", || {
        b.saw(&RegistrarEvent::Joined("a@localhost".to_owned()))
    });
    b.kill();
    until("a hears of b's end", || {
        a.saw(&RegistrarEvent::Left("b@localhost".to_owned()))
    });
}

#[test]
fn when_the_serving_node_is_killed_another_one_serves_and_all_are_found_again() {
    let options = options();
    let first = Node::started(options.clone(), announcement("a@localhost", 1));
    let others: Vec<_> = (2..6)
        .map(|port| {
            Node::started(
                options.clone(),
                announcement(&format!("n{port}@localhost"), port),
            )
        })
        .collect();
    for node in &others {
        until("they know each other", || node.nodes().len() == 5);
        node.forget();
    }
    first.kill();
    for node in &others {
        for port in 2..6 {
            let found = node.resolve(&format!("n{port}@localhost"));
            assert_eq!(found.expect("it lives"), [route(port)]);
        }
    }
    let serving = others
        .iter()
        .filter(|node| node.registrar.info().is_serving);
    assert_eq!(serving.count(), 1);
    for node in &others {
        let left = RegistrarEvent::Left("a@localhost".to_owned());
        until("the first one is gone", || node.saw(&left));
        assert!(!node.saw(&RegistrarEvent::Left("n3@localhost".to_owned())));
        assert!(node.saw(&RegistrarEvent::Lost));
        assert!(node.saw(&RegistrarEvent::Registered));
    }
    let late = Node::started(options, announcement("a@localhost", 9));
    assert_eq!(late.nodes().len(), 5);
}

#[test]
fn of_many_nodes_that_start_at_once_one_serves() {
    let options = options();
    let nodes: Vec<_> = (0..20).map(|_| Node::new(options.clone())).collect();
    std::thread::scope(|scope| {
        for (number, node) in (1..).zip(&nodes) {
            scope.spawn(move || {
                let name = format!("n{number}@localhost");
                node.start(announcement(&name, number))
                    .expect("it registers");
            });
        }
    });
    let serving = nodes.iter().filter(|node| node.registrar.info().is_serving);
    assert_eq!(serving.count(), 1);
    assert_eq!(nodes[7].nodes().len(), 20);
}

#[test]
fn a_name_with_a_living_holder_is_refused() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let thief = Node::new(options);
    let refused = thief.start(announcement("a@localhost", 66));
    assert!(matches!(refused, Err(RegistrarError::Taken(name)) if name == "a@localhost"));
    assert_eq!(a.resolve("a@localhost").expect("it is there"), [route(1)]);
    let asked = thief.resolve("a@localhost");
    assert!(
        matches!(asked, Err(RegistrarError::Closed)),
        "nothing goes on: {asked:?}"
    );
}

#[test]
fn a_node_that_was_closed_leaves_name_and_port() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    a.wait(a.registrar.close()).expect("it closes");
    assert!(!a.registrar.info().is_serving);
    assert!(matches!(
        a.resolve("a@localhost"),
        Err(RegistrarError::Closed)
    ));
    a.wait(a.registrar.close()).expect("it is closed");
    let again = Node::started(options, announcement("a@localhost", 2));
    assert!(again.registrar.info().is_serving);
}

#[test]
fn what_is_announced_anew_is_found() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let b = Node::started(options, announcement("b@localhost", 2));
    let mut anew = announcement("a@localhost", 3);
    anew.applications = vec![web("a@localhost", 1)];
    a.registrar.announce(anew.clone()).expect("it is good");
    until("the new route", || {
        b.resolve("a@localhost").expect("it is there") == [route(3)]
    });
    let query = ApplicationQuery {
        name: "web".to_owned(),
        ..ApplicationQuery::default()
    };
    let found = b.wait(b.registrar.resolve_application(query, None));
    assert_eq!(found.expect("it is there"), anew.applications);
    anew.node = "c@localhost".to_owned();
    let refused = a.registrar.announce(anew);
    assert!(matches!(refused, Err(RegistrarError::Incorrect(_))));
}

#[test]
fn without_a_server_a_node_that_must_not_serve_says_so_and_finds_the_one_that_comes() {
    let options = options();
    let guest = EmbeddedOptions {
        serves: false,
        ..impatient(&options)
    };
    let refused = Node::new(guest.clone()).start(announcement("g@localhost", 1));
    assert!(
        matches!(refused, Err(RegistrarError::Unavailable(..))),
        "{refused:?}"
    );
    let patient = Node::new(EmbeddedOptions {
        serves: false,
        ..options.clone()
    });
    std::thread::scope(|scope| {
        scope.spawn(|| patient.register(announcement("g@localhost", 1)));
        let server = Node::started(options, announcement("a@localhost", 2));
        until("the guest is there", || server.nodes().len() == 2);
    });
    assert!(!patient.registrar.info().is_serving);
}

#[test]
fn another_program_on_the_port_is_named() {
    let silent = options();
    let _silent = TcpListener::bind((silent.address, silent.port)).expect("a free port");
    let babbling = options();
    let babbler = TcpListener::bind((babbling.address, babbling.port)).expect("a free port");
    std::thread::spawn(move || {
        for stream in babbler.incoming().flatten() {
            // Whether it is read does not matter.
            let _ = (&stream).write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for options in [silent, babbling] {
        let refused = Node::new(impatient(&options)).start(announcement("a@localhost", 1));
        let expected = (options.address, options.port).into();
        assert!(
            matches!(refused, Err(RegistrarError::Foreign(address)) if address == expected),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_not_our_protocol_is_closed_and_harms_nobody() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let oversize = [b"TR\x01\x01\xff\xff".to_vec(), vec![2; 65_535]].concat();
    for garbage in [
        b"GET / HTTP/1.0\r\n\r\n".to_vec(),
        oversize,
        bytes(&Message::Ping),
    ] {
        let mut stream = connect(&options);
        stream.write_all(&garbage).expect("it is taken");
        assert_eq!(receive(&mut stream), None);
    }
    let mut slow = connect(&options);
    let claim = bytes(&Message::Register(announcement("s@localhost", 5)));
    for byte in &claim {
        slow.write_all(&[*byte]).expect("it is taken");
    }
    assert_eq!(receive(&mut slow), Some(Message::Registered));
    assert_eq!(a.resolve("s@localhost").expect("it is there"), [route(5)]);
    drop(slow);
    until("it is gone", || a.resolve("s@localhost").is_err());
}

#[test]
fn who_asks_and_reads_no_answer_is_let_go_when_his_time_is_over() {
    let mut options = options();
    options.client.keep_alive = Duration::from_millis(50);
    options.limits.silence = Duration::from_millis(500);
    options.limits.max_unsent = 64 << 20;
    let mut many = announcement("a@localhost", 1);
    let mut place = route(1);
    place.host = "h".repeat(255);
    many.routes = vec![place; 16];
    let a = Node::started(options.clone(), many);
    let mut deaf = connect(&options);
    let claim = bytes(&Message::Register(announcement("deaf@localhost", 5)));
    deaf.write_all(&claim).expect("it is taken");
    assert_eq!(receive(&mut deaf), Some(Message::Registered));
    let node = "a@localhost".to_owned();
    let question = bytes(&Message::Resolve { id: 1, node });
    // The answers are more than the system holds for somebody who does not read.
    deaf.write_all(&question.repeat(1800)).expect("it is taken");
    deaf.set_nonblocking(true).expect("a socket");
    until("its name is free", || a.resolve("deaf@localhost").is_err());
    until("its socket is closed", || {
        let written = deaf.write(&question);
        written.is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
    });
}

#[test]
fn datagrams_that_are_no_questions_are_not_answered_and_questions_still_are() {
    let options = options();
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket
        .connect((options.address, options.port))
        .expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a socket");
    let nodes = bytes(&Message::Nodes { id: 1, after: None });
    let node = "a@localhost".to_owned();
    let question = bytes(&Message::Resolve { id: 2, node });
    let mut padded = question.clone();
    padded.extend([128, 0, 100]);
    padded.extend([0; 100]);
    padded[5] += 103;
    for datagram in [b"garbage".to_vec(), nodes, vec![0; 2000], question, padded] {
        socket.send(&datagram).expect("it goes");
    }
    let mut answer = [0; 2000];
    let length = socket.recv(&mut answer).expect("one answer");
    let mut decoder = Decoder::new();
    decoder.push(&answer[..length]);
    let routes = vec![route(1)];
    assert_eq!(decoder.next(), Ok(Some(Message::Routes { id: 2, routes })));
    socket.set_nonblocking(true).expect("a socket");
    assert!(
        socket.recv(&mut answer).is_err(),
        "only the question is answered"
    );
    assert_eq!(a.nodes().len(), 1);
}

#[test]
fn without_the_udp_port_the_host_is_served_all_the_same_and_questions_once_it_is_free() {
    let options = options();
    let taken = UdpSocket::bind((options.address, options.port)).expect("a free port");
    let a = Node::started(options.clone(), announcement("a@localhost", 1));
    until("it is told", || {
        let events = a.events.lock().expect("no panic");
        events
            .iter()
            .any(|event| matches!(event, RegistrarEvent::Unasked(_)))
    });
    assert_eq!(a.resolve("a@localhost").expect("it is there"), [route(1)]);
    drop(taken);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let timeout = Some(Duration::from_millis(50));
    socket.set_read_timeout(timeout).expect("a socket");
    let node = "unknown@localhost".to_owned();
    let question = bytes(&Message::Resolve { id: 2, node });
    until("a question is answered", || {
        let sent = socket.send_to(&question, (options.address, options.port));
        sent.is_ok() && socket.recv(&mut [0; 100]).is_ok()
    });
}

#[test]
fn a_registrar_that_falls_silent_is_given_up() {
    let options = options();
    let listener = TcpListener::bind((options.address, options.port)).expect("a free port");
    let node = Node::new(EmbeddedOptions {
        client: ClientOptions {
            keep_alive: Duration::from_millis(50),
            silence: Duration::from_millis(200),
            ..ClientOptions::default()
        },
        ..options
    });
    std::thread::scope(|scope| {
        scope.spawn(|| node.register(announcement("a@localhost", 1)));
        let (mut stream, _) = listener.accept().expect("it comes");
        assert!(matches!(receive(&mut stream), Some(Message::Register(_))));
        stream
            .write_all(&bytes(&Message::Registered))
            .expect("it is taken");
        until("it is given up", || node.saw(&RegistrarEvent::Lost));
    });
    drop(listener);
    until("it serves itself", || node.registrar.info().is_serving);
}

#[test]
fn a_name_that_was_taken_while_the_registrar_was_away_is_told_once() {
    let options = options();
    let listener = TcpListener::bind((options.address, options.port)).expect("a free port");
    let node = Node::new(options);
    std::thread::scope(|scope| {
        scope.spawn(|| node.register(announcement("a@localhost", 1)));
        let (mut stream, _) = listener.accept().expect("it comes");
        receive(&mut stream);
        stream
            .write_all(&bytes(&Message::Registered))
            .expect("it is taken");
    });
    for _ in 0..3 {
        let (mut stream, _) = listener.accept().expect("it comes back");
        assert!(matches!(receive(&mut stream), Some(Message::Register(_))));
        let refusal = Refusal::Taken;
        let refused = bytes(&Message::Refused { id: 0, refusal });
        stream.write_all(&refused).expect("it is taken");
    }
    let (mut stream, _) = listener.accept().expect("it comes back");
    receive(&mut stream);
    until("it was told", || {
        node.saw(&RegistrarEvent::Refused(Refusal::Taken))
    });
    stream
        .write_all(&bytes(&Message::Registered))
        .expect("it is taken");
    until("it is registered again", || {
        let events = node.events.lock().expect("no panic");
        events.last() == Some(&RegistrarEvent::Registered)
    });
    let events = node.events.lock().expect("no panic");
    let told = events
        .iter()
        .filter(|event| **event == RegistrarEvent::Refused(Refusal::Taken));
    assert_eq!(told.count(), 1);
}

#[test]
fn registrations_are_taken_from_the_own_host_only() {
    let options = EmbeddedOptions {
        address: Ipv4Addr::UNSPECIFIED.into(),
        ..options()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let handle = runtime.expect("a runtime").handle().clone();
    let refused = tergo_net::registrar::EmbeddedRegistrar::new(options, handle);
    assert!(matches!(
        refused.err(),
        Some(RegistrarError::NotLoopback(_))
    ));
}
