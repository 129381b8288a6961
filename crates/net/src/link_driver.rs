use std::io;
use std::sync::Arc;
use std::time::Duration;

use tergo_core::{Claim, LinkPort};
use tergo_wire::{
    Agreement, CloseReason, Connection as WireConnection, ConnectionCounters, DownReason,
    LinkError, LinkLoss,
};

use crate::clock::Clock;
use crate::gate::Gate;
use crate::held::Held;
use crate::link::Link;
#[cfg(unix)]
use crate::loop_watch::{LoopSocket, LoopSockets};
use crate::outcome::Outcome;
use crate::profiles::Profiles;
use crate::receiving::{Received, receive};
use crate::sending::{Sending, Sent};
use crate::socket::{Readiness, Socket};

/// Bytes of frames that are taken from the threads before what they became is written.
const TAKE_AT_ONCE: usize = 64 * 1024;
/// How often a run takes and writes before it lets others have their turn.
const ROUNDS: usize = 4;
/// Bytes that a run reads from a link before others have their turn.
const READ_AT_ONCE: usize = 256 << 10;
/// The same on a thread of the node.
const READ_ON_THREAD: usize = 32 << 10;
/// How long the last words to a peer that broke the protocol may take.
const GOODBYE: Duration = Duration::from_millis(200);

/// What the network's thread waits for.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The links, and whether one waits for room to write.
    pub links: Vec<(Arc<Readiness>, bool)>,
    /// The latest time to look again.
    pub deadline: Option<Duration>,
}

/// What a driver is made of besides its links.
pub(crate) struct DriverParts {
    /// The state of the protocol.
    pub wire: Box<dyn WireConnection>,
    /// The seat in the fabric.
    pub port: LinkPort,
    /// What a peer may send.
    pub gate: Gate,
    /// How frames are compressed.
    pub profiles: Arc<Profiles>,
    /// The time.
    pub clock: Clock,
}

/// One connection: its links, the protocol's state and its seat in the fabric. Whoever has its lock drives it.
pub(crate) struct LinkDriver {
    parts: DriverParts,
    /// By place in the pool.
    links: Vec<Option<Link>>,
    held: Held,
    /// The frame that was taken last.
    sending: Sending,
    /// The frame that comes next finds no room in the protocol.
    is_blocked: bool,
    outcomes: Vec<Outcome>,
    /// It is being closed: why, and how long it may take to write what is left.
    closing: Option<(DownReason, Duration)>,
    /// How the peer broke the protocol.
    fault: Option<&'static str>,
    /// Nothing is read or sent any more.
    is_over: bool,
    /// Something came since somebody asked.
    has_read: bool,
}

impl LinkDriver {
    /// Without links.
    pub fn new(parts: DriverParts) -> Self {
        Self {
            parts,
            links: Vec::new(),
            held: Held::default(),
            sending: Sending::default(),
            is_blocked: false,
            outcomes: Vec::new(),
            closing: None,
            fault: None,
            is_over: false,
            has_read: false,
        }
    }

    /// What is called when threads have something for the peer, or room, while it sleeps.
    pub fn on_wake(&self, waker: Arc<dyn Fn() + Send + Sync>) {
        self.parts.port.on_wake(waker);
    }

    /// A link was agreed on; `rest` came after its handshake.
    pub fn attach(&mut self, agreement: &Agreement, socket: Socket, rest: &[u8], now: Duration) {
        let place = usize::from(agreement.place);
        if self.links.len() <= place {
            self.links.resize_with(place + 1, || None);
        }
        self.parts.wire.open(agreement, now);
        self.links[place] = Some(Link::new(socket));
        self.feed(agreement.place, rest, now);
    }

    /// Reads, delivers, sends and writes what can be without waiting; true when there is more to do at once.
    pub fn run(&mut self, now: Duration) -> bool {
        self.run_up_to(READ_AT_ONCE, now)
    }

    /// The same on a thread of the node, which reads what comes now and then; a flood is for the network's thread, so that
    /// both have a part of the work.
    pub fn run_on_thread(&mut self, now: Duration) -> bool {
        self.run_up_to(READ_ON_THREAD, now)
    }

    fn run_up_to(&mut self, limit: usize, now: Duration) -> bool {
        let released = self.held.retry(&mut self.parts.port, None);
        self.parts.wire.release(released);
        let mut again = self.read_all(limit, now);
        again |= self.exchange(now);
        self.tick(now);
        self.parts.port.hand_over();
        again
    }

    /// Sends and writes what threads have for the peer; true when there is more to do at once.
    pub fn run_out(&mut self, now: Duration) -> bool {
        let again = self.exchange(now);
        self.parts.port.hand_over();
        again
    }

