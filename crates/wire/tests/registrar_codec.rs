//! The bytes of the registrar's messages: what is written is read again, however it is cut, and nothing else is.

#![allow(clippy::expect_used, reason = "these are tests")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tergo_wire::registrar::{
    Announcement, ApplicationMode, ApplicationQuery, ApplicationRoute, ApplicationState, Decoder,
    Fault, MAX_APPLICATIONS, MAX_ROUTES, Message, Refusal, Route, fuzz,
};

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes).expect("it fits");
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Option<Message>, Fault> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    decoder.next()
}

/// A message with that type and those fields.
fn raw(code: u8, fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (tag, content) in fields {
        body.push(*tag);
        body.extend(u16::try_from(content.len()).expect("short").to_be_bytes());
        body.extend(*content);
    }
    let length = u16::try_from(body.len()).expect("short").to_be_bytes();
    [
        &[b'T', b'R', 1, code, length[0], length[1]],
        body.as_slice(),
    ]
    .concat()
}

fn node() -> impl Strategy<Value = String> {
    "[a-zé]{1,20}@[a-z.]{1,20}"
}

fn tags() -> impl Strategy<Value = Vec<String>> {
    vec("[a-z]{1,32}", 0..=16)
}

fn state() -> impl Strategy<Value = ApplicationState> {
    prop_oneof![
        Just(ApplicationState::Loaded),
        Just(ApplicationState::Starting),
        Just(ApplicationState::Running),
        Just(ApplicationState::Stopping),
    ]
}

fn mode() -> impl Strategy<Value = ApplicationMode> {
    prop_oneof![
        Just(ApplicationMode::Temporary),
        Just(ApplicationMode::Transient),
        Just(ApplicationMode::Permanent),
    ]
}

prop_compose! {
    fn route()(
        host in "[a-z0-9.:]{0,40}",
        port in 1..=u16::MAX,
        tls: bool,
        handshake in "[a-z:0-9]{1,32}",
        protocol in "[a-z:0-9]{1,32}",
    ) -> Route {
        Route { host, port, tls, handshake, protocol }
    }
}

prop_compose! {
    fn application()(
        node in node(),
        name in "[a-z]{1,40}",
        weight: u32,
        tags in tags(),
        mode in mode(),
        state in state(),
    ) -> ApplicationRoute {
        ApplicationRoute { node, name, weight, tags, mode, state }
    }
}

prop_compose! {
    fn query()(
        name in "[a-z]{1,40}",
        with_tags in tags(),
        without_tags in tags(),
        state in option::of(state()),
    ) -> ApplicationQuery {
        ApplicationQuery { name, with_tags, without_tags, state }
    }
}

fn announcement() -> impl Strategy<Value = Announcement> {
    let parts = (
        node(),
        any::<bool>(),
        vec(route(), 0..8),
        vec(application(), 0..8),
    );
    parts.prop_map(|(node, hidden, routes, applications)| Announcement {
        node,
        hidden,
        routes,
        applications,
    })
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        Just(Refusal::Taken),
        Just(Refusal::Unknown),
        Just(Refusal::Busy),
        Just(Refusal::Settling),
        Just(Refusal::Incorrect),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let id = any::<u64>;
    let after = || option::of(node());
    prop_oneof![
        announcement().prop_map(Message::Register),
        Just(Message::Registered),
        (id(), node()).prop_map(|(id, node)| Message::Resolve { id, node }),
        (id(), vec(route(), 0..16)).prop_map(|(id, routes)| Message::Routes { id, routes }),
        (id(), query(), after()).prop_map(|(id, query, after)| Message::ResolveApplication {
            id,
            query,
            after
        }),
        (id(), vec(application(), 0..8), any::<bool>())
            .prop_map(|(id, routes, more)| Message::Applications { id, routes, more }),
        (id(), after()).prop_map(|(id, after)| Message::Nodes { id, after }),
        (id(), vec(node(), 0..20), any::<bool>()).prop_map(|(id, nodes, more)| Message::NodeList {
            id,
            nodes,
            more
        }),
        (id(), refusal()).prop_map(|(id, refusal)| Message::Refused { id, refusal }),
        node().prop_map(Message::Joined),
        node().prop_map(Message::Left),
        Just(Message::Ping),
        Just(Message::Pong),
    ]
}

