use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tergo_wire::registrar::{ClientOptions, ServerLimits};

/// The port of the registrar, TCP for the host's own nodes and UDP for questions of others.
pub const DEFAULT_REGISTRAR_PORT: u16 = 4499;

/// How a node takes part in the registrar of its host.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// Where the host's nodes register; must loop back, 127.0.0.1 by default.
    pub address: IpAddr,
    /// The port, of this host and of all others; 4499 by default.
    pub port: u16,
    /// Where questions of other hosts come in; every address, of IPv6 (`::`) and IPv4, by default; none: they are not answered.
    pub udp_address: Option<IpAddr>,
    /// Whether this node may serve the registrar when nobody does; true by default.
    pub serves: bool,
    /// How long `start` tries; 3 s by default.
    pub start_within: Duration,
    /// How patient this node is with the registrar, of its own host and of others.
    pub client: ClientOptions,
    /// What it allows others when it serves.
    pub limits: ServerLimits,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            port: DEFAULT_REGISTRAR_PORT,
            udp_address: Some(Ipv6Addr::UNSPECIFIED.into()),
            serves: true,
            start_within: Duration::from_secs(3),
            client: ClientOptions::default(),
            limits: ServerLimits::default(),
        }
    }
}

impl EmbeddedOptions {
    /// Where the host's nodes register.
    pub(super) fn server(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// Whether who asks there asks this very host. What loops back does, unless the registrar has an address of its own among
    /// these, as when one machine plays several hosts.
    pub(super) fn is_own(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        if ip.is_loopback() {
            return ip == self.address || self.address == Ipv4Addr::LOCALHOST;
        }
        is_of_this_host(address)
    }
}

/// What goes to an address of this host comes from that address: so the system says, before anything is sent.
fn is_of_this_host(address: SocketAddr) -> bool {
    let any: IpAddr = match address.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(address)?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address.ip())
}
