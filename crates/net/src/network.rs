use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tergo_core::Fabric;
use tergo_wire::registrar::Route;
use tergo_wire::{ConnectionCounters, Identity, Protocol};

use crate::acceptor::{Acceptor, AcceptorInfo, AcceptorOptions};
use crate::connection::Connection;
use crate::cookie::Cookie;
use crate::event::NetworkEvent;
use crate::help::Help;
use crate::hub::{GOODBYE_WITHIN, Hub};
use crate::listen::{ListenError, ListenOptions};
#[cfg(unix)]
use crate::loop_watch::LoopWatch;
use crate::network_thread::NetworkThread;
use crate::profiles::Profiles;
use crate::registrar::{EmbeddedOptions, EmbeddedRegistrar, EventSink, RegistrarError, Resolver};
use crate::route_tally::RouteCounts;
use crate::routes::{FoundRoute, RouteError, StaticRoute};
use crate::sync::lock;
use crate::tls::Tls;

/// What a network is started with.
pub struct NetworkOptions {
    /// What the node says of itself.
    pub own: Identity,
    /// The secret that nodes share.
    pub cookie: Cookie,
    /// Certificates for those whom this node dials; none: only routes without TLS, or with their own, can be dialled.
    pub tls: Option<Arc<Tls>>,
    /// How long a handshake with a node that was dialled may take; 5 s is a good value.
    pub dial_within: Duration,
    /// How nodes talk.
    pub protocol: Arc<dyn Protocol>,
    /// Bit n: control frames with op n may come from peers; others end the connection.
    pub controls: u64,
    /// How far the threads help.
    pub help: Help,
    /// How messages are compressed, by number; the threads of the node ask for numbers.
    pub profiles: Arc<Profiles>,
}

/// What is known of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The number of its seat in the fabric.
    pub seat: u32,
    /// The peer's name.
    pub peer: String,
    /// The peer's incarnation.
    pub creation: u64,
    /// What it has done.
    pub counters: ConnectionCounters,
    /// Bytes that wait in the fabric for the peer; whole chunks count.
    pub waiting_bytes: u64,
    /// Frames that went nowhere: nonsense, or larger than the peer takes.
    pub refused: u64,
}

/// The network of one node: who listens and dials, and the connections to its peers, each of which has a seat in the
/// node's fabric.
///
/// It ends when it is dropped, without a word to the peers; [`Self::close`] says goodbye.
pub struct Network {
    hub: Arc<Hub>,
    acceptors: Mutex<Vec<Arc<Acceptor>>>,
    thread: Arc<NetworkThread>,
}

impl ConnectionInfo {
    /// None when it is over.
    fn of(connection: &Connection) -> Option<Self> {
        let (counters, waiting_bytes, refused) = connection.counters()?;
        Some(Self {
            seat: connection.seat,
            peer: connection.peer.clone(),
            creation: connection.creation,
            counters,
            waiting_bytes,
            refused,
        })
    }
}

impl Network {
    /// The network of a node with that fabric.
    ///
    /// # Errors
    /// The system gives no thread for it.
    pub fn start(fabric: Arc<Fabric>, options: NetworkOptions) -> io::Result<Self> {
        let thread = NetworkThread::share()?;
        let _guard = thread.handle().enter();
        let hub = Hub::new(fabric, options, thread.handle().clone());
        Ok(Self {
            hub,
            acceptors: Mutex::default(),
            thread: Arc::clone(&thread),
        })
    }

    /// What is called, on any thread, when there are events to be read and were none before.
    pub fn on_event(&self, waker: Option<Arc<dyn Fn() + Send + Sync>>) {
        self.hub.events.on_event(waker);
    }

    /// The next event; none: none has come.
    pub fn next_event(&self) -> Option<NetworkEvent> {
        self.hub.events.next()
    }

    /// Listens, and lets those in who prove who they are.
    ///
    /// # Errors
    /// The address cannot be listened on, or no port is free.
    pub fn listen(
        &self,
        place: &ListenOptions,
        options: AcceptorOptions,
    ) -> Result<AcceptorInfo, ListenError> {
        let listener = place.listen()?;
        let _guard = self.thread.handle().enter();
        let failed = |error| {
            let address = std::net::SocketAddr::new(place.address, place.port);
            ListenError::Io(address, error)
        };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (handshake, protocol) = self.hub.protocol.versions();
        let route = place.route(address.port(), options.tls.is_some(), handshake, protocol);
        let acceptor = Acceptor::new(Arc::clone(&self.hub), (address, route), options);
        let info = acceptor.info();
        self.hub.spawn(Arc::clone(&acceptor).serve(listener));
        lock(&self.acceptors).push(acceptor);
        Ok(info)
    }

    /// Connects to a node: an event tells when it is up, or that it failed. When it is connected already, threads that have
    /// joined since hear of it, and nothing else happens.
    pub fn connect(&self, peer: &str) {
        let hub = Arc::clone(&self.hub);
        let peer = peer.to_owned();
        self.hub.spawn(async move { hub.connect(&peer) });
    }

    /// Says goodbye to the peer whose connection has that seat; an event tells when it is down. Nothing happens when none has it.
    pub fn disconnect(&self, seat: u32) {
        // Where connections begin: threads hear of one before it stands in the table.
        let hub = Arc::clone(&self.hub);
        self.hub.spawn(async move { hub.disconnect(seat) });
    }

    /// Ends the connection in a seat, whose peer has broken the protocol as the threads know it; an event tells when it is down.
    pub fn cut_off(&self, seat: u32) {
        // As for `disconnect`.
        let hub = Arc::clone(&self.hub);
        self.hub.spawn(async move { hub.cut_off(seat) });
    }

