//! What a node knows of its host's registrar while that one goes and another comes: a simulation, with the
//! time under control.

#![allow(clippy::expect_used, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tergo_wire::registrar::{
    Announcement, Answer, ApplicationMode, ApplicationQuery, ApplicationRoute, ApplicationState,
    AskError, Client, ClientEvent, ClientOptions, Inquiry, LinkId, Message, Progress, Question,
    Refusal, Route, Server, ServerLimits,
};

/// One step of the simulation.
const STEP: Duration = Duration::from_millis(10);

fn announcement(name: &str) -> Announcement {
    Announcement {
        node: name.to_owned(),
        hidden: false,
        routes: vec![Route {
            host: String::new(),
            port: 1,
            tls: false,
            handshake: "h:1".to_owned(),
            protocol: "p:1".to_owned(),
        }],
        applications: Vec::new(),
    }
}

/// A host: the registrar, if there is one, and the nodes, some of which have a link to it.
#[derive(Default)]
struct Simulation {
    now: Duration,
    server: Option<Server>,
    nodes: BTreeMap<String, Node>,
}

struct Node {
    client: Client,
    link: Option<LinkId>,
    /// When it tries to connect next.
    connect_at: Duration,
    wait: Duration,
    peers: BTreeSet<String>,
    registered: u32,
    refused: Vec<Refusal>,
    answers: BTreeMap<u64, Result<Answer, AskError>>,
}

impl Simulation {
    /// A node that connects so long after it is alone.
    fn start(&mut self, name: &str, wait: Duration) {
        let node = Node {
            client: Client::new(ClientOptions::default(), announcement(name)),
            link: None,
            connect_at: self.now + wait,
            wait,
            peers: BTreeSet::new(),
            registered: 0,
            refused: Vec::new(),
            answers: BTreeMap::new(),
        };
        self.nodes.insert(name.to_owned(), node);
    }

    fn stop(&mut self, name: &str) {
        let node = self.nodes.remove(name);
        let link = node.and_then(|node| node.link);
        if let (Some(server), Some(link)) = (&mut self.server, link) {
            server.close(link);
        }
    }

    fn kill_server(&mut self) {
        self.server = None;
        for node in self.nodes.values_mut() {
            if node.link.take().is_some() {
                node.client.lost();
            }
            node.connect_at = self.now + node.wait;
        }
    }

    fn ask(&mut self, name: &str, question: Question) -> u64 {
        let node = self.nodes.get_mut(name).expect("it is there");
        node.client.ask(question, self.now)
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            let now = self.now;
            for node in self.nodes.values_mut() {
                node.connect(&mut self.server, now);
            }
            // Until nobody has anything more to say.
            for _ in 0..6 {
                for (name, node) in &mut self.nodes {
                    node.exchange(name, self.server.as_mut(), now);
                }
            }
        }
    }

    fn node(&self, name: &str) -> &Node {
        &self.nodes[name]
    }
}

impl Node {
    fn connect(&mut self, server: &mut Option<Server>, now: Duration) {
        if self.link.is_some() || now < self.connect_at {
            return;
        }
        let takes_over = self.registered > 0;
        let server =
            server.get_or_insert_with(|| Server::new(ServerLimits::default(), takes_over, now));
        self.link = server.open(now);
        self.client.connected(now);
    }

    fn exchange(&mut self, own: &str, server: Option<&mut Server>, now: Duration) {
        if let (Some(link), Some(server)) = (self.link, server) {
            server.read(link, &self.client.take_output(), now);
            server.tick(link, now);
            let output = server.take_output(link);
            self.client
                .read(&output.bytes, now)
                .expect("a server speaks well");
            if output.is_closed {
                server.close(link);
                self.lose(now);
            }
        }
        if !self.client.tick(now) {
            self.lose(now);
        }
        while let Some(event) = self.client.poll_event() {
            self.note(own, event);
        }
    }

    fn lose(&mut self, now: Duration) {
        self.link = None;
        self.client.lost();
        self.connect_at = now + self.wait;
    }

