use crate::layout::{
    REC_DROPPED, REC_FAR, REC_FREED, REC_SHARED, REC_TIMER, REC_VERDICT, RECORD_OP_SHIFT, SLOT_MASK,
};

/// A control record: three words of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Op and slot.
    pub head: u32,
    /// Word 1.
    pub first: u32,
    /// Word 2.
    pub second: u32,
}

impl Record {
    /// A message to `slot` was not delivered.
    #[inline]
    pub fn dropped(slot: u32, tag: u32, payload: u32) -> Self {
        Self {
            head: REC_DROPPED << RECORD_OP_SHIFT | slot & SLOT_MASK,
            first: tag,
            second: payload,
        }
    }

    /// `payload` stands in `count` mailboxes.
    pub fn shared(payload: u32, count: u32) -> Self {
        Self::plain(REC_SHARED, payload, count)
    }

    /// The relation behind `token` is gone without firing.
    pub fn freed(token: u32) -> Self {
        Self::plain(REC_FREED, token, 0)
    }

    /// What became of a relate or unrelate.
    pub fn verdict(token: u32, status: u32) -> Self {
        Self::plain(REC_VERDICT, token, status)
    }

    /// A timer is due.
    pub fn timer(index: u32, sequence: u32) -> Self {
        Self::plain(REC_TIMER, index, sequence)
    }

    /// A control frame has come.
    pub fn far(frame: u32, has_blobs: bool) -> Self {
        Self::plain(REC_FAR, frame, has_blobs.into())
    }

    /// The word in which the number of a frame may stand, if there is one.
    pub fn frame_mut(&mut self) -> Option<&mut u32> {
        match self.head >> RECORD_OP_SHIFT {
            REC_DROPPED => Some(&mut self.second),
            REC_FAR => Some(&mut self.first),
            _ => None,
        }
    }

    fn plain(op: u32, first: u32, second: u32) -> Self {
        Self {
            head: op << RECORD_OP_SHIFT,
            first,
            second,
        }
    }
}
