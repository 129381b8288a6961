use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tergo_wire::registrar::Route;
use tergo_wire::{
    AcceptSettings, Admission, Agreement, Claim, Features, Handshake, Identity, LinkPlace, Purpose,
    Refusal,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::channel::Channel;
use crate::cookie::Cookie;
use crate::handshaking::{Judge, Shaken, deadline, nonce, shake};
use crate::hub::Hub;
use crate::no_link::NoLink;
use crate::rejections::Rejections;
use crate::socket::Socket;
use crate::sync::lock;
use crate::tls::Tls;
use crate::waiting_room::{Seated, WaitingRoom};

/// How long to wait when the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(50);
/// What is told of those who had no place, and of those who had to give theirs up.
const TOO_MANY: &str = "too many handshakes go on";
const SILENT: &str = "too many handshakes go on, and it had said nothing";

/// The same where TLS comes first: its fatal alert `internal_error`.
const BUSY_IN_TLS: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

/// What an acceptor asks of those who dial it.
#[derive(Clone, Debug)]
pub struct AcceptorOptions {
    /// The cookie that they must know; by default the node's.
    pub cookie: Option<Cookie>,
    /// With it links are encrypted.
    pub tls: Option<Arc<Tls>>,
    /// How long a handshake may take; default 5 s.
    pub handshake_within: Duration,
    /// Handshakes that may go on at once; default 1,024.
    pub max_handshakes: usize,
    /// Of these, from one address; default 64.
    pub max_handshakes_of_an_address: usize,
    /// What the node can do for those who dial it here; by default the node's.
    pub features: Option<Features>,
    /// The largest message that it takes of them, bytes; by default the node's.
    pub max_message: Option<u64>,
}

/// What an acceptor has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptorInfo {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it encrypts.
    pub is_tls: bool,
    /// What the node can do for those who dial it here.
    pub features: Features,
    /// The largest message that it takes of them, bytes.
    pub max_message: u64,
    /// Connections of the system that came.
    pub arrived: u64,
    /// Handshakes that ended in a link.
    pub admitted: u64,
    /// Handshakes that failed.
    pub rejected: u64,
    /// Those who had to go or were not let in because there were too many.
    pub turned_away: u64,
    /// Handshakes that go on.
    pub pending: usize,
}

/// Listens, and lets those in who prove who they are.
#[derive(Debug)]
pub(crate) struct Acceptor {
    hub: Arc<Hub>,
    address: SocketAddr,
    route: Route,
    options: AcceptorOptions,
    room: Arc<WaitingRoom>,
    arrived: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
    /// Told when it is to end.
    stop: Notify,
}

impl Default for AcceptorOptions {
    fn default() -> Self {
        Self {
            cookie: None,
            tls: None,
            handshake_within: Duration::from_secs(5),
            max_handshakes: 1024,
            max_handshakes_of_an_address: 64,
            features: None,
            max_message: None,
        }
    }
}

impl Acceptor {
    /// One that listens at an address, and is dialled by a route.
    pub fn new(
        hub: Arc<Hub>,
        (address, route): (SocketAddr, Route),
        options: AcceptorOptions,
    ) -> Arc<Self> {
        let room = WaitingRoom::new(options.max_handshakes, options.max_handshakes_of_an_address);
        Arc::new(Self {
            hub,
            address,
            route,
            options,
            room,
            arrived: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            stop: Notify::new(),
        })
    }

    /// Where others are told to dial it.
    pub fn route(&self) -> Route {
        self.route.clone()
    }

    /// It takes nobody any more.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// What it has done.
    pub fn info(&self) -> AcceptorInfo {
        let (pending, turned_away) = self.room.counts();
        let own = self.identity();
        AcceptorInfo {
            address: self.address,
            is_tls: self.options.tls.is_some(),
            features: own.features,
            max_message: own.limits.max_message,
            arrived: self.arrived.load(Relaxed),
            admitted: self.admitted.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            turned_away,
            pending,
        }
    }

    /// Takes those who come, until it is stopped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.notified() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.welcome(stream, address.ip()),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The handshake goes on beside the others, if there is a place.
    fn welcome(self: &Arc<Self>, stream: TcpStream, address: IpAddr) {
        self.arrived.fetch_add(1, Relaxed);
        let Some(seated) = self.room.enter(address) else {
            if let Ok(mut socket) = Socket::new(stream, Channel::Plain) {
                self.say_busy(&mut socket);
            }
            return Rejections::tell(&self.hub, address, TOO_MANY.to_owned());
        };
        let acceptor = Arc::clone(self);
        self.hub.spawn(async move {
            match acceptor.socket(stream) {
                Ok(socket) => acceptor.receive(socket, address, seated).await,
                Err(error) => acceptor.reject(address, &error),
            }
        });
    }

