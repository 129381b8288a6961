use crate::layout::{
    STATUS_BAD_ADDRESS, STATUS_BAD_OP, STATUS_BAD_RETURN, STATUS_BAD_SLOT, STATUS_BAD_TIMER,
    STATUS_TRUNCATED,
};

/// Why a command cannot be right; the numbers are those of the header word `STATUS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Fault {
    /// There is no such op.
    Op = STATUS_BAD_OP,
    /// The slot was never granted, or is not in the state that the command needs.
    Slot = STATUS_BAD_SLOT,
    /// `OUT_USED` is no possible length.
    Truncated = STATUS_TRUNCATED,
    /// The entries to give back lie outside of the inbox.
    Return = STATUS_BAD_RETURN,
    /// The address, gauge or token was never handed out.
    Address = STATUS_BAD_ADDRESS,
    /// The timer's index is too far off.
    Timer = STATUS_BAD_TIMER,
}
