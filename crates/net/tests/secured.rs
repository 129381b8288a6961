//! Whole nodes that find each other by the registrar and speak TLS.

#![allow(clippy::expect_used, reason = "these are tests")]

mod authority;
mod hosting;

use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use authority::{Authority, options};
use hosting::until;
use tergo_core::{Fabric, Scheduler};
use tergo_net::registrar::{EmbeddedOptions, EmbeddedRegistrar, Registrar, RegistrarError};
use tergo_net::tls::{ClientAuth, Tls};
use tergo_net::{
    AcceptorOptions, Cookie, Help, ListenOptions, Mode, Network, NetworkEvent, NetworkOptions,
};
use tergo_wire::{Extensions, Features, Identity, Limits, TergoProtocol};
use tokio::sync::oneshot;

/// A node with a network, as far as this is about.
struct Secured {
    network: Network,
    registrar: Arc<EmbeddedRegistrar>,
    port: u16,
    _scheduler: Scheduler,
}

impl Secured {
    fn start(name: &str, tls: Tls, registrar: EmbeddedOptions) -> Self {
        let tls = Arc::new(tls);
        let fabric = Fabric::new(1, 64);
        let scheduler = Scheduler::join(&fabric, 0).expect("the place is free");
        let own = Identity {
            name: name.to_owned(),
            creation: 1,
            features: Features::ALL,
            limits: Limits::default(),
            pool: 1,
            software: "test".to_owned(),
        };
        let network = Network::start(
            fabric,
            NetworkOptions {
                own,
                cookie: Cookie::new(b"a cookie for the tests").expect("long enough"),
                tls: Some(Arc::clone(&tls)),
                dial_within: Duration::from_secs(20),
                protocol: Arc::new(TergoProtocol {
                    extensions: Extensions::default(),
                }),
                controls: 0,
                help: Help::default(),
                profiles: Arc::default(),
            },
        );
        let network = network.expect("a thread");
        let place = ListenOptions {
            port: 0,
            ..ListenOptions::new(Ipv4Addr::LOCALHOST.into())
        };
        let acceptor = AcceptorOptions {
            tls: Some(tls),
            handshake_within: Duration::from_mins(1),
            max_handshakes_of_an_address: 1000,
            ..AcceptorOptions::default()
        };
        let port = network
            .listen(&place, acceptor)
            .expect("a port")
            .address
            .port();
        let own = EmbeddedRegistrar::new(registrar, network.runtime());
        let own = Arc::new(own.expect("good options"));
        let route = place.route(port, true, "tergo-handshake:1", "tergo-wire:1");
        let announcement = Mode::Enabled.announcement(name, vec![route], Vec::new());
        let started = own.start(announcement.expect("it takes part"), Arc::new(|_| {}));
        wait(&network, started).expect("it registers");
        network.set_resolver(Some(own.clone()));
        Self {
            network,
            registrar: own,
            port,
            _scheduler: scheduler,
        }
    }

    fn peers(&self) -> Vec<String> {
        let connections = self.network.connections().into_iter();
        connections.map(|connection| connection.peer).collect()
    }

    fn event(&self) -> NetworkEvent {
        let mut event = None;
        until("an event", || {
            event = self.network.next_event();
            event.is_some()
        });
        event.expect("there is one")
    }
}

fn wait<T: Send + 'static>(
    network: &Network,
    answer: tergo_net::registrar::Answering<T>,
) -> Result<T, RegistrarError> {
    let (sender, done) = oneshot::channel();
    network
        .runtime()
        .spawn(async move { sender.send(answer.await) });
    done.blocking_recv().expect("it ends")
}

fn mutual(ca: &Authority, host: &str) -> Tls {
    let options = options(Some(&ca.leaf(host)), Some(ca), ClientAuth::Required);
    Tls::new(options).expect("good options")
}

#[test]
fn nodes_that_the_registrar_knows_connect_with_certificates_on_both_sides() {
    let ca = Authority::new();
    let host = hosting::options();
    let a = Secured::start("a@localhost", mutual(&ca, "localhost"), host.clone());
    let b = Secured::start("b@localhost", mutual(&ca, "localhost"), host);
    a.network.connect("b@localhost");
    until("both are connected", || {
        a.peers() == ["b@localhost"] && b.peers() == ["a@localhost"]
    });
    wait(&b.network, b.registrar.close()).expect("it closes");
    assert_eq!(a.peers(), ["b@localhost"], "a link needs no registrar");
}

#[test]
fn a_node_of_another_authority_or_name_is_not_connected() {
    let (ca, other) = (Authority::new(), Authority::new());
    let host = hosting::options();
    let a = Secured::start("a@localhost", mutual(&ca, "localhost"), host.clone());
    let wrong_ca = Secured::start("b@localhost", mutual(&other, "localhost"), host.clone());
    let wrong_name = Secured::start("c@localhost", mutual(&ca, "elsewhere"), host);
    for peer in ["b@localhost", "c@localhost"] {
        a.network.connect(peer);
        let event = a.event();
        assert!(
            matches!(&event, NetworkEvent::Failed { peer: failed, .. } if failed == peer),
            "{event:?}"
        );
    }
    assert!(a.peers().is_empty() && wrong_ca.peers().is_empty() && wrong_name.peers().is_empty());
}

#[test]
fn sockets_that_never_finish_their_tls_handshake_hold_nobody_up() {
    let ca = Authority::new();
    let host = hosting::options();
    let a = Secured::start("a@localhost", mutual(&ca, "localhost"), host.clone());
    let silent: Vec<_> = (0..200)
        .map(|_| TcpStream::connect(("127.0.0.1", a.port)).expect("it is taken"))
        .collect();
    until("all of them wait", || {
        a.network.acceptors()[0].pending == 200
    });
    let b = Secured::start("b@localhost", mutual(&ca, "localhost"), host);
    b.network.connect("a@localhost");
    until("it is connected", || b.peers() == ["a@localhost"]);
    assert_eq!(a.network.acceptors()[0].pending, 200, "they wait still");
    drop(silent);
    until("they are gone", || a.network.acceptors()[0].pending == 0);
}
