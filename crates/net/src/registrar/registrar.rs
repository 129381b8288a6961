use std::pin::Pin;
use std::sync::Arc;

use tergo_wire::registrar::{Announcement, ApplicationQuery, ApplicationRoute, Refusal, Route};

use super::RegistrarError;

/// An answer that takes its time. It may be awaited anywhere, not only on the network's own thread.
pub type Answering<T> = Pin<Box<dyn Future<Output = Result<T, RegistrarError>> + Send>>;

/// What a registrar tells its events to, on whatever thread; it must not wait.
pub type EventSink = Arc<dyn Fn(RegistrarEvent) + Send + Sync>;

/// Knows where nodes are: all that dialling needs of a registrar.
pub trait Resolver: Send + Sync {
    /// Where a node can be dialled, best first; never empty.
    fn resolve(&self, node: &str) -> Answering<Vec<Route>>;
}

/// Finds nodes, and lets them be found. The one that every host has by itself is
/// [`super::EmbeddedRegistrar`]; a user can bring another.
pub trait Registrar: Resolver {
    /// Registers the node, and goes on to do so whenever it is needed. Settles when the first registration stands or
    /// cannot be had, after which nothing goes on. To be called once.
    fn start(&self, announcement: Announcement, events: EventSink) -> Answering<()>;

    /// Announces the node anew, in place of all before.
    ///
    /// # Errors
    /// It is beyond the limits, or the registrar is closed.
    fn announce(&self, announcement: Announcement) -> Result<(), RegistrarError>;

    /// Which nodes have an application, highest weight first; never empty. `host`: on that host; none: on the node's own.
    fn resolve_application(
        &self,
        query: ApplicationQuery,
        host: Option<&str>,
    ) -> Answering<Vec<ApplicationRoute>>;

    /// The nodes of the own host that are not hidden, in order, this one included.
    fn nodes(&self) -> Answering<Vec<String>>;

    /// What it is and how it stands.
    fn info(&self) -> RegistrarInfo;

    /// Unregisters the node and ends all; what is asked from then on fails.
    fn close(&self) -> Answering<()>;
}

/// What a registrar tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistrarEvent {
    /// The node is registered; again, if it was before.
    Registered,
    /// The link to the registrar is lost; it is looked for.
    Lost,
    /// The node cannot be registered as it announces itself; once until it can.
    Refused(Refusal),
    /// This node serves the registrar of its host from now on.
    Serving,
    /// Questions of other hosts cannot be answered here, and why; once until they can.
    Unasked(String),
    /// Another node of the host is there.
    Joined(String),
    /// Another node of the host is gone.
    Left(String),
}

/// What is known of a registrar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrarInfo {
    /// Its name and version.
    pub name: String,
    /// Where it is.
    pub server: String,
    /// Whether this node serves it.
    pub is_serving: bool,
    /// Whether this node is registered.
    pub is_registered: bool,
}
