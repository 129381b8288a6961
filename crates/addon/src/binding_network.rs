//! The network of a node. `docs/design/network.md`, The binding, tells how it is used.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Error};
use napi_derive::napi;
use tergo_net::registrar::{AskingResolver, Registrar, RegistrarError};
use tergo_net::tls::Tls;
use tergo_net::wire::registrar::Route;
use tergo_net::wire::{Extensions, Features, Identity, Limits, TergoProtocol};
use tergo_net::{
    AcceptorOptions, Cookie, Help, ListenOptions, Mode, Network, NetworkOptions, Place, Profiles,
    StaticRoute,
};

use crate::binding_fabric::{self, Shared};
use crate::binding_network_info::{
    BindingAcceptorInfo, BindingConnectionInfo, BindingNetworkEvent, BindingRouteCounts,
};
use crate::binding_tls::{self, BindingTls};
#[cfg(unix)]
use crate::event_loop::{AtLoop, EventLoop};

/// What a network is started with.
#[napi(object)]
pub struct BindingNetworkOptions {
    /// The node's name, 1 to 255 bytes.
    pub name: String,
    /// Its incarnation: larger after a restart.
    pub creation: f64,
    /// The secret that nodes share, 16 to 4,096 bytes.
    pub cookie: Buffer,
    /// What it can do, a bit each; all that is known by default.
    pub features: Option<f64>,
    /// Links that it wants for a connection, 1 to 64; 1 by default.
    pub pool: Option<u32>,
    /// Bytes that may be on their way to it on each link; 8 MiB by default.
    pub window_bytes: Option<f64>,
    /// The largest message that it takes, bytes; 64 MiB by default.
    pub max_message_bytes: Option<f64>,
    /// It sends something at least so often, ms; 15,000 by default.
    pub keep_alive_ms: Option<u32>,
    /// How long a handshake may take, ms; 5,000 by default.
    pub handshake_ms: Option<u32>,
    /// Ops of the control frames that peers may send.
    pub controls: Vec<u32>,
    /// Types of the extensions that the codec knows.
    pub extensions: Vec<u32>,
    /// How far threads help the network's: 0 not at all, 1 they write, 2 they also read; 1 by default.
    pub help: Option<u32>,
    /// Which software it runs, for people.
    pub software: String,
    /// Certificates for those whom this node dials.
    pub tls: Option<BindingTls>,
}

/// Where to listen.
#[napi(object)]
pub struct BindingListenOptions {
    /// The address.
    pub address: String,
    /// The first port to try; 0: any that is free.
    pub port: u32,
    /// How many ports to try, upwards; 0: all.
    pub port_count: u32,
    /// The cookie that those who dial must know; by default the node's.
    pub cookie: Option<Buffer>,
    /// How long a handshake may take, ms; 5,000 by default.
    pub handshake_ms: Option<u32>,
    /// Handshakes that may go on at once; 1,024 by default.
    pub max_handshakes: Option<u32>,
    /// Of these, from one address; 64 by default.
    pub max_handshakes_of_an_address: Option<u32>,
    /// With it links are encrypted.
    pub tls: Option<BindingTls>,
    /// The host that others are told; by default that of the node's name.
    pub route_host: Option<String>,
    /// The port that others are told; by default the one that is listened on.
    pub route_port: Option<u32>,
    /// What the node can do for those who dial it here, a bit each; by default the node's.
    pub features: Option<f64>,
    /// The largest message that it takes of them, bytes; by default the node's.
    pub max_message_bytes: Option<f64>,
}

/// Where nodes are whose names match.
#[napi(object)]
pub struct BindingRoute {
    /// A regular expression on the node's name.
    pub pattern: String,
    /// Of several that match, the one with the highest is tried first.
    pub weight: i32,
    /// The host; empty: that of the node's name.
    pub host: String,
    /// The port.
    pub port: u32,
    /// The cookie there; by default the node's.
    pub cookie: Option<Buffer>,
    /// Whether it is encrypted.
    pub is_tls: bool,
    /// The certificates there; by default the node's.
    pub tls: Option<BindingTls>,
    /// What the node can do for those there, a bit each; by default the node's.
    pub features: Option<f64>,
}

