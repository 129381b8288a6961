//! Where a node is looked for, and where it may be listened.

#![allow(clippy::expect_used, reason = "these are tests")]

mod hosting;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hosting::{free_port, route};
use tergo_net::registrar::{
    Answering, EventSink, Registrar, RegistrarError, RegistrarInfo, Resolver,
};
use tergo_net::{
    Cookie, DialTarget, ListenError, ListenOptions, Mode, Place, RouteError, StaticRoute,
    StaticRoutes, find_targets,
};
use tergo_wire::registrar::{Announcement, ApplicationQuery, ApplicationRoute, Route};

/// A registrar of the user's own: it knows one node, and counts how often it was asked.
struct Own {
    knows: &'static str,
    routes: Vec<Route>,
    asked: AtomicUsize,
}

impl Own {
    fn knowing(node: &'static str, routes: Vec<Route>) -> Self {
        Self {
            knows: node,
            routes,
            asked: AtomicUsize::new(0),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn settled<T: Send + 'static>(result: Result<T, RegistrarError>) -> Answering<T> {
    Box::pin(async move { result })
}

impl Resolver for Own {
    fn resolve(&self, node: &str) -> Answering<Vec<Route>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        settled(match node {
            "down@host" => Err(RegistrarError::Busy),
            node if node == self.knows => Ok(self.routes.clone()),
            node => Err(RegistrarError::Unknown(node.to_owned())),
        })
    }
}

impl Registrar for Own {
    fn start(&self, _announcement: Announcement, _events: EventSink) -> Answering<()> {
        settled(Ok(()))
    }

    fn announce(&self, _announcement: Announcement) -> Result<(), RegistrarError> {
        Ok(())
    }

    fn resolve_application(
        &self,
        query: ApplicationQuery,
        _host: Option<&str>,
    ) -> Answering<Vec<ApplicationRoute>> {
        settled(Err(RegistrarError::Unknown(query.name)))
    }

    fn nodes(&self) -> Answering<Vec<String>> {
        settled(Ok(vec![self.knows.to_owned()]))
    }

    fn info(&self) -> RegistrarInfo {
        RegistrarInfo {
            name: "own:1".to_owned(),
            server: "nowhere".to_owned(),
            is_serving: false,
            is_registered: true,
        }
    }

    fn close(&self) -> Answering<()> {
        settled(Ok(()))
    }
}

fn laid(pattern: &str, weight: i32, port: u16) -> StaticRoute {
    StaticRoute {
        pattern: pattern.to_owned(),
        weight,
        place: Place::Fixed(route(port)),
        cookie: None,
        tls: None,
        features: None,
        tally: Arc::default(),
    }
}

fn routes(all: impl IntoIterator<Item = StaticRoute>) -> StaticRoutes {
    let mut routes = StaticRoutes::new();
    for route in all {
        routes.add(route).expect("a good route");
    }
    routes
}

fn find(
    node: &str,
    routes: &StaticRoutes,
    registrar: Option<&dyn Resolver>,
) -> Result<Vec<DialTarget>, RouteError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let matching = routes.matching(node);
    let finding = find_targets(node, &matching, registrar);
    runtime.expect("a runtime").block_on(finding)
}

fn ports(found: Result<Vec<DialTarget>, RouteError>) -> Vec<u16> {
    let found = found.expect("there is a route");
    found.into_iter().map(|target| target.route.port).collect()
}

#[test]
fn matching_routes_are_tried_by_weight_and_then_by_age() {
    let routes = routes([
        laid("^a", 5, 1),
        laid("host$", 9, 2),
        laid("^b", 100, 3),
        laid("a@", 5, 4),
        laid("@", -1, 5),
    ]);
    assert_eq!(ports(find("a@host", &routes, None)), [2, 1, 4, 5]);
    assert_eq!(ports(find("b@host", &routes, None)), [3, 2, 5]);
}

#[test]
fn a_match_is_final_and_the_registrar_is_asked_only_without_one() {
    let registrar = Own::knowing("a@host", vec![route(7), route(8)]);
    let matching = routes([laid("^a@", 0, 1)]);
    assert_eq!(ports(find("a@host", &matching, Some(&registrar))), [1]);
    assert_eq!(registrar.asked(), 0);
    let others = routes([laid("^b@", 0, 1)]);
    assert_eq!(ports(find("a@host", &others, Some(&registrar))), [7, 8]);
    assert_eq!(registrar.asked(), 1);
}

#[test]
fn without_a_route_it_is_said_why() {
    let registrar = Own::knowing("a@host", Vec::new());
    let none = StaticRoutes::new();
    let unknown = find("z@host", &none, Some(&registrar));
    assert!(matches!(unknown, Err(RouteError::NoRoute(missed)) if missed == "z@host"));
    assert!(matches!(
        find("z@host", &none, None),
        Err(RouteError::NoRoute(_))
    ));
    let down = find("down@host", &none, Some(&registrar));
    assert!(matches!(down, Err(RouteError::Registrar(..))));
}

#[test]
fn a_static_route_may_ask_a_registrar_of_its_own() {
    let own = Arc::new(Own::knowing("a@far", vec![route(4)]));
    let asked: Arc<dyn Resolver> = own.clone();
    let cookie = Cookie::new(b"a-cookie-for-those-far-away").expect("it is good");
    let routes = routes([
        StaticRoute {
            place: Place::Asked(asked),
            cookie: Some(cookie.clone()),
            ..laid("@far$", 9, 0)
        },
        laid("^a@", 1, 5),
    ]);
    let found = find("a@far", &routes, None).expect("there is a route");
    assert_eq!(found[0].route.host, "far");
    assert_eq!(found[0].cookie, Some(cookie));
    assert_eq!(found[1].cookie, None);
    assert_eq!(ports(Ok(found)), [4, 5]);
    let missed = find("b@far", &routes, None);
    assert!(matches!(missed, Err(RouteError::NoRoute(_))));
}

