mod ends;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, RwLock, Weak};
use std::time::Duration;

use tergo_core::Fabric;
use tergo_wire::{
    Action, Admission, Claim, CloseReason, ConnectionKey, DialId, DownReason, HandshakeError,
    Identity, LinkPlace, Peers, Protocol, Purpose, Refusal,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::clock::Clock;
use crate::connection::Connection;
use crate::cookie::Cookie;
use crate::dial_failure::DialFailure;
use crate::dialer::Dial;
use crate::event::{Events, NetworkEvent};
use crate::gate::Gate;
use crate::handshaking::Shaken;
use crate::help::Help;
use crate::link_driver::{DriverParts, LinkDriver};
use crate::network::NetworkOptions;
use crate::outcome::Outcome;
use crate::profiles::Profiles;
use crate::registrar::Resolver;
use crate::rejections::Rejections;
use crate::routes::{FoundRoute, RouteError, StaticRoutes, find_targets};
use crate::sync::lock;
use crate::tls::Tls;
use crate::watched::Watched;

/// How long a peer has to show that it lives when somebody doubts it.
const PROBE_WITHIN: Duration = Duration::from_secs(1);
/// How long the last words to a peer may take.
pub(crate) const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// What all parts of one node's network share: the table of peers and what follows from it.
pub(crate) struct Hub {
    /// The fabric in which connections take seats.
    pub fabric: Arc<Fabric>,
    /// What this node says of itself.
    pub own: Identity,
    /// The secret that nodes share, for the handshakes that begin from now on.
    pub cookie: Mutex<Cookie>,
    /// Certificates for those whom this node dials.
    pub tls: Option<Arc<Tls>>,
    /// How long a handshake with a node that was dialled may take.
    pub dial_within: Duration,
    /// How nodes talk.
    pub protocol: Arc<dyn Protocol>,
    /// The time.
    pub clock: Clock,
    /// What the node is told.
    pub events: Events,
    /// Who was not let in lately.
    pub rejections: Rejections,
    /// How messages are compressed.
    pub profiles: Arc<Profiles>,
    /// What peers may send.
    pub gate: Gate,
    /// Where nodes are, as the user says.
    pub routes: Mutex<StaticRoutes>,
    /// Who knows where the others are.
    pub resolver: RwLock<Option<Arc<dyn Resolver>>>,
    help: Help,
    handle: Handle,
    peers: Mutex<Peers>,
    table: Mutex<Table>,
    /// The connections once more, for threads that look around.
    pub watched: Watched,
    /// Told when the table of peers has another deadline.
    changed: Arc<Notify>,
    /// Told when a connection is over.
    left: Notify,
    itself: Weak<Hub>,
}

/// Connections and dials.
#[derive(Default)]
struct Table {
    connections: HashMap<ConnectionKey, Arc<Connection>>,
    /// Connections whose first link is not attached yet, with the links that came before it.
    expected: HashMap<ConnectionKey, Vec<(LinkPlace, Shaken)>>,
    dials: HashMap<DialId, AbortHandle>,
    /// Why a peer that somebody waits for was not reached the last time.
    failures: HashMap<String, DialFailure>,
    /// Nothing begins any more: what still goes on would have nobody to end it.
    is_stopped: bool,
}

impl Hub {
    /// Without peers; goes on as long as somebody has a share of it.
    pub fn new(fabric: Arc<Fabric>, options: NetworkOptions, handle: Handle) -> Arc<Self> {
        let peers = Peers::new(&options.own.name, options.own.pool);
        let hub = Arc::new_cyclic(|itself| Self {
            fabric,
            own: options.own,
            cookie: Mutex::new(options.cookie),
            tls: options.tls,
            dial_within: options.dial_within,
            protocol: options.protocol,
            clock: Clock::new(),
            events: Events::default(),
            rejections: Rejections::default(),
            profiles: options.profiles,
            gate: Gate::new(options.controls),
            routes: Mutex::default(),
            resolver: RwLock::default(),
            help: options.help,
            handle,
            peers: Mutex::new(peers),
            table: Mutex::default(),
            watched: Watched::default(),
            changed: Arc::default(),
            left: Notify::new(),
            itself: itself.clone(),
        });
        if options.help == Help::ReadAndWrite {
            let itself = Arc::downgrade(&hub);
            hub.fabric.on_look(Some(Arc::new(move |glance| {
                if let Some(hub) = itself.upgrade() {
                    hub.watched.lately.look(glance);
                }
            })));
        }
        hub.spawn(keep_time(Arc::downgrade(&hub), Arc::clone(&hub.changed)));
        hub
    }

    /// How far the threads help.
    #[cfg(unix)]
    pub fn help(&self) -> Help {
        self.help
    }

    /// Starts a task on the network's thread.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(task).abort_handle()
    }

    /// A node is to be connected: ends in `Up`, unless it is already, or in `Failed`. Of one that is, threads hear that
    /// have joined since.
    pub fn connect(&self, peer: &str) {
        if let Some(connection) = self.connection_to(peer) {
            connection.greet_new();
        }
        lock(&self.peers).connect(peer, self.clock.now());
        self.act();
    }

    /// All connections.
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        lock(&self.table).connections.values().cloned().collect()
    }

    /// The connection that has that seat.
    pub fn connection_at(&self, seat: u32) -> Option<Arc<Connection>> {
        let table = lock(&self.table);
        let mut connections = table.connections.values();
        connections.find(|one| one.seat == seat).cloned()
    }

    /// Where a node would be dialled, and who says so.
    pub async fn find_route(&self, peer: &str) -> Result<FoundRoute, RouteError> {
        let matching = lock(&self.routes).matching(peer);
        let resolver = self.resolver.read();
        let resolver = resolver
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        let targets = find_targets(peer, &matching, resolver.as_deref()).await?;
        let is_static = !matching.is_empty();
        Ok(FoundRoute { is_static, targets })
    }

    /// A dial's proof comes next.
    pub fn prove(&self, dial: DialId) -> Option<u64> {
        lock(&self.peers).prove(dial)
    }

    /// Whether somebody who has proved who he is may come in, and where his link belongs.
    pub fn admit(&self, claim: &Claim) -> Result<(Admission, LinkPlace), Refusal> {
        let admitted = lock(&self.peers).admit(claim, self.clock.now());
        self.act();
        admitted
    }

    /// A link that was dialled is agreed on.
    pub fn dialled(&self, dial: DialId, shaken: Shaken) {
        lock(&self.table).dials.remove(&dial);
        let place = lock(&self.peers).dialled(dial, &shaken.agreement, self.clock.now());
        self.act();
        if let Some(place) = place {
            self.attach(place, shaken);
        }
    }

    /// A dial has come to nothing.
    pub fn dial_failed(&self, dial: &Dial, error: Option<HandshakeError>, failure: DialFailure) {
        let mut table = lock(&self.table);
        table.dials.remove(&dial.id);
        if dial.purpose == Purpose::First {
            table.failures.insert(dial.peer.clone(), failure);
        }
        drop(table);
        lock(&self.peers).dial_failed(dial.id, error, self.clock.now());
        self.act();
    }

    /// A link that was admitted has come to nothing: with the first one its connection.
    pub fn lose(&self, place: LinkPlace, is_first: bool) {
        lock(&self.peers).link_lost(place, is_first, DownReason::Lost, self.clock.now());
        self.act();
    }

    /// A link begins.
    pub fn attach(&self, place: LinkPlace, shaken: Shaken) {
        if let Some(connection) = self.connection(place.key) {
            let Shaken {
                agreement,
                socket,
                rest,
            } = shaken;
            return connection.attach(&agreement, socket, &rest);
        }
        let mut table = lock(&self.table);
        let Some(early) = table.expected.get_mut(&place.key) else {
            // It is over already.
            return;
        };
        if place.place != 0 {
            return early.push((place, shaken));
        }
        let early = table.expected.remove(&place.key).unwrap_or_default();
        drop(table);
        self.begin(place.key, shaken);
        for (place, shaken) in early {
            self.attach(place, shaken);
        }
    }

    /// All that goes on ends, nothing begins any more, and the connections say goodbye.
    pub fn stop(&self) {
        self.watched.leave_loop();
        let mut table = lock(&self.table);
        table.is_stopped = true;
        for (_, dial) in table.dials.drain() {
            dial.abort();
        }
        drop(table);
        for connection in self.connections() {
            connection.close(
                CloseReason::Stopping,
                DownReason::Disconnected,
                GOODBYE_WITHIN,
            );
        }
    }

    /// Waits until there are no connections.
    pub async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            if lock(&self.table).connections.is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Ends all connections that are left, without a word.
    pub fn drop_all(&self) {
        let connections: Vec<_> = lock(&self.table).connections.drain().collect();
        self.watched.note(self.connections());
        for (_, connection) in connections {
            connection.end(DownReason::Disconnected);
        }
    }

    /// The first link of a connection makes it.
    fn begin(&self, key: ConnectionKey, shaken: Shaken) {
        let Shaken {
            agreement,
            socket,
            rest,
        } = shaken;
        if lock(&self.table).is_stopped {
            return;
        }
        let peer = &agreement.peer.identity;
        let Some(mut port) = self.fabric.connect() else {
            lock(&self.peers).disconnect(key, DownReason::Disconnected);
            self.events.push(NetworkEvent::full(&peer.name));
            return self.act();
        };
        let seat = port.number();
        let (features, limits) = (agreement.features.0, peer.limits);
        port.introduce(&peer.name, peer.creation, features, limits.max_message);
        let parts = DriverParts {
            wire: self.protocol.connection(&agreement),
            port,
            gate: self.gate,
            profiles: Arc::clone(&self.profiles),
            clock: self.clock,
        };
        let identity = (key, peer.name.clone(), peer.creation);
        let connection = Connection::new(
            identity,
            seat,
            LinkDriver::new(parts),
            (self.help, self.clock, Arc::clone(&self.watched.lately)),
        );
        connection.listen();
        self.watched.join_loop(&connection);
        lock(&self.table)
            .connections
            .insert(key, Arc::clone(&connection));
        self.watched.note(self.connections());
        self.events.push(NetworkEvent::up(seat, &agreement));
        connection.attach(&agreement, socket, &rest);
        self.serve(connection);
    }

    /// Hears what becomes of a connection until it is over.
    fn serve(&self, connection: Arc<Connection>) {
        let hub = self.itself.clone();
        self.spawn(async move {
            let key = connection.key;
            let tell = |outcome| {
                if let Some(hub) = hub.upgrade() {
                    hub.tell(key, outcome);
                }
            };
            connection.serve(tell).await;
        });
    }

    fn tell(&self, key: ConnectionKey, outcome: Outcome) {
        let now = self.clock.now();
        match outcome {
            Outcome::LinkLost {
                place,
                is_fatal,
                reason,
            } => lock(&self.peers).link_lost(LinkPlace { key, place }, is_fatal, reason, now),
            Outcome::Over { reason, fault } => {
                if let (Some(connection), Some(fault)) = (self.connection(key), fault) {
                    connection.note_fault(fault);
                }
                lock(&self.peers).disconnect(key, reason);
            }
        }
        self.act();
    }

    /// Does what the table of peers says.
    fn act(&self) {
        self.carry_out_all();
        self.changed.notify_one();
    }

    fn carry_out_all(&self) {
        loop {
            let action = lock(&self.peers).next_action();
            let Some(action) = action else {
                return;
            };
            self.carry_out(action);
        }
    }

    /// The time has gone on; gives when it matters next.
    fn tick(&self) -> Option<tokio::time::Instant> {
        lock(&self.peers).tick(self.clock.now());
        self.carry_out_all();
        let deadline = lock(&self.peers).next_deadline();
        deadline.map(|deadline| self.clock.instant(deadline))
    }

    fn carry_out(&self, action: Action) {
        match action {
            Action::Dial {
                dial,
                peer,
                purpose,
            } => self.dial(Dial {
                id: dial,
                peer,
                purpose,
            }),
            Action::Abandon(dial) => {
                if let Some(task) = lock(&self.table).dials.remove(&dial) {
                    task.abort();
                }
            }
            Action::Up { key, peer, .. } => {
                let mut table = lock(&self.table);
                table.expected.insert(key, Vec::new());
                table.failures.remove(&peer);
            }
            Action::Down { key, reason, .. } => self.down(key, reason),
            Action::Probe(key) => {
                if let Some(connection) = self.connection(key) {
                    connection.probe(PROBE_WITHIN);
                }
            }
            Action::DropLink(LinkPlace { key, place }) => {
                if let Some(connection) = self.connection(key) {
                    connection.drop_link(place);
                }
            }
            Action::Failed { peer, refusal } => {
                let failure = lock(&self.table).failures.remove(&peer);
                self.events.push(NetworkEvent::Failed {
                    peer,
                    refusal,
                    failure,
                });
            }
        }
    }

    /// That which the table of peers means: one whose place it takes may not have ended yet.
    fn connection_to(&self, peer: &str) -> Option<Arc<Connection>> {
        let key = lock(&self.peers).connection(peer)?;
        self.connection(key)
    }

    fn connection(&self, key: ConnectionKey) -> Option<Arc<Connection>> {
        lock(&self.table).connections.get(&key).cloned()
    }

    fn dial(&self, dial: Dial) {
        let Some(hub) = self.itself.upgrade() else {
            return;
        };
        // Under the lock, so that a dial that ends at once is not put into the table after its end.
        let mut table = lock(&self.table);
        if table.is_stopped {
            return;
        }
        let id = dial.id;
        let task = self.spawn(dial.run(hub));
        table.dials.insert(id, task);
    }

    fn down(&self, key: ConnectionKey, reason: DownReason) {
        lock(&self.table).expected.remove(&key);
        let Some(connection) = self.connection(key) else {
            return;
        };
        // First: whoever does not find it any more finds the event, and it has no counters once it is over.
        self.events.push(NetworkEvent::Down {
            seat: connection.seat,
            peer: connection.peer.clone(),
            creation: connection.creation,
            reason,
            fault: connection.fault(),
        });
        connection.end(reason);
        lock(&self.table).connections.remove(&key);
        self.watched.note(self.connections());
        self.left.notify_one();
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

/// Tells the table of peers when its time has come, as long as there is one.
async fn keep_time(hub: Weak<Hub>, changed: Arc<Notify>) {
    loop {
        let Some(deadline) = hub.upgrade().map(|hub| hub.tick()) else {
            return;
        };
        match deadline {
            Some(deadline) => {
                // Which of the two it was does not matter.
                let _ = tokio::time::timeout_at(deadline, changed.notified()).await;
            }
            None => changed.notified().await,
        }
    }
}

#[cfg(test)]
mod tests;
