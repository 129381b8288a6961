//! What a network tells, as TypeScript sees it.

#![expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers are exact up to 2^53, which no counter reaches"
)]

use napi_derive::napi;
use tergo_net::registrar::RegistrarEvent;
use tergo_net::wire::{DownReason, Refusal};
use tergo_net::{AcceptorInfo, ConnectionInfo, DialFailure, NetworkEvent, RouteCounts};

/// What has happened in a network.
#[napi(object, use_nullable = true)]
pub struct BindingNetworkEvent {
    /// `up`, `down`, `failed`, `rejected` or `registrar`.
    pub kind: String,
    /// Of `up` and `down`: the number of the peer's seat in the fabric.
    pub seat: Option<u32>,
    /// The name of the peer; of `rejected` the address from which somebody tried; of `registrar` the node that is
    /// meant, or nothing.
    pub peer: String,
    /// Of `up` and `down`: the peer's incarnation.
    pub creation: Option<f64>,
    /// Of `up`: what both nodes can do, a bit each.
    pub features: Option<f64>,
    /// Of `up`: which software the peer runs, for people.
    pub software: Option<String>,
    /// Of `up`: the largest message that the peer takes, bytes.
    pub max_message: Option<f64>,
    /// Of `up`: whether this node dialled.
    pub is_dialler: Option<bool>,
    /// Of `down`: `lost`, `silence`, `goodbye`, `protocol`, `disconnected` or `replaced`; of `failed` the refusal,
    /// `unreached` when nobody refused, `unfound` when who should know where it is could not be asked, null when nothing leads there; of `rejected` what was wrong; of `registrar` `registered`, `lost`, `refused`,
    /// `serving`, `unasked`, `joined` or `left`.
    pub reason: Option<String>,
    /// What a person should know besides: what was tried and why it failed, or how the peer broke the protocol.
    pub detail: Option<String>,
    /// Of `rejected`: how many it tells of.
    pub count: Option<f64>,
}

/// What is known of a connection.
#[napi(object, use_nullable = true)]
pub struct BindingConnectionInfo {
    /// The number of its seat in the fabric.
    pub seat: u32,
    /// The peer's name.
    pub peer: String,
    /// The peer's incarnation.
    pub creation: f64,
    /// Links in its pool now.
    pub links: u32,
    /// Links that were lost and replaced.
    pub relinks: f64,
    /// Messages sent, control frames included.
    pub messages_out: f64,
    /// Messages that came.
    pub messages_in: f64,
    /// Bytes written to sockets, before TLS.
    pub bytes_out: f64,
    /// Bytes read.
    pub bytes_in: f64,
    /// Batches sent.
    pub batches_out: f64,
    /// Batches that came.
    pub batches_in: f64,
    /// Fragments sent.
    pub fragments_out: f64,
    /// Fragments that came.
    pub fragments_in: f64,
    /// Bytes before compression, of what was sent compressed.
    pub raw_out: f64,
    /// Bytes after it.
    pub compressed_out: f64,
    /// Bytes after decompression, of what came compressed.
    pub raw_in: f64,
    /// Bytes before it.
    pub compressed_in: f64,
    /// Times that a message met a peer that had no room.
    pub blocked: f64,
    /// Bytes that wait to be written to sockets.
    pub queued_bytes: f64,
    /// Bytes that wait in the fabric for the peer; whole chunks count.
    pub waiting_bytes: f64,
    /// Time to the peer and back, µs, smoothed; 0: not known yet.
    pub round_trip_us: f64,
    /// Messages that went nowhere: larger than the peer takes.
    pub refused: f64,
}

/// What an acceptor has done.
#[napi(object, use_nullable = true)]
pub struct BindingAcceptorInfo {
    /// The address on which it listens.
    pub address: String,
    /// The port.
    pub port: u32,
    /// Whether it encrypts.
    pub is_tls: bool,
    /// What the node can do for those who dial it here, a bit each.
    pub features: f64,
    /// The largest message that it takes of them, bytes.
    pub max_message: f64,
    /// Connections of the system that came.
    pub arrived: f64,
    /// Handshakes that ended in a link.
    pub admitted: f64,
    /// Handshakes that failed.
    pub rejected: f64,
    /// Those who had to go or were not let in because there were too many.
    pub turned_away: f64,
    /// Handshakes that go on.
    pub pending: u32,
}

/// What became of the dials along a static route.
#[napi(object, use_nullable = true)]
pub struct BindingRouteCounts {
    /// How often a link was dialled.
    pub dials: f64,
    /// How many of these became links.
    pub successes: f64,
    /// Why the last one that failed did, for people.
    pub last_failure: Option<String>,
    /// How long ago that was, ms.
    pub failed_ago_ms: Option<f64>,
}

impl BindingNetworkEvent {
    fn new(kind: &str, peer: String) -> Self {
        Self {
            kind: kind.to_owned(),
            seat: None,
            peer,
            creation: None,
            features: None,
            software: None,
            max_message: None,
            is_dialler: None,
            reason: None,
            detail: None,
            count: None,
        }
    }
}

