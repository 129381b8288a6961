use std::sync::Arc;
use std::time::Duration;

use tergo_wire::{Admission, Claim, DialId, DialSettings, HandshakeError, Purpose, Refusal};
use tokio::net::TcpStream;

use crate::channel::Channel;
use crate::handshaking::{Judge, NoLink, Shaken, deadline, nonce, shake};
use crate::hub::Hub;
use crate::routes::DialTarget;
use crate::socket::Socket;
use crate::sync::lock;

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
        let mut error = None;
        for target in hub.targets(&self.peer).await {
            match self.open(&hub, &target).await {
                Ok(shaken) => return hub.dialled(self.id, shaken),
                // That somebody refused says more than that nobody was there.
                Err(failed) => error = failed.or(error),
            }
        }
        hub.dial_failed(self.id, error);
    }

    async fn open(&self, hub: &Arc<Hub>, target: &DialTarget) -> Result<Shaken, NoLink> {
        let address = (target.route.host.as_str(), target.route.port);
        let stream = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(address));
        let stream = stream.await.map_err(|_| None)?.map_err(|_| None)?;
        let deadline = deadline(hub.clock, hub.dial_within);
        let mut socket =
            Socket::new(stream, channel(hub, target).ok_or(None)?).map_err(|_| None)?;
        let established = tokio::time::timeout_at(hub.clock.instant(deadline), socket.establish());
        let established = established.await;
        let established = established.map_err(|_| Some(HandshakeError::TimedOut))?;
        let cookie = target.cookie.clone();
        let cookie = cookie.unwrap_or_else(|| lock(&hub.cookie).clone());
        let settings = DialSettings {
            own: hub.own.clone(),
            peer: self.peer.clone(),
            purpose: self.purpose,
            cookie: cookie.expose().to_vec(),
            nonce: nonce().ok_or(None)?,
            exporter: established.map_err(|_| None)?,
            deadline,
        };
        let mut handshake = hub.protocol.dial(settings);
        let mut judge = Prover { hub, id: self.id };
        shake(socket, handshake.as_mut(), hub.clock, &mut judge).await
    }
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

/// None: the target has TLS, and there are no certificates to check it by.
fn channel(hub: &Hub, target: &DialTarget) -> Option<Channel> {
    if !target.route.tls {
        return Some(Channel::Plain);
    }
    let tls = target.tls.as_ref().or(hub.tls.as_ref())?;
    let stream = tls.dial(&target.server_name).ok()?;
    Some(Channel::Tls(Box::new(stream)))
}
