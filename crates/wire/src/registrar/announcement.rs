use super::field::{
    self, APPLICATION, FIELD_BYTES, Fields, HIDDEN, NODE, ROUTE, once, push, put, put_flag,
    put_nested,
};
use super::name::is_node_name;
use super::{ApplicationRoute, Fault, HEADER_BYTES, Message, Route};

/// The most routes that a node may have.
pub const MAX_ROUTES: usize = 16;
/// The most applications that a node may announce.
pub const MAX_APPLICATIONS: usize = 256;

/// All that a node tells the registrar of its host. A later one replaces it wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The node's name, which it has for itself on this host from then on.
    pub node: String,
    /// Holds the name, but nobody hears of it: neither resolved nor listed. Has no routes and no applications.
    pub hidden: bool,
    /// Where it can be dialled, best first; at most 16.
    pub routes: Vec<Route>,
    /// Its applications, at most 256, each of this node and each name once.
    pub applications: Vec<ApplicationRoute>,
}

impl Announcement {
    /// One that only holds the name.
    pub fn hidden(node: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            hidden: true,
            routes: Vec::new(),
            applications: Vec::new(),
        }
    }

    /// Whether it is within its limits and fits into one message.
    pub fn is_correct(&self) -> bool {
        let is_alone = self.routes.is_empty() && self.applications.is_empty();
        is_node_name(&self.node)
            && (!self.hidden || is_alone)
            && self.routes.len() <= MAX_ROUTES
            && self.routes.iter().all(Route::is_correct)
            && self.are_applications_correct()
            && Message::Register(self.clone())
                .encode(&mut Vec::with_capacity(HEADER_BYTES))
                .is_ok()
    }

    /// Leaves out the applications that are beyond the limits, are not its own, are there twice or do not fit into one message
    /// beside those before them. Gives their names.
    pub fn leave_out(&mut self) -> Vec<String> {
        let applications = std::mem::take(&mut self.applications);
        let mut room = self.room();
        let mut left_out = Vec::new();
        for application in applications {
            let bytes = application.encoded_bytes().saturating_add(FIELD_BYTES);
            if bytes <= room && self.takes(&application) {
                room -= bytes;
                self.applications.push(application);
            } else {
                left_out.push(application.name);
            }
        }
        left_out
    }

    /// Bytes that are left for more applications.
    fn room(&self) -> usize {
        let mut out = Vec::new();
        let written = self.encode(&mut out);
        written.map_or(0, |()| usize::from(u16::MAX).saturating_sub(out.len()))
    }

    fn takes(&self, application: &ApplicationRoute) -> bool {
        let is_there = |one: &ApplicationRoute| one.name == application.name;
        self.applications.len() < MAX_APPLICATIONS
            && application.node == self.node
            && application.is_correct()
            && !self.applications.iter().any(is_there)
    }

    fn are_applications_correct(&self) -> bool {
        let mut names: Vec<_> = self.applications.iter().map(|one| &one.name).collect();
        names.sort_unstable();
        names.dedup();
        let are_own = |one: &ApplicationRoute| one.node == self.node && one.is_correct();
        names.len() == self.applications.len()
            && names.len() <= MAX_APPLICATIONS
            && self.applications.iter().all(are_own)
    }

    /// Writes its fields.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        put(out, NODE, self.node.as_bytes())?;
        put_flag(out, HIDDEN, self.hidden)?;
        for route in &self.routes {
            put_nested(out, ROUTE, |out| route.encode(out))?;
        }
        for application in &self.applications {
            put_nested(out, APPLICATION, |out| application.encode(out))?;
        }
        Ok(())
    }

    /// Reads its fields.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let (mut node, mut hidden) = (None, None);
        let (mut routes, mut applications) = (Vec::new(), Vec::new());
        let mut fields = Fields::new(bytes);
        while let Some((tag, content)) = fields.next()? {
            match tag {
                NODE => once(&mut node, tag, field::text(tag, content, is_node_name)?)?,
                HIDDEN => once(&mut hidden, tag, field::flag(tag, content)?)?,
                ROUTE => push(&mut routes, MAX_ROUTES, Route::decode(content)?)?,
                APPLICATION => {
                    let application = ApplicationRoute::decode(content)?;
                    push(&mut applications, MAX_APPLICATIONS, application)?;
                }
                _ => return Err(Fault::Field(tag)),
            }
        }
        Ok(Self {
            node: node.ok_or(Fault::Missing(NODE))?,
            hidden: hidden.unwrap_or(false),
            routes,
            applications,
        })
    }
}
