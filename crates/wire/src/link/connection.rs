use std::collections::HashMap;
use std::time::Duration;

use crate::item::Parcel;
use crate::link::link::Link;
use crate::link::packer::feature_of;
use crate::link::payload;
use crate::link::position::Position;
use crate::link::ready::Ready;
use crate::link::shapes::Shapes;
use crate::{
    Agreement, CloseReason, Compression, Connection, ConnectionCounters, Delivery, Extensions,
    Features, Incoming, Item, LinkCounters, LinkError, LinkLoss, SendError, TakeValue,
};

/// Lost links whose last position is remembered.
const MAX_PAST: usize = 64;

/// All links to one peer, by our own protocol; docs/protocol.md.
pub struct WireConnection {
    /// By place in the pool.
    links: Vec<Option<Link>>,
    /// For each place of the pool, the place of the link that carries what belongs there.
    routes: Vec<usize>,
    /// How often one of these has changed.
    reroutings: u64,
    features: Features,
    /// The largest message of the peer, and here.
    max_message: (u64, u64),
    extensions: Extensions,
    own_shapes: Shapes,
    peer_shapes: Shapes,
    /// Where lost links stood.
    past: HashMap<u64, u64>,
    past_counters: LinkCounters,
    /// Bytes that came over lost links and are not released.
    past_owed: u64,
    /// This node's window.
    window: u64,
    relinks: u64,
    /// The large item that was handed over last.
    large: Option<Box<Parcel>>,
    /// Over which link the last item went.
    last: usize,
    now: Duration,
    is_closed: bool,
}

impl WireConnection {
    /// Without a link. Values of the peer may contain these extensions.
    pub fn new(agreement: &Agreement, extensions: Extensions) -> Self {
        let pool = usize::from(agreement.pool.max(1));
        let mut links = Vec::new();
        links.resize_with(pool, || None);
        Self {
            links,
            routes: vec![0; pool],
            reroutings: 0,
            features: agreement.features,
            max_message: (
                agreement.peer.identity.limits.max_message,
                agreement.own.limits.max_message,
            ),
            extensions,
            own_shapes: Shapes::default(),
            peer_shapes: Shapes::default(),
            past: HashMap::new(),
            past_counters: LinkCounters::default(),
            past_owed: 0,
            window: agreement.own.limits.window,
            relinks: 0,
            large: None,
            last: 0,
            now: Duration::ZERO,
            is_closed: false,
        }
    }

    /// Another route or acceptor may say something else: what was agreed on first holds for the connection.
    fn as_first(&self, agreement: &Agreement) -> Agreement {
        let mut agreed = agreement.clone();
        agreed.features = self.features;
        agreed.peer.identity.limits.max_message = self.max_message.0;
        agreed.own.limits.max_message = self.max_message.1;
        agreed
    }

    fn link(&mut self, place: u16) -> Option<&mut Link> {
        self.links.get_mut(usize::from(place))?.as_mut()
    }

    fn live(&mut self) -> impl Iterator<Item = &mut Link> {
        self.links.iter_mut().flatten()
    }

    /// The place of the pool that a sender belongs to.
    #[inline]
    fn home(&self, id: u64) -> usize {
        spread(id, self.routes.len())
    }

    /// The link that takes an item.
    #[inline]
    fn pick(&self, item: &Item<'_>, is_unordered: bool) -> usize {
        if self.routes.len() == 1 {
            return 0;
        }
        if !is_unordered {
            return self.routes[self.home(item.sender.id)];
        }
        let live = self.links.iter().enumerate();
        let live = live.filter_map(|(place, link)| Some((place, link.as_ref()?)));
        let best = live.min_by_key(|(_, link)| link.queued());
        best.map_or(0, |(place, _)| place)
    }

    /// What the peer can read.
    #[inline]
    fn compression(
        &self,
        item: &Item<'_>,
        blobs: &[Vec<u8>],
        delivery: Delivery,
    ) -> Option<Compression> {
        let compression = delivery.compression?;
        let bytes = item.payload.len() + blobs.iter().map(Vec::len).sum::<usize>();
        let is_large = bytes >= compression.threshold as usize;
        let is_known = self.features.has(feature_of(compression.algorithm));
        (is_large && is_known).then_some(compression)
    }

    /// Gives places of the pool to the links that stand there, where no sender would be overtaken.
    fn settle(&mut self) {
        for place in 0..self.routes.len() {
            let link = self.links[place].as_ref();
            if self.routes[place] == place || !link.is_some_and(|link| link.is_confirmed) {
                continue;
            }
            let is_waiting = self.links.iter().flatten().any(|link| {
                let mut ids = link.waiting_senders();
                ids.any(|id| self.home(id) == place)
            });
            if !is_waiting {
                self.start(place);
            }
        }
    }

    fn start(&mut self, place: usize) {
        self.routes[place] = place;
        self.reroutings += 1;
        let positions = self.positions(place);
        if let Some(link) = &mut self.links[place] {
            link.start(&positions);
        }
    }

