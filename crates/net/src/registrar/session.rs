use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use tergo_wire::registrar::{Announcement, Answer, Client, ClientEvent, Question, Refusal};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::time::{sleep, sleep_until};

use super::finding::{Found, NotFound, find};
use super::host::{interest, write_some};
use super::inquiring::subject;
use super::serving::Serving;
use super::{EmbeddedOptions, EventSink, RegistrarError, RegistrarEvent};
use crate::clock::Clock;

/// How long a name that is taken is tried for at the start: its holder of before may just have died.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);
/// The longest wait before the first attempt to find the next registrar, ms: spread, so that
/// not all nodes of the host try at once.
const FIRST_WAIT_MS: u64 = 60;
/// The longest wait of all, ms.
const LONGEST_WAIT_MS: u64 = 1000;

/// What the rest of the node asks of the session.
pub(super) enum Command {
    /// Asks the registrar of this host.
    Ask(Question, Answering),
    /// Announces the node anew.
    Announce(Announcement),
    /// Ends all.
    Close(oneshot::Sender<()>),
}

/// One node's dealings with the registrar of its host: looks for it, becomes it if there is none, registers, asks, and begins
/// again when the link is lost.
pub(super) struct Session {
    options: EmbeddedOptions,
    clock: Clock,
    client: Client,
    node: String,
    events: EventSink,
    started: Option<oneshot::Sender<Result<(), RegistrarError>>>,
    asked: HashMap<u64, Asked>,
    serving: Option<Serving>,
    link: Option<TcpStream>,
    finding: Option<Finding>,
    unsent: Vec<u8>,
    attempts: u32,
    was_registered: bool,
    refused: Option<Refusal>,
}

type Answering = oneshot::Sender<Result<Answer, RegistrarError>>;
type Finding = Pin<Box<dyn Future<Output = Result<Found, NotFound>> + Send>>;

struct Asked {
    what: String,
    answer: Answering,
}

/// What happened.
enum Step {
    Command(Option<Command>),
    Found(Result<Found, NotFound>),
    Ready(io::Result<()>),
    Due,
}

impl Session {
    /// One that has done nothing. `started` is told how the first registration went.
    pub fn new(
        options: EmbeddedOptions,
        announcement: Announcement,
        events: EventSink,
        started: oneshot::Sender<Result<(), RegistrarError>>,
    ) -> Self {
        let node = announcement.node.clone();
        Self {
            clock: Clock::new(),
            client: Client::new(options.client.clone(), announcement),
            options,
            node,
            events,
            started: Some(started),
            asked: HashMap::new(),
            serving: None,
            link: None,
            finding: None,
            unsent: Vec::new(),
            attempts: 0,
            was_registered: false,
            refused: None,
        }
    }

