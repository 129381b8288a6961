use super::Fault;
use super::field::{self, Fields, MODE, NAME, NODE, STATE, TAG, WEIGHT, once, push, put};
use super::name::{is_application_name, is_node_name, is_plain};

/// The most tags that an application may have.
pub const MAX_TAGS: usize = 16;
/// The most bytes that a tag may have.
pub const MAX_TAG_BYTES: usize = 64;
/// The most bytes that all tags of an application may have together.
pub const MAX_TAGS_BYTES: usize = 512;

/// What an application does when one of its members ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationMode {
    /// It goes on.
    Temporary,
    /// It stops when the member ended abnormally.
    Transient,
    /// It stops, and the node with it.
    Permanent,
}

/// How far an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApplicationState {
    /// Known, not running.
    Loaded,
    /// Its members are being started.
    Starting,
    /// Running.
    Running,
    /// Its members are being stopped.
    Stopping,
}

/// An application that a node has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApplicationRoute {
    /// The node that has it.
    pub node: String,
    /// Its name, at most 255 bytes.
    pub name: String,
    /// How much of the work it should get; 0: none, it is not found.
    pub weight: u32,
    /// What it can be chosen by: at most 16 tags of at most 64 bytes, 512 bytes together.
    pub tags: Vec<String>,
    /// Its mode.
    pub mode: ApplicationMode,
    /// Its state.
    pub state: ApplicationState,
}

/// Which applications to find.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ApplicationQuery {
    /// The name.
    pub name: String,
    /// All of these tags, at most 16.
    pub with_tags: Vec<String>,
    /// None of these tags, at most 16.
    pub without_tags: Vec<String>,
    /// In this state; none: in any.
    pub state: Option<ApplicationState>,
}

impl ApplicationQuery {
    /// Whether it asks for more than the name.
    pub fn is_choosy(&self) -> bool {
        !self.with_tags.is_empty() || !self.without_tags.is_empty() || self.state.is_some()
    }

    /// Whether every part is within its limits.
    pub fn is_correct(&self) -> bool {
        is_application_name(&self.name) && are_tags(&self.with_tags) && are_tags(&self.without_tags)
    }

    /// Whether `route` is one of those; one of weight 0 never is.
    pub fn matches(&self, route: &ApplicationRoute) -> bool {
        route.name == self.name
            && route.weight > 0
            && self.state.is_none_or(|state| state == route.state)
            && self.with_tags.iter().all(|tag| route.tags.contains(tag))
            && !self.without_tags.iter().any(|tag| route.tags.contains(tag))
    }
}

impl ApplicationRoute {
    /// Whether every part is within its limits.
    pub fn is_correct(&self) -> bool {
        is_node_name(&self.node) && is_application_name(&self.name) && are_tags(&self.tags)
    }

    /// How long it is as a field's content.
    pub(super) fn encoded_bytes(&self) -> usize {
        let mut out = Vec::new();
        self.encode(&mut out).map_or(usize::MAX, |()| out.len())
    }

    /// Writes its fields.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        put(out, NODE, self.node.as_bytes())?;
        put(out, NAME, self.name.as_bytes())?;
        put(out, WEIGHT, &self.weight.to_be_bytes())?;
        put(out, MODE, &[self.mode.code()])?;
        put(out, STATE, &[self.state.code()])?;
        self.tags
            .iter()
            .try_for_each(|tag| put(out, TAG, tag.as_bytes()))
    }

    /// Reads its fields.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let (mut node, mut name, mut weight) = (None, None, None);
        let (mut mode, mut state, mut tags) = (None, None, Vec::new());
        let mut fields = Fields::new(bytes);
        while let Some((tag, content)) = fields.next()? {
            match tag {
                NODE => once(&mut node, tag, field::text(tag, content, is_node_name)?)?,
                NAME => once(
                    &mut name,
                    tag,
                    field::text(tag, content, is_application_name)?,
                )?,
                WEIGHT => {
                    let value = u32::from_be_bytes(field::number(tag, content)?);
                    once(&mut weight, tag, value)?;
                }
                MODE => once(&mut mode, tag, ApplicationMode::decode(content)?)?,
                STATE => once(&mut state, tag, ApplicationState::decode(content)?)?,
                TAG => push_tag(&mut tags, tag, content)?,
                _ => return Err(Fault::Field(tag)),
            }
        }
        Ok(Self {
            node: node.ok_or(Fault::Missing(NODE))?,
            name: name.ok_or(Fault::Missing(NAME))?,
            weight: weight.ok_or(Fault::Missing(WEIGHT))?,
            tags,
            mode: mode.ok_or(Fault::Missing(MODE))?,
            state: state.ok_or(Fault::Missing(STATE))?,
        })
    }
}

impl ApplicationMode {
    fn code(self) -> u8 {
        match self {
            Self::Temporary => 1,
            Self::Transient => 2,
            Self::Permanent => 3,
        }
    }

    fn decode(content: &[u8]) -> Result<Self, Fault> {
        let all = [Self::Temporary, Self::Transient, Self::Permanent];
        let found = all.into_iter().find(|mode| [mode.code()] == *content);
        found.ok_or(Fault::Value(MODE))
    }
}

impl ApplicationState {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Loaded => 1,
            Self::Starting => 2,
            Self::Running => 3,
            Self::Stopping => 4,
        }
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self, Fault> {
        let all = [Self::Loaded, Self::Starting, Self::Running, Self::Stopping];
        let found = all.into_iter().find(|state| [state.code()] == *content);
        found.ok_or(Fault::Value(STATE))
    }
}

/// Adds a tag within the limits.
pub(super) fn push_tag(tags: &mut Vec<String>, tag: u8, content: &[u8]) -> Result<(), Fault> {
    push(tags, MAX_TAGS, field::text(tag, content, is_tag)?)?;
    if bytes_of(tags) > MAX_TAGS_BYTES {
        return Err(Fault::TooLarge);
    }
    Ok(())
}

fn are_tags(tags: &[String]) -> bool {
    let are_plain = tags.iter().all(|tag| is_tag(tag));
    are_plain && tags.len() <= MAX_TAGS && bytes_of(tags) <= MAX_TAGS_BYTES
}

fn is_tag(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TAG_BYTES && is_plain(text)
}

fn bytes_of(tags: &[String]) -> usize {
    tags.iter().map(String::len).sum()
}
