use super::Target;

/// A link or monitor: when the target ends, the consumer hears of it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Slot of the process that asked for it, which is alive as long as the relation stands.
    pub consumer: u32,
    /// What it is onto.
    pub target: Target,
    /// A monitor, not a link.
    pub is_monitor: bool,
    /// Hears of the end only, takes no events.
    pub is_silent: bool,
    /// Index of the description that TypeScript keeps.
    pub token: u32,
}