#[test]
fn certificates_must_be_for_the_host_that_the_user_named_whatever_a_registrar_says() {
    let elsewhere = Route {
        host: "elsewhere.example".to_owned(),
        ..route(1)
    };
    let registrar = Own::knowing("a@host", vec![elsewhere.clone()]);
    let found = find("a@host", &StaticRoutes::new(), Some(&registrar)).expect("a route");
    assert_eq!(found[0].route.host, "elsewhere.example");
    assert_eq!(found[0].server_name, "host");
    let fixed = StaticRoute {
        place: Place::Fixed(elsewhere),
        ..laid("^a", 0, 0)
    };
    let found = find("a@host", &routes([fixed]), None).expect("a route");
    assert_eq!(found[0].server_name, "elsewhere.example");
}

#[test]
fn patterns_are_laid_once_removed_by_themselves_and_must_be_regular_expressions() {
    let mut routes = routes([laid("^a", 0, 1), laid("^b", 0, 2)]);
    let taken = routes.add(laid("^a", 9, 3));
    assert!(matches!(taken, Err(RouteError::Taken(pattern)) if pattern == "^a"));
    let removed = routes.remove("^a").expect("it is there");
    assert_eq!(removed.pattern, "^a");
    let unknown = routes.remove("^a");
    assert!(matches!(unknown, Err(RouteError::Unknown(pattern)) if pattern == "^a"));
    assert_eq!(routes.iter().count(), 1);
    for wrong in ["(", "", "a{9999999}", &"a".repeat(2000)] {
        let refused = routes.add(laid(wrong, 0, 1));
        assert!(matches!(refused, Err(RouteError::Pattern(..))), "{wrong}");
    }
}

#[test]
fn routes_show_no_cookie() {
    let cookie = Cookie::new(b"a-cookie-that-nobody-sees").expect("it is good");
    let laid = StaticRoute {
        cookie: Some(cookie),
        ..laid("^a", 0, 1)
    };
    let routes = routes([laid]);
    let found = find("a@host", &routes, None).expect("a route");
    let shown = format!("{routes:?} {found:?}");
    assert!(shown.contains("^a") && !shown.contains("nobody"), "{shown}");
}

#[test]
fn modes_say_who_listens_and_what_is_announced() {
    let announced = |mode: Mode| mode.announcement("a@host", vec![route(1)], Vec::new());
    let enabled = announced(Mode::Enabled).expect("it takes part");
    assert_eq!((enabled.hidden, enabled.routes.len()), (false, 1));
    for quiet in [Mode::Hidden, Mode::Passive] {
        let hidden = Announcement::hidden("a@host");
        assert_eq!(announced(quiet), Some(hidden), "{quiet:?}");
        assert!(quiet.dials());
    }
    assert_eq!(announced(Mode::Disabled), None);
    let listening = [Mode::Enabled, Mode::Hidden, Mode::Passive, Mode::Disabled];
    assert_eq!(listening.map(Mode::listens), [true, false, true, false]);
    assert!(!Mode::Disabled.dials());
}

#[test]
fn the_first_free_port_of_a_range_is_listened_on() {
    let address: IpAddr = Ipv4Addr::LOCALHOST.into();
    let port = free_port();
    let _taken = TcpListener::bind((address, port)).expect("it is free");
    let one = ListenOptions {
        port,
        port_count: 1,
        ..ListenOptions::new(address)
    };
    let refused = one.listen().expect_err("it is taken");
    assert!(
        matches!(refused, ListenError::NoPort { first, last, .. } if first == port && last == port)
    );
    let many = ListenOptions {
        port_count: 50,
        ..one.clone()
    };
    let got = many.listen().expect("one of fifty is free");
    let got = got.local_addr().expect("bound").port();
    assert!(got > port && got < port + 50);
    let any = ListenOptions { port: 0, ..one };
    let listener = any.listen().expect("any is free");
    assert_ne!(listener.local_addr().expect("bound").port(), 0);
    assert!(listener.accept().is_err(), "it does not wait");
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    let options = ListenOptions::new(Ipv4Addr::new(192, 0, 2, 1).into());
    let refused = options.listen().expect_err("it is not ours");
    assert!(matches!(refused, ListenError::Io(address, _) if address.port() == 11_144));
}

#[test]
fn others_are_told_the_advertised_address() {
    let told = |options: ListenOptions| {
        let route = options.route(5, true, "h:1", "p:1");
        assert!(route.tls && route.is_correct());
        (route.host, route.port)
    };
    let everywhere = ListenOptions::new(Ipv4Addr::UNSPECIFIED.into());
    assert_eq!(told(everywhere.clone()), (String::new(), 5));
    let local = ListenOptions::new(Ipv6Addr::LOCALHOST.into());
    assert_eq!(told(local), ("::1".to_owned(), 5));
    let behind_nat = ListenOptions {
        route_host: Some("public.example".to_owned()),
        route_port: Some(443),
        ..everywhere
    };
    assert_eq!(told(behind_nat), ("public.example".to_owned(), 443));
}
