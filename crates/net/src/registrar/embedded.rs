use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tergo_wire::registrar::{
    Announcement, Answer, ApplicationQuery, ApplicationRoute, Question, Route, host_of,
    is_node_name,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};

use super::inquiring::{inquire, look_up, subject};
use super::session::{Command, Session};
use super::{
    Answering, EmbeddedOptions, EventSink, Registrar, RegistrarError, RegistrarEvent,
    RegistrarInfo, Resolver,
};
use crate::sync::lock;

/// How long the own host is asked by datagram, as if it were another one.
const ASK_OWN_WITHIN: Duration = Duration::from_millis(500);
/// How many questions to other hosts may be open at once; others wait.
const MAX_INQUIRIES: usize = 128;

/// The registrar that every host has by itself: the first node serves it, the others register with that one, and
/// when it goes another one serves. Other hosts are asked by datagram.
pub struct EmbeddedRegistrar {
    options: EmbeddedOptions,
    runtime: Handle,
    inquiries: Arc<Semaphore>,
    started: Mutex<Option<Started>>,
    status: Arc<Status>,
}

/// What is true at the moment.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub is_serving: AtomicBool,
    pub is_registered: AtomicBool,
}

#[derive(Clone)]
struct Started {
    node: String,
    commands: UnboundedSender<Command>,
}

impl EmbeddedRegistrar {
    /// One that does nothing before it is started, and all its work on `runtime`.
    ///
    /// # Errors
    /// The address to register at does not loop back.
    pub fn new(options: EmbeddedOptions, runtime: Handle) -> Result<Self, RegistrarError> {
        if !options.address.to_canonical().is_loopback() {
            return Err(RegistrarError::NotLoopback(options.server()));
        }
        Ok(Self {
            options,
            runtime,
            inquiries: Arc::new(Semaphore::new(MAX_INQUIRIES)),
            started: Mutex::new(None),
            status: Arc::default(),
        })
    }

    fn started(&self) -> Result<Started, RegistrarError> {
        lock(&self.started).clone().ok_or(RegistrarError::Closed)
    }

    /// Asks on that host, or on the own one.
    fn ask(&self, question: Question, host: Option<&str>) -> Answering<Answer> {
        let started = match self.started() {
            Ok(started) => started,
            Err(error) => return failed(error),
        };
        match host {
            Some(host) if !host.eq_ignore_ascii_case(host_of(&started.node)) => {
                self.ask_at(started, question, host.to_owned())
            }
            _ => Box::pin(started.ask(question)),
        }
    }

    /// Asks on the host of that name, which may be another name of this one.
    fn ask_at(&self, started: Started, question: Question, host: String) -> Answering<Answer> {
        let inquiries = Arc::clone(&self.inquiries);
        let options = self.options.clone();
        let asking = self.runtime.spawn(async move {
            let permit = inquiries.acquire().await;
            let _permit = permit.map_err(|_| RegistrarError::Closed)?;
            let within = options.client.ask_within;
            let addresses = match look_up(&host, options.port, within).await {
                // A name that only nodes of this host may have for it.
                Err(unknown @ RegistrarError::Host(..)) => {
                    return started.ask(question).await.map_err(|_| unknown);
                }
                addresses => addresses?,
            };
            if addresses.iter().any(|address| options.is_own(*address)) {
                let known = started.ask(question.clone()).await;
                if !matches!(known, Err(RegistrarError::Unknown(_))) {
                    return known;
                }
                // A port of this host may lead to another one, that of a container say.
                let within = within.min(ASK_OWN_WITHIN);
                let told = inquire(&host, addresses, &question, within).await;
                return told.or(known);
            }
            inquire(&host, addresses, &question, within).await
        });
        Box::pin(async move { asking.await.map_err(|_| RegistrarError::Closed)? })
    }
}

impl Started {
    /// Asks the registrar of this host.
    async fn ask(self, question: Question) -> Result<Answer, RegistrarError> {
        let (sender, answer) = oneshot::channel();
        let asked = self.commands.send(Command::Ask(question, sender));
        asked.map_err(|_| RegistrarError::Closed)?;
        answer.await.map_err(|_| RegistrarError::Closed)?
    }
}