    /// Where all links but one stand.
    fn positions(&mut self, except: usize) -> Vec<Position> {
        let others = self.links.iter_mut().enumerate();
        let others = others.filter(|(place, _)| *place != except);
        let others = others.filter_map(|(_, link)| link.as_mut());
        others
            .map(|link| {
                link.seal();
                link.position()
            })
            .collect()
    }

    /// Whether the other links have come to where a link waits for them.
    fn may_go_on(&mut self, place: u16) -> bool {
        let Some(link) = self.link(place) else {
            return false;
        };
        if link.waits.is_empty() {
            return true;
        }
        let waits = std::mem::take(&mut link.waits);
        let is_due = waits.iter().all(|(id, frames)| self.handed(*id) >= *frames);
        if !is_due && let Some(link) = self.link(place) {
            link.waits = waits;
        }
        is_due
    }

    /// Whether a batch is being read, which has more: most items come after another one.
    #[inline]
    fn has_item(&mut self, place: u16) -> bool {
        let link = self
            .links
            .get_mut(usize::from(place))
            .and_then(Option::as_mut);
        link.is_some_and(Link::has_item)
    }

    fn handed(&self, id: u64) -> u64 {
        let link = self.links.iter().flatten().find(|link| link.id == id);
        let past = || self.past.get(&id).copied();
        link.map(Link::handed).or_else(past).unwrap_or(0)
    }

    fn large(
        &mut self,
        place: u16,
        parcel: Box<Parcel>,
        cost: u64,
    ) -> Result<Incoming<'_>, LinkError> {
        let known = self.link(place).map_or(0, |link| link.known_shapes());
        let parcel = self.large.insert(parcel);
        let blobs = std::mem::take(&mut parcel.blobs);
        let item = parcel.item();
        let shapes = self.peer_shapes.keys(known);
        payload::check(&item, &blobs, shapes, self.extensions)?;
        Ok(Incoming::Item { item, blobs, cost })
    }

    #[allow(
        clippy::inline_always,
        reason = "moving an item from call to call costs more than reading it"
    )]
    #[inline(always)]
    fn item(&mut self, place: u16) -> Result<Option<Incoming<'_>>, LinkError> {
        let Some(link) = self
            .links
            .get_mut(usize::from(place))
            .and_then(Option::as_mut)
        else {
            return Ok(None);
        };
        let known = link.known_shapes();
        let (item, cost) = link.item()?;
        let shapes = self.peer_shapes.keys(known);
        payload::check(&item, &[], shapes, self.extensions)?;
        Ok(Some(Incoming::Item {
            item,
            blobs: Vec::new(),
            cost,
        }))
    }
}

/// Whether a link waits for what has not come over one that is lost, and never will.
fn waits_in_vain(link: &Link, past: &HashMap<u64, u64>) -> bool {
    let mut waits = link.waits.iter();
    waits.any(|(id, frames)| past.get(id).is_some_and(|handed| handed < frames))
}

/// A number from 0 to `count` − 1, the same for the same id.
#[inline]
fn spread(id: u64, count: usize) -> usize {
    let mixed = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    mixed as usize % count
}

impl Connection for WireConnection {
    fn open(&mut self, agreement: &Agreement, now: Duration) {
        self.now = now;
        let place = usize::from(agreement.place);
        if place >= self.links.len() {
            return;
        }
        let is_first = self.links.iter().all(Option::is_none);
        self.links[place] = Some(Link::new(agreement.link, &self.as_first(agreement), now));
        if is_first {
            self.routes.fill(place);
            self.start(place);
        } else {
            self.settle();
        }
    }

    fn announce(&mut self, text: &str) {
        self.own_shapes.add_own(text);
    }

    fn announced(&self) -> u32 {
        self.own_shapes.len() as u32
    }

