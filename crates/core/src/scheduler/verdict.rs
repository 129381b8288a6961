use crate::layout::{
    VERDICT_ALIAS_UNKNOWN, VERDICT_EVENT_UNKNOWN, VERDICT_NAME_UNKNOWN, VERDICT_OK,
    VERDICT_PROCESS_UNKNOWN, VERDICT_TAKEN, VERDICT_TARGET_EXIST, VERDICT_TARGET_UNKNOWN,
};
use crate::relation::TargetKind;

/// What became of a request; the numbers are those of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Verdict {
    /// Done.
    Ok = VERDICT_OK,
    /// There is no such process, or it is not alive any more.
    ProcessUnknown = VERDICT_PROCESS_UNKNOWN,
    /// The same relation exists already.
    TargetExist = VERDICT_TARGET_EXIST,
    /// There is no such relation.
    TargetUnknown = VERDICT_TARGET_UNKNOWN,
    /// Nobody has this name.
    NameUnknown = VERDICT_NAME_UNKNOWN,
    /// There is no such alias.
    AliasUnknown = VERDICT_ALIAS_UNKNOWN,
    /// There is no such event.
    EventUnknown = VERDICT_EVENT_UNKNOWN,
    /// The name is somebody else's, or the process has one.
    Taken = VERDICT_TAKEN,
}

impl Verdict {
    /// There is no target of this kind.
    pub(super) fn unknown(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Pid => Self::ProcessUnknown,
            TargetKind::Name => Self::NameUnknown,
            TargetKind::Alias => Self::AliasUnknown,
            TargetKind::Event => Self::EventUnknown,
            TargetKind::Node => Self::TargetUnknown,
        }
    }
}
