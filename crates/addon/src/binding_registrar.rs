//! The registrar of a host, as far as a node asks it.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands strings over by value"
)]
#![expect(
    clippy::missing_errors_doc,
    reason = "these comments become those of binding.d.ts, which has no such section"
)]

use std::sync::Arc;

use napi::Error;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use tergo_net::Mode;
use tergo_net::registrar::{Answering, EmbeddedOptions, Registrar, RegistrarError};
use tergo_net::wire::registrar::{
    ApplicationMode, ApplicationQuery, ApplicationRoute, ApplicationState,
};

use crate::binding_network::BindingNetwork;

/// How a node takes part in the registrar of its host.
#[napi(object)]
pub struct BindingRegistrarOptions {
    /// The port of the registrar, on this host and all others; 4499 by default.
    pub port: Option<u32>,
    /// Whether this node may serve the registrar when nobody does; true by default.
    pub serves: Option<bool>,
    /// Whether questions of other hosts are answered when it serves; true by default.
    pub answers_others: Option<bool>,
    /// `enabled`, `hidden` or `passive`.
    pub mode: String,
    /// The applications that it announces.
    pub applications: Vec<BindingApplicationRoute>,
}

/// An application that a node has.
#[napi(object)]
pub struct BindingApplicationRoute {
    /// The node that has it.
    pub node: String,
    /// Its name.
    pub name: String,
    /// How much of the work it should get; 0: none, it is not found.
    pub weight: u32,
    /// What it can be chosen by.
    pub tags: Vec<String>,
    /// `temporary`, `transient` or `permanent`.
    pub mode: String,
    /// `loaded`, `starting`, `running` or `stopping`.
    pub state: String,
}

/// Which applications to find.
#[napi(object)]
pub struct BindingApplicationQuery {
    /// The name.
    pub name: String,
    /// All of these tags.
    pub with_tags: Vec<String>,
    /// None of these tags.
    pub without_tags: Vec<String>,
    /// Only those in this state; by default in any.
    pub with_state: Option<String>,
    /// The host to ask; by default the own one.
    pub host: Option<String>,
}

/// What a registrar answers.
#[napi(object, use_nullable = true)]
#[derive(Default)]
pub struct BindingRegistrarAnswer {
    /// A stable word for what failed; null: nothing did.
    pub code: Option<String>,
    /// What failed, for people.
    pub error: Option<String>,
    /// The nodes of the host.
    pub nodes: Option<Vec<String>>,
    /// The applications that were found, highest weight first.
    pub applications: Option<Vec<BindingApplicationRoute>>,
}

/// What is known of the registrar that a node uses.
#[napi(object)]
pub struct BindingRegistrarInfo {
    /// Its name and version.
    pub name: String,
    /// Its address and port.
    pub server: String,
    /// Whether this node serves it.
    pub is_serving: bool,
    /// Whether this node is registered.
    pub is_registered: bool,
}

#[napi]
impl BindingNetwork {
    /// Registers the node at the registrar of its host, and goes on to do so; calls back when the first registration
    /// stands or cannot be had. From then on peers are found there for whom there is no static route. Gives the names of the
    /// applications that are beyond the limits, which are left out.
    #[napi]
    pub fn register(
        &self,
        options: BindingRegistrarOptions,
        callback: Function<'_, BindingRegistrarAnswer, ()>,
    ) -> Result<Vec<String>> {
        let mut embedded = EmbeddedOptions::default();
        if let Some(port) = options.port {
            let port = u16::try_from(port);
            embedded.port = port.map_err(|_| Error::from_reason("a port is at most 65535"))?;
        }
        embedded.serves = options.serves.unwrap_or(true);
        if options.answers_others == Some(false) {
            embedded.udp_address = None;
        }
        let mode = mode(&options.mode)?;
        let registrar = self.network().embedded_registrar(embedded);
        let registrar: Arc<dyn Registrar> = Arc::new(registrar.map_err(reason)?);
        let announcement = self.announcement(mode, options.applications);
        let Some(mut announcement) = announcement else {
            return Ok(Vec::new());
        };
        let left_out = announcement.leave_out();
        let events = self.network().registrar_events();
        self.network().set_resolver(Some(registrar.clone()));
        self.set_registrar(mode, Arc::clone(&registrar));
        let starting = registrar.start(announcement, events);
        self.answer(starting, callback, |()| BindingRegistrarAnswer::default())?;
        Ok(left_out)
    }