proptest! {
    #[test]
    fn messages_survive_any_split_of_the_stream(
        messages in vec(message(), 0..6),
        cuts in vec(1..50usize, 1..20),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(encoded).collect();
        let mut rest = bytes.as_slice();
        let mut cuts = cuts.into_iter().cycle();
        let mut decoder = Decoder::new();
        let mut read = Vec::new();
        while !rest.is_empty() {
            let cut = cuts.next().expect("endless").min(rest.len());
            decoder.push(&rest[..cut]);
            rest = &rest[cut..];
            while let Some(message) = decoder.next().expect("they are correct") {
                read.push(message);
            }
        }
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn any_bytes_harm_nobody(data in vec(any::<u8>(), 0..300)) {
        fuzz(&data);
    }

    #[test]
    fn damaged_messages_harm_nobody(
        messages in vec(message(), 1..4),
        cut: u8,
        damages in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut data: Vec<u8> = messages.iter().flat_map(encoded).collect();
        for (at, value) in damages {
            let at = at.index(data.len());
            data[at] = value;
        }
        data.insert(0, cut);
        fuzz(&data);
    }
}

#[test]
fn the_bytes_are_those_of_the_document() {
    let message = Message::Resolve {
        id: 7,
        node: "b@host".to_owned(),
    };
    let expected = [
        &b"TR\x01\x03\x00\x14"[..],
        b"\x01\x00\x08\x00\x00\x00\x00\x00\x00\x00\x07",
        b"\x02\x00\x06b@host",
    ];
    assert_eq!(encoded(&message), expected.concat());
}

#[test]
fn a_later_version_may_add_optional_fields_and_messages() {
    let id = 7u64.to_be_bytes();
    let with_field = raw(3, &[(1, &id), (200, b"new"), (2, b"b@host")]);
    let message = Message::Resolve {
        id: 7,
        node: "b@host".to_owned(),
    };
    assert_eq!(decoded(&with_field), Ok(Some(message)));

    let mut with_message = raw(200, &[(1, b"anything")]);
    with_message.extend(raw(12, &[]));
    assert_eq!(decoded(&with_message), Ok(Some(Message::Ping)));
}

#[test]
fn what_is_not_allowed_is_told_by_its_fault() {
    let id = 7u64.to_be_bytes();
    let cases: [(Vec<u8>, Fault); 12] = [
        (b"GET / HTTP/1.1\r\n".to_vec(), Fault::Magic),
        (b"T_".to_vec(), Fault::Magic),
        (b"TR\x02".to_vec(), Fault::Version(2)),
        (raw(99, &[]), Fault::Type(99)),
        (raw(3, &[(1, &id), (77, b"")]), Fault::Field(77)),
        (raw(3, &[(1, &id), (4, b"")]), Fault::Field(4)),
        (
            raw(3, &[(1, &id), (1, &id), (2, b"b@host")]),
            Fault::Repeated(1),
        ),
        (raw(3, &[(2, b"b@host")]), Fault::Missing(1)),
        (raw(3, &[(1, &id), (2, b"no-host")]), Fault::Value(2)),
        (raw(3, &[(1, &id), (2, b"\xff@host")]), Fault::Value(2)),
        (raw(3, &[(1, b"short"), (2, b"b@host")]), Fault::Value(1)),
        (b"TR\x01\x03\x00\x03\x02\x00\x06".to_vec(), Fault::Length),
    ];
    for (bytes, fault) in cases {
        assert_eq!(decoded(&bytes), Err(fault), "{bytes:?}");
    }
}

#[test]
fn lists_end_at_their_limits() {
    let route = Route {
        host: String::new(),
        port: 1,
        tls: false,
        handshake: "h".to_owned(),
        protocol: "p".to_owned(),
    };
    let with_routes = |count: usize| Announcement {
        node: "a@host".to_owned(),
        hidden: false,
        routes: vec![route.clone(); count],
        applications: Vec::new(),
    };
    assert!(with_routes(MAX_ROUTES).is_correct());
    assert!(!with_routes(MAX_ROUTES + 1).is_correct());
    let bytes = encoded(&Message::Register(with_routes(MAX_ROUTES + 1)));
    assert_eq!(decoded(&bytes), Err(Fault::TooLarge));
}

fn with_applications(count: usize, tag: &str) -> Announcement {
    let one = |number: usize| ApplicationRoute {
        node: "a@host".to_owned(),
        name: format!("application-{number}"),
        weight: 1,
        tags: vec![tag.to_owned(); 8],
        mode: ApplicationMode::Temporary,
        state: ApplicationState::Running,
    };
    Announcement {
        node: "a@host".to_owned(),
        hidden: false,
        routes: Vec::new(),
        applications: (0..count).map(one).collect(),
    }
}

#[test]
fn all_tags_of_an_application_together_are_bounded() {
    let tagged = |count: usize| {
        let mut announcement = with_applications(1, "t");
        announcement.applications[0].tags = vec!["t".repeat(64); count];
        announcement
    };
    assert!(tagged(8).is_correct());
    assert!(!tagged(9).is_correct());
    let bytes = encoded(&Message::Register(tagged(9)));
    assert_eq!(decoded(&bytes), Err(Fault::TooLarge));
}

#[test]
fn an_announcement_must_fit_into_one_message() {
    assert!(with_applications(MAX_APPLICATIONS, "t").is_correct());
    assert!(!with_applications(MAX_APPLICATIONS + 1, "t").is_correct());
    let large = with_applications(MAX_APPLICATIONS, &"t".repeat(64));
    assert!(!large.is_correct());
    let mut out = b"before".to_vec();
    let encoded = Message::Register(large).encode(&mut out);
    assert_eq!(
        (encoded, out.as_slice()),
        (Err(Fault::TooLarge), &b"before"[..])
    );
}

#[test]
fn applications_that_cannot_be_announced_are_left_out_and_the_others_stay() {
    let mut mixed = with_applications(4, "t");
    mixed.applications[0].name = "my shop".to_owned();
    mixed.applications[1].node = "b@host".to_owned();
    mixed.applications.push(mixed.applications[2].clone());
    let names: Vec<_> = mixed
        .applications
        .iter()
        .map(|one| one.name.clone())
        .collect();
    let left_out = mixed.leave_out();
    assert_eq!(left_out, [&*names[0], &*names[1], &*names[4]]);
    assert_eq!(mixed.applications.len(), 2);
    assert!(mixed.is_correct());

    let mut many = with_applications(MAX_APPLICATIONS + 4, "t");
    assert_eq!(many.leave_out().len(), 4);
    assert!(many.is_correct());

    let mut large = with_applications(MAX_APPLICATIONS, &"t".repeat(64));
    let left_out = large.leave_out().len();
    assert!(left_out > 0 && left_out < MAX_APPLICATIONS);
    assert!(large.is_correct());
}

#[test]
fn an_announcement_names_only_what_is_its_own() {
    let mut foreign = with_applications(2, "t");
    foreign.applications[1].node = "b@host".to_owned();
    assert!(!foreign.is_correct());
    let mut twice = with_applications(2, "t");
    twice.applications[1].name = twice.applications[0].name.clone();
    assert!(!twice.is_correct());
    let mut hidden = with_applications(1, "t");
    hidden.hidden = true;
    assert!(!hidden.is_correct());
    assert!(Announcement::hidden("a@host").is_correct());
    assert!(!Announcement::hidden("a@b@c").is_correct());
}