    /// True when a thread that writes for the peer wakes the connection. False: there is something already.
    pub fn fall_asleep(&self) -> bool {
        self.is_blocked || self.is_ending() || self.parts.port.fall_asleep()
    }

    /// Whether something came since the last time.
    pub fn has_read(&mut self) -> bool {
        std::mem::take(&mut self.has_read)
    }

    /// Whether only the network's thread can go on: it waits for sockets.
    pub fn needs_network(&self) -> bool {
        !self.outcomes.is_empty()
            || !self.held.is_empty()
            || self.links.iter().flatten().any(|link| link.is_full)
    }

    /// What was found out since the last time.
    pub fn outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// What the network's thread waits for when there is nothing to do. To be asked on that thread, for it also
    /// tells the sockets what was found out about them.
    pub fn plan(&mut self, plan: &mut Plan) {
        plan.links.clear();
        for place in 0..self.links.len() as u16 {
            if self.watch(place, plan).is_err() {
                self.lose(place, DownReason::Lost);
            }
        }
        let closing = self.closing.map(|(_, deadline)| deadline);
        let deadlines = [self.parts.wire.next_deadline(), closing];
        plan.deadline = deadlines.into_iter().flatten().min();
    }

    fn watch(&mut self, place: u16, plan: &mut Plan) -> io::Result<()> {
        if let Some(link) = &mut self.links[usize::from(place)] {
            plan.links.push((link.watch()?, link.is_full));
        }
        Ok(())
    }

    /// The event loop of a thread waits for what comes, from now on.
    #[cfg(unix)]
    pub fn join_loop(&mut self, sockets: &Arc<LoopSockets>) {
        let seat = self.parts.port.number();
        for link in self.links.iter_mut().flatten() {
            if link.at_loop.is_none() {
                link.at_loop = LoopSocket::new(sockets, seat, link.stream.fd());
            }
        }
    }

    /// Whether an event loop waits for what comes, over whatever link, and there is nothing that only the network's thread can do.
    pub fn is_at_loop(&self) -> bool {
        let mut links = self.links.iter().flatten();
        links.all(Link::is_at_loop) && !self.needs_network()
    }

    /// Threads look at the sockets themselves: the system need not tell of what comes, until the next plan.
    pub fn unwatch(&mut self) {
        self.links.iter_mut().flatten().for_each(Link::unwatch);
    }

    /// Says goodbye; it is over when that is written, at `deadline` at the latest.
    pub fn close(&mut self, reason: CloseReason, down: DownReason, deadline: Duration) {
        if self.closing.is_none() {
            self.parts.wire.close(reason);
            self.closing = Some((down, deadline));
        }
    }

    /// Threads that have joined hear of the peer.
    pub fn greet_new(&mut self) {
        self.parts.port.greet_new();
    }

    /// Asks the peer whether it lives.
    pub fn probe(&mut self, now: Duration, deadline: Duration) {
        self.parts.wire.probe(now, deadline);
    }

    /// To be called now and then: gives memory back that is not in use.
    pub fn rest(&mut self) {
        self.parts.port.rest();
    }

    /// The connection is over: hands over all that came, tells the threads and closes the links.
    pub fn end(mut self, reason: u32) {
        self.held.retry(&mut self.parts.port, Some(Claim::Last));
        for link in self.links.iter_mut().flatten() {
            link.stream.close();
        }
        self.parts.port.leave(reason);
    }

    /// What it has done.
    pub fn counters(&self) -> ConnectionCounters {
        self.parts.wire.counters()
    }

    /// Frames that went nowhere: nonsense, or larger than the peer takes.
    pub fn refused(&self) -> u64 {
        self.sending.refused
    }

    /// Bytes that wait in the fabric for the peer, or were taken out of it and wait for others of their senders.
    pub fn waiting_bytes(&self) -> u64 {
        self.parts.port.waiting_bytes() + self.sending.parked_bytes()
    }

    fn tick(&mut self, now: Duration) {
        if let Some(place) = self.parts.wire.tick(now) {
            self.lose(place, DownReason::Silence);
        }
        if let Some((reason, deadline)) = self.closing
            && now >= deadline
        {
            self.over(reason);
        }
    }

    /// Nothing is read or sent any more, but what is left is written.
    fn is_ending(&self) -> bool {
        self.is_over || self.closing.is_some()
    }

    fn over(&mut self, reason: DownReason) {
        if !std::mem::replace(&mut self.is_over, true) {
            let fault = self.fault;
            self.outcomes.push(Outcome::Over { reason, fault });
        }
    }

    fn exchange(&mut self, now: Duration) -> bool {
        for _ in 0..ROUNDS {
            let is_full_load = self.take();
            let has_written = self.write_all(now);
            // What was written has made room for what found none.
            let is_waiting = self.is_blocked || self.sending.has_parked();
            let may_go_on = is_full_load || (is_waiting && has_written);
            if !may_go_on {
                return false;
            }
        }
        true
    }

