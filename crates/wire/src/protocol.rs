use std::time::Duration;

use crate::{
    Admission, Agreement, CloseReason, ConnectionCounters, HandshakeStep, Identity, Incoming, Item,
    LinkError, LinkLoss, Purpose, Refusal, SendError,
};

/// What a dialer brings to a handshake.
#[derive(Clone)]
pub struct DialSettings {
    /// What this node says of itself.
    pub own: Identity,
    /// The name that was dialled.
    pub peer: String,
    /// What the link is for.
    pub purpose: Purpose,
    /// The secret that both share.
    pub cookie: Vec<u8>,
    /// 32 bytes of chance, never used before.
    pub nonce: [u8; 32],
    /// With TLS: what its exporter gives for `EXPORTER-tergo-handshake-1`, 32 bytes.
    pub exporter: Option<[u8; 32]>,
    /// When it must be over.
    pub deadline: Duration,
}

/// What an acceptor brings to a handshake.
#[derive(Clone)]
pub struct AcceptSettings {
    /// What this node says of itself.
    pub own: Identity,
    /// The secret that both share.
    pub cookie: Vec<u8>,
    /// 32 bytes of chance, never used before.
    pub nonce: [u8; 32],
    /// With TLS: what its exporter gives for `EXPORTER-tergo-handshake-1`, 32 bytes.
    pub exporter: Option<[u8; 32]>,
    /// When it must be over.
    pub deadline: Duration,
}

/// One end of a handshake: proves to each side who the other one is.
pub trait Handshake: Send {
    /// Takes bytes that came; gives how many it used. What is left over belongs to the link.
    fn input(&mut self, bytes: &[u8]) -> usize;

    /// What is to be written.
    fn output(&self) -> &[u8];

    /// So many bytes of the output were written.
    fn written(&mut self, count: usize);

    /// What comes next; to be asked after `input`, `prove`, `admit`, `refuse` and `expire`.
    fn step(&mut self) -> HandshakeStep;

    /// Dialer: the proof goes out, with the node's counter of attempts.
    fn prove(&mut self, serial: u64);

    /// Acceptor: lets the dialer in.
    fn admit(&mut self, admission: Admission);

    /// Refuses the other one: an acceptor at any time before `admit`.
    fn refuse(&mut self, refusal: Refusal);

    /// When it fails of itself.
    fn deadline(&self) -> Duration;

    /// The time has gone on; after the deadline the handshake has failed.
    fn expire(&mut self, now: Duration);
}

/// A way for nodes to talk: handshakes and connections.
pub trait Protocol: Send + Sync {
    /// Name and release of its handshake and of the rest, such as `tergo:1`, as registrars are told; 32 bytes at most each.
    fn versions(&self) -> (&str, &str);

    /// The dialer's end of a handshake.
    fn dial(&self, settings: DialSettings) -> Box<dyn Handshake>;

    /// The acceptor's end.
    fn accept(&self, settings: AcceptSettings) -> Box<dyn Handshake>;

    /// A connection to the peer of a first link; the link itself is added by `open`.
    fn connection(&self, agreement: &Agreement) -> Box<dyn Connection>;
}

/// All links to one peer: items in, bytes out; bytes in, items out. Links are named by their place in the pool.
///
/// A driver's loop for a link: read into `space`, tell `filled`, take `next` until there is none, then write `output`
/// and tell `written` until there is none. `next` of the other links may have something after that of one link had.
pub trait Connection: Send {
    /// A link has been agreed on; there is none at its place.
    fn open(&mut self, agreement: &Agreement, now: Duration);

    /// The next shape of this node (the first has number 1): each link tells it before the next item.
    fn announce(&mut self, text: &str);

    /// How many shapes were announced.
    fn announced(&self) -> u32;

    /// Takes an item, and its blobs out of the list. On an error nothing was taken.
    ///
    /// # Errors
    ///
    /// See [`SendError`].
    fn send(
        &mut self,
        item: &Item<'_>,
        delivery: Delivery,
        blobs: &mut Vec<Vec<u8>>,
    ) -> Result<(), SendError>;

    /// Sends items that differ from the one that was sent last in their value only: of each its number, or how many bytes of
    /// the payload are its if the format has bytes. Gives how many it took, from the first on; the next is to be sent as any
    /// other. What protocols do not know that this saves them anything is none.
    fn send_again(&mut self, _values: &[u32], _payload: &[u8]) -> usize {
        0
    }

    /// The link over which goes what a sender says in order: what has to wait for one does not hold up what goes over others.
    fn place_of(&self, _sender: u64) -> u16 {
        0
    }

    /// How often that has become another one for some senders.
    fn reroutings(&self) -> u64 {
        0
    }

    /// Bytes to be written to a link, at most some 64 KiB at a time: what came in by `send` meanwhile gets its turn.
    fn output(&mut self, place: u16, now: Duration) -> &[u8];

    /// So many of them were written.
    fn written(&mut self, place: u16, count: usize, now: Duration);

    /// Where bytes that come over a link go; empty when what came before has to be taken first: see `has_space`.
    fn space(&mut self, place: u16) -> &mut [u8];

    /// Whether a link may be read. It may as soon as `next` has given none, unless it waits for another link.
    fn has_space(&self, place: u16) -> bool;

    /// So many bytes were put there.
    fn filled(&mut self, place: u16, count: usize, now: Duration);

    /// The next that has come over a link; none: it needs more bytes, or has to wait for another link.
    ///
    /// # Errors
    ///
    /// What came is against the protocol: close the connection with [`CloseReason::Protocol`].
    fn next(&mut self, place: u16, now: Duration) -> Result<Option<Incoming<'_>>, LinkError>;

    /// Gives `take` the values of what comes next over a link, as long as that differs from the item that `next` gave last over
    /// it in its value only: a number, or bytes that were looked through as those of any item. It ends with the first that
    /// `take` does not take, which `next` gives then. Gives what those that were taken take of the window. What protocols do
    /// not know that this saves them anything gives none.
    fn next_alike(&mut self, _place: u16, _take: &mut TakeValue<'_>) -> u64 {
        0
    }

    /// Nobody holds so many bytes of items any more, by their `cost`: the peer may send as many more.
    fn release(&mut self, bytes: u64);

    /// The time has gone on: what is due is done. Gives a link that is to be treated as lost: nothing came for too long, or it
    /// waits for what was lost with another one.
    fn tick(&mut self, now: Duration) -> Option<u16>;

    /// When `tick` is needed next.
    fn next_deadline(&self) -> Option<Duration>;

    /// Asks the peer whether it lives: something must come over each link before `deadline`, or `tick` gives the link.
    fn probe(&mut self, now: Duration, deadline: Duration);

    /// A link is gone.
    fn lost(&mut self, place: u16) -> LinkLoss;

    /// Says goodbye on all links: write their `output`, then close them. Nothing more is taken.
    fn close(&mut self, reason: CloseReason);

    /// What it has done.
    fn counters(&self) -> ConnectionCounters;
}

/// Takes the value of an item: its number, or the bytes of its payload if the format has them; false: it was not taken.
pub type TakeValue<'a> = dyn FnMut(i32, &[u8]) -> bool + 'a;

/// How an item is to travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// What the sending process has set; none: not compressed.
    pub compression: Option<crate::Compression>,
    /// It may overtake others of its sender: it takes the link with the least to do.
    pub is_unordered: bool,
}
