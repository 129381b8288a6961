mod alike;

use std::time::Duration;

use crate::bytes::{Reader, put, put_run};
use crate::item::{Parcel, bytes_of};
use crate::link::assembly::Assemblies;
use crate::link::credit::{Credit, Debt, cost};
use crate::link::frame::{
    AFTER, BATCH, FRAGMENT, FRAGMENT_BYTES, GOODBYE, MAX_BLOBS, OPTIONAL, PACKED, PING, PONG,
    SHAPE, STATE,
};
use crate::link::inbound::{Cut, Inbound};
use crate::link::keep_alive::KeepAlive;
use crate::link::lanes::{Lanes, is_large};
use crate::link::outbound::Outbound;
use crate::link::position::{Position, positions, put_positions};
use crate::link::ready::Ready;
use crate::link::shapes::Shapes;
use crate::{
    Agreement, CloseReason, Compression, Features, Item, LinkCounters, LinkError, Role, SendError,
};

/// More bytes than this do not wait to be written, except what is large.
const MAX_OUT: usize = 256 * 1024;
/// What is large is put into the output until so many bytes are there.
const OUTPUT_BYTES: usize = 64 * 1024;
/// The peer is told within this time what was handed over and released.
const STATE_DELAY: Duration = Duration::from_millis(40);
/// So many frames are handed over without a word.
const MAX_UNTOLD: u64 = 64;

/// One link: both its directions, its credits, its signs of life.
pub(crate) struct Link {
    /// Its number in the connection; the acceptor chose it.
    pub id: u64,
    /// What it has done.
    pub counters: LinkCounters,
    /// Where other links have to be before this one goes on.
    pub waits: Vec<Position>,
    /// What the peer said at the end; it counts when the waits are over.
    pub goodbye: Option<CloseReason>,
    /// The peer has it, too.
    pub is_confirmed: bool,
    /// The last item stands in the batch, as it is.
    is_last_plain: bool,
    features: Features,
    /// The largest message of the peer, and here.
    max_message: (u64, u64),
    out: Outbound,
    lanes: Lanes,
    credit: Credit,
    /// Counted frames of ours that the peer has handed over.
    acknowledged: u64,
    inbound: Inbound,
    assemblies: Assemblies,
    debt: Debt,
    /// Counted frames of the peer of which it was told that they are handed over.
    told: u64,
    state_due: Option<Duration>,
    keep_alive: KeepAlive,
    /// Shapes of ours that were told, and of the peer.
    shapes: (usize, usize),
    is_closed: bool,
}

impl Link {
    /// Agreed on, and open since now.
    pub fn new(id: u64, agreement: &Agreement, now: Duration) -> Self {
        let (own, peer) = (&agreement.own.limits, &agreement.peer.identity.limits);
        let misses = u32::from(own.misses.max(peer.misses));
        Self {
            id,
            counters: LinkCounters::default(),
            waits: Vec::new(),
            goodbye: None,
            is_confirmed: agreement.role == Role::Dialer,
            is_last_plain: false,
            features: agreement.features,
            max_message: (peer.max_message, own.max_message),
            out: Outbound::default(),
            lanes: Lanes::new(peer.max_assemblies, 2 * peer.max_message),
            credit: Credit::new(peer.window),
            acknowledged: 0,
            inbound: Inbound::new(),
            assemblies: Assemblies::new(own.max_assemblies, own.max_message, own.window),
            debt: Debt::new(own.window),
            told: 0,
            state_due: None,
            keep_alive: KeepAlive::new(own.keep_alive, peer.keep_alive * misses, now),
            shapes: (0, 0),
            is_closed: false,
        }
    }