/// The network of one node.
#[napi]
pub struct BindingNetwork {
    network: Network,
    name: String,
    registrar: RefCell<Option<(Mode, Arc<dyn Registrar>)>>,
    /// In place of a registrar of its own: who asks JavaScript where nodes are.
    asking: RefCell<Option<Arc<AskingResolver>>>,
    /// Certificates that are in use: of the node, its acceptors and routes.
    certificates: RefCell<Vec<Weak<Tls>>>,
    /// That the event loop of this thread waits for what comes.
    #[cfg(unix)]
    at_loop: RefCell<Option<AtLoop>>,
}

#[napi]
impl BindingNetwork {
    /// The network of the node that has the fabric of that number. Throws for options that cannot be.
    #[napi(constructor)]
    #[cfg_attr(
        not(unix),
        allow(unused_variables, reason = "there is no event loop to wait with")
    )]
    pub fn new(env: &Env, fabric: u32, options: BindingNetworkOptions) -> Result<Self> {
        let Shared { fabric, profiles } = binding_fabric::find(fabric)?;
        let name = options.name.clone();
        let options = network_options(options, profiles)?;
        let certificates = options.tls.iter().map(Arc::downgrade).collect();
        let network = Network::start(fabric, options).map_err(reason)?;
        #[cfg(unix)]
        let at_loop = wait_at_loop(*env, &network)?;
        Ok(Self {
            network,
            name,
            registrar: RefCell::new(None),
            asking: RefCell::new(None),
            certificates: RefCell::new(certificates),
            #[cfg(unix)]
            at_loop: RefCell::new(at_loop),
        })
    }

    /// Calls back on this thread when there are events and were none before. Does not keep the process alive.
    #[napi]
    pub fn on_event(&self, callback: Function<'_, (), ()>) -> Result<()> {
        let wake = callback
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build()?;
        let waker = move || {
            // Refused only when its thread is at its end, which reads no events any more.
            let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        };
        self.network.on_event(Some(Arc::new(waker)));
        Ok(())
    }

    /// The events that have come since the last time, in order.
    #[napi]
    pub fn events(&self) -> Vec<BindingNetworkEvent> {
        let events = std::iter::from_fn(|| self.network.next_event());
        events.map(BindingNetworkEvent::from).collect()
    }

    /// Listens. Throws when the address cannot be listened on, or no port is free.
    #[napi]
    pub fn listen(&self, options: BindingListenOptions) -> Result<BindingAcceptorInfo> {
        let address = options.address.parse().map_err(|_| {
            Error::from_reason(format!("'{}' is no address to listen on", options.address))
        })?;
        let mut place = ListenOptions::new(address);
        place.port = port(options.port)?;
        place.port_count = port(options.port_count)?;
        place.route_host = options.route_host;
        place.route_port = options.route_port.map(port).transpose()?;
        let mut acceptor = AcceptorOptions {
            cookie: options.cookie.map(cookie).transpose()?,
            tls: self.tls(options.tls)?,
            features: options.features.map(features),
            max_message: options.max_message_bytes.map(whole),
            ..AcceptorOptions::default()
        };
        if let Some(ms) = options.handshake_ms {
            acceptor.handshake_within = Duration::from_millis(ms.into());
        }
        if let Some(most) = options.max_handshakes {
            acceptor.max_handshakes = most as usize;
        }
        if let Some(most) = options.max_handshakes_of_an_address {
            acceptor.max_handshakes_of_an_address = most as usize;
        }
        let info = self.network.listen(&place, acceptor).map_err(reason)?;
        Ok(info.into())
    }

    /// Connects to a node: the event `up` or `failed` tells how it ended; nothing when it is connected already.
    #[napi]
    pub fn connect(&self, peer: String) {
        self.network.connect(&peer);
    }

    /// Says goodbye to the peer whose connection has that seat: the event `down` follows. Nothing happens when none has it.
    #[napi]
    pub fn disconnect(&self, seat: u32) {
        self.network.disconnect(seat);
    }

    /// Ends the connection in a seat, whose peer has broken the protocol: the event `down` follows.
    #[napi]
    pub fn cut_off(&self, seat: u32) {
        self.network.cut_off(seat);
    }

    /// The secret that nodes share, for handshakes that begin from now on; connections stay. Throws for one that is too
    /// short or too long.
    #[napi]
    pub fn set_cookie(&self, bytes: Buffer) -> Result<()> {
        self.network.set_cookie(cookie(bytes)?);
        Ok(())
    }

    /// Lays a static route. Throws when there is one with the same pattern, or the pattern is none.
    #[napi]
    pub fn add_route(&self, route: BindingRoute) -> Result<()> {
        let route = self.route(route)?;
        self.network.add_route(route).map_err(reason)
    }

    /// Lays a static route in place of the one with the same pattern, if there is one. Throws when the pattern is none; then
    /// all stays as it was.
    #[napi]
    pub fn replace_route(&self, route: BindingRoute) -> Result<()> {
        let route = self.route(route)?;
        self.network.replace_route(route).map_err(reason)
    }

    /// Reads the files of all certificates again, for links that begin from now on. Those that cannot be read or used stay as
    /// they were; throws for the first of them when all have been read.
    #[napi]
    pub fn reload_tls(&self) -> Result<()> {
        let certificates = self.certificates.borrow();
        let in_use = certificates.iter().filter_map(Weak::upgrade);
        let reloaded = in_use.map(|tls| tls.reload().map_err(reason));
        reloaded.fold(Ok(()), Result::and)
    }

    /// What became of the dials along the static route with that pattern; null: there is none.
    #[napi]
    pub fn route_counts(&self, pattern: String) -> Option<BindingRouteCounts> {
        self.network.route_counts(&pattern).map(Into::into)
    }

    /// Removes the static route with that pattern. Throws when there is none.
    #[napi]
    pub fn remove_route(&self, pattern: String) -> Result<()> {
        self.network.remove_route(&pattern).map_err(reason)
    }

    /// The connections, in order of their seats.
    #[napi]
    pub fn connections(&self) -> Vec<BindingConnectionInfo> {
        let infos = self.network.connections().into_iter();
        infos.map(BindingConnectionInfo::from).collect()
    }

    /// The connection that has that seat; null: nobody has it.
    #[napi]
    pub fn connection(&self, seat: u32) -> Option<BindingConnectionInfo> {
        let info = self.network.connection(seat);
        info.map(BindingConnectionInfo::from)
    }

    /// Who listens.
    #[napi]
    pub fn acceptors(&self) -> Vec<BindingAcceptorInfo> {
        let infos = self.network.acceptors().into_iter();
        infos.map(BindingAcceptorInfo::from).collect()
    }

    /// Stops to listen and says goodbye to all peers; calls back when they know, after some 1 s at the latest.
    #[napi]
    pub fn close(&self, callback: Function<'_, (), ()>) -> Result<()> {
        let done = callback.build_threadsafe_function::<()>().build()?;
        self.network.set_resolver(None);
        if let Some(asking) = self.asking.take() {
            asking.close();
        }
        if let Some((_, registrar)) = self.registrar.take() {
            let closing = registrar.close();
            self.network.spawn(async move {
                // Whether the registrar heard of it: it notices the end of the link, too.
                let _ = closing.await;
            });
        }
        #[cfg(unix)]
        drop(self.at_loop.take());
        self.network.close(move || {
            // Refused only when its thread is at its end.
            let _ = done.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(())
    }

    /// What it is made of.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// The node's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where the node is registered.
    pub(crate) fn registrar(
        &self,
    ) -> std::result::Result<(Mode, Arc<dyn Registrar>), RegistrarError> {
        self.registrar
            .borrow()
            .clone()
            .ok_or(RegistrarError::Closed)
    }

    /// Who asks JavaScript where nodes are, if anybody does.
    pub(crate) fn asking(&self) -> Option<Arc<AskingResolver>> {
        self.asking.borrow().clone()
    }

    /// JavaScript is asked from now on where nodes are.
    pub(crate) fn set_asking(&self, resolver: Arc<AskingResolver>) {
        self.network.set_resolver(Some(resolver.clone()));
        *self.asking.borrow_mut() = Some(resolver);
    }

    /// It registers there from now on.
    pub(crate) fn set_registrar(&self, mode: Mode, registrar: Arc<dyn Registrar>) {
        *self.registrar.borrow_mut() = Some((mode, registrar));
    }
}

impl BindingNetwork {
    fn route(&self, route: BindingRoute) -> Result<StaticRoute> {
        Ok(StaticRoute {
            pattern: route.pattern,
            weight: route.weight,
            place: Place::Fixed(Route {
                host: route.host,
                port: port(route.port)?,
                tls: route.is_tls,
                handshake: String::new(),
                protocol: String::new(),
            }),
            cookie: route.cookie.map(cookie).transpose()?,
            tls: self.tls(route.tls)?,
            features: route.features.map(features),
            tally: Arc::default(),
        })
    }

    /// Certificates, remembered so that they can be read again.
    fn tls(&self, options: Option<BindingTls>) -> Result<Option<Arc<Tls>>> {
        let tls = options.map(binding_tls::tls).transpose()?;
        let mut certificates = self.certificates.borrow_mut();
        certificates.retain(|known| known.strong_count() > 0);
        certificates.extend(tls.iter().map(Arc::downgrade));
        Ok(tls)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "TypeScript checks its options; what cannot be becomes the nearest that can"
)]
fn network_options(
    options: BindingNetworkOptions,
    profiles: Arc<Profiles>,
) -> Result<NetworkOptions> {
    let mut limits = Limits::default();
    if let Some(bytes) = options.window_bytes {
        limits.window = whole(bytes);
    }
    if let Some(bytes) = options.max_message_bytes {
        limits.max_message = whole(bytes);
    }
    if let Some(ms) = options.keep_alive_ms {
        limits.keep_alive = Duration::from_millis(ms.into());
    }
    let features = options.features.map_or(Features::ALL, features);
    let own = Identity {
        name: options.name,
        creation: options.creation as u64,
        features,
        limits,
        pool: options.pool.unwrap_or(1).clamp(1, 64) as u16,
        software: options.software,
    };
    let extensions = options.extensions.iter();
    let extensions = extensions.fold(Extensions::default(), |known, extension| {
        known.with(*extension as u8)
    });
    let controls = options.controls.iter();
    let controls = controls
        .filter(|op| **op < 64)
        .fold(0, |all, op| all | 1 << op);
    Ok(NetworkOptions {
        own,
        cookie: cookie(options.cookie)?,
        tls: options.tls.map(binding_tls::tls).transpose()?,
        dial_within: Duration::from_millis(options.handshake_ms.unwrap_or(5000).into()),
        protocol: Arc::new(TergoProtocol { extensions }),
        controls,
        help: match options.help.unwrap_or(1) {
            0 => Help::None,
            1 => Help::Write,
            _ => Help::ReadAndWrite,
        },
        profiles,
    })
}

fn features(bits: f64) -> Features {
    Features(whole(bits))
}

/// A number of TypeScript that is a count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "TypeScript checks its options; what cannot be becomes the nearest that can"
)]
pub fn whole(number: f64) -> u64 {
    number as u64
}

fn cookie(bytes: Buffer) -> Result<Cookie> {
    Cookie::new(&bytes).map_err(reason)
}

fn port(number: u32) -> Result<u16> {
    let port = u16::try_from(number);
    port.map_err(|_| Error::from_reason(format!("{number} is no port: 0 to 65535 are")))
}

fn reason(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}

/// The event loop of this thread waits for what comes, if the thread reads and the loop can.
#[cfg(unix)]
fn wait_at_loop(env: Env, network: &Network) -> Result<Option<AtLoop>> {
    let Some(event_loop) = EventLoop::of(env) else {
        return Ok(None);
    };
    let watch = network.loop_watch().map_err(reason)?;
    Ok(watch.and_then(|watch| event_loop.wait_for(watch)))
}
