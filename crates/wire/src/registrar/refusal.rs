/// Why a registrar does not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A living node of this host holds the name.
    #[error("the node name is taken")]
    Taken,
    /// Nobody has registered that.
    #[error("unknown to the registrar")]
    Unknown,
    /// The registrar has as many nodes as it may have, or is asked too often.
    #[error("the registrar has too much to do")]
    Busy,
    /// The registrar has just taken over, and not all nodes have registered again. Ask once more.
    #[error("the registrar has just started")]
    Settling,
    /// What was to be registered is not allowed, such as routes of a hidden node.
    #[error("the registrar refuses what was announced")]
    Incorrect,
}

impl Refusal {
    /// The byte that stands for it.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Taken => 1,
            Self::Unknown => 2,
            Self::Busy => 3,
            Self::Settling => 4,
            Self::Incorrect => 5,
        }
    }

    /// What a byte stands for.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        let all = [
            Self::Taken,
            Self::Unknown,
            Self::Busy,
            Self::Settling,
            Self::Incorrect,
        ];
        all.into_iter().find(|refusal| refusal.code() == code)
    }
}
