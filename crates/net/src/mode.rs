use tergo_wire::registrar::{Announcement, ApplicationRoute, Route};

/// How far a node takes part in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Listens, announces where, and dials.
    #[default]
    Enabled,
    /// Dials, but does not listen. The registrar knows its name only, so that nobody else takes it.
    Hidden,
    /// Listens and dials, but announces nothing: who knows a static route reaches it.
    Passive,
    /// No network at all.
    Disabled,
}

impl Mode {
    /// Whether it has acceptors.
    pub fn listens(self) -> bool {
        matches!(self, Self::Enabled | Self::Passive)
    }

    /// Whether it may dial.
    pub fn dials(self) -> bool {
        self != Self::Disabled
    }

    /// What the registrar is told; none when there is no network.
    pub fn announcement(
        self,
        node: &str,
        routes: Vec<Route>,
        applications: Vec<ApplicationRoute>,
    ) -> Option<Announcement> {
        match self {
            Self::Enabled => Some(Announcement {
                node: node.to_owned(),
                hidden: false,
                routes,
                applications,
            }),
            Self::Hidden | Self::Passive => Some(Announcement::hidden(node)),
            Self::Disabled => None,
        }
    }
}
