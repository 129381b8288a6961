use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::peers::Peers;
use super::question::{Asking, Step};
use super::{Announcement, Answer, Decoder, Fault, Message, Question, Refusal};

/// The most questions that may wait for their answers.
const MAX_PENDING: usize = 4096;
/// After how long a question is asked again while the registrar settles.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// After how long the node is announced again when the registrar had too much to do.
const ANNOUNCE_AGAIN: Duration = Duration::from_millis(100);

/// How patient a client is.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// How often the registrar is asked for a sign of life; 3 s by default.
    pub keep_alive: Duration,
    /// How long it may be silent; 9 s by default.
    pub silence: Duration,
    /// In which time it must answer a registration; 1 s by default.
    pub register_within: Duration,
    /// In which time it must answer a question, one that takes over included; 3 s by default.
    pub ask_within: Duration,
    /// How long after a new registrar was found the nodes of before may register there; 2 s by default.
    pub settling: Duration,
}

/// What a client has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The node is registered.
    Registered,
    /// It is not, or not as it announces itself now. `Taken`, `Busy` and `Incorrect` come here.
    Refused(Refusal),
    /// A question is settled.
    Answered {
        /// What `ask` returned.
        id: u64,
        /// The answer, or why there is none.
        answer: Result<Answer, AskError>,
    },
    /// Another node of the host is there.
    Joined(String),
    /// Another node of the host is gone.
    Left(String),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The registrar says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody has answered in time.
    #[error("no registrar has answered in time")]
    Timeout,
}

/// What one node knows of the registrar of its host, over links that come and go. Bytes and the time
/// in, bytes and events out; the time is that since any start.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    announcement: Announcement,
    /// When it is sent again: the registrar had too much to do to note it.
    announce_at: Option<Duration>,
    phase: Phase,
    decoder: Decoder,
    out: Vec<u8>,
    pending: BTreeMap<u64, Pending>,
    last_id: u64,
    peers: Peers,
    events: VecDeque<ClientEvent>,
    heard_at: Duration,
    asked_at: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is no link.
    Apart,
    /// The announcement is on its way.
    Registering { since: Duration },
    /// The registrar has noted it.
    Registered,
}

#[derive(Debug)]
struct Pending {
    asking: Asking,
    deadline: Duration,
    again_at: Option<Duration>,
    /// Asked by the client itself, to know its peers.
    is_own: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(3),
            silence: Duration::from_secs(9),
            register_within: Duration::from_secs(1),
            ask_within: Duration::from_secs(3),
            settling: Duration::from_secs(2),
        }
    }
}

impl Client {
    /// One without a link.
    pub fn new(options: ClientOptions, announcement: Announcement) -> Self {
        Self {
            options,
            peers: Peers::new(announcement.node.clone()),
            announcement,
            announce_at: None,
            phase: Phase::Apart,
            decoder: Decoder::new(),
            out: Vec::new(),
            pending: BTreeMap::new(),
            last_id: 0,
            events: VecDeque::new(),
            heard_at: Duration::ZERO,
            asked_at: Duration::ZERO,
        }
    }

    /// There is a link to a registrar: the node registers, and what was asked is asked again.
    pub fn connected(&mut self, now: Duration) {
        self.phase = Phase::Registering { since: now };
        self.decoder = Decoder::new();
        self.out.clear();
        self.heard_at = now;
        self.asked_at = now;
        self.send(&Message::Register(self.announcement.clone()));
    }

    /// The link is gone.
    pub fn lost(&mut self) {
        self.phase = Phase::Apart;
        self.announce_at = None;
        self.out.clear();
        self.pending.retain(|_, pending| !pending.is_own);
        for pending in self.pending.values_mut() {
            // The next registrar is asked as soon as it has noted the node.
            pending.again_at = None;
        }
        self.peers.doubt();
    }

    /// Whether the registrar of now has noted the node.
    pub fn is_registered(&self) -> bool {
        self.phase == Phase::Registered
    }

    /// Announces the node anew; at once if it is registered, else when it registers. The node's
    /// name is to stay.
    pub fn announce(&mut self, announcement: Announcement) {
        self.announcement = announcement;
        self.announce_at = None;
        if self.phase != Phase::Apart {
            self.send(&Message::Register(self.announcement.clone()));
        }
    }

    /// Asks; `Answered` with this number tells the answer.
    pub fn ask(&mut self, question: Question, now: Duration) -> u64 {
        self.last_id += 1;
        if self.pending.len() >= MAX_PENDING {
            self.settle(self.last_id, Err(Refusal::Busy.into()));
        } else {
            self.begin(question, false, now);
        }
        self.last_id
    }

    /// Bytes have come from the registrar.
    ///
    /// # Errors
    /// They break the protocol; the link is of no use.
    pub fn read(&mut self, bytes: &[u8], now: Duration) -> Result<(), Fault> {
        self.decoder.push(bytes);
        while let Some(message) = self.decoder.next()? {
            self.heard_at = now;
            self.take(message, now)?;
        }
        Ok(())
    }

