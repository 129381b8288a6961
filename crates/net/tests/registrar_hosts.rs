//! Registrars of two hosts on one machine: each has an address of its own that loops back, which only Linux has unasked.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "these are tests")]

mod hosting;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use hosting::{Node, announcement, bytes, impatient, options, route, web};
use tergo_net::registrar::{EmbeddedOptions, Registrar, RegistrarError};
use tergo_wire::registrar::{ApplicationQuery, Decoder, Message};

fn host(port: u16, number: u8) -> EmbeddedOptions {
    let address = Ipv4Addr::new(127, 0, 0, number).into();
    EmbeddedOptions {
        address,
        port,
        udp_address: Some(address),
        ..options()
    }
}

/// What a registrar says to who asks where a node is.
fn answer(socket: &UdpSocket, question: &[u8], from: SocketAddr) {
    let mut decoder = Decoder::new();
    decoder.push(question);
    let Ok(Some(Message::Resolve { id, .. })) = decoder.next() else {
        panic!("a question");
    };
    let routes = vec![route(7)];
    let answer = bytes(&Message::Routes { id, routes });
    socket.send_to(&answer, from).expect("it goes");
}

#[test]
fn nodes_of_other_hosts_are_found_by_datagram() {
    let port = hosting::free_port();
    let a = Node::started(host(port, 2), announcement("a@127.0.0.2", 1));
    let mut other = announcement("b@127.0.0.3", 2);
    other.applications = vec![web("b@127.0.0.3", 7)];
    let b = Node::started(host(port, 3), other);
    assert!(a.registrar.info().is_serving && b.registrar.info().is_serving);
    assert_eq!(a.resolve("b@127.0.0.3").expect("it is there"), [route(2)]);
    assert_eq!(b.resolve("a@127.0.0.2").expect("it is there"), [route(1)]);
    let unknown = a.resolve("c@127.0.0.3");
    assert!(
        matches!(unknown, Err(RegistrarError::Unknown(_))),
        "{unknown:?}"
    );
    let query = ApplicationQuery {
        name: "web".to_owned(),
        ..ApplicationQuery::default()
    };
    let found = a.wait(a.registrar.resolve_application(query, Some("127.0.0.3")));
    assert_eq!(found.expect("it is there"), [web("b@127.0.0.3", 7)]);
    assert_eq!(a.nodes(), ["a@127.0.0.2"]);
}

#[test]
fn a_host_without_registrar_and_one_that_is_silent_end_in_time() {
    let port = hosting::free_port();
    let a = Node::started(impatient(&host(port, 2)), announcement("a@127.0.0.2", 1));
    let nobody = a.resolve("b@127.0.0.3");
    assert!(
        matches!(nobody, Err(RegistrarError::Absent(..))),
        "{nobody:?}"
    );
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 4), port)).expect("a free port");
    let silent = a.resolve("b@127.0.0.4");
    assert!(
        matches!(silent, Err(RegistrarError::Silent(_))),
        "{silent:?}"
    );
    drop(socket);
}

#[test]
fn a_lost_question_is_asked_again_and_a_forged_answer_is_not_believed() {
    let port = hosting::free_port();
    let a = Node::started(host(port, 2), announcement("a@127.0.0.2", 1));
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 4), port)).expect("a free port");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| a.resolve("b@127.0.0.4"));
        let mut question = [0; 2000];
        socket.recv_from(&mut question).expect("a question");
        let (length, from) = socket.recv_from(&mut question).expect("once more");
        let forged = Message::Routes {
            id: 1,
            routes: vec![route(66)],
        };
        socket.send_to(&bytes(&forged), from).expect("it goes");
        answer(&socket, &question[..length], from);
        let found = asking.join().expect("no panic").expect("an answer");
        assert_eq!(found, [route(7)]);
    });
}