    fn note(&mut self, own: &str, event: ClientEvent) {
        match event {
            ClientEvent::Registered => self.registered += 1,
            ClientEvent::Refused(refusal) => self.refused.push(refusal),
            ClientEvent::Answered { id, answer } => {
                let before = self.answers.insert(id, answer);
                assert!(before.is_none(), "a question is settled once");
            }
            ClientEvent::Joined(node) => {
                assert_ne!(node, own, "nobody hears of itself");
                assert!(self.peers.insert(node), "who is there does not come");
            }
            ClientEvent::Left(node) => {
                assert!(self.peers.remove(&node), "who is not there does not go");
            }
        }
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn two_nodes() -> Simulation {
    let mut simulation = Simulation::default();
    simulation.start("a@host", ms(10));
    simulation.start("b@host", ms(20));
    simulation.run(ms(100));
    assert!(simulation.node("a@host").peers.contains("b@host"));
    assert!(simulation.node("b@host").peers.contains("a@host"));
    simulation
}

#[test]
fn when_the_registrar_goes_nodes_register_with_the_next_and_nobody_seems_to_leave() {
    let mut simulation = two_nodes();
    simulation.start("c@host", ms(1500));
    simulation.run(ms(2000));
    simulation.kill_server();
    simulation.run(ms(5000));
    for node in simulation.nodes.values() {
        assert_eq!((node.registered, node.peers.len()), (2, 2));
    }
}

#[test]
fn a_node_that_went_with_the_registrar_is_told_to_have_left() {
    let mut simulation = two_nodes();
    simulation.kill_server();
    simulation.stop("a@host");
    simulation.run(ms(1000));
    assert!(
        simulation.node("b@host").peers.contains("a@host"),
        "not yet"
    );
    simulation.run(ms(2000));
    assert!(simulation.node("b@host").peers.is_empty());
}

#[test]
fn what_is_asked_while_there_is_no_registrar_is_answered_by_the_next() {
    let mut simulation = two_nodes();
    simulation.kill_server();
    let id = simulation.ask("a@host", Question::Node("b@host".to_owned()));
    simulation.run(ms(200));
    let answer = &simulation.node("a@host").answers[&id];
    assert!(matches!(answer, Ok(Answer::Routes(_))), "{answer:?}");
}

#[test]
fn a_node_that_registers_late_with_the_next_registrar_is_found_by_those_who_asked_before() {
    let mut simulation = two_nodes();
    simulation
        .nodes
        .get_mut("b@host")
        .expect("it is there")
        .wait = ms(900);
    simulation.kill_server();
    let known = simulation.ask("a@host", Question::Node("b@host".to_owned()));
    let unknown = simulation.ask("a@host", Question::Node("z@host".to_owned()));
    simulation.run(ms(2500));
    let answers = &simulation.node("a@host").answers;
    assert!(matches!(answers[&known], Ok(Answer::Routes(_))));
    assert_eq!(answers[&unknown], Err(AskError::Refused(Refusal::Unknown)));
}

#[test]
fn a_question_that_nobody_answers_ends_in_time() {
    let mut simulation = Simulation::default();
    simulation.start("a@host", ms(60_000));
    let id = simulation.ask("a@host", Question::Nodes);
    simulation.run(ms(2990));
    assert!(simulation.node("a@host").answers.is_empty());
    simulation.run(ms(20));
    assert_eq!(
        simulation.node("a@host").answers[&id],
        Err(AskError::Timeout)
    );
}

#[test]
fn a_registrar_that_is_silent_is_given_up() {
    let mut simulation = two_nodes();
    let node = simulation.nodes.get_mut("a@host").expect("it is there");
    let now = simulation.now;
    assert!(node.client.tick(now + ms(8000)));
    assert!(
        !node.client.take_output().is_empty(),
        "it was asked for a sign of life"
    );
    assert!(!node.client.tick(now + ms(9100)));
    let mut fresh = Client::new(ClientOptions::default(), announcement("c@host"));
    fresh.connected(now);
    assert!(fresh.tick(now + ms(900)));
    assert!(
        !fresh.tick(now + ms(1000)),
        "it does not answer the registration"
    );
}

#[test]
fn links_without_anything_to_say_stay() {
    let mut simulation = two_nodes();
    simulation.run(ms(60_000));
    for node in simulation.nodes.values() {
        assert_eq!((node.registered, node.peers.len()), (1, 1));
    }
}

#[test]
fn a_name_that_is_taken_is_told_and_free_when_its_holder_stops() {
    let mut simulation = two_nodes();
    let mut thief = Node {
        client: Client::new(ClientOptions::default(), announcement("a@host")),
        link: None,
        connect_at: Duration::ZERO,
        wait: ms(50),
        peers: BTreeSet::new(),
        registered: 0,
        refused: Vec::new(),
        answers: BTreeMap::new(),
    };
    thief.connect(&mut simulation.server, simulation.now);
    for _ in 0..4 {
        thief.exchange("a@host", simulation.server.as_mut(), simulation.now);
    }
    assert_eq!(thief.refused, [Refusal::Taken]);
    simulation.stop("a@host");
    simulation.nodes.insert("a@host".to_owned(), thief);
    simulation.run(ms(200));
    assert_eq!(simulation.node("a@host").registered, 1);
}

#[test]
fn what_is_announced_while_there_is_no_registrar_holds_with_the_next() {
    let mut simulation = two_nodes();
    simulation.kill_server();
    let node = simulation.nodes.get_mut("b@host").expect("it is there");
    let mut anew = announcement("b@host");
    anew.routes[0].port = 99;
    node.client.announce(anew);
    let id = simulation.ask("a@host", Question::Node("b@host".to_owned()));
    simulation.run(ms(200));
    match &simulation.node("a@host").answers[&id] {
        Ok(Answer::Routes(routes)) => assert_eq!(routes[0].port, 99),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_announced_while_the_registrar_has_too_much_to_do_is_announced_again() {
    let mut simulation = two_nodes();
    let limits = ServerLimits::default();
    for _ in 0..2 * limits.per_link {
        simulation.ask("b@host", Question::Node("a@host".to_owned()));
    }
    let node = simulation.nodes.get_mut("b@host").expect("it is there");
    let mut anew = announcement("b@host");
    anew.routes[0].port = 99;
    node.client.announce(anew);
    simulation.run(ms(500));
    assert_eq!(simulation.node("b@host").refused, []);
    let id = simulation.ask("a@host", Question::Node("b@host".to_owned()));
    simulation.run(ms(20));
    match &simulation.node("a@host").answers[&id] {
        Ok(Answer::Routes(routes)) => assert_eq!(routes[0].port, 99),
        other => panic!("{other:?}"),
    }
}

/// An answer in one datagram.
fn datagram(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes).expect("it fits");
    bytes
}

#[test]
fn an_answer_with_another_id_is_as_if_it_had_not_come() {
    let question = Question::Node("b@host".to_owned());
    let mut inquiry = Inquiry::new(7, question, ms(1000), ms(0));
    let routes = announcement("b@host").routes;
    let mut answer = |id| {
        let routes = routes.clone();
        inquiry.read(&datagram(&Message::Routes { id, routes }), ms(0))
    };
    assert_eq!(answer(8), Progress::Open);
    let Progress::Done(Ok(Answer::Routes(found))) = answer(7) else {
        panic!("this one has its id");
    };
    assert_eq!(found, routes);
}

#[test]
fn a_registrar_cannot_keep_an_asker_busy_with_what_it_has_said() {
    let query = ApplicationQuery {
        name: "web".to_owned(),
        ..ApplicationQuery::default()
    };
    let mut inquiry = Inquiry::new(7, Question::Application(query), ms(1000), ms(0));
    let page = datagram(&Message::Applications {
        id: 7,
        more: true,
        routes: vec![ApplicationRoute {
            node: "a@host".to_owned(),
            name: "web".to_owned(),
            weight: 1,
            tags: Vec::new(),
            mode: ApplicationMode::Permanent,
            state: ApplicationState::Running,
        }],
    });
    assert_eq!(inquiry.read(&page, ms(0)), Progress::Open);
    assert!(
        inquiry.poll_send(ms(0)).is_some(),
        "it asks for more at once"
    );
    match inquiry.read(&page, ms(0)) {
        Progress::Done(Ok(Answer::Applications(routes))) => assert_eq!(routes.len(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unanswered_inquiry_is_sent_less_and_less_often() {
    let question = Question::Node("b@host".to_owned());
    let mut inquiry = Inquiry::new(7, question, ms(3000), ms(0));
    let due = (0..3000).filter(|time| inquiry.poll_send(ms(*time)).is_some());
    assert_eq!(due.collect::<Vec<_>>(), [0, 200, 600, 1400]);
    assert!(!inquiry.is_over(ms(2999)) && inquiry.is_over(ms(3000)));
}

/// What befalls a host.
#[derive(Clone, Debug)]
enum Act {
    Start(u8, u64),
    Stop(u8),
    Kill,
    Pass(u64),
    Ask(u8, u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..6u8, 10..900u64).prop_map(|(node, wait)| Act::Start(node, wait)),
        2 => (0..6u8).prop_map(Act::Stop),
        1 => Just(Act::Kill),
        4 => (10..1500u64).prop_map(Act::Pass),
        3 => (0..6u8, 0..6u8).prop_map(|(from, about)| Act::Ask(from, about)),
    ]
}

fn name(number: u8) -> String {
    format!("n{number}@host")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_befalls_a_host_all_who_live_find_each_other_in_the_end(acts in vec(act(), 1..40)) {
        let mut simulation = Simulation::default();
        let mut asked = BTreeMap::new();
        for act in acts {
            match act {
                Act::Start(node, wait) if !simulation.nodes.contains_key(&name(node)) => {
                    asked.remove(&name(node));
                    simulation.start(&name(node), ms(wait));
                }
                Act::Stop(node) => simulation.stop(&name(node)),
                Act::Kill => simulation.kill_server(),
                Act::Pass(time) => simulation.run(ms(time)),
                Act::Ask(from, about) if simulation.nodes.contains_key(&name(from)) => {
                    let id = simulation.ask(&name(from), Question::Node(name(about)));
                    asked.entry(name(from)).or_insert_with(Vec::new).push(id);
                }
                _ => {}
            }
        }
        simulation.run(ms(5000));
        let all: BTreeSet<_> = simulation.nodes.keys().cloned().collect();
        for (name, node) in &simulation.nodes {
            let mut known = node.peers.clone();
            known.insert(name.clone());
            prop_assert_eq!(&known, &all);
            for id in asked.get(name).into_iter().flatten() {
                prop_assert!(node.answers.contains_key(id), "every question is settled");
            }
        }
    }
}