impl From<NetworkEvent> for BindingNetworkEvent {
    fn from(event: NetworkEvent) -> Self {
        match event {
            NetworkEvent::Up {
                seat,
                peer,
                creation,
                features,
                software,
                max_message,
                is_dialler,
            } => Self {
                seat: Some(seat),
                creation: Some(creation as f64),
                features: Some(features as f64),
                software: Some(software),
                max_message: Some(max_message as f64),
                is_dialler: Some(is_dialler),
                ..Self::new("up", peer)
            },
            NetworkEvent::Down {
                seat,
                peer,
                creation,
                reason,
                fault,
            } => Self {
                seat: Some(seat),
                creation: Some(creation as f64),
                reason: Some(name_of(reason).to_owned()),
                detail: fault.map(str::to_owned),
                ..Self::new("down", peer)
            },
            NetworkEvent::Failed {
                peer,
                refusal,
                failure,
            } => failed(peer, refusal, failure),
            NetworkEvent::Registrar(event) => registrar_event(event),
            NetworkEvent::Rejected {
                address,
                reason,
                count,
            } => Self {
                reason: Some(reason),
                count: Some(count as f64),
                ..Self::new("rejected", address)
            },
        }
    }
}

impl From<ConnectionInfo> for BindingConnectionInfo {
    fn from(info: ConnectionInfo) -> Self {
        let counters = info.counters;
        let total = counters.total;
        Self {
            seat: info.seat,
            peer: info.peer,
            creation: info.creation as f64,
            links: counters.links.into(),
            relinks: counters.relinks as f64,
            messages_out: total.items_out as f64,
            messages_in: total.items_in as f64,
            bytes_out: total.bytes_out as f64,
            bytes_in: total.bytes_in as f64,
            batches_out: total.batches_out as f64,
            batches_in: total.batches_in as f64,
            fragments_out: total.fragments_out as f64,
            fragments_in: total.fragments_in as f64,
            raw_out: total.raw_out as f64,
            compressed_out: total.compressed_out as f64,
            raw_in: total.raw_in as f64,
            compressed_in: total.compressed_in as f64,
            blocked: total.blocked as f64,
            queued_bytes: counters.queued as f64,
            waiting_bytes: info.waiting_bytes as f64,
            round_trip_us: total.round_trip_us as f64,
            refused: info.refused as f64,
        }
    }
}

impl From<AcceptorInfo> for BindingAcceptorInfo {
    fn from(info: AcceptorInfo) -> Self {
        Self {
            address: info.address.ip().to_string(),
            port: info.address.port().into(),
            is_tls: info.is_tls,
            features: info.features.0 as f64,
            max_message: info.max_message as f64,
            arrived: info.arrived as f64,
            admitted: info.admitted as f64,
            rejected: info.rejected as f64,
            turned_away: info.turned_away as f64,
            pending: info.pending as u32,
        }
    }
}

impl From<RouteCounts> for BindingRouteCounts {
    fn from(counts: RouteCounts) -> Self {
        let (last_failure, ago) = counts.last_failure.unzip();
        Self {
            dials: counts.dials as f64,
            successes: counts.successes as f64,
            last_failure,
            failed_ago_ms: ago.map(|ago| ago.as_millis() as f64),
        }
    }
}

fn failed(
    peer: String,
    refusal: Option<Refusal>,
    failure: Option<DialFailure>,
) -> BindingNetworkEvent {
    let (reason, detail) = match failure {
        None | Some(DialFailure::NoRoute) => (None, refusal.map(|refusal| refusal.to_string())),
        Some(DialFailure::Unfound(why)) => (Some("unfound"), Some(why)),
        Some(DialFailure::Tried(all)) => (Some("unreached"), Some(all)),
    };
    let reason = refusal.map(refusal_of).or(reason);
    BindingNetworkEvent {
        reason: reason.map(str::to_owned),
        detail,
        ..BindingNetworkEvent::new("failed", peer)
    }
}

fn registrar_event(event: RegistrarEvent) -> BindingNetworkEvent {
    let (reason, peer, detail) = match event {
        RegistrarEvent::Registered => ("registered", None, None),
        RegistrarEvent::Lost => ("lost", None, None),
        RegistrarEvent::Refused(refusal) => ("refused", None, Some(refusal.to_string())),
        RegistrarEvent::Serving => ("serving", None, None),
        RegistrarEvent::Unasked(why) => ("unasked", None, Some(why)),
        RegistrarEvent::Joined(node) => ("joined", Some(node), None),
        RegistrarEvent::Left(node) => ("left", Some(node), None),
    };
    BindingNetworkEvent {
        reason: Some(reason.to_owned()),
        detail,
        ..BindingNetworkEvent::new("registrar", peer.unwrap_or_default())
    }
}

fn name_of(reason: DownReason) -> &'static str {
    match reason {
        DownReason::Lost => "lost",
        DownReason::Silence => "silence",
        DownReason::Goodbye => "goodbye",
        DownReason::Protocol => "protocol",
        DownReason::Disconnected => "disconnected",
        DownReason::Replaced => "replaced",
    }
}

fn refusal_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::CookieMismatch => "cookie-mismatch",
        Refusal::VersionMismatch => "version-mismatch",
        Refusal::Busy => "busy",
        Refusal::Oneself => "oneself",
        Refusal::NameMismatch => "name-mismatch",
        Refusal::StaleCreation => "stale-creation",
        Refusal::NameTaken => "name-taken",
        Refusal::Crossing => "crossing",
        Refusal::ConnectionUnknown => "connection-unknown",
        Refusal::PoolFull => "pool-full",
        Refusal::NotAllowed => "not-allowed",
    }
}