    #[inline]
    fn send(
        &mut self,
        item: &Item<'_>,
        delivery: Delivery,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Result<(), SendError> {
        if self.is_closed {
            return Err(SendError::Closed);
        }
        let compression = self.compression(item, blobs, delivery);
        let place = self.pick(item, delivery.is_unordered);
        let link = self.links.get_mut(place).and_then(Option::as_mut);
        let link = link.ok_or(SendError::Closed)?;
        link.tell_shapes(&self.own_shapes);
        self.last = place;
        link.send(item, compression, blobs)
    }

    #[inline]
    fn send_again(&mut self, values: &[u32], payload: &[u8]) -> usize {
        match self.links.get_mut(self.last) {
            Some(Some(link)) if !self.is_closed && link.has_told(&self.own_shapes) => {
                link.send_again(values, payload)
            }
            _ => 0,
        }
    }

    fn place_of(&self, sender: u64) -> u16 {
        self.routes[self.home(sender)] as u16
    }

    fn reroutings(&self) -> u64 {
        self.reroutings
    }

    fn output(&mut self, place: u16, now: Duration) -> &[u8] {
        self.now = now;
        self.settle();
        match self.link(place) {
            Some(link) => link.output(now),
            None => &[],
        }
    }

    fn written(&mut self, place: u16, count: usize, now: Duration) {
        self.now = now;
        if let Some(link) = self.link(place) {
            link.written(count);
        }
    }

    fn space(&mut self, place: u16) -> &mut [u8] {
        match self.link(place) {
            Some(link) => link.space(),
            None => &mut [],
        }
    }

    fn has_space(&self, place: u16) -> bool {
        let link = self.links.get(usize::from(place)).and_then(Option::as_ref);
        link.is_some_and(Link::has_space)
    }

    fn filled(&mut self, place: u16, count: usize, now: Duration) {
        self.now = now;
        if let Some(link) = self.link(place) {
            link.filled(count, now);
        }
    }

    fn next(&mut self, place: u16, now: Duration) -> Result<Option<Incoming<'_>>, LinkError> {
        self.now = now;
        if self.has_item(place) {
            return self.item(place);
        }
        loop {
            // Each new link brings a window of its own.
            if self.past_owed > self.window || !self.may_go_on(place) {
                return Ok(None);
            }
            let Some(link) = self
                .links
                .get_mut(usize::from(place))
                .and_then(Option::as_mut)
            else {
                return Ok(None);
            };
            if let Some(reason) = link.goodbye {
                return Ok(Some(Incoming::Goodbye(reason)));
            }
            match link.ready(now, &mut self.peer_shapes)? {
                Ready::Nothing => return Ok(None),
                Ready::Item => return self.item(place),
                Ready::Large(parcel, cost) => return self.large(place, parcel, cost).map(Some),
                Ready::Shape(index) => {
                    let number = index as u32 + 1;
                    let text = self.peer_shapes.text(index).unwrap_or_default();
                    return Ok(Some(Incoming::Shape { number, text }));
                }
                Ready::Wait => {}
            }
        }
    }

    fn next_alike(&mut self, place: u16, take: &mut TakeValue<'_>) -> u64 {
        let Some(Some(link)) = self.links.get_mut(usize::from(place)) else {
            return 0;
        };
        let shapes = self.peer_shapes.keys(link.known_shapes());
        let is_value = |bytes: &[u8]| payload::is_value(bytes, shapes, self.extensions);
        link.values(is_value, take)
    }

    fn release(&mut self, bytes: u64) {
        let now = self.now;
        let mut left = bytes.saturating_sub(self.past_owed);
        self.past_owed = self.past_owed.saturating_sub(bytes);
        for link in self.live() {
            if left == 0 {
                return;
            }
            left = link.release(left);
            link.note_release(now);
        }
    }

    fn tick(&mut self, now: Duration) -> Option<u16> {
        self.now = now;
        let past = &self.past;
        let mut links = self.links.iter_mut().enumerate();
        let silent = links.find_map(|(place, link)| {
            let link = link.as_mut()?;
            (link.is_silent(now) || waits_in_vain(link, past)).then_some(place)
        });
        silent.map(|place| place as u16)
    }

    fn next_deadline(&self) -> Option<Duration> {
        let links = self.links.iter().flatten();
        links.map(Link::next_deadline).min()
    }

    fn probe(&mut self, now: Duration, deadline: Duration) {
        self.live().for_each(|link| link.probe(now, deadline));
    }

    fn lost(&mut self, place: u16) -> LinkLoss {
        let Some(link) = self
            .links
            .get_mut(usize::from(place))
            .and_then(Option::take)
        else {
            return LinkLoss::Fatal;
        };
        self.past_counters.add(&link.counters);
        if self.past.len() == MAX_PAST
            && let Some(oldest) = self.past.keys().min().copied()
        {
            self.past.remove(&oldest);
        }
        self.past.insert(link.id, link.handed());
        let mut others = self.links.iter().flatten();
        let is_missed = others.any(|other| waits_in_vain(other, &self.past));
        let other = self.links.iter().position(Option::is_some);
        let Some(other) = other.filter(|_| !is_missed && !link.is_dirty()) else {
            self.is_closed = true;
            return LinkLoss::Fatal;
        };
        self.relinks += 1;
        self.reroutings += 1;
        self.past_owed += link.owed();
        let place = usize::from(place);
        for route in &mut self.routes {
            if *route == place {
                *route = other;
            }
        }
        LinkLoss::Clean
    }

    fn close(&mut self, reason: CloseReason) {
        self.is_closed = true;
        for place in 0..self.links.len() {
            let positions = self.positions(place);
            if let Some(link) = &mut self.links[place] {
                link.close(reason, &positions);
            }
        }
    }

    fn counters(&self) -> ConnectionCounters {
        let mut counters = ConnectionCounters {
            total: self.past_counters,
            relinks: self.relinks,
            owed: self.past_owed,
            ..ConnectionCounters::default()
        };
        for link in self.links.iter().flatten() {
            let round_trip_us = link.round_trip_us();
            counters.total.add(&LinkCounters {
                round_trip_us,
                ..link.counters
            });
            counters.links += 1;
            counters.queued += link.queued();
            counters.owed += link.owed();
            counters.unacknowledged += link.unacknowledged();
        }
        counters
    }
}
