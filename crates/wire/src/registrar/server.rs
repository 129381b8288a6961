use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::datagrams::Datagrams;
use super::decoder::decode_datagram;
use super::pages::Page;
use super::server_link::ServerLink;
use super::table::{Asker, Change, Table};
use super::{Announcement, Fault, Message, Refusal};

/// The number of a link of a server; never comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(super) u64);

/// What a server allows.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Links at once, and so nodes of the host; 1024 by default.
    pub max_links: usize,
    /// Links at once that have not registered; 128 by default.
    pub max_unregistered: usize,
    /// In which time a link must register; 2 s by default.
    pub register_within: Duration,
    /// How long a link may be silent; 10 s by default. Clients ask for a sign of life every 3 s.
    pub silence: Duration,
    /// Messages a link may send each second in the long run, twice as many at once; 1000 by default.
    pub per_link: u32,
    /// Datagrams answered each second in the long run, twice as many at once; 5000 by default.
    pub datagrams: u32,
    /// The same for one address; 1000 by default.
    pub per_address: u32,
    /// Bytes that wait for a link that does not read, before it is closed; 256 KiB by default.
    pub max_unsent: usize,
    /// How long after a take-over what is unknown may still register; 1.5 s by default.
    pub settling: Duration,
}

/// The registrar of a host: which nodes live here, where they can be dialled, what applications they
/// have. Bytes and the time in, bytes out; the time is that since any start.
#[derive(Debug)]
pub struct Server {
    limits: ServerLimits,
    table: Table,
    links: BTreeMap<LinkId, ServerLink>,
    last_link: u64,
    touched: BTreeSet<LinkId>,
    settled_at: Duration,
    datagrams: Datagrams,
}

/// What is to be done for a link.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    /// To be written, in this order.
    pub bytes: Vec<u8>,
    /// To be closed after that.
    pub is_closed: bool,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_links: 1024,
            max_unregistered: 128,
            register_within: Duration::from_secs(2),
            silence: Duration::from_secs(10),
            per_link: 1000,
            datagrams: 5000,
            per_address: 1000,
            max_unsent: 256 << 10,
            settling: Duration::from_millis(1500),
        }
    }
}

impl Server {
    /// One without nodes. `takes_over`: another one was here a moment ago, whose nodes will register again.
    pub fn new(limits: ServerLimits, takes_over: bool, now: Duration) -> Self {
        let settling = if takes_over {
            limits.settling
        } else {
            Duration::ZERO
        };
        Self {
            table: Table::new(limits.max_links),
            links: BTreeMap::new(),
            last_link: 0,
            touched: BTreeSet::new(),
            settled_at: now + settling,
            datagrams: Datagrams::new(&limits, now),
            limits,
        }
    }

    /// A client has connected; none: there are too many, close it.
    pub fn open(&mut self, now: Duration) -> Option<LinkId> {
        let is_full = self.links.len() >= self.limits.max_links;
        let strangers = self.links.values().filter(|link| !link.is_registered);
        if is_full || strangers.count() >= self.limits.max_unregistered {
            return None;
        }
        self.last_link += 1;
        let link = LinkId(self.last_link);
        self.links.insert(link, ServerLink::new(&self.limits, now));
        Some(link)
    }

    /// Bytes have come from a link. One that breaks the protocol is closed.
    pub fn read(&mut self, id: LinkId, bytes: &[u8], now: Duration) {
        match self.links.get_mut(&id) {
            Some(link) if !link.is_closing => link.decoder.push(bytes),
            _ => return,
        }
        while let Some(link) = self.links.get_mut(&id)
            && !link.is_closing
        {
            match link.decoder.next() {
                Ok(Some(message)) => {
                    if self.take(id, message, now).is_err() {
                        self.shut(id);
                    }
                }
                Ok(None) => return,
                Err(_) => self.shut(id),
            }
        }
    }

    /// The connection of a link is gone; its node is no more registered.
    pub fn close(&mut self, id: LinkId) {
        self.shut(id);
        self.links.remove(&id);
        self.touched.remove(&id);
    }

    /// When `tick` should be called for a link; none when it is to be closed, or gone.
    pub fn deadline(&self, id: LinkId) -> Option<Duration> {
        let link = self.links.get(&id).filter(|link| !link.is_closing);
        link.map(|link| link.deadline)
    }

    /// Closes a link that has been silent for too long.
    pub fn tick(&mut self, id: LinkId, now: Duration) {
        if self.deadline(id).is_some_and(|deadline| deadline <= now) {
            self.shut(id);
        }
    }

    /// What is to be done for a link.
    pub fn take_output(&mut self, id: LinkId) -> Output {
        let link = self.links.get_mut(&id);
        link.map_or(
            Output {
                bytes: Vec::new(),
                is_closed: true,
            },
            |link| Output {
                bytes: link.take_out(),
                is_closed: link.is_closing,
            },
        )
    }

