use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// How long a connection over loopback may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// How often to look again when somebody has the port but does not listen yet.
const ROUNDS: u32 = 5;
/// How long to wait between.
const PAUSE: Duration = Duration::from_millis(10);

/// A link to the registrar of the host, and its listener if it is this node who serves from now on.
#[derive(Debug)]
pub(super) struct Found {
    pub stream: TcpStream,
    pub listener: Option<TcpListener>,
}

/// Why there is no link.
#[derive(Debug)]
pub(super) enum NotFound {
    /// Nobody listens, and this node must not, or cannot.
    Nobody(io::Error),
    /// Somebody has the port, and takes no connection.
    Foreign,
}

/// Connects to the registrar of the host; if there is none, becomes it, if it may.
pub(super) async fn find(server: SocketAddr, may_serve: bool) -> Result<Found, NotFound> {
    for _ in 0..ROUNDS {
        let refused = match connect(server).await {
            Ok(stream) => {
                return Ok(Found {
                    stream,
                    listener: None,
                });
            }
            Err(error) => error,
        };
        if !may_serve || refused.kind() != io::ErrorKind::ConnectionRefused {
            return Err(NotFound::Nobody(refused));
        }
        match TcpListener::bind(server).await {
            Ok(listener) => return connect_to_own(server, listener).await,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(PAUSE).await,
            Err(error) => return Err(NotFound::Nobody(error)),
        }
    }
    Err(NotFound::Foreign)
}

/// The serving node is a client like every other.
async fn connect_to_own(server: SocketAddr, listener: TcpListener) -> Result<Found, NotFound> {
    let stream = connect(server).await.map_err(NotFound::Nobody)?;
    Ok(Found {
        stream,
        listener: Some(listener),
    })
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = timeout(CONNECT_WITHIN, TcpStream::connect(server));
    let stream = stream.await.map_err(|_| io::ErrorKind::TimedOut)??;
    // A port that nobody listens on may by chance be the one that the connection itself comes from.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    Ok(stream)
}