    /// Goes on until it is closed, or the first registration fails.
    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        self.look(Duration::ZERO);
        loop {
            self.write();
            let step = self.wait(&mut commands).await;
            if let Step::Command(Some(Command::Close(done))) = step {
                self.end().await;
                // Whoever closes may not wait for it.
                let _ = done.send(());
                return;
            }
            if !self.take(step) {
                return self.end().await;
            }
            self.tell();
        }
    }

    /// Deals with what happened; false: it is over.
    fn take(&mut self, step: Step) -> bool {
        match step {
            Step::Command(None | Some(Command::Close(_))) => false,
            Step::Command(Some(Command::Ask(question, answer))) => self.ask(question, answer),
            Step::Command(Some(Command::Announce(announcement))) => {
                self.client.announce(announcement);
                true
            }
            Step::Found(Ok(found)) => self.begin(found),
            Step::Found(Err(not_found)) => self.fail(self.explain(not_found)),
            Step::Ready(read) => read.is_ok() || self.lose(),
            Step::Due => self.client.tick(self.clock.now()) || self.lose(),
        }
    }

    async fn wait(&mut self, commands: &mut UnboundedReceiver<Command>) -> Step {
        let clock = self.clock;
        let deadline = self.client.deadline();
        let due = async move {
            match deadline {
                Some(deadline) => sleep_until(clock.instant(deadline)).await,
                None => std::future::pending().await,
            }
        };
        let (link, client, unsent) = (&self.link, &mut self.client, &self.unsent);
        tokio::select! {
            command = commands.recv() => Step::Command(command),
            found = pending_or(&mut self.finding) => {
                self.finding = None;
                Step::Found(found)
            }
            read = read(link.as_ref(), client, unsent, clock) => Step::Ready(read),
            () = due => Step::Due,
        }
    }

    /// Begins to look for the registrar, after a wait.
    fn look(&mut self, wait: Duration) {
        let (server, may_serve) = (self.options.server(), self.options.serves);
        let may_serve = may_serve && self.serving.is_none();
        self.finding = Some(Box::pin(async move {
            sleep(wait).await;
            find(server, may_serve).await
        }));
    }

    fn begin(&mut self, found: Found) -> bool {
        if let Some(listener) = found.listener {
            let events = EventSink::clone(&self.events);
            let serving = Serving::begin(listener, &self.options, self.was_registered, events);
            self.serving = Some(serving);
            (self.events)(RegistrarEvent::Serving);
        }
        self.link = Some(found.stream);
        self.client.connected(self.clock.now());
        true
    }

    fn ask(&mut self, question: Question, answer: Answering) -> bool {
        let what = subject(&question);
        let id = self.client.ask(question, self.clock.now());
        self.asked.insert(id, Asked { what, answer });
        true
    }

    fn write(&mut self) {
        self.unsent.extend(self.client.take_output());
        if let Some(link) = &self.link
            && write_some(link, &mut self.unsent).is_err()
        {
            // Reading will tell that the link is lost.
            self.unsent.clear();
        }
    }

    /// The link is of no use; false: so the start has failed.
    fn lose(&mut self) -> bool {
        // What came before the end may say why.
        let was_registered = self.client.is_registered();
        self.tell();
        self.link = None;
        self.unsent.clear();
        self.client.lost();
        if was_registered {
            self.attempts = 0;
            (self.events)(RegistrarEvent::Lost);
        }
        let error = match self.refused {
            Some(refusal) => RegistrarError::from_refusal(refusal, &self.node),
            None => RegistrarError::Foreign(self.options.server()),
        };
        self.fail(error)
    }

    /// There is no link, for that reason: looks again, unless the node has not started and its time is over.
    fn fail(&mut self, error: RegistrarError) -> bool {
        let wait = self.next_wait();
        let now = self.clock.now();
        let give_up_at = match self.refused {
            Some(Refusal::Incorrect) => Duration::ZERO,
            Some(Refusal::Taken) => TAKEN_WITHIN.min(self.options.start_within),
            _ => self.options.start_within,
        };
        if self.started.is_some() && now + wait >= give_up_at {
            self.settle_start(Err(error));
            return false;
        }
        self.look(wait);
        true
    }

    fn next_wait(&mut self) -> Duration {
        let longest = FIRST_WAIT_MS << self.attempts.min(5);
        self.attempts += 1;
        Duration::from_millis(random_below(longest.min(LONGEST_WAIT_MS)))
    }

    fn explain(&self, not_found: NotFound) -> RegistrarError {
        let server = self.options.server();
        match not_found {
            NotFound::Foreign => RegistrarError::Foreign(server),
            NotFound::Nobody(error) => RegistrarError::Unavailable(server, error.to_string()),
        }
    }

    /// Tells what the client has to tell.
    fn tell(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                ClientEvent::Registered => self.note_registered(),
                ClientEvent::Refused(refusal) => self.note_refused(refusal),
                ClientEvent::Answered { id, answer } => {
                    if let Some(asked) = self.asked.remove(&id) {
                        let what = &asked.what;
                        let answer = answer.map_err(|error| RegistrarError::from_ask(error, what));
                        // Whoever asked may have gone.
                        let _ = asked.answer.send(answer);
                    }
                }
                ClientEvent::Joined(node) => (self.events)(RegistrarEvent::Joined(node)),
                ClientEvent::Left(node) => (self.events)(RegistrarEvent::Left(node)),
            }
        }
    }

    fn note_registered(&mut self) {
        self.attempts = 0;
        self.refused = None;
        self.was_registered = true;
        (self.events)(RegistrarEvent::Registered);
        self.settle_start(Ok(()));
    }

    fn note_refused(&mut self, refusal: Refusal) {
        let is_new = self.refused.replace(refusal) != Some(refusal);
        if is_new && self.was_registered {
            (self.events)(RegistrarEvent::Refused(refusal));
        }
    }

    fn settle_start(&mut self, result: Result<(), RegistrarError>) {
        if let Some(started) = self.started.take() {
            // Whoever started it may have gone.
            let _ = started.send(result);
        }
    }

    async fn end(&mut self) {
        self.link = None;
        self.finding = None;
        self.settle_start(Err(RegistrarError::Closed));
        self.asked.clear();
        if let Some(serving) = self.serving.take() {
            serving.end().await;
        }
    }
}

async fn pending_or(finding: &mut Option<Finding>) -> Result<Found, NotFound> {
    match finding {
        Some(finding) => finding.await,
        None => std::future::pending().await,
    }
}

/// Waits for the link, and gives what came to the client. Fails when the link is of no use any more.
async fn read(
    link: Option<&TcpStream>,
    client: &mut Client,
    unsent: &[u8],
    clock: Clock,
) -> io::Result<()> {
    let Some(link) = link else {
        return std::future::pending().await;
    };
    let ready = link.ready(interest(unsent)).await?;
    if !ready.is_readable() {
        return Ok(());
    }
    let mut buffer = [0; 8 << 10];
    match link.try_read(&mut buffer) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(length) => {
            let read = client.read(&buffer[..length], clock.now());
            read.map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

/// A number below `limit`; 0 if the system has no random bytes, which only makes nodes try at once.
fn random_below(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    let random = getrandom::fill(&mut bytes).map_or(0, |()| u64::from_ne_bytes(bytes));
    random % limit.max(1)
}