    /// Takes frames of the threads; false when there are no more, or none can be sent now.
    fn take(&mut self) -> bool {
        let mut left = TAKE_AT_ONCE;
        self.is_blocked = false;
        if !self.is_ending() {
            self.sending.retry(&mut self.parts);
        }
        while left > 0 && !self.is_ending() {
            match self.sending.next(&mut self.parts) {
                Sent::Bytes(size) => left = left.saturating_sub(size),
                Sent::Nothing => return false,
                Sent::Blocked => {
                    self.is_blocked = true;
                    return false;
                }
            }
        }
        !self.is_ending()
    }

    /// True when something was written.
    fn write_all(&mut self, now: Duration) -> bool {
        let mut written = 0;
        for place in 0..self.links.len() as u16 {
            match self.write(place, now) {
                Ok(count) => written += count,
                Err(_) => self.lose(place, DownReason::Lost),
            }
        }
        let is_full = self.links.iter().flatten().any(|link| link.is_full);
        if let (false, Some((reason, _))) = (is_full, self.closing) {
            self.over(reason);
        }
        written > 0
    }

    /// Writes what there is for a link, as far as it goes; gives how much.
    fn write(&mut self, place: u16, now: Duration) -> io::Result<usize> {
        let Some(link) = &mut self.links[usize::from(place)] else {
            return Ok(0);
        };
        let wire = &mut self.parts.wire;
        let mut total = 0;
        link.is_full = false;
        loop {
            match link.stream.write(wire.output(place, now)) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    wire.written(place, count, now);
                    total += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    link.is_full = true;
                    return Ok(total);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// True when a link may have more.
    fn read_all(&mut self, limit: usize, now: Duration) -> bool {
        let mut again = false;
        for place in 0..self.links.len() as u16 {
            if self.held.is_full() || self.is_ending() {
                break;
            }
            match self.read(place, limit, now) {
                Ok(has_more) => again |= has_more,
                Err(_) => self.lose(place, DownReason::Lost),
            }
        }
        // What one link brought may let another go on.
        while (0..self.links.len() as u16).fold(false, |any, place| any | self.receive(place, now))
        {
        }
        again
    }

    fn read(&mut self, place: u16, limit: usize, now: Duration) -> io::Result<bool> {
        let mut left = limit;
        while left > 0 && !self.held.is_full() && !self.is_ending() {
            let Some(link) = &mut self.links[usize::from(place)] else {
                return Ok(false);
            };
            let space = self.parts.wire.space(place);
            let room = space.len();
            if room == 0 {
                // What came before finds no room on its way.
                return Ok(false);
            }
            match link.stream.read(space) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.has_read = true;
                    self.parts.wire.filled(place, count, now);
                    self.receive(place, now);
                    left = left.saturating_sub(count);
                    if count < room && self.is_drained_by_short_read(place) {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.set_drained(place);
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// What comes later tells of itself.
    fn is_drained_by_short_read(&mut self, place: u16) -> bool {
        let link = self.links[usize::from(place)].as_mut();
        let Some(link) = link.filter(|link| link.stream.tells_by_short_reads()) else {
            return false;
        };
        link.is_drained = true;
        true
    }

    fn set_drained(&mut self, place: u16) {
        if let Some(link) = &mut self.links[usize::from(place)] {
            link.is_drained = true;
        }
    }

    /// Delivers what has come over a link; true when something had.
    fn receive(&mut self, place: u16, now: Duration) -> bool {
        if self.links[usize::from(place)].is_none() || self.is_ending() {
            return false;
        }
        match receive(&mut self.parts, &mut self.held, place, now) {
            Ok(Received::Goodbye) => self.over(DownReason::Goodbye),
            Ok(received) => return received == Received::Something,
            Err(LinkError(fault)) => {
                self.fault = Some(fault);
                let deadline = now + GOODBYE;
                self.close(CloseReason::Protocol, DownReason::Protocol, deadline);
            }
        }
        false
    }

    /// Bytes that came with the handshake.
    fn feed(&mut self, place: u16, mut rest: &[u8], now: Duration) {
        while !rest.is_empty() {
            let space = self.parts.wire.space(place);
            let count = rest.len().min(space.len());
            space[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            self.parts.wire.filled(place, count, now);
            self.receive(place, now);
        }
    }

    /// A link is gone.
    pub fn lose(&mut self, place: u16, reason: DownReason) {
        let Some(slot) = self.links.get_mut(usize::from(place)) else {
            return;
        };
        if slot.take().is_none() {
            return;
        }
        let is_fatal = self.parts.wire.lost(place) == LinkLoss::Fatal;
        self.outcomes.push(Outcome::LinkLost {
            place,
            is_fatal,
            reason,
        });
    }
}