    fn socket(&self, stream: TcpStream) -> Result<Socket, NoLink> {
        let channel = match &self.options.tls {
            Some(tls) => Channel::Tls(Box::new(tls.accept().map_err(NoLink::NoTls)?)),
            None => Channel::Plain,
        };
        Ok(Socket::new(stream, channel)?)
    }

    async fn receive(&self, mut socket: Socket, address: IpAddr, seated: Seated) {
        let leave = Arc::clone(&seated.leave);
        let mut guard = Guard {
            hub: &self.hub,
            seated,
            place: None,
            is_first: false,
        };
        let talked = tokio::select! {
            talked = self.talk(&mut socket, &mut guard) => talked,
            () = leave.notified() => {
                self.say_busy(&mut socket);
                return Rejections::tell(&self.hub, address, SILENT.to_owned());
            }
        };
        match talked {
            Ok((agreement, rest)) => {
                if let Some(place) = guard.place.take() {
                    self.admitted.fetch_add(1, Relaxed);
                    let shaken = Shaken {
                        agreement,
                        socket,
                        rest,
                    };
                    self.hub.attach(place, shaken);
                }
            }
            Err(error) => self.reject(address, &error),
        }
    }

    fn reject(&self, address: IpAddr, error: &NoLink) {
        self.rejected.fetch_add(1, Relaxed);
        if error.is_told() {
            Rejections::tell(&self.hub, address, error.to_string());
        }
    }

    async fn talk(
        &self,
        socket: &mut Socket,
        guard: &mut Guard<'_>,
    ) -> Result<(Box<Agreement>, Vec<u8>), NoLink> {
        let within = self.options.handshake_within;
        let deadline = deadline(self.hub.clock, within);
        let established =
            tokio::time::timeout_at(self.hub.clock.instant(deadline), socket.establish());
        let established = established.await.map_err(|_| NoLink::Slow(within))?;
        let exporter = established.map_err(NoLink::in_tls)?;
        let mut handshake = self.handshake(exporter, deadline)?;
        shake(socket, handshake.as_mut(), self.hub.clock, guard).await
    }

    fn handshake(
        &self,
        exporter: Option<[u8; 32]>,
        deadline: Duration,
    ) -> Result<Box<dyn Handshake>, NoLink> {
        let cookie = self.options.cookie.clone();
        let cookie = cookie.unwrap_or_else(|| lock(&self.hub.cookie).clone());
        Ok(self.hub.protocol.accept(AcceptSettings {
            own: self.identity(),
            cookie: cookie.expose().to_vec(),
            nonce: nonce()?,
            exporter,
            deadline,
        }))
    }

    /// Whoever finds no place hears that it may come again, as far as that goes without waiting.
    fn say_busy(&self, socket: &mut Socket) {
        if self.options.tls.is_some() {
            return socket.stream.end_with(&BUSY_IN_TLS);
        }
        let Ok(mut handshake) = self.handshake(None, Duration::ZERO) else {
            return;
        };
        handshake.refuse(Refusal::Busy);
        socket.stream.end_with(handshake.output());
    }

    /// What the node says of itself here.
    fn identity(&self) -> Identity {
        let mut own = self.hub.own.clone();
        if let Some(features) = self.options.features {
            own.features = features;
        }
        if let Some(bytes) = self.options.max_message {
            own.limits.max_message = bytes;
        }
        own
    }
}

/// Answers a handshake; the place that it was given is lost with it when it comes to nothing.
struct Guard<'a> {
    hub: &'a Arc<Hub>,
    seated: Seated,
    place: Option<LinkPlace>,
    /// Whether the link is the first of its connection.
    is_first: bool,
}

impl Judge for Guard<'_> {
    fn prove(&mut self) -> Option<u64> {
        None
    }

    fn admit(&mut self, claim: &Claim) -> Result<Admission, Refusal> {
        self.is_first = claim.purpose == Purpose::First;
        if self.is_first && !self.hub.fabric.has_place() {
            return Err(Refusal::Busy);
        }
        let (admission, place) = self.hub.admit(claim)?;
        self.place = Some(place);
        Ok(admission)
    }

    fn has_heard(&mut self) {
        self.seated.has_spoken();
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.hub.lose(place, self.is_first);
        }
    }
}
