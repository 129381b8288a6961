use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tergo_wire::registrar::{Message, Refusal, Server};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::host::Host;
use super::{EmbeddedOptions, EventSink, RegistrarEvent};
use crate::clock::Clock;

/// How long to wait when the system has no socket or no port for us.
const PAUSE: Duration = Duration::from_millis(50);
/// How often to look whether the UDP port is free.
const BIND_EVERY: Duration = Duration::from_secs(2);
/// The largest question; what is longer is cut, and so malformed.
const MAX_QUESTION: usize = 2048;

/// The registrar of this host, while this node serves it.
pub(super) struct Serving {
    tasks: JoinSet<()>,
}

impl Serving {
    /// Serves those who connect, and questions by datagram. `takes_over`: another node served until a moment ago.
    pub fn begin(
        listener: TcpListener,
        options: &EmbeddedOptions,
        takes_over: bool,
        events: EventSink,
    ) -> Self {
        let clock = Clock::new();
        let server = Server::new(options.limits.clone(), takes_over, clock.now());
        let host = Arc::new(Host::new(clock, server));
        let mut tasks = JoinSet::new();
        if let Some(address) = options.udp_address {
            let address = SocketAddr::new(address, options.port);
            tasks.spawn(answer_at(address, Arc::clone(&host), events));
        }
        tasks.spawn(accept(listener, host));
        Self { tasks }
    }

    /// Stops, after which the ports are free.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn accept(listener: TcpListener, host: Arc<Host>) {
    let mut links = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if let Some(link) = begin(stream, &host) {
                        links.spawn(link);
                    }
                }
                // No more file descriptors, for instance: wait until there are.
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = links.join_next() => {}
        }
    }
}

fn begin(stream: TcpStream, host: &Arc<Host>) -> Option<impl Future<Output = ()> + use<>> {
    // Without it answers would only be slower.
    let _ = stream.set_nodelay(true);
    let Some(id) = host.with(Server::open) else {
        refuse(&stream);
        return None;
    };
    let host = Arc::clone(host);
    Some(async move { host.serve(id, stream).await })
}

/// Says that there are too many, as far as the socket takes it at once.
fn refuse(stream: &TcpStream) {
    let mut bytes = Vec::new();
    let message = Message::Refused {
        id: 0,
        refusal: Refusal::Busy,
    };
    if message.encode(&mut bytes).is_ok() {
        let _ = stream.try_write(&bytes);
    }
}

async fn answer_at(address: SocketAddr, host: Arc<Host>, events: EventSink) {
    let mut is_told = false;
    loop {
        match bind(address) {
            Ok(socket) => return answer(&socket, &host).await,
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    events(RegistrarEvent::Unasked(format!("{address}: {error}")));
                }
                sleep(BIND_EVERY).await;
            }
        }
    }
}

/// By IPv6 and IPv4 at once for all addresses; by IPv4 where the system has no IPv6.
fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    match bind_at(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && !is_taken(&error) => {
            bind_at((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        bound => bound,
    }
}

fn bind_at(address: SocketAddr) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // Else whether IPv4 comes in too depends on the system.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

async fn answer(socket: &UdpSocket, host: &Host) {
    let mut buffer = vec![0; MAX_QUESTION];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            sleep(PAUSE).await;
            continue;
        };
        let question = &buffer[..length];
        let answer = host.with(|server, now| server.datagram(from.ip(), question, now));
        if let Some(answer) = answer {
            // Lost like any datagram: who asked will ask again.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}
