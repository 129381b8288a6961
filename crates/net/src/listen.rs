use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};
use tergo_wire::registrar::Route;

/// The first port that nodes try to listen on.
pub const DEFAULT_PORT: u16 = 11_144;

const BACKLOG: i32 = 1024;

/// Where an acceptor listens, and where others are told to dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// The address to listen on.
    pub address: IpAddr,
    /// The first port to try; 11144 by default, 0: any that is free.
    pub port: u16,
    /// How many ports to try, upwards; 1: only that one, 0: all up to 65535, the default.
    pub port_count: u16,
    /// The host that others are told, such as that of a NAT; by default the host of the node's name, or
    /// the address itself if it loops back.
    pub route_host: Option<String>,
    /// The port that others are told; by default the one that is listened on.
    pub route_port: Option<u16>,
}

/// Why nothing is listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// All ports that were to be tried are taken.
    #[error("no port of {address} from {first} to {last} is free")]
    NoPort {
        /// Where.
        address: IpAddr,
        /// The first port.
        first: u16,
        /// The last port.
        last: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Io(SocketAddr, io::Error),
}

impl ListenOptions {
    /// That address, the default ports, nothing else.
    pub fn new(address: IpAddr) -> Self {
        Self {
            address,
            port: DEFAULT_PORT,
            port_count: 0,
            route_host: None,
            route_port: None,
        }
    }

    /// Listens on the first port that is free, without waiting in `accept`.
    ///
    /// # Errors
    /// All ports are taken, or the address cannot be listened on.
    pub fn listen(&self) -> Result<TcpListener, ListenError> {
        let count = if self.port == 0 { 1 } else { self.port_count };
        let last = match count {
            0 => u16::MAX,
            count => self.port.saturating_add(count - 1),
        };
        for port in self.port..=last {
            let address = SocketAddr::new(self.address, port);
            match bind(address) {
                Ok(listener) => return Ok(listener),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(ListenError::Io(address, error)),
            }
        }
        Err(ListenError::NoPort {
            address: self.address,
            first: self.port,
            last,
        })
    }

    /// What others are told of an acceptor that listens on `port`.
    pub fn route(&self, port: u16, tls: bool, handshake: &str, protocol: &str) -> Route {
        let own = if self.address.is_loopback() {
            self.address.to_string()
        } else {
            String::new()
        };
        Route {
            host: self.route_host.clone().unwrap_or(own),
            port: self.route_port.unwrap_or(port),
            tls,
            handshake: handshake.to_owned(),
            protocol: protocol.to_owned(),
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // On Windows this would let two programs listen on one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // Else whether IPv4 comes in too, past the rule for addresses, depends on the system.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
