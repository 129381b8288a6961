use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::peer::{Dialling, Peer, Up, Wish};
use super::{Action, ConnectionKey, DialId, DownReason, LinkPlace};
use crate::{Admission, Agreement, Claim, HandshakeError, PeerIdentity, Purpose, Refusal, Role};

/// The first pause before a dial is repeated.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest.
const LAST_PAUSE: Duration = Duration::from_secs(5);
/// A refusal that passes is answered by further dials for so long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that is asked whether it lives answers within this time.
const PROBE: Duration = Duration::from_secs(1);
/// Peers with which nothing is going on are forgotten above so many.
const MAX_IDLE: usize = 4096;

/// The peers of a node: who is connected, who is being dialled, which link of several is kept.
///
/// Whoever calls it does what `next_action` gives afterwards, in that order.
#[derive(Debug)]
pub struct Peers {
    name: String,
    pool: u16,
    /// Counts what this node says in handshakes: the higher, the later.
    serial: u64,
    last_key: u64,
    last_dial: u64,
    known: BTreeMap<String, Peer>,
    keys: HashMap<ConnectionKey, String>,
    dials: HashMap<DialId, String>,
    actions: VecDeque<Action>,
}

impl Peers {
    /// Nobody is connected to the node of that name, which gives each connection that it accepts so many links.
    pub fn new(name: &str, pool: u16) -> Self {
        Self {
            name: name.to_owned(),
            pool: pool.clamp(1, 64),
            serial: 0,
            last_key: 0,
            last_dial: 0,
            known: BTreeMap::new(),
            keys: HashMap::new(),
            dials: HashMap::new(),
            actions: VecDeque::new(),
        }
    }

    /// A node is to be connected; nothing when it is already, or is being dialled. Ends in `Up` or `Failed`.
    pub fn connect(&mut self, peer: &str, now: Duration) {
        if peer == self.name {
            let refusal = Some(Refusal::Oneself);
            let peer = peer.to_owned();
            self.actions.push_back(Action::Failed { peer, refusal });
            return;
        }
        self.forget_idle();
        let entry = self.known.entry(peer.to_owned()).or_default();
        if entry.up.is_some() || entry.wish.is_some() {
            return;
        }
        entry.wish = Some(Wish {
            until: now + PATIENCE,
            retry_at: None,
            pause: FIRST_PAUSE,
            refusal: None,
        });
        if entry.dial.is_none() {
            self.dial(peer, Purpose::First);
        }
    }

    /// The connection to a node.
    pub fn connection(&self, peer: &str) -> Option<ConnectionKey> {
        Some(self.known.get(peer)?.up.as_ref()?.key)
    }

    /// The handshake of a dial is at its `Prove`: the serial for it; none: it was abandoned, close the link.
    pub fn prove(&mut self, dial: DialId) -> Option<u64> {
        let name = self.dials.get(&dial)?;
        let dialling = self.known.get_mut(name)?.dial.as_mut()?;
        dialling.is_proved = true;
        self.serial += 1;
        Some(self.serial)
    }

    /// A handshake of a dial is done; none: it came too late, close the link.
    pub fn dialled(
        &mut self,
        dial: DialId,
        agreement: &Agreement,
        now: Duration,
    ) -> Option<LinkPlace> {
        let name = self.end_dial(dial)?;
        let place = self.take_dialled(&name, agreement, now);
        if place.is_none() {
            // Whoever waits for it must not wait for ever.
            self.fail(name, Some(Refusal::Crossing), now);
        }
        place
    }

    fn take_dialled(
        &mut self,
        name: &str,
        agreement: &Agreement,
        now: Duration,
    ) -> Option<LinkPlace> {
        let peer = self.known.get_mut(name)?;
        let PeerIdentity { identity, serial } = &agreement.peer;
        if !peer.is_news(identity.creation, *serial) {
            return None;
        }
        peer.heard = (identity.creation, *serial);
        if agreement.purpose == Purpose::First {
            // The dial would have been abandoned if there were one.
            if peer.up.is_some() {
                return None;
            }
            let new = New {
                creation: identity.creation,
                id: agreement.connection_id,
                role: Role::Dialer,
                pool: agreement.pool,
            };
            return Some(self.establish(name, &new, now));
        }
        let up = peer.up.as_mut()?;
        let place = usize::from(agreement.place);
        let is_free = up.links.get(place) == Some(&false);
        if up.id != agreement.connection_id || up.creation != identity.creation || !is_free {
            return None;
        }
        up.links[place] = true;
        up.pause = FIRST_PAUSE;
        up.fill_at = up.empty().map(|_| now);
        Some(LinkPlace {
            key: up.key,
            place: agreement.place,
        })
    }

