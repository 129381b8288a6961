//! Where a node would be dialled.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use tergo_net::wire::registrar::Route;
use tergo_net::{DialTarget, FoundRoute, RouteError};

use crate::binding_network::BindingNetwork;

/// Somewhere to dial.
#[napi(object)]
pub struct BindingDialTarget {
    /// The host or address.
    pub host: String,
    /// The port.
    pub port: u32,
    /// Whether it is encrypted.
    pub is_tls: bool,
}

/// Where a node would be dialled.
#[napi(object, use_nullable = true)]
pub struct BindingFoundRoute {
    /// Why it would not be, for people; null: it would.
    pub error: Option<String>,
    /// Whether nothing leads there; false also when the registrar could not be asked.
    pub is_unknown: bool,
    /// Whether static routes lead there; else the registrar does.
    pub is_static: bool,
    /// In the order in which to try.
    pub targets: Vec<BindingDialTarget>,
}

/// Why routes cannot have that pattern; null: they can.
#[napi]
pub fn check_pattern(pattern: String) -> Option<String> {
    tergo_net::check_pattern(&pattern).err()
}

#[napi]
impl BindingNetwork {
    /// Where a node would be dialled, were it to be connected.
    #[napi]
    pub fn find_route(
        &self,
        peer: String,
        callback: Function<'_, BindingFoundRoute, ()>,
    ) -> Result<()> {
        let done = callback.build_threadsafe_function().build()?;
        let finding = self.network().find_route(&peer);
        self.network().spawn(async move {
            let found = finding.await.map_or_else(|error| failure(&error), shown);
            // Refused only when its thread is at its end.
            let _ = done.call(found, ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(())
    }
}

fn failure(error: &RouteError) -> BindingFoundRoute {
    BindingFoundRoute {
        error: Some(error.to_string()),
        is_unknown: matches!(error, RouteError::NoRoute(_)),
        is_static: false,
        targets: Vec::new(),
    }
}

fn shown(route: FoundRoute) -> BindingFoundRoute {
    BindingFoundRoute {
        error: None,
        is_unknown: false,
        is_static: route.is_static,
        targets: route.targets.into_iter().map(target).collect(),
    }
}

/// As JavaScript sees a route.
pub(crate) fn shown_route(route: Route) -> BindingDialTarget {
    BindingDialTarget {
        host: route.host,
        port: route.port.into(),
        is_tls: route.tls,
    }
}

fn target(target: DialTarget) -> BindingDialTarget {
    shown_route(target.route)
}
