//! What a node does about its link to the registrar of its host: when it asks for a sign of life, and what it keeps of one that is
//! lost.

#![allow(clippy::expect_used, reason = "these are tests")]

use std::time::Duration;

use tergo_wire::registrar::{
    Announcement, AskError, Client, ClientEvent, ClientOptions, Decoder, Message, Question, Refusal,
};

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn client() -> Client {
    Client::new(
        ClientOptions::default(),
        Announcement::hidden("a@host".to_owned()),
    )
}

fn bytes(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out).expect("it fits");
    out
}

fn hear(client: &mut Client, message: &Message, now: Duration) {
    let read = client.read(&bytes(message), now);
    read.expect("it belongs there");
}

/// Finds a registrar, which registers it.
fn register(client: &mut Client, now: Duration) {
    client.connected(now);
    hear(client, &Message::Registered, now);
}

/// What it has said since the last time.
fn said(client: &mut Client) -> Vec<Message> {
    let mut decoder = Decoder::new();
    decoder.push(&client.take_output());
    let next = || decoder.next().expect("a client speaks well");
    std::iter::from_fn(next).collect()
}

fn events(client: &mut Client) -> Vec<ClientEvent> {
    std::iter::from_fn(|| client.poll_event()).collect()
}

#[test]
fn a_registrar_that_answers_is_asked_for_a_sign_of_life_now_and_then_and_kept() {
    let mut client = client();
    register(&mut client, ms(0));
    hear(
        &mut client,
        &Message::NodeList {
            id: 1,
            nodes: Vec::new(),
            more: false,
        },
        ms(0),
    );
    said(&mut client);
    for round in 1..20 {
        let now = client.deadline().expect("something is due");
        assert_eq!(now, ms(3000 * round));
        assert!(client.tick(now), "it is of use");
        assert_eq!(said(&mut client), [Message::Ping]);
        hear(&mut client, &Message::Pong, now);
    }
}

#[test]
fn what_came_half_is_forgotten_with_its_link() {
    let mut client = client();
    client.connected(ms(0));
    let half = &bytes(&Message::Joined("b@host".to_owned()))[..9];
    client.read(half, ms(0)).expect("so far it is right");
    client.lost();
    register(&mut client, ms(100));
    assert!(client.is_registered());
}

#[test]
fn a_node_that_announces_itself_anew_is_not_told_that_it_is_registered() {
    let mut client = client();
    register(&mut client, ms(0));
    assert_eq!(events(&mut client), [ClientEvent::Registered]);
    client.announce(Announcement::hidden("a@host"));
    said(&mut client);
    hear(&mut client, &Message::Registered, ms(10));
    assert_eq!(events(&mut client), []);
    assert_eq!(said(&mut client), []);
}

#[test]
fn so_many_questions_wait_and_no_more() {
    let mut client = client();
    let node = || Question::Node("b@host".to_owned());
    for _ in 0..4096 {
        client.ask(node(), ms(0));
    }
    assert_eq!(events(&mut client), []);
    let id = client.ask(node(), ms(0));
    let answer = Err(AskError::Refused(Refusal::Busy));
    assert_eq!(events(&mut client), [ClientEvent::Answered { id, answer }]);
}

fn settling(client: &mut Client, id: u64, now: Duration) {
    let refusal = Refusal::Settling;
    hear(client, &Message::Refused { id, refusal }, now);
}

#[test]
fn what_a_registrar_that_settles_does_not_know_to_the_last_is_unknown() {
    let mut client = client();
    register(&mut client, ms(0));
    let id = client.ask(Question::Node("b@host".to_owned()), ms(0));
    settling(&mut client, id, ms(0));
    assert!(client.tick(ms(50)));
    settling(&mut client, id, ms(50));
    events(&mut client);
    assert!(client.tick(ms(3000)));
    let answer = Err(AskError::Refused(Refusal::Unknown));
    assert_eq!(events(&mut client), [ClientEvent::Answered { id, answer }]);
}

#[test]
fn what_is_to_be_asked_again_waits_for_the_next_registrar() {
    let mut client = client();
    register(&mut client, ms(0));
    let id = client.ask(Question::Node("b@host".to_owned()), ms(0));
    settling(&mut client, id, ms(0));
    client.lost();
    let due = client.deadline().expect("the question has its time");
    assert_eq!(due, ms(3000), "until then there is nothing to do");
    client.connected(ms(100));
    assert_eq!(client.deadline(), Some(ms(1100)), "it is to register");
    said(&mut client);
    hear(&mut client, &Message::Registered, ms(110));
    let node = "b@host".to_owned();
    assert_eq!(said(&mut client)[0], Message::Resolve { id, node });
}

#[test]
fn nobody_is_said_to_be_gone_while_there_is_no_registrar() {
    let mut client = client();
    register(&mut client, ms(0));
    hear(&mut client, &Message::Joined("b@host".to_owned()), ms(0));
    for begin in [100, 1000] {
        client.lost();
        register(&mut client, ms(begin));
    }
    client.lost();
    events(&mut client);
    client.tick(ms(60_000));
    assert_eq!(events(&mut client), []);
    register(&mut client, ms(60_000));
    client.tick(ms(62_000));
    let left = ClientEvent::Left("b@host".to_owned());
    assert_eq!(events(&mut client), [ClientEvent::Registered, left]);
}
