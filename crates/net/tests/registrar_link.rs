//! What a node does with its link to the registrar of its host, and the registrar with the links to it.

#![allow(clippy::expect_used, reason = "these are tests")]

mod hosting;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use hosting::{Node, announcement, bytes, options, route, until, web};
use tergo_net::registrar::{EmbeddedOptions, Registrar, RegistrarError, RegistrarEvent};
use tergo_wire::registrar::{ApplicationQuery, Decoder, Message, Refusal};

const PATIENCE: Duration = Duration::from_secs(20);

/// The next message that comes.
fn receive(stream: &mut TcpStream) -> Message {
    let mut decoder = Decoder::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).expect("more comes");
        decoder.push(&byte);
        if let Some(message) = decoder.next().expect("it is the protocol's") {
            return message;
        }
    }
}

/// A node comes, and is answered by a program that only seems to be a registrar.
fn answer(listener: &TcpListener, answer: &Message) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("it comes");
    let said = receive(&mut stream);
    assert!(matches!(said, Message::Register(_)), "{said:?}");
    stream.write_all(&bytes(answer)).expect("it is taken");
    stream
}

#[test]
fn what_was_still_to_be_said_over_a_lost_link_is_not_said_over_the_next() {
    let options = options();
    let listener = TcpListener::bind((options.address, options.port)).expect("a free port");
    let node = Node::new(options);
    thread::scope(|scope| {
        scope.spawn(|| node.register(announcement("a@localhost", 1)));
        let stream = answer(&listener, &Message::Registered);
        let mut large = announcement("a@localhost", 1);
        let mut place = route(1);
        place.host = "h".repeat(255);
        large.routes = vec![place; 16];
        // More than the system holds for somebody who does not read.
        for _ in 0..4000 {
            let announced = node.registrar.announce(large.clone());
            announced.expect("the session goes on");
        }
        until("it is registered", || node.registrar.info().is_registered);
        drop(stream);
        let next = answer(&listener, &Message::Registered);
        until("it is registered again", || {
            let events = node.events.lock().expect("no panic");
            let registered = events
                .iter()
                .filter(|event| **event == RegistrarEvent::Registered);
            registered.count() == 2
        });
        drop(next);
    });
}

#[test]
fn a_name_that_is_taken_again_is_told_again_and_meanwhile_the_node_is_not_registered() {
    let options = options();
    let listener = TcpListener::bind((options.address, options.port)).expect("a free port");
    let node = Node::new(options);
    let taken = Message::Refused {
        id: 0,
        refusal: Refusal::Taken,
    };
    thread::scope(|scope| {
        scope.spawn(|| node.register(announcement("a@localhost", 1)));
        for message in [&Message::Registered, &taken, &Message::Registered, &taken] {
            drop(answer(&listener, message));
        }
        let (_stream, _) = listener.accept().expect("it comes");
        until("it is told twice", || {
            let events = node.events.lock().expect("no panic");
            let told = events
                .iter()
                .filter(|event| **event == RegistrarEvent::Refused(Refusal::Taken));
            told.count() == 2
        });
        assert!(!node.registrar.info().is_registered);
    });
}

#[test]
fn a_node_whose_name_is_taken_does_not_try_as_long_as_one_that_finds_no_registrar() {
    let options = options();
    let _holder = Node::started(options.clone(), announcement("a@localhost", 1));
    let (done, result) = channel();
    thread::spawn(move || {
        let thief = Node::new(EmbeddedOptions {
            start_within: Duration::from_hours(1),
            ..options
        });
        let refused = thief.start(announcement("a@localhost", 2));
        let events = thief.events.lock().expect("no panic").clone();
        // Nobody waits for it when it comes too late.
        let _ = done.send((refused, events));
    });
    let (refused, events) = result.recv_timeout(PATIENCE).expect("it gives up");
    assert!(matches!(refused, Err(RegistrarError::Taken(_))));
    assert_eq!(events, [], "who has started it is told, and nobody else");
}

#[test]
fn whoever_finds_too_many_there_is_told_so() {
    let mut options = options();
    options.limits.max_links = 1;
    let _a = Node::started(options.clone(), announcement("a@localhost", 1));
    let mut stream = TcpStream::connect((options.address, options.port)).expect("somebody serves");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let refusal = Refusal::Busy;
    assert_eq!(receive(&mut stream), Message::Refused { id: 0, refusal });
    assert_eq!(stream.read(&mut [0]).expect("it is closed"), 0);
}

#[test]
fn the_own_host_is_asked_over_the_link_however_its_name_is_written() {
    let mut options = options();
    options.udp_address = None;
    let mut own = announcement("a@localhost", 1);
    own.applications = vec![web("a@localhost", 1)];
    let a = Node::started(options, own);
    let query = ApplicationQuery {
        name: "web".to_owned(),
        ..ApplicationQuery::default()
    };
    let found = a.wait(a.registrar.resolve_application(query, Some("LocalHost")));
    assert_eq!(found.expect("it is there"), [web("a@localhost", 1)]);
}