    /// Takes an item, and its blobs out of the list.
    #[inline]
    pub fn send(
        &mut self,
        item: &Item<'_>,
        compression: Option<Compression>,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Result<(), SendError> {
        let is_small = blobs.is_empty() && item.payload.len() <= FRAGMENT_BYTES;
        self.is_last_plain = false;
        if !is_small || self.lanes.has(&item.sender) {
            return self.send_later(item, compression, blobs);
        }
        if item.payload.len() as u64 > self.max_message.0 {
            return Err(SendError::TooLarge);
        }
        self.charge(item.payload.len())?;
        self.out.item(item, compression, &mut self.counters);
        self.is_last_plain = compression.is_none();
        Ok(())
    }

    /// Takes what a small item costs from the peer's window.
    #[inline]
    fn charge(&mut self, bytes: usize) -> Result<(), SendError> {
        if !self.has_room() {
            self.counters.blocked += u64::from(self.credit.miss());
            return Err(SendError::Blocked);
        }
        self.credit.spend(cost(bytes as u64, self.credit.window()));
        Ok(())
    }

    /// Whether a small item may go.
    #[inline]
    fn has_room(&self) -> bool {
        self.credit.is_open() && self.out.queued() <= MAX_OUT
    }

    /// What is large, and what comes after it from the same sender.
    fn send_later(
        &mut self,
        item: &Item<'_>,
        compression: Option<Compression>,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Result<(), SendError> {
        let bytes = bytes_of(item.payload, blobs);
        if bytes > self.max_message.0 || blobs.len() > MAX_BLOBS {
            return Err(SendError::TooLarge);
        }
        let waiting = self.lanes.bytes();
        if waiting > 0 && waiting + bytes > self.credit.window() {
            self.counters.blocked += u64::from(self.lanes.miss());
            return Err(SendError::Behind);
        }
        let mut parcel = Parcel::new(item);
        parcel.payload.extend_from_slice(item.payload);
        parcel.blobs = std::mem::take(blobs);
        parcel.compression = compression;
        self.lanes.push(parcel);
        Ok(())
    }

    /// Whether all shapes were told.
    #[inline]
    pub fn has_told(&self, shapes: &Shapes) -> bool {
        self.shapes.0 == shapes.len()
    }

    /// Tells the shapes that were announced since.
    #[inline]
    pub fn tell_shapes(&mut self, shapes: &Shapes) {
        while self.shapes.0 < shapes.len() {
            let (index, text) = (self.shapes.0, shapes.text(self.shapes.0));
            self.shapes.0 += 1;
            self.out.frame(SHAPE, &mut self.counters, |out| {
                put(out, index as u64 + 1);
                put_run(out, text.unwrap_or_default().as_bytes());
            });
        }
    }

    /// What follows comes after these positions of other links.
    pub fn start(&mut self, positions: &[Position]) {
        if !positions.is_empty() {
            self.out.frame(AFTER, &mut self.counters, |out| {
                put_positions(out, positions);
            });
        }
    }

    /// The last frame.
    pub fn close(&mut self, reason: CloseReason, positions: &[Position]) {
        if self.is_closed {
            return;
        }
        self.is_closed = true;
        self.out.frame(GOODBYE, &mut self.counters, |out| {
            out.push(reason as u8);
            put_positions(out, positions);
        });
    }

    /// Closes the batch, so that its frame counts.
    pub fn seal(&mut self) {
        self.out.seal(&mut self.counters);
    }

    /// Where it stands: its frames so far.
    pub fn position(&self) -> Position {
        (self.id, self.out.frames())
    }

    /// Counted frames that were handed over.
    pub fn handed(&self) -> u64 {
        self.inbound.handed()
    }

    /// Bytes that wait.
    pub fn queued(&self) -> u64 {
        self.out.queued() as u64 + self.lanes.bytes()
    }

    /// Ids of the senders that have something waiting.
    pub fn waiting_senders(&self) -> impl Iterator<Item = u64> {
        self.lanes.ids()
    }

    /// Frames of which it is not known that they came.
    pub fn unacknowledged(&self) -> u64 {
        self.out.frames() - self.acknowledged
    }

    /// Whether something may not have arrived.
    pub fn is_dirty(&self) -> bool {
        self.unacknowledged() > 0
            || self.out.is_filling()
            || !self.lanes.is_empty()
            || !self.assemblies.is_empty()
            || !self.inbound.is_empty()
    }

    /// Bytes that came and are not released.
    pub fn owed(&self) -> u64 {
        self.debt.owed()
    }

    /// Time to the peer and back, µs.
    pub fn round_trip_us(&self) -> u64 {
        self.keep_alive.round_trip_us()
    }

    /// Releases so many bytes, or gives back what is too much.
    pub fn release(&mut self, bytes: u64) -> u64 {
        self.debt.release(bytes)
    }

    /// The bytes to be written.
    pub fn output(&mut self, now: Duration) -> &[u8] {
        if !self.is_closed {
            let (out, counters) = (&mut self.out, &mut self.counters);
            if out.queued() <= MAX_OUT {
                // One turn at least: small items must not hold up large ones for ever.
                let until = OUTPUT_BYTES.max(out.queued() + 1);
                self.lanes.pump(out, &mut self.credit, until, counters);
            }
            if let Some(token) = self.keep_alive.ping(now) {
                out.frame(PING, counters, |out| put(out, token));
            }
            self.tell_state(now);
        }
        self.seal();
        self.out.bytes()
    }

    /// Says what was handed over and released: with other bytes, or when it is time.
    fn tell_state(&mut self, now: Duration) {
        let untold = self.inbound.handed() - self.told;
        // Who does not read what waits for it hears the sum of all that when it does.
        let is_unread = self.out.queued() > MAX_OUT;
        if is_unread || untold == 0 && !self.debt.has_news() {
            self.state_due = None;
            return;
        }
        let due = *self.state_due.get_or_insert(now + STATE_DELAY);
        let is_urgent = untold >= MAX_UNTOLD || self.debt.is_urgent() || self.out.queued() > 0;
        if now < due && !is_urgent {
            return;
        }
        self.state_due = None;
        self.told = self.inbound.handed();
        let (told, granted) = (self.told, self.debt.tell());
        self.out.frame(STATE, &mut self.counters, |out| {
            put(out, told);
            put(out, granted);
        });
    }

    /// So many bytes were written.
    pub fn written(&mut self, count: usize) {
        self.counters.bytes_out += count as u64;
        self.out.written(count);
    }

    /// Where bytes go that come.
    pub fn space(&mut self) -> &mut [u8] {
        self.inbound.space()
    }

    /// Whether there is room for more.
    pub fn has_space(&self) -> bool {
        self.inbound.has_space()
    }

    /// So many bytes came.
    pub fn filled(&mut self, count: usize, now: Duration) {
        self.counters.bytes_in += count as u64;
        self.is_confirmed |= count > 0;
        self.inbound.filled(count);
        self.keep_alive.heard(now);
    }

    /// Something must come until `deadline`.
    pub fn probe(&mut self, now: Duration, deadline: Duration) {
        self.keep_alive.probe(now, deadline);
    }

    /// Whether nothing came for too long: of the peer, or of an item.
    pub fn is_silent(&mut self, now: Duration) -> bool {
        // What is not read cannot be heard.
        if !self.waits.is_empty() || self.inbound.has_whole() {
            self.keep_alive.heard(now);
            self.assemblies.put_off(now);
        }
        self.keep_alive.is_silent(now) | self.assemblies.is_stale(now)
    }

    /// When it has something to do of itself.
    pub fn next_deadline(&self) -> Duration {
        let due = [self.state_due, self.assemblies.deadline()];
        let due = due.into_iter().flatten().min();
        let next = self.keep_alive.next();
        due.map_or(next, |due| due.min(next))
    }

    /// Looks at what has come until there is something to hand over.
    pub fn ready(&mut self, now: Duration, shapes: &mut Shapes) -> Result<Ready, LinkError> {
        loop {
            if self.inbound.has_item() {
                return Ok(Ready::Item);
            }
            let Some(cut) = self.inbound.cut()? else {
                self.note_news(now);
                return Ok(Ready::Nothing);
            };
            if let Some(ready) = self.frame(cut, now, shapes)? {
                return Ok(ready);
            }
        }
    }

    /// Whether an item comes next, of a batch that is being read.
    #[inline]
    pub fn has_item(&mut self) -> bool {
        self.inbound.has_item()
    }

    /// Something was handed over: the peer has to hear of it in time.
    fn note_news(&mut self, now: Duration) {
        if self.inbound.handed() > self.told {
            self.state_due.get_or_insert(now + STATE_DELAY);
        }
    }

    /// The same for what was released.
    pub fn note_release(&mut self, now: Duration) {
        if self.debt.is_urgent() {
            self.state_due = Some(now);
        } else if self.debt.has_news() {
            self.state_due.get_or_insert(now + STATE_DELAY);
        }
    }

    fn frame(
        &mut self,
        cut: Cut,
        now: Duration,
        shapes: &mut Shapes,
    ) -> Result<Option<Ready>, LinkError> {
        match cut.kind {
            BATCH | PACKED => {
                self.inbound.open(cut, self.features, &mut self.counters)?;
                return Ok(None);
            }
            FRAGMENT => return self.fragment(cut, now),
            SHAPE => return self.shape(cut, shapes),
            _ => {}
        }
        let ready = self.control(cut, now)?;
        self.inbound.done(cut);
        Ok(ready)
    }

    fn control(&mut self, cut: Cut, now: Duration) -> Result<Option<Ready>, LinkError> {
        let short = LinkError("a frame ends too soon");
        let mut body = Reader::new(self.inbound.body(cut));
        match cut.kind {
            STATE => {
                let handed = body.u64().ok_or(short.clone())?;
                let granted = body.u64().ok_or(short)?;
                if handed > self.out.frames() {
                    return Err(LinkError("more was handed over than was sent"));
                }
                self.acknowledged = self.acknowledged.max(handed);
                self.credit.grant(granted)?;
            }
            PING => {
                let token = body.u64().ok_or(short)?;
                // Who asks without end and reads no answer is not answered.
                if !self.is_closed && self.out.queued() <= MAX_OUT {
                    self.out
                        .frame(PONG, &mut self.counters, |out| put(out, token));
                }
            }
            PONG => {
                let token = body.u64().ok_or(short)?;
                self.keep_alive.pong(token, now);
            }
            AFTER => {
                self.waits = positions(&mut body).ok_or(short)?;
                return Ok(Some(Ready::Wait));
            }
            GOODBYE => {
                let reason = body.byte().ok_or(short.clone())?;
                self.waits = positions(&mut body).ok_or(short)?;
                self.goodbye = Some(CloseReason::from_number(reason));
                return Ok(Some(Ready::Wait));
            }
            OPTIONAL.. => {}
            _ => return Err(LinkError("a frame has an unknown kind")),
        }
        Ok(None)
    }

    fn fragment(&mut self, cut: Cut, now: Duration) -> Result<Option<Ready>, LinkError> {
        let (head, bytes) = self
            .inbound
            .fragment(cut, self.features, &mut self.counters)?;
        let added = self.assemblies.add(head, bytes, now)?;
        self.inbound.done(cut);
        if let Some(cost) = added.begun {
            self.debt.receive(cost)?;
        }
        let Some(parcel) = added.whole else {
            return Ok(None);
        };
        if !is_large(&parcel) {
            return Err(LinkError("a small item came in fragments"));
        }
        self.counters.items_in += 1;
        let cost = cost(parcel.bytes(), self.debt.window());
        Ok(Some(Ready::Large(parcel, cost)))
    }

    fn shape(&mut self, cut: Cut, shapes: &mut Shapes) -> Result<Option<Ready>, LinkError> {
        let mut body = Reader::new(self.inbound.body(cut));
        let short = LinkError("a frame ends too soon");
        let number = body.u32().ok_or(short.clone())? as usize;
        let text = body.run().ok_or(short)?;
        if number != self.shapes.1 + 1 {
            return Err(LinkError("a shape has a number that it cannot have"));
        }
        let is_new = shapes.learn(number - 1, text)?;
        self.shapes.1 = number;
        self.inbound.done(cut);
        Ok(is_new.then_some(Ready::Shape(number - 1)))
    }

    /// The item that is ready, and what it takes of the window.
    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    pub fn item(&mut self) -> Result<(Item<'_>, u64), LinkError> {
        let item = self.inbound.item()?;
        self.counters.items_in += 1;
        let bytes = item.payload.len() as u64;
        if bytes > self.max_message.1 {
            return Err(LinkError("a message is larger than may be"));
        }
        let cost = cost(bytes, self.debt.window());
        self.debt.receive(cost)?;
        Ok((item, cost))
    }

    /// How many shapes of the peer came over it.
    pub fn known_shapes(&self) -> usize {
        self.shapes.1
    }
}