    /// A dial has failed; without an error nothing answered at all.
    pub fn dial_failed(&mut self, dial: DialId, error: Option<HandshakeError>, now: Duration) {
        let refusal = match error {
            Some(HandshakeError::RefusedThere(refusal) | HandshakeError::Refused(refusal)) => {
                Some(refusal)
            }
            _ => None,
        };
        if let Some(name) = self.end_dial(dial) {
            self.fail(name, refusal, now);
        }
    }

    /// A dial has come to nothing: it is repeated, or whoever waits for it is told.
    fn fail(&mut self, name: String, refusal: Option<Refusal>, now: Duration) {
        let Some(peer) = self.known.get_mut(&name) else {
            return;
        };
        if let Some(up) = &mut peer.up {
            if refusal == Some(Refusal::ConnectionUnknown) {
                return self.down(&name, DownReason::Lost);
            }
            up.fill_at = Some(now + up.pause);
            up.pause = LAST_PAUSE.min(2 * up.pause);
            return;
        }
        let Some(wish) = &mut peer.wish else {
            return;
        };
        let passes = matches!(
            refusal,
            Some(Refusal::Crossing | Refusal::Busy | Refusal::NameTaken)
        );
        wish.refusal = refusal;
        if passes && now + wish.pause < wish.until {
            wish.retry_at = Some(now + wish.pause);
            wish.pause = LAST_PAUSE.min(2 * wish.pause);
            return;
        }
        peer.wish = None;
        self.actions.push_back(Action::Failed {
            peer: name,
            refusal,
        });
    }

    /// An acceptor's handshake asks: the admission for it, and where its link belongs.
    ///
    /// # Errors
    ///
    /// The dialer is to be refused.
    pub fn admit(
        &mut self,
        claim: &Claim,
        now: Duration,
    ) -> Result<(Admission, LinkPlace), Refusal> {
        let PeerIdentity { identity, serial } = &claim.peer;
        if identity.name == self.name {
            return Err(Refusal::Oneself);
        }
        self.forget_idle();
        let link = match claim.purpose {
            Purpose::First => self.admit_first(claim, now)?,
            Purpose::Join { place, .. } => self.admit_join(claim, place)?,
        };
        if let Some(peer) = self.known.get_mut(&identity.name) {
            peer.heard = (identity.creation, *serial);
        }
        self.serial += 1;
        let admission = Admission {
            serial: self.serial,
            place: link.place,
        };
        Ok((admission, link))
    }

    fn admit_first(&mut self, claim: &Claim, now: Duration) -> Result<LinkPlace, Refusal> {
        let PeerIdentity { identity, serial } = &claim.peer;
        let name = &identity.name;
        let is_smaller = self.name < *name;
        let peer = self.known.entry(name.clone()).or_default();
        let is_news = peer.is_news(identity.creation, *serial);
        if let Some(up) = &mut peer.up {
            if identity.creation < up.creation {
                return Err(Refusal::StaleCreation);
            }
            if identity.creation > up.creation {
                if now >= up.probed_until {
                    up.probed_until = now + PROBE;
                    self.actions.push_back(Action::Probe(up.key));
                }
                return Err(Refusal::NameTaken);
            }
            if !is_news {
                return Err(Refusal::Crossing);
            }
            // It knows of no connection, and said so after this one began: it has lost it.
            self.down(name, DownReason::Replaced);
        } else {
            let is_kept = |dial: &Dialling| dial.is_proved && is_smaller;
            if !is_news || peer.dial.as_ref().is_some_and(is_kept) {
                return Err(Refusal::Crossing);
            }
        }
        let new = New {
            creation: identity.creation,
            id: claim.connection_id,
            role: Role::Acceptor,
            pool: self.pool,
        };
        Ok(self.establish(name, &new, now))
    }

    fn admit_join(&mut self, claim: &Claim, place: u16) -> Result<LinkPlace, Refusal> {
        let PeerIdentity { identity, serial } = &claim.peer;
        let peer = self.known.get_mut(&identity.name);
        let peer = peer.ok_or(Refusal::ConnectionUnknown)?;
        let is_news = peer.is_news(identity.creation, *serial);
        let up = peer.up.as_mut().filter(|up| {
            is_news && up.id == claim.connection_id && up.creation == identity.creation
        });
        let up = up.ok_or(Refusal::ConnectionUnknown)?;
        let key = up.key;
        match up.links.get_mut(usize::from(place)) {
            Some(has_link) if !*has_link => *has_link = true,
            // It has no link there any more, and dials again when this one has gone here, too.
            Some(_) => {
                let link = LinkPlace { key, place };
                self.actions.push_back(Action::DropLink(link));
                return Err(Refusal::PoolFull);
            }
            None => return Err(Refusal::PoolFull),
        }
        Ok(LinkPlace { key, place })
    }

