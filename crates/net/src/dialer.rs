use std::sync::Arc;
use std::time::Duration;

use tergo_wire::registrar::Route;
use tergo_wire::{
    Admission, Claim, DialId, DialSettings, HandshakeError, Identity, Purpose, Refusal,
};
use tokio::net::TcpStream;

use crate::channel::Channel;
use crate::dial_failure::{DialFailure, explain};
use crate::handshaking::{Judge, Shaken, deadline, nonce, shake};
use crate::hub::Hub;
use crate::no_link::NoLink;
use crate::routes::DialTarget;
use crate::socket::Socket;
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
        let stream = tokio::time::timeout(CONNECT_WITHIN, connect(&target.route));
        let stream = stream
            .await
            .map_err(|_| NoLink::NoAnswer(CONNECT_WITHIN))??;
        let deadline = deadline(hub.clock, hub.dial_within);
        let slow = |error| match error {
            NoLink::Handshake(HandshakeError::TimedOut) => NoLink::Slow(hub.dial_within),
            other => other,
        };
        let mut socket = Socket::new(stream, channel(hub, target)?)?;
        let established = tokio::time::timeout_at(hub.clock.instant(deadline), socket.establish());
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
    let addresses = tokio::net::lookup_host((route.host.as_str(), route.port)).await;
    let addresses: Vec<_> = addresses.map_err(NoLink::UnknownHost)?.collect();
    let stream = TcpStream::connect(&*addresses).await;
    stream.map_err(NoLink::unconnected)
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