    /// What is to be written.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When `tick` should be called.
    pub fn deadline(&self) -> Option<Duration> {
        let asked = self.pending.values().map(|pending| match pending.again_at {
            Some(again_at) => again_at.min(pending.deadline),
            None => pending.deadline,
        });
        let link = match self.phase {
            Phase::Apart => None,
            Phase::Registering { since } => Some(since + self.options.register_within),
            Phase::Registered => {
                let silent_at = self.heard_at + self.options.silence;
                Some(silent_at.min(self.asked_at + self.options.keep_alive))
            }
        };
        let known = asked.chain(link).chain(self.announce_at);
        known.chain(self.peers.deadline()).min()
    }

    /// Does what is due. False: the registrar does not answer, the link is of no use.
    pub fn tick(&mut self, now: Duration) -> bool {
        self.expire(now);
        self.peers.tick(now, &mut self.events);
        match self.phase {
            Phase::Apart => true,
            Phase::Registering { since } => now < since + self.options.register_within,
            Phase::Registered => {
                self.ask_again(now);
                if self.announce_at.take_if(|at| *at <= now).is_some() {
                    self.send(&Message::Register(self.announcement.clone()));
                }
                if now >= self.asked_at + self.options.keep_alive {
                    self.asked_at = now;
                    self.send(&Message::Ping);
                }
                now < self.heard_at + self.options.silence
            }
        }
    }

    fn take(&mut self, message: Message, now: Duration) -> Result<(), Fault> {
        match message {
            Message::Registered => self.note_registered(now),
            Message::Refused {
                id: 0,
                refusal: Refusal::Busy,
            } if self.is_registered() => self.announce_at = Some(now + ANNOUNCE_AGAIN),
            Message::Refused { id: 0, refusal } => {
                self.events.push_back(ClientEvent::Refused(refusal));
            }
            Message::Joined(node) => self.peers.joined(node, &mut self.events),
            Message::Left(node) => self.peers.left(node, &mut self.events),
            Message::Ping => self.send(&Message::Pong),
            Message::Pong => {}
            Message::Routes { id, .. }
            | Message::Applications { id, .. }
            | Message::NodeList { id, .. }
            | Message::Refused { id, .. } => return self.take_answer(id, message, now),
            _ => return Err(Fault::Unexpected),
        }
        Ok(())
    }

    fn note_registered(&mut self, now: Duration) {
        if !matches!(self.phase, Phase::Registering { .. }) {
            return;
        }
        self.phase = Phase::Registered;
        self.events.push_back(ClientEvent::Registered);
        self.peers.settle_by(now + self.options.settling);
        let asked: Vec<_> = self.pending.keys().copied().collect();
        for id in asked {
            self.send_question(id);
        }
        self.last_id += 1;
        self.begin(Question::Nodes, true, now);
    }

    fn begin(&mut self, question: Question, is_own: bool, now: Duration) {
        let pending = Pending {
            asking: Asking::new(question),
            deadline: now + self.options.ask_within,
            again_at: None,
            is_own,
        };
        self.pending.insert(self.last_id, pending);
        if self.is_registered() {
            self.send_question(self.last_id);
        }
    }

    fn send_question(&mut self, id: u64) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.again_at = None;
            let message = pending.asking.message(id);
            self.send(&message);
        }
    }

    fn take_answer(&mut self, id: u64, message: Message, now: Duration) -> Result<(), Fault> {
        let Some(pending) = self.pending.get_mut(&id) else {
            return Ok(());
        };
        match pending.asking.take(message) {
            Step::Again => self.send_question(id),
            Step::Stranger => return Err(Fault::Unexpected),
            Step::Done(Err(Refusal::Settling)) => pending.again_at = Some(now + ASK_AGAIN),
            Step::Done(answer) => {
                let is_own = pending.is_own;
                self.pending.remove(&id);
                match answer {
                    Ok(Answer::Nodes(nodes)) if is_own => {
                        for node in nodes {
                            self.peers.joined(node, &mut self.events);
                        }
                    }
                    _ if is_own => {}
                    answer => self.settle(id, answer.map_err(AskError::from)),
                }
            }
        }
        Ok(())
    }

    fn ask_again(&mut self, now: Duration) {
        let due = self.pending.iter();
        let due = due.filter(|(_, pending)| pending.again_at.is_some_and(|at| at <= now));
        let due: Vec<_> = due.map(|(id, _)| *id).collect();
        for id in due {
            self.send_question(id);
        }
    }

    fn expire(&mut self, now: Duration) {
        let over = self.pending.iter();
        let over = over.filter(|(_, pending)| pending.deadline <= now);
        let over: Vec<_> = over.map(|(id, _)| *id).collect();
        for id in over {
            let Some(pending) = self.pending.remove(&id) else {
                continue;
            };
            // The registrar has answered that it does not know, only not for good.
            let error = match pending.again_at {
                Some(_) => AskError::Refused(Refusal::Unknown),
                None => AskError::Timeout,
            };
            if !pending.is_own {
                self.settle(id, Err(error));
            }
        }
    }

    fn settle(&mut self, id: u64, answer: Result<Answer, AskError>) {
        self.events.push_back(ClientEvent::Answered { id, answer });
    }

    fn send(&mut self, message: &Message) {
        // What the node itself says was checked at its edge, so it fits; what does not is never
        // answered, and told as such.
        if message.encode(&mut self.out).is_err() {
            self.events
                .push_back(ClientEvent::Refused(Refusal::Incorrect));
        }
    }
}
