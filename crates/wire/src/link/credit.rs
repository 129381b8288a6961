use crate::link::LinkError;
use crate::link::frame::FRAGMENT_BYTES;

/// What an item takes of a window beside its bytes.
const ITEM_COST: u64 = 32;
/// An item may find one byte of credit, and take so much more.
const OVERDRAFT: u64 = FRAGMENT_BYTES as u64 + ITEM_COST;

/// What an item with so many bytes takes of a window. A large one takes a quarter: it gets through, and leaves room.
pub(crate) fn cost(bytes: u64, window: u64) -> u64 {
    (ITEM_COST + bytes).min(window / 4)
}

/// What may still be sent: totals since the link was opened, so that a grant can be repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    window: u64,
    spent: u64,
    granted: u64,
    /// What of it is kept for a large item that waits.
    saved: u64,
    is_saving: bool,
    /// An item has found none since the last grant.
    is_missed: bool,
}

impl Credit {
    /// The whole window of the peer.
    pub fn new(window: u64) -> Self {
        Self {
            window,
            spent: 0,
            granted: window,
            saved: 0,
            is_saving: false,
            is_missed: false,
        }
    }

    /// The peer's window.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// Whether a small item may go.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.granted > self.spent + self.saved
    }

    /// Whether a large item may begin.
    pub fn has_room(&self) -> bool {
        self.granted.saturating_sub(self.spent) > self.window / 4
    }

    /// An item finds no room: true for the first since the last grant, whoever tries again.
    pub fn miss(&mut self) -> bool {
        !std::mem::replace(&mut self.is_missed, true)
    }

    /// A large item finds no room: of what is granted from now on a half is kept for it. Small ones, which take any byte that
    /// there is, would never let so much come together.
    pub fn save(&mut self) {
        self.is_saving = true;
    }

    /// A large item begins.
    pub fn spend_saved(&mut self, cost: u64) {
        (self.saved, self.is_saving) = (0, false);
        self.spend(cost);
    }

    /// An item goes.
    #[inline]
    pub fn spend(&mut self, cost: u64) {
        self.spent += cost;
    }

    /// The peer has granted so much in total.
    pub fn grant(&mut self, total: u64) -> Result<(), LinkError> {
        if total > self.spent + self.window {
            return Err(LinkError("more was granted than there can be"));
        }
        let more = total.saturating_sub(self.granted);
        self.granted += more;
        self.is_missed &= more == 0;
        if self.is_saving {
            // Enough for a large one also after a small one has taken more than there was.
            let enough = self.window / 4 + OVERDRAFT;
            self.saved = (self.saved + more.div_ceil(2)).min(enough);
        }
        Ok(())
    }
}

/// What the peer may still send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Debt {
    window: u64,
    received: u64,
    released: u64,
    told: u64,
}

impl Debt {
    /// The whole window of this node.
    pub fn new(window: u64) -> Self {
        Self {
            window,
            received: 0,
            released: 0,
            told: window,
        }
    }

    /// This node's window.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// What came and is not released.
    pub fn owed(&self) -> u64 {
        self.received - self.released
    }

    /// An item came.
    #[inline]
    pub fn receive(&mut self, cost: u64) -> Result<(), LinkError> {
        if cost > self.room() {
            return Err(LinkError("more was sent than was granted"));
        }
        self.count(cost);
        Ok(())
    }

    /// Items came for which there was room.
    #[inline]
    pub fn count(&mut self, cost: u64) {
        self.received += cost;
    }

    /// What may come before more was sent than was granted.
    #[inline]
    pub fn room(&self) -> u64 {
        self.told + OVERDRAFT - self.received
    }

    /// So much is released; gives what is more than was owed.
    pub fn release(&mut self, bytes: u64) -> u64 {
        let released = bytes.min(self.owed());
        self.released += released;
        bytes - released
    }

    /// Whether there is something to grant.
    pub fn has_news(&self) -> bool {
        self.window + self.released > self.told
    }

    /// Whether the peer should know soon.
    pub fn is_urgent(&self) -> bool {
        self.window + self.released - self.told >= self.window / 4
    }

    /// What is granted in total: the peer is told now.
    pub fn tell(&mut self) -> u64 {
        self.told = self.window + self.released;
        self.told
    }
}
