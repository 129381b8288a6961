use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tergo_core::layout::{CONTROL_PUBLISHED, FRAME_CONTROL};
use tergo_core::{Claim, Delivery, FrameHead, FrameSender, Inbound, LinkPort};

/// So many items are held at most; then nothing more is taken from the links.
const MOST: usize = 1 << 16;

/// What an item carries, once for all threads for which it is held.
#[derive(Debug)]
struct Content {
    payload: Box<[u8]>,
    /// What it gives back of the window when the last of them has it.
    cost: u64,
}

/// An item that found its thread full.
#[derive(Debug)]
struct HeldItem {
    head: FrameHead,
    name: Option<Box<str>>,
    second_word: Option<u32>,
    content: Arc<Content>,
    blobs: Vec<Vec<u8>>,
}

impl Content {
    fn of(inbound: &Inbound<'_>, cost: u64) -> Arc<Self> {
        let payload = inbound.payload.into();
        Arc::new(Self { payload, cost })
    }
}

impl HeldItem {
    fn inbound(&self) -> Inbound<'_> {
        Inbound {
            head: self.head,
            name: self.name.as_deref(),
            payload: &self.content.payload,
            second_word: self.second_word,
        }
    }
}

/// How much of one sender is held for one thread.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    items: u32,
    /// So many of these are control frames.
    controls: u32,
}

/// What is held for one thread.
#[derive(Debug, Default)]
struct Lane {
    items: VecDeque<HeldItem>,
    senders: HashMap<FrameSender, Share>,
}

impl Lane {
    fn push(&mut self, item: HeldItem) {
        let share = self.senders.entry(item.head.sender).or_default();
        share.items += 1;
        share.controls += u32::from(item.head.op == FRAME_CONTROL);
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<HeldItem> {
        let item = self.items.pop_front()?;
        if let Some(share) = self.senders.get_mut(&item.head.sender) {
            share.items -= 1;
            share.controls -= u32::from(item.head.op == FRAME_CONTROL);
            if share.items == 0 {
                self.senders.remove(&item.head.sender);
            }
        }
        Some(item)
    }

    fn share_of(&self, sender: &FrameSender) -> Share {
        self.senders.get(sender).copied().unwrap_or_default()
    }
}

/// What came for threads that have no room: kept in order for each, so that the others go on.
///
/// The window that the peer was granted bounds it, for nothing of it is released.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// By thread.
    lanes: Vec<Lane>,
    count: usize,
}

impl Held {
    /// Delivers an item, or holds it; gives what it is to give back of the window at once.
    pub fn deliver(
        &mut self,
        port: &mut LinkPort,
        inbound: &Inbound<'_>,
        mut blobs: Vec<Vec<u8>>,
        cost: u64,
    ) -> u64 {
        if self.offer(port, inbound, &mut blobs) {
            return cost;
        }
        let thread = port.thread_of(inbound);
        self.hold(thread, inbound, blobs, Content::of(inbound, cost));
        0
    }

    /// The same for an item that is for several threads: bit n of `threads` says so of the one n after its own.
    pub fn deliver_to_all(
        &mut self,
        port: &mut LinkPort,
        (inbound, threads): (&Inbound<'_>, u64),
        mut blobs: Vec<Vec<u8>>,
        cost: u64,
    ) -> u64 {
        let mut late = Vec::new();
        let mut left = threads;
        while left != 0 {
            let mut head = inbound.head;
            head.thread += left.trailing_zeros();
            left &= left - 1;
            let copy = Inbound { head, ..*inbound };
            let mut own = if left == 0 {
                std::mem::take(&mut blobs)
            } else {
                blobs.clone()
            };
            if !self.offer(port, &copy, &mut own) {
                late.push((copy, own));
            }
        }
        if late.is_empty() {
            return cost;
        }
        let content = Content::of(inbound, cost);
        for (copy, blobs) in late {
            let thread = port.thread_of(&copy);
            self.hold(thread, &copy, blobs, Arc::clone(&content));
        }
        0
    }

    /// Tries what is held once more; gives what that gives back of the window.
    pub fn retry(&mut self, port: &mut LinkPort, claim: Option<Claim>) -> u64 {
        let mut released = 0;
        if self.count == 0 {
            return 0;
        }
        for lane in &mut self.lanes {
            while let Some(item) = lane.items.front_mut() {
                let mut blobs = std::mem::take(&mut item.blobs);
                let claim = claim.unwrap_or_else(|| claim_of(&item.head));
                if port.deliver(&item.inbound(), claim, &mut blobs) == Delivery::Full {
                    item.blobs = blobs;
                    break;
                }
                self.count -= 1;
                let content = lane.pop().map(|item| item.content);
                released += content.and_then(Arc::into_inner).map_or(0, |it| it.cost);
            }
        }
        released
    }

    /// Whether nothing more can be held.
    pub fn is_full(&self) -> bool {
        self.count >= MOST
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// False: it has to be held.
    #[inline]
    fn offer(&self, port: &mut LinkPort, inbound: &Inbound<'_>, blobs: &mut Vec<Vec<u8>>) -> bool {
        let may_go = self.count == 0 || self.may_overtake(port, inbound);
        may_go && port.deliver(inbound, claim_of(&inbound.head), blobs) != Delivery::Full
    }

    /// A message waits behind what is held of its sender, whomever that is for, since a name may move from thread to
    /// thread; and behind what is held for its thread. A publication waits behind what both is true of; any other control
    /// frame behind such control frames only, for who waits for it may be who takes none of the messages.
    fn may_overtake(&self, port: &LinkPort, inbound: &Inbound<'_>) -> bool {
        let FrameHead {
            op, first, sender, ..
        } = &inbound.head;
        let is_clear = |lane: &Lane| lane.share_of(sender).items == 0;
        let lane = self.lanes.get(port.thread_of(inbound) as usize);
        match (*op, *first) {
            (FRAME_CONTROL, CONTROL_PUBLISHED) => lane.is_none_or(is_clear),
            (FRAME_CONTROL, _) => lane.is_none_or(|lane| lane.share_of(sender).controls == 0),
            _ => lane.is_none_or(|lane| lane.items.is_empty()) && self.lanes.iter().all(is_clear),
        }
    }

    #[cold]
    fn hold(
        &mut self,
        thread: u32,
        inbound: &Inbound<'_>,
        blobs: Vec<Vec<u8>>,
        content: Arc<Content>,
    ) {
        let index = thread as usize;
        if self.lanes.len() <= index {
            self.lanes.resize_with(index + 1, Lane::default);
        }
        self.count += 1;
        self.lanes[index].push(HeldItem {
            head: inbound.head,
            name: inbound.name.map(Box::from),
            second_word: inbound.second_word,
            content,
            blobs,
        });
    }
}

/// Somebody may wait for a control frame who holds up all messages before it.
fn claim_of(head: &FrameHead) -> Claim {
    if head.op == FRAME_CONTROL {
        Claim::Urgent
    } else {
        Claim::Plain
    }
}