    /// The links for which there is something to be done since the last call.
    pub fn take_touched(&mut self) -> BTreeSet<LinkId> {
        std::mem::take(&mut self.touched)
    }

    /// The answer to a datagram; none for what is not a question, comes too often, or has not as
    /// many bytes as its answer.
    pub fn datagram(&mut self, from: IpAddr, datagram: &[u8], now: Duration) -> Option<Vec<u8>> {
        let message = decode_datagram(datagram).ok()??;
        let is_question = matches!(
            message,
            Message::Resolve { .. } | Message::ResolveApplication { .. }
        );
        if !is_question || !self.datagrams.take(from, now) {
            return None;
        }
        let asker = if from.to_canonical().is_loopback() {
            Asker::Local
        } else {
            Asker::Remote
        };
        let page = Page::new(datagram.len());
        let answer = self.answer(message, asker, &page, now).ok()?;
        let mut bytes = Vec::new();
        answer.encode(&mut bytes).ok()?;
        (bytes.len() <= datagram.len()).then_some(bytes)
    }

    /// How many nodes are registered, hidden ones too.
    pub fn nodes(&self) -> usize {
        self.table.len()
    }

    fn take(&mut self, id: LinkId, message: Message, now: Duration) -> Result<(), Fault> {
        let silence = self.limits.silence;
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        if link.is_registered {
            link.deadline = now + silence;
        }
        match message {
            Message::Register(announcement) => self.register(id, announcement, now),
            _ if !link.is_registered => return Err(Fault::Unexpected),
            Message::Ping => self.send(id, &Message::Pong),
            Message::Pong => {}
            question => {
                let busy = refused(&question, Refusal::Busy);
                let answer = if link.may_ask(now) {
                    self.answer(question, Asker::Local, &Page::large(), now)?
                } else {
                    busy
                };
                self.send(id, &answer);
            }
        }
        Ok(())
    }

    fn register(&mut self, id: LinkId, announcement: Announcement, now: Duration) {
        let node = announcement.node.clone();
        let may_ask = self
            .links
            .get_mut(&id)
            .is_some_and(|link| link.may_ask(now));
        let registered = if may_ask {
            self.table.register(id, announcement)
        } else {
            Err(Refusal::Busy)
        };
        match registered {
            Ok(change) => {
                self.note_registered(id, now);
                self.send(id, &Message::Registered);
                self.spread(&node, change);
            }
            Err(refusal) => {
                self.send(id, &Message::Refused { id: 0, refusal });
                if self.links.get(&id).is_some_and(|link| !link.is_registered) {
                    self.shut(id);
                }
            }
        }
    }

    fn note_registered(&mut self, id: LinkId, now: Duration) {
        if let Some(link) = self.links.get_mut(&id) {
            link.is_registered = true;
            link.deadline = now + self.limits.silence;
        }
    }

    fn answer(
        &self,
        question: Message,
        asker: Asker,
        page: &Page,
        now: Duration,
    ) -> Result<Message, Fault> {
        let unknown = refused(&question, self.unknown(now));
        Ok(match question {
            Message::Resolve { id, node } => match self.table.resolve(&node, asker) {
                Ok(routes) => page.routes(id, routes)?,
                Err(_) => unknown,
            },
            Message::ResolveApplication { id, query, after } => {
                let found = self.table.applications(&query, after.as_deref(), asker);
                match page.applications(id, found)? {
                    Message::Applications { routes, .. }
                        if routes.is_empty() && after.is_none() =>
                    {
                        unknown
                    }
                    found => found,
                }
            }
            Message::Nodes { id, after } => page.nodes(id, self.table.nodes(after.as_deref()))?,
            _ => return Err(Fault::Unexpected),
        })
    }

    fn unknown(&self, now: Duration) -> Refusal {
        if now < self.settled_at {
            Refusal::Settling
        } else {
            Refusal::Unknown
        }
    }

    fn spread(&mut self, node: &str, change: Change) {
        let message = match change {
            Change::Silent => return,
            Change::Joined => Message::Joined(node.to_owned()),
            Change::Left => Message::Left(node.to_owned()),
        };
        let own = self.table.holder(node);
        for (id, link) in &mut self.links {
            if link.is_registered && own != Some(*id) {
                link.send(&message);
                self.touched.insert(*id);
            }
        }
    }

    fn send(&mut self, id: LinkId, message: &Message) {
        if let Some(link) = self.links.get_mut(&id) {
            link.send(message);
            self.touched.insert(id);
        }
    }

    /// Closes a link once what it has to write is written; its node is gone at once.
    fn shut(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.is_closing = true;
        self.touched.insert(id);
        if let Some((node, change)) = self.table.release(id) {
            self.spread(&node, change);
        }
    }
}

fn refused(question: &Message, refusal: Refusal) -> Message {
    let id = match question {
        Message::Resolve { id, .. }
        | Message::ResolveApplication { id, .. }
        | Message::Nodes { id, .. } => *id,
        _ => 0,
    };
    Message::Refused { id, refusal }
}