#[test]
fn of_what_another_host_says_only_what_was_asked_for_counts_highest_weight_first() {
    let port = hosting::free_port();
    let a = Node::started(host(port, 2), announcement("a@127.0.0.2", 1));
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 4), port)).expect("a free port");
    let query = ApplicationQuery {
        name: "web".to_owned(),
        ..ApplicationQuery::default()
    };
    let [light, heavy] = [web("b@127.0.0.4", 1), web("c@127.0.0.4", 2)];
    let unfound = web("d@127.0.0.4", 0);
    let mut other = web("e@127.0.0.4", 9);
    other.name = "other".to_owned();
    let found = std::thread::scope(|scope| {
        let asked = a.registrar.resolve_application(query, Some("127.0.0.4"));
        let asking = scope.spawn(|| a.wait(asked));
        let mut question = [0; 2000];
        let (length, from) = socket.recv_from(&mut question).expect("a question");
        let mut decoder = Decoder::new();
        decoder.push(&question[..length]);
        let Ok(Some(Message::ResolveApplication { id, .. })) = decoder.next() else {
            panic!("a question");
        };
        let answer = Message::Applications {
            id,
            routes: vec![light.clone(), heavy.clone(), unfound, other],
            more: false,
        };
        socket.send_to(&bytes(&answer), from).expect("it goes");
        asking.join().expect("no panic")
    });
    assert_eq!(found.expect("an answer"), [heavy, light]);
}

#[test]
fn nodes_of_one_host_find_each_other_whatever_they_call_it_and_whether_it_answers_others() {
    let own = EmbeddedOptions {
        udp_address: None,
        ..options()
    };
    let a = Node::started(own.clone(), announcement("a@localhost", 1));
    let names = ["b@127.0.0.1", "b@[::1]", "b@127.0.1.1", "b@name.invalid"];
    for (port, name) in (2..).zip(names) {
        let mut other = announcement(name, port);
        other.applications = vec![web(name, 7)];
        let b = Node::started(own.clone(), other);
        assert_eq!(a.resolve(name).expect(name), [route(port)]);
        assert_eq!(b.resolve("a@localhost").expect(name), [route(1)]);
        let query = ApplicationQuery {
            name: "web".to_owned(),
            ..ApplicationQuery::default()
        };
        let (_, host) = name.split_once('@').expect("a node's name");
        let found = a.wait(a.registrar.resolve_application(query, Some(host)));
        assert_eq!(found.expect(name), [web(name, 7)]);
    }
    let unknown = a.resolve("c@127.0.0.1");
    assert!(
        matches!(unknown, Err(RegistrarError::Unknown(_))),
        "{unknown:?}"
    );
    let unnamed = a.resolve("c@name.invalid");
    assert!(
        matches!(unnamed, Err(RegistrarError::Host(..))),
        "{unnamed:?}"
    );
}

#[test]
fn a_port_of_the_own_host_that_leads_to_another_one_is_asked_for_what_the_own_does_not_know() {
    let own = EmbeddedOptions {
        udp_address: None,
        ..options()
    };
    let a = Node::started(own.clone(), announcement("a@localhost", 1));
    let translated = UdpSocket::bind((Ipv4Addr::LOCALHOST, own.port)).expect("a free port");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| a.resolve("b@127.0.0.1"));
        let mut question = [0; 2000];
        let (length, from) = translated.recv_from(&mut question).expect("a question");
        answer(&translated, &question[..length], from);
        let found = asking.join().expect("no panic").expect("an answer");
        assert_eq!(found, [route(7)]);
    });
}

#[test]
fn questions_of_other_hosts_come_in_by_ipv4_and_ipv6() {
    let port = hosting::free_port();
    let everywhere = EmbeddedOptions {
        port,
        ..EmbeddedOptions::default()
    };
    let asker = EmbeddedOptions {
        udp_address: None,
        ..host(port, 2)
    };
    let a = Node::started(asker, announcement("a@127.0.0.2", 1));
    let mut names = vec!["b@127.0.0.1"];
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        names.push("b@[::1]");
    }
    for (number, name) in (2..).zip(names) {
        let b = Node::started(everywhere.clone(), announcement(name, number));
        assert_eq!(a.resolve(name).expect(name), [route(number)]);
        assert!(b.registrar.info().is_serving);
        b.wait(b.registrar.close()).expect("it ends");
    }
}

#[test]
fn an_application_that_is_not_as_asked_for_is_not_said_to_be_unknown() {
    let a = Node::new(options());
    let mut own = announcement("a@localhost", 1);
    own.applications = vec![web("a@localhost", 7)];
    a.register(own);
    let query = ApplicationQuery {
        name: "web".to_owned(),
        with_tags: vec!["fast".to_owned()],
        ..ApplicationQuery::default()
    };
    let found = a.wait(a.registrar.resolve_application(query, None));
    let error = found.expect_err("it has no such tag").to_string();
    assert_eq!(
        error,
        "application web, as it is asked for, is not registered"
    );
}
