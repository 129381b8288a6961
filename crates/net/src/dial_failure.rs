use std::fmt::Write;

use tergo_core::layout::{MAX_SEATS, MAX_THREADS};
use tergo_wire::registrar::Route;
use tergo_wire::{HandshakeError, Refusal};

use crate::no_link::NoLink;
use crate::routes::RouteError;

/// Why a node was not reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialFailure {
    /// Nothing leads there.
    NoRoute,
    /// Nobody could be asked where it is, or dialled: why, for people.
    Unfound(String),
    /// All that was tried, and why each came to nothing, for people: begins with `at` and an address.
    Tried(String),
}

impl DialFailure {
    /// Nothing was tried.
    pub(crate) fn unfound(error: &RouteError) -> Self {
        match error {
            RouteError::NoRoute(_) => Self::NoRoute,
            other => Self::Unfound(other.to_string()),
        }
    }

    /// Nothing was tried, since there is no place for one more connection.
    pub(crate) fn full() -> Self {
        let most = MAX_SEATS - MAX_THREADS;
        Self::Unfound(format!(
            "this node has {most} connections, and can have no more"
        ))
    }

    /// Something was tried as well.
    pub(crate) fn add(self, route: &Route, why: &str) -> Self {
        let mut text = match self {
            Self::Tried(before) => before + "; nor ",
            _ => String::new(),
        };
        let Route { host, port, .. } = route;
        // Writing to a string does not fail.
        let _ = if host.contains(':') && !host.starts_with('[') {
            write!(text, "at [{host}]:{port}: {why}")
        } else {
            write!(text, "at {host}:{port}: {why}")
        };
        Self::Tried(text)
    }
}

/// What a dialler is told of a link that it does not get.
pub(crate) fn explain(error: &NoLink) -> String {
    match error {
        NoLink::Handshake(
            HandshakeError::Refused(refusal) | HandshakeError::RefusedThere(refusal),
        ) => {
            let advice = advice(*refusal);
            format!("{refusal}{advice}")
        }
        other => other.to_string(),
    }
}

fn advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::CookieMismatch => "; give both the same cookie",
        Refusal::NameMismatch => "; correct the route that leads there",
        Refusal::Busy => "; try again",
        _ => "",
    }
}