    /// The secret that nodes share from now on: for handshakes that begin later, those of further links included.
    /// Connections stay, and acceptors and routes with a cookie of their own keep that.
    pub fn set_cookie(&self, cookie: Cookie) {
        *lock(&self.hub.cookie) = cookie;
    }

    /// Where a node would be dialled, were it to be connected. May be awaited anywhere.
    ///
    /// # Errors
    /// There is no route, or the registrar cannot be asked.
    pub fn find_route(
        &self,
        peer: &str,
    ) -> impl Future<Output = Result<FoundRoute, RouteError>> + Send + 'static {
        let hub = Arc::clone(&self.hub);
        let peer = peer.to_owned();
        async move { hub.find_route(&peer).await }
    }

    /// Lays a static route.
    ///
    /// # Errors
    /// See [`crate::StaticRoutes::add`].
    pub fn add_route(&self, route: StaticRoute) -> Result<(), RouteError> {
        lock(&self.hub.routes).add(route)
    }

    /// Lays a static route in place of the one with the same pattern, if there is one.
    ///
    /// # Errors
    /// See [`crate::StaticRoutes::replace`].
    pub fn replace_route(&self, route: StaticRoute) -> Result<(), RouteError> {
        lock(&self.hub.routes).replace(route)
    }

    /// Removes the static route with that pattern.
    ///
    /// # Errors
    /// There is none.
    pub fn remove_route(&self, pattern: &str) -> Result<(), RouteError> {
        lock(&self.hub.routes).remove(pattern).map(|_| ())
    }

    /// What became of the dials along the static route with that pattern; none: there is no such route.
    pub fn route_counts(&self, pattern: &str) -> Option<RouteCounts> {
        let routes = lock(&self.hub.routes);
        let mut routes = routes.iter();
        let route = routes.find(|route| route.pattern == pattern)?;
        Some(route.tally.counts())
    }

    /// Who knows where nodes are for which there is no static route.
    pub fn set_resolver(&self, resolver: Option<Arc<dyn Resolver>>) {
        let known = self.hub.resolver.write();
        *known.unwrap_or_else(std::sync::PoisonError::into_inner) = resolver;
    }

    /// Where the network works, for a registrar that is to work there too.
    pub fn runtime(&self) -> tokio::runtime::Handle {
        self.thread.handle().clone()
    }

    /// A registrar of this host for this network; it does nothing before it is started.
    ///
    /// # Errors
    /// See [`EmbeddedRegistrar::new`].
    pub fn embedded_registrar(
        &self,
        options: EmbeddedOptions,
    ) -> Result<EmbeddedRegistrar, RegistrarError> {
        EmbeddedRegistrar::new(options, self.thread.handle().clone())
    }

    /// Where this node can be dialled, as others are told.
    pub fn routes(&self) -> Vec<Route> {
        let acceptors = lock(&self.acceptors);
        acceptors.iter().map(|acceptor| acceptor.route()).collect()
    }

    /// Does something on the network's thread, which must not wait otherwise than by `await`.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.hub.spawn(task);
    }

    /// Adds an event of the registrar to those that the node reads.
    pub fn registrar_events(&self) -> EventSink {
        let hub = Arc::downgrade(&self.hub);
        Arc::new(move |event| {
            if let Some(hub) = hub.upgrade() {
                hub.events.push(NetworkEvent::Registrar(event));
            }
        })
    }

    /// The connections, in order of their seats.
    pub fn connections(&self) -> Vec<ConnectionInfo> {
        let connections = self.hub.connections();
        let infos = connections.iter().filter_map(|one| ConnectionInfo::of(one));
        let mut infos: Vec<_> = infos.collect();
        infos.sort_by_key(|info| info.seat);
        infos
    }

    /// The connection that has that seat; none: nobody has it.
    pub fn connection(&self, seat: u32) -> Option<ConnectionInfo> {
        ConnectionInfo::of(&*self.hub.connection_at(seat)?)
    }

    /// What the event loop of the node's only thread is to wait for; none when threads do not read. To be called once, before there are
    /// connections.
    ///
    /// # Errors
    /// Those of the system.
    #[cfg(unix)]
    pub fn loop_watch(&self) -> io::Result<Option<LoopWatch>> {
        let may_read = self.hub.help() == Help::ReadAndWrite;
        may_read.then(|| LoopWatch::new(&self.hub)).transpose()
    }

    /// Who listens.
    pub fn acceptors(&self) -> Vec<AcceptorInfo> {
        let acceptors = lock(&self.acceptors);
        acceptors.iter().map(|acceptor| acceptor.info()).collect()
    }

    /// Stops to listen and says goodbye to all peers; `done` is called, on another thread, when they know, after some
    /// 1 s at the latest.
    pub fn close(&self, done: impl FnOnce() + Send + 'static) {
        for acceptor in lock(&self.acceptors).drain(..) {
            acceptor.stop();
        }
        self.hub.stop();
        let (hub, thread) = (Arc::clone(&self.hub), Arc::clone(&self.thread));
        self.hub.spawn(async move {
            // Again where connections begin: one may have done so meanwhile.
            hub.stop();
            let _ = tokio::time::timeout(GOODBYE_WITHIN, hub.emptied()).await;
            hub.drop_all();
            // It may hold the whole node.
            hub.events.on_event(None);
            drop(hub);
            done();
            drop(thread);
        });
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.hub.fabric.on_look(None);
        for acceptor in lock(&self.acceptors).drain(..) {
            acceptor.stop();
        }
        let hub = Arc::clone(&self.hub);
        let thread = Arc::clone(&self.thread);
        self.hub.spawn(async move {
            hub.stop();
            hub.drop_all();
            drop(thread);
        });
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Network").finish_non_exhaustive()
    }
}