    /// A link is gone; `is_fatal`: `Connection::lost` says so.
    pub fn link_lost(
        &mut self,
        link: LinkPlace,
        is_fatal: bool,
        reason: DownReason,
        now: Duration,
    ) {
        let Some(name) = self.keys.get(&link.key).cloned() else {
            return;
        };
        let Some(up) = self.known.get_mut(&name).and_then(|peer| peer.up.as_mut()) else {
            return;
        };
        if let Some(has_link) = up.links.get_mut(usize::from(link.place)) {
            *has_link = false;
        }
        if is_fatal || !up.links.contains(&true) {
            return self.down(&name, reason);
        }
        if up.role == Role::Dialer && up.fill_at.is_none() {
            up.fill_at = Some(now + up.pause);
        }
    }

    /// A connection is to end: somebody has asked, the peer said goodbye, or broke the protocol.
    pub fn disconnect(&mut self, key: ConnectionKey, reason: DownReason) {
        if let Some(name) = self.keys.get(&key).cloned() {
            self.down(&name, reason);
        }
    }

    /// What is to be done next, in order.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The time has gone on.
    pub fn tick(&mut self, now: Duration) {
        let due = self.known.iter().filter_map(|(name, peer)| {
            peer.due().filter(|due| *due <= now)?;
            Some(name.clone())
        });
        for name in due.collect::<Vec<_>>() {
            self.dial_again(&name);
        }
    }

    fn dial_again(&mut self, name: &str) {
        let Some(peer) = self.known.get_mut(name) else {
            return;
        };
        let Some(up) = &mut peer.up else {
            if let Some(wish) = &mut peer.wish {
                wish.retry_at = None;
                self.dial(name, Purpose::First);
            }
            return;
        };
        up.fill_at = None;
        let (id, empty) = (up.id, up.empty());
        if let Some(place) = empty {
            let place = place as u16;
            self.dial(name, Purpose::Join { id, place });
        }
    }

    /// When `tick` is needed next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.known.values().filter_map(Peer::due).min()
    }

    fn dial(&mut self, name: &str, purpose: Purpose) {
        self.last_dial += 1;
        let id = DialId(self.last_dial);
        self.dials.insert(id, name.to_owned());
        if let Some(peer) = self.known.get_mut(name) {
            peer.dial = Some(Dialling {
                id,
                is_proved: false,
            });
        }
        self.actions.push_back(Action::Dial {
            dial: id,
            peer: name.to_owned(),
            purpose,
        });
    }

    fn end_dial(&mut self, dial: DialId) -> Option<String> {
        let name = self.dials.remove(&dial)?;
        if let Some(peer) = self.known.get_mut(&name) {
            peer.dial = None;
        }
        Some(name)
    }

    fn abandon_dial(&mut self, name: &str) {
        let dial = self.known.get_mut(name).and_then(|peer| peer.dial.take());
        if let Some(dial) = dial {
            self.dials.remove(&dial.id);
            self.actions.push_back(Action::Abandon(dial.id));
        }
    }

    fn establish(&mut self, name: &str, new: &New, now: Duration) -> LinkPlace {
        self.abandon_dial(name);
        self.last_key += 1;
        let key = ConnectionKey(self.last_key);
        let mut links = vec![false; usize::from(new.pool.max(1))];
        links[0] = true;
        let has_more = links.len() > 1;
        let up = Up {
            key,
            creation: new.creation,
            id: new.id,
            role: new.role,
            links,
            fill_at: (new.role == Role::Dialer && has_more).then_some(now),
            pause: FIRST_PAUSE,
            probed_until: Duration::ZERO,
        };
        let peer = self.known.entry(name.to_owned()).or_default();
        peer.up = Some(up);
        peer.wish = None;
        self.keys.insert(key, name.to_owned());
        self.actions.push_back(Action::Up {
            key,
            peer: name.to_owned(),
            creation: new.creation,
        });
        LinkPlace { key, place: 0 }
    }

    fn down(&mut self, name: &str, reason: DownReason) {
        self.abandon_dial(name);
        let up = self.known.get_mut(name).and_then(|peer| peer.up.take());
        if let Some(up) = up {
            self.keys.remove(&up.key);
            self.actions.push_back(Action::Down {
                key: up.key,
                peer: name.to_owned(),
                reason,
            });
        }
    }

    fn forget_idle(&mut self) {
        if self.known.len() > MAX_IDLE {
            self.known.retain(|_, peer| !peer.is_idle());
        }
    }
}

/// What a new connection is made of.
struct New {
    creation: u64,
    id: [u8; 16],
    role: Role,
    pool: u16,
}
