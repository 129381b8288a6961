//! The network of a node: what listens, dials, encrypts and asks the registrar.

#![forbid(unsafe_code)]

/// What nodes say to each other, for those who start networks.
pub use tergo_wire as wire;

mod acceptor;
mod call_deadline;
mod channel;
mod clock;
mod connection;
mod cookie;
mod dial_failure;
mod dialer;
mod event;
mod gate;
mod handshaking;
mod held;
mod help;
mod hub;
mod last_look;
mod lately;
mod link;
mod link_driver;
mod listen;
#[cfg(unix)]
mod loop_watch;
mod mode;
mod network;
mod network_thread;
mod no_link;
mod outcome;
mod parked;
mod profiles;
mod receiving;
pub mod registrar;
mod rejections;
mod route_tally;
mod routes;
mod sending;
mod socket;
mod staggered;
mod sync;
pub mod tls;
mod waiting_room;
mod watched;

pub use acceptor::{AcceptorInfo, AcceptorOptions};
pub use channel::Channel;
pub use clock::steady_now;
pub use cookie::{Cookie, CookieError, MAX_COOKIE_BYTES, MIN_COOKIE_BYTES};
pub use dial_failure::DialFailure;
pub use event::NetworkEvent;
pub use help::Help;
pub use listen::{DEFAULT_PORT, ListenError, ListenOptions};
#[cfg(unix)]
pub use loop_watch::LoopWatch;
pub use mode::Mode;
pub use network::{ConnectionInfo, Network, NetworkOptions};
pub use profiles::Profiles;
pub use route_tally::{RouteCounts, RouteTally};
pub use routes::{
    DialTarget, FoundRoute, Place, RouteError, StaticRoute, StaticRoutes, check_pattern,
    find_targets,
};
