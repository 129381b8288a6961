use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tergo_wire::registrar::{Route, bare_host};
use tergo_wire::{
    Admission, Claim, DialId, DialSettings, HandshakeError, Identity, Purpose, Refusal,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::channel::Channel;
use crate::dial_failure::{DialFailure, explain};
use crate::handshaking::{Judge, Shaken, deadline, nonce, shake};
use crate::hub::Hub;
use crate::no_link::NoLink;
use crate::routes::DialTarget;
use crate::socket::Socket;
use crate::staggered::{Attempt, first_of};
use crate::sync::lock;
use crate::tls::TlsError;

/// How long a connection of the system may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// A link to a node that is being opened.
#[derive(Debug)]
pub(crate) struct Dial {
    /// What the table of peers calls it.
    pub id: DialId,
    /// The name of the node.
    pub peer: String,
    /// What the link is for.
    pub purpose: Purpose,
}

impl Dial {
    /// Opens the link, trying one target after the other, and tells the table of peers.
    pub async fn run(self, hub: Arc<Hub>) {
        if self.purpose == Purpose::First && !hub.fabric.has_place() {
            return hub.dial_failed(&self, None, DialFailure::full());
        }
        let found = match hub.find_route(&self.peer).await {
            Ok(found) => found,
            Err(error) => return hub.dial_failed(&self, None, DialFailure::unfound(&error)),
        };
        let (mut failure, mut answer) = (DialFailure::NoRoute, None);
        for target in found.targets {
            target.tally.dial();
            match self.open(&hub, &target).await {
                Ok(shaken) => {
                    target.tally.succeed();
                    return hub.dialled(self.id, shaken);
                }
                Err(error) => {
                    let why = explain(&error);
                    target.tally.fail(&why);
                    failure = failure.add(&target.route, &why);
                    // That somebody refused says more than that nobody was there.
                    answer = error.handshake_error().or(answer);
                }
            }
        }
        hub.dial_failed(&self, answer, failure);
    }

    async fn open(&self, hub: &Arc<Hub>, target: &DialTarget) -> Result<Shaken, NoLink> {
        let stream = connect(&target.route).await?;
        let deadline = deadline(hub.clock, hub.dial_within);
        let slow = |error| match error {
            NoLink::Handshake(HandshakeError::TimedOut) => NoLink::Slow(hub.dial_within),
            other => other,
        };
        let mut socket = Socket::new(stream, channel(hub, target)?)?;
        let established = timeout_at(hub.clock.instant(deadline), socket.establish());
        let established = established.await;
        let established = established.map_err(|_| NoLink::Slow(hub.dial_within))?;
        let cookie = target.cookie.clone();
        let cookie = cookie.unwrap_or_else(|| lock(&hub.cookie).clone());
        let settings = DialSettings {
            own: Self::identity(hub, target),
            peer: self.peer.clone(),
            purpose: self.purpose,
            cookie: cookie.expose().to_vec(),
            nonce: nonce()?,
            exporter: established.map_err(NoLink::in_tls)?,
            deadline,
        };
        let mut handshake = hub.protocol.dial(settings);
        let mut judge = Prover { hub, id: self.id };
        let shaken = shake(&mut socket, handshake.as_mut(), hub.clock, &mut judge).await;
        let (agreement, rest) = shaken.map_err(slow)?;
        Ok(Shaken {
            agreement,
            socket,
            rest,
        })
    }

    fn identity(hub: &Hub, target: &DialTarget) -> Identity {
        let own = hub.own.clone();
        Identity {
            features: target.features.unwrap_or(own.features),
            ..own
        }
    }
}

/// A connection of the system.
async fn connect(route: &Route) -> Result<TcpStream, NoLink> {
    let looking = tokio::net::lookup_host((bare_host(&route.host), route.port));
    let looked = tokio::time::timeout(CONNECT_WITHIN, looking).await;
    let addresses = looked.map_err(|_| NoLink::NoAnswer(CONNECT_WITHIN))?;
    let addresses: Vec<_> = addresses.map_err(NoLink::UnknownHost)?.collect();
    connect_to(&addresses, CONNECT_WITHIN).await
}

/// The first of these that takes it.
async fn connect_to(addresses: &[SocketAddr], within: Duration) -> Result<TcpStream, NoLink> {
    let deadline = Instant::now() + within;
    let connected = first_of(addresses.iter().copied(), |address| async move {
        match timeout_at(deadline, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => Attempt::Settled(stream),
            Ok(Err(error)) => Attempt::Failed(NoLink::unconnected(error)),
            Err(_) => Attempt::Failed(NoLink::NoAnswer(within)),
        }
    });
    let unknown = || NoLink::UnknownHost(io::ErrorKind::NotFound.into());
    connected
        .await
        .map_err(|failure| failure.unwrap_or_else(unknown))
}

/// Answers the handshake of a dial.
struct Prover<'a> {
    hub: &'a Hub,
    id: DialId,
}

impl Judge for Prover<'_> {
    fn prove(&mut self) -> Option<u64> {
        self.hub.prove(self.id)
    }

    fn admit(&mut self, _claim: &Claim) -> Result<Admission, Refusal> {
        Err(Refusal::NotAllowed)
    }

    fn has_heard(&mut self) {}
}

fn channel(hub: &Hub, target: &DialTarget) -> Result<Channel, NoLink> {
    if !target.route.tls {
        return Ok(Channel::Plain);
    }
    let tls = target.tls.as_ref().or(hub.tls.as_ref());
    let stream = tls
        .ok_or(TlsError::NoTrust)
        .and_then(|tls| tls.dial(&target.server_name));
    Ok(Channel::Tls(Box::new(stream.map_err(NoLink::NoTls)?)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::expect_used, reason = "this is a test")]

    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// Somebody who listens and takes nobody any more, so that whoever comes hears nothing; as long as these live.
    fn silent() -> (SocketAddr, Vec<Socket>) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        listener.bind(&any.into()).expect("any port");
        listener.listen(0).expect("it is bound");
        let address = listener.local_addr().expect("it is bound");
        let mut sockets = vec![listener];
        for _ in 0..4 {
            let guest = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            guest.set_nonblocking(true).expect("a socket");
            // Some are taken, and the others wait.
            let _ = guest.connect(&address);
            sockets.push(guest);
        }
        (address.as_socket().expect("IPv4"), sockets)
    }

    #[test]
    fn an_address_may_stand_in_brackets() {
        let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
            println!("skipped: this system has no IPv6");
            return;
        };
        let route = Route {
            host: "[::1]".to_owned(),
            port: listener.local_addr().expect("it is bound").port(),
            tls: false,
            handshake: String::new(),
            protocol: String::new(),
        };
        let connected = runtime().block_on(connect(&route));
        assert!(connected.is_ok(), "{connected:?}");
    }

    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("the system allows it")
    }

    #[test]
    fn an_address_that_says_nothing_does_not_keep_the_next_one_of_its_host_from_being_tried() {
        let (mute, _sockets) = silent();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("any port");
        let heard = listener.local_addr().expect("it is bound");
        let runtime = runtime();
        let within = Duration::from_secs(1);
        let connected = runtime.block_on(connect_to(&[mute, heard], within));
        let stream = connected.expect("the second takes it");
        assert_eq!(stream.peer_addr().expect("it is connected"), heard);
        let failed = runtime.block_on(connect_to(&[mute], within));
        assert!(matches!(failed, Err(NoLink::NoAnswer(after)) if after == within));
    }
}
