use std::io;
use std::net::SocketAddr;

use tergo_wire::registrar::{AskError, Refusal};

/// What another host needs.
const ELSEWHERE: &str = "start a node there with an acceptor for other hosts, such as `host: '0.0.0.0'`, \
     or with `answerOthers`";

/// Why a registrar is of no help.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    /// Another node of this host has that name.
    #[error("the node name {0} is taken on this host; give this node another one")]
    Taken(String),
    /// Nobody has registered that.
    #[error("{0} is not registered")]
    Unknown(String),
    /// What was asked for or announced is not allowed.
    #[error(
        "the registrar refuses {0}: a name, host, tag or number of routes is beyond its limits"
    )]
    Incorrect(String),
    /// It is asked too often, or has as many nodes as it may have.
    #[error("the registrar has too much to do; ask again later")]
    Busy,
    /// It has not answered in time.
    #[error("the registrar has not answered in time ({0})")]
    Timeout(String),
    /// There is none, and none may be started here.
    #[error(
        "no registrar can be reached at {0} ({1}); start a node that may serve one, or allow it here"
    )]
    Unavailable(SocketAddr, String),
    /// That of another host is not there.
    #[error("no registrar answers at {0} by UDP ({1}); {advice}", advice = ELSEWHERE)]
    Absent(SocketAddr, String),
    /// That of another host says nothing, or does not hear.
    #[error("no registrar answers at {0} by UDP; {advice}, and a firewall must let it pass", advice = ELSEWHERE)]
    Silent(SocketAddr),
    /// Something else listens where it should.
    #[error(
        "another program, or a node that stands still, listens on {0}, where the registrar of this host should: \
         end it, or give all nodes another registrar port"
    )]
    Foreign(SocketAddr),
    /// The registrations of a host would be open to others.
    #[error("the registrar takes registrations of its own host only, and {0} does not loop back")]
    NotLoopback(SocketAddr),
    /// A host name is unknown.
    #[error("cannot look up the host {0}: {1}")]
    Host(String, io::Error),
    /// It was closed.
    #[error("the registrar of this node is closed")]
    Closed,
    /// What a registrar of the user's own says.
    #[error("{0}")]
    Other(String),
}

impl RegistrarError {
    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Unknown(_) => "no-route",
            Self::Incorrect(_) | Self::NotLoopback(_) => "incorrect",
            Self::Busy => "busy",
            Self::Timeout(_) | Self::Silent(_) => "timeout",
            Self::Unavailable(..) | Self::Absent(..) | Self::Foreign(_) | Self::Host(..) => {
                "registrar-unavailable"
            }
            Self::Closed => "closed",
            Self::Other(_) => "registrar-failed",
        }
    }

    /// What the wire's error means for a question about `what`.
    pub(super) fn from_ask(error: AskError, what: &str) -> Self {
        match error {
            AskError::Timeout => Self::Timeout(what.to_owned()),
            AskError::Refused(refusal) => Self::from_refusal(refusal, what),
        }
    }

    /// What a refusal means for `what`.
    pub(super) fn from_refusal(refusal: Refusal, what: &str) -> Self {
        match refusal {
            Refusal::Taken => Self::Taken(what.to_owned()),
            Refusal::Unknown => Self::Unknown(what.to_owned()),
            Refusal::Incorrect => Self::Incorrect(what.to_owned()),
            Refusal::Busy | Refusal::Settling => Self::Busy,
        }
    }
}