impl Resolver for EmbeddedRegistrar {
    fn resolve(&self, node: &str) -> Answering<Vec<Route>> {
        if !is_node_name(node) {
            return failed(RegistrarError::Incorrect(node.to_owned()));
        }
        let answer = self.ask(Question::Node(node.to_owned()), Some(host_of(node)));
        let node = node.to_owned();
        Box::pin(async move {
            match answer.await? {
                Answer::Routes(routes) if !routes.is_empty() => Ok(routes),
                _ => Err(RegistrarError::Unknown(node)),
            }
        })
    }
}

impl Registrar for EmbeddedRegistrar {
    fn start(&self, announcement: Announcement, events: EventSink) -> Answering<()> {
        if !announcement.is_correct() {
            return failed(RegistrarError::Incorrect(announcement.node));
        }
        let (commands, receiver) = unbounded_channel();
        let started = Started {
            node: announcement.node.clone(),
            commands,
        };
        let mut slot = lock(&self.started);
        if slot.is_some() {
            return failed(RegistrarError::Other(
                "the registrar is started already".to_owned(),
            ));
        }
        *slot = Some(started);
        let (sender, done) = oneshot::channel();
        let events = watched(Arc::clone(&self.status), events);
        let options = self.options.clone();
        self.runtime.spawn(async move {
            let session = Session::new(options, announcement, events, sender);
            session.run(receiver).await;
        });
        Box::pin(async move { done.await.map_err(|_| RegistrarError::Closed)? })
    }

    fn announce(&self, announcement: Announcement) -> Result<(), RegistrarError> {
        let started = self.started()?;
        if !announcement.is_correct() || announcement.node != started.node {
            return Err(RegistrarError::Incorrect(announcement.node));
        }
        let sent = started.commands.send(Command::Announce(announcement));
        sent.map_err(|_| RegistrarError::Closed)
    }

    fn resolve_application(
        &self,
        query: ApplicationQuery,
        host: Option<&str>,
    ) -> Answering<Vec<ApplicationRoute>> {
        let question = Question::Application(query.clone());
        let what = subject(&question);
        if !query.is_correct() {
            return failed(RegistrarError::Incorrect(what));
        }
        let answer = self.ask(question, host);
        Box::pin(async move {
            let Answer::Applications(mut routes) = answer.await? else {
                return Err(RegistrarError::Unknown(what));
            };
            // Another host's registrar may say anything.
            routes.retain(|route| query.matches(route));
            routes.sort_by_key(|route| std::cmp::Reverse(route.weight));
            if routes.is_empty() {
                return Err(RegistrarError::Unknown(what));
            }
            Ok(routes)
        })
    }

    fn nodes(&self) -> Answering<Vec<String>> {
        let answer = self.ask(Question::Nodes, None);
        Box::pin(async move {
            match answer.await? {
                Answer::Nodes(nodes) => Ok(nodes),
                _ => Ok(Vec::new()),
            }
        })
    }

    fn info(&self) -> RegistrarInfo {
        RegistrarInfo {
            name: "tergo-registrar:1".to_owned(),
            server: self.options.server().to_string(),
            is_serving: self.status.is_serving.load(Ordering::Relaxed),
            is_registered: self.status.is_registered.load(Ordering::Relaxed),
        }
    }

    fn close(&self) -> Answering<()> {
        let started = self.started();
        let status = Arc::clone(&self.status);
        Box::pin(async move {
            let (sender, done) = oneshot::channel();
            // Never started, or over already: there is nothing to close.
            if started.is_ok_and(|started| started.commands.send(Command::Close(sender)).is_ok()) {
                let _ = done.await;
            }
            status.is_serving.store(false, Ordering::Relaxed);
            status.is_registered.store(false, Ordering::Relaxed);
            Ok(())
        })
    }
}

/// Keeps the status while events pass.
fn watched(status: Arc<Status>, events: EventSink) -> EventSink {
    Arc::new(move |event| {
        match &event {
            RegistrarEvent::Registered => status.is_registered.store(true, Ordering::Relaxed),
            RegistrarEvent::Lost => status.is_registered.store(false, Ordering::Relaxed),
            RegistrarEvent::Serving => status.is_serving.store(true, Ordering::Relaxed),
            _ => {}
        }
        events(event);
    })
}

fn failed<T: Send + 'static>(error: RegistrarError) -> Answering<T> {
    Box::pin(async move { Err(error) })
}