    /// Announces the node anew: where it listens, and these applications. Gives the names of those that are beyond the
    /// limits, which are left out. Throws when it is not registered.
    #[napi]
    pub fn announce(&self, applications: Vec<BindingApplicationRoute>) -> Result<Vec<String>> {
        let (mode, registrar) = self.registrar().map_err(reason)?;
        let Some(mut announcement) = self.announcement(mode, applications) else {
            return Ok(Vec::new());
        };
        let left_out = announcement.leave_out();
        registrar.announce(announcement).map_err(reason)?;
        Ok(left_out)
    }

    /// What is known of the registrar; null when the node uses none.
    #[napi]
    pub fn registrar_info(&self) -> Option<BindingRegistrarInfo> {
        let (_, registrar) = self.registrar().ok()?;
        let info = registrar.info();
        Some(BindingRegistrarInfo {
            name: info.name,
            server: info.server,
            is_serving: info.is_serving,
            is_registered: info.is_registered,
        })
    }

    /// The nodes of the host that are not hidden, in order.
    #[napi]
    pub fn nodes(&self, callback: Function<'_, BindingRegistrarAnswer, ()>) -> Result<()> {
        let (_, registrar) = self.registrar().map_err(reason)?;
        self.answer(registrar.nodes(), callback, |nodes| {
            BindingRegistrarAnswer {
                nodes: Some(nodes),
                ..BindingRegistrarAnswer::default()
            }
        })
    }

    /// Which nodes have an application.
    #[napi]
    pub fn resolve_application(
        &self,
        query: BindingApplicationQuery,
        callback: Function<'_, BindingRegistrarAnswer, ()>,
    ) -> Result<()> {
        let (_, registrar) = self.registrar().map_err(reason)?;
        let wanted = ApplicationQuery {
            name: query.name,
            with_tags: query.with_tags,
            without_tags: query.without_tags,
            state: query.with_state.as_deref().map(state_of),
        };
        let asked = registrar.resolve_application(wanted, query.host.as_deref());
        self.answer(asked, callback, |routes| BindingRegistrarAnswer {
            applications: Some(routes.into_iter().map(shown).collect()),
            ..BindingRegistrarAnswer::default()
        })
    }

    fn answer<T: 'static>(
        &self,
        asked: Answering<T>,
        callback: Function<'_, BindingRegistrarAnswer, ()>,
        show: fn(T) -> BindingRegistrarAnswer,
    ) -> Result<()> {
        let done = callback.build_threadsafe_function().build()?;
        self.network().spawn(async move {
            let answer = asked.await.map_or_else(|error| failure(&error), show);
            // Refused only when its thread is at its end.
            let _ = done.call(answer, ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(())
    }

    fn announcement(
        &self,
        mode: Mode,
        applications: Vec<BindingApplicationRoute>,
    ) -> Option<tergo_net::wire::registrar::Announcement> {
        let applications = applications.into_iter().map(route).collect();
        mode.announcement(self.name(), self.network().routes(), applications)
    }
}

fn failure(error: &RegistrarError) -> BindingRegistrarAnswer {
    BindingRegistrarAnswer {
        code: Some(error.code().to_owned()),
        error: Some(error.to_string()),
        ..BindingRegistrarAnswer::default()
    }
}

fn mode(name: &str) -> Result<Mode> {
    match name {
        "enabled" => Ok(Mode::Enabled),
        "hidden" => Ok(Mode::Hidden),
        "passive" => Ok(Mode::Passive),
        other => Err(Error::from_reason(format!("there is no mode '{other}'"))),
    }
}

fn route(route: BindingApplicationRoute) -> ApplicationRoute {
    ApplicationRoute {
        node: route.node,
        name: route.name,
        weight: route.weight,
        tags: route.tags,
        mode: match route.mode.as_str() {
            "permanent" => ApplicationMode::Permanent,
            "transient" => ApplicationMode::Transient,
            _ => ApplicationMode::Temporary,
        },
        state: state_of(&route.state),
    }
}

fn state_of(name: &str) -> ApplicationState {
    match name {
        "running" => ApplicationState::Running,
        "starting" => ApplicationState::Starting,
        "stopping" => ApplicationState::Stopping,
        _ => ApplicationState::Loaded,
    }
}

fn shown(route: ApplicationRoute) -> BindingApplicationRoute {
    let mode = match route.mode {
        ApplicationMode::Temporary => "temporary",
        ApplicationMode::Transient => "transient",
        ApplicationMode::Permanent => "permanent",
    };
    let state = match route.state {
        ApplicationState::Loaded => "loaded",
        ApplicationState::Starting => "starting",
        ApplicationState::Running => "running",
        ApplicationState::Stopping => "stopping",
    };
    BindingApplicationRoute {
        node: route.node,
        name: route.name,
        weight: route.weight,
        tags: route.tags,
        mode: mode.to_owned(),
        state: state.to_owned(),
    }
}

fn reason(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}
