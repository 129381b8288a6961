use std::collections::{HashMap, VecDeque};

use tergo_core::layout::FRAME_CONTROL;
use tergo_core::{Claim, Delivery, FrameHead, FrameSender, Inbound, LinkPort};

/// So many items are held at most; then nothing more is taken from the links.
const MOST: usize = 1 << 16;

/// An item that found its thread full.
#[derive(Debug)]
struct HeldItem {
    head: FrameHead,
    name: Option<Box<str>>,
    payload: Box<[u8]>,
    blobs: Vec<Vec<u8>>,
    cost: u64,
}

impl HeldItem {
    fn inbound(&self) -> Inbound<'_> {
        Inbound {
            head: self.head,
            name: self.name.as_deref(),
            payload: &self.payload,
        }
    }
}

/// What came for threads that have no room: kept in order for each, so that the others go on.
///
/// The window that the peer was granted bounds it, for nothing of it is released.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// By thread.
    lanes: Vec<VecDeque<HeldItem>>,
    /// Senders of what is held, with how many items.
    senders: HashMap<FrameSender, u32>,
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
        let may_go = self.count == 0 || self.may_overtake(port, inbound);
        if may_go && port.deliver(inbound, claim_of(&inbound.head), &mut blobs) != Delivery::Full {
            return cost;
        }
        self.hold(port.thread_of(inbound), inbound, blobs, cost);
        0
    }

    /// Tries what is held once more; gives what that gives back of the window.
    pub fn retry(&mut self, port: &mut LinkPort, claim: Option<Claim>) -> u64 {
        let mut released = 0;
        if self.count == 0 {
            return 0;
        }
        for lane in &mut self.lanes {
            while let Some(item) = lane.front_mut() {
                let mut blobs = std::mem::take(&mut item.blobs);
                let claim = claim.unwrap_or_else(|| claim_of(&item.head));
                if port.deliver(&item.inbound(), claim, &mut blobs) == Delivery::Full {
                    item.blobs = blobs;
                    break;
                }
                released += item.cost;
                forget(&mut self.senders, item.head.sender);
                lane.pop_front();
                self.count -= 1;
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

    /// Behind what is held of its sender it has to wait, and a message behind what is held for its thread.
    fn may_overtake(&self, port: &LinkPort, inbound: &Inbound<'_>) -> bool {
        if self.senders.contains_key(&inbound.head.sender) {
            return false;
        }
        let lane = self.lanes.get(port.thread_of(inbound) as usize);
        inbound.head.op == FRAME_CONTROL || lane.is_none_or(VecDeque::is_empty)
    }

    #[cold]
    fn hold(&mut self, thread: u32, inbound: &Inbound<'_>, blobs: Vec<Vec<u8>>, cost: u64) {
        let index = thread as usize;
        if self.lanes.len() <= index {
            self.lanes.resize_with(index + 1, VecDeque::new);
        }
        *self.senders.entry(inbound.head.sender).or_default() += 1;
        self.count += 1;
        self.lanes[index].push_back(HeldItem {
            head: inbound.head,
            name: inbound.name.map(Box::from),
            payload: inbound.payload.into(),
            blobs,
            cost,
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

fn forget(senders: &mut HashMap<FrameSender, u32>, sender: FrameSender) {
    if let Some(count) = senders.get_mut(&sender) {
        *count -= 1;
        if *count == 0 {
            senders.remove(&sender);
        }
    }
}
