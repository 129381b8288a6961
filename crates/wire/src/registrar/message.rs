use super::application_route::push_tag;
use super::field::{
    self, AFTER, APPLICATION, CODE, FIRST_OPTIONAL, Fields, ID, MORE, NAME, NODE, ROUTE, STATE,
    WITH_TAG, WITHOUT_TAG, once, push, put, put_flag, put_nested,
};
use super::name::{is_application_name, is_node_name};
use super::{
    Announcement, ApplicationQuery, ApplicationRoute, ApplicationState, Fault, MAX_ROUTES, Refusal,
    Route,
};

/// The first two bytes of every message.
pub const MAGIC: [u8; 2] = *b"TR";
/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;
/// Bytes before the body: magic, version, type, length of the body.
pub const HEADER_BYTES: usize = 6;

/// The most items of a list in one message; so many fit in no frame.
const MAX_ITEMS: usize = 16_384;

/// What registrar and client say to each other. Ids are chosen by who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A node tells all about itself.
    Register(Announcement),
    /// That is noted.
    Registered,
    /// Asks where a node can be dialled.
    Resolve {
        /// Comes back in the answer.
        id: u64,
        /// Its name.
        node: String,
    },
    /// Where it can.
    Routes {
        /// Of the question.
        id: u64,
        /// Best first.
        routes: Vec<Route>,
    },
    /// Asks who has an application.
    ResolveApplication {
        /// Comes back in the answer.
        id: u64,
        /// Which.
        query: ApplicationQuery,
        /// Only nodes behind this name.
        after: Option<String>,
    },
    /// Who has it, in order of names.
    Applications {
        /// Of the question.
        id: u64,
        /// Some.
        routes: Vec<ApplicationRoute>,
        /// There are others behind the last.
        more: bool,
    },
    /// Asks for the nodes of the host.
    Nodes {
        /// Comes back in the answer.
        id: u64,
        /// Only those behind this name.
        after: Option<String>,
    },
    /// The nodes, in order.
    NodeList {
        /// Of the question.
        id: u64,
        /// Some.
        nodes: Vec<String>,
        /// There are others behind the last.
        more: bool,
    },
    /// What was asked for is not done.
    Refused {
        /// Of the question; 0: the announcement.
        id: u64,
        /// Why.
        refusal: Refusal,
    },
    /// Another node of the host has registered.
    Joined(String),
    /// Another node of the host is gone, or hides.
    Left(String),
    /// Asks for a `Pong`.
    Ping,
    /// I live.
    Pong,
}

impl Message {
    /// Appends header and body to `out`.
    ///
    /// # Errors
    /// The body is larger than 65,535 bytes; `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let start = out.len();
        out.extend_from_slice(&[MAGIC[0], MAGIC[1], VERSION, self.code(), 0, 0]);
        let written = self.encode_body(out);
        let length = u16::try_from(out.len() - start - HEADER_BYTES);
        if let (Ok(()), Ok(length)) = (written, length) {
            out[start + 4..start + HEADER_BYTES].copy_from_slice(&length.to_be_bytes());
            Ok(())
        } else {
            out.truncate(start);
            Err(Fault::TooLarge)
        }
    }

    /// Reads a body whose type is `code`; none when the type is optional and unknown to this version.
    pub(super) fn decode_body(code: u8, body: &[u8]) -> Result<Option<Self>, Fault> {
        if code >= FIRST_OPTIONAL {
            return Ok(None);
        }
        if code == 1 {
            return Announcement::decode(body).map(|one| Some(Self::Register(one)));
        }
        let parts = Parts::decode(code, body)?;
        Ok(Some(match code {
            2 => Self::Registered,
            3 => Self::Resolve {
                id: parts.id()?,
                node: parts.node()?,
            },
            4 => Self::Routes {
                id: parts.id()?,
                routes: parts.routes,
            },
            5 => Self::ResolveApplication {
                id: parts.id()?,
                after: parts.after.clone(),
                query: parts.query()?,
            },
            6 => Self::Applications {
                id: parts.id()?,
                more: parts.more.unwrap_or(false),
                routes: parts.applications,
            },
            7 => Self::Nodes {
                id: parts.id()?,
                after: parts.after,
            },
            8 => Self::NodeList {
                id: parts.id()?,
                more: parts.more.unwrap_or(false),
                nodes: parts.nodes,
            },
            9 => Self::Refused {
                id: parts.id()?,
                refusal: parts.refusal.ok_or(Fault::Missing(CODE))?,
            },
            10 => Self::Joined(parts.node()?),
            11 => Self::Left(parts.node()?),
            12 => Self::Ping,
            13 => Self::Pong,
            _ => return Err(Fault::Type(code)),
        }))
    }

    fn code(&self) -> u8 {
        match self {
            Self::Register(_) => 1,
            Self::Registered => 2,
            Self::Resolve { .. } => 3,
            Self::Routes { .. } => 4,
            Self::ResolveApplication { .. } => 5,
            Self::Applications { .. } => 6,
            Self::Nodes { .. } => 7,
            Self::NodeList { .. } => 8,
            Self::Refused { .. } => 9,
            Self::Joined(_) => 10,
            Self::Left(_) => 11,
            Self::Ping => 12,
            Self::Pong => 13,
        }
    }

    fn encode_body(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Register(announcement) => announcement.encode(out),
            Self::Registered | Self::Ping | Self::Pong => Ok(()),
            Self::Resolve { id, node } => {
                put_id(out, *id)?;
                put(out, NODE, node.as_bytes())
            }
            Self::Routes { id, routes } => {
                put_id(out, *id)?;
                let mut all = routes.iter();
                all.try_for_each(|route| put_nested(out, ROUTE, |out| route.encode(out)))
            }
            Self::ResolveApplication { id, query, after } => {
                put_id(out, *id)?;
                put_query(out, query)?;
                put_after(out, after.as_deref())
            }
            Self::Applications { id, routes, more } => {
                put_id(out, *id)?;
                put_flag(out, MORE, *more)?;
                let mut all = routes.iter();
                all.try_for_each(|route| put_nested(out, APPLICATION, |out| route.encode(out)))
            }
            Self::Nodes { id, after } => {
                put_id(out, *id)?;
                put_after(out, after.as_deref())
            }
            Self::NodeList { id, nodes, more } => {
                put_id(out, *id)?;
                put_flag(out, MORE, *more)?;
                let mut all = nodes.iter();
                all.try_for_each(|node| put(out, NODE, node.as_bytes()))
            }
            Self::Refused { id, refusal } => {
                put_id(out, *id)?;
                put(out, CODE, &[refusal.code()])
            }
            Self::Joined(node) | Self::Left(node) => put(out, NODE, node.as_bytes()),
        }
    }
}

/// The fields of all messages but `Register`.
#[derive(Default)]
struct Parts {
    id: Option<u64>,
    nodes: Vec<String>,
    routes: Vec<Route>,
    applications: Vec<ApplicationRoute>,
    refusal: Option<Refusal>,
    after: Option<String>,
    more: Option<bool>,
    name: Option<String>,
    with_tags: Vec<String>,
    without_tags: Vec<String>,
    state: Option<ApplicationState>,
}

impl Parts {
    fn decode(code: u8, body: &[u8]) -> Result<Self, Fault> {
        let mut parts = Self::default();
        let mut fields = Fields::new(body);
        while let Some((tag, content)) = fields.next()? {
            if !fields_of(code)?.contains(&tag) {
                return Err(Fault::Field(tag));
            }
            parts.take(tag, content)?;
        }
        Ok(parts)
    }

    fn take(&mut self, tag: u8, content: &[u8]) -> Result<(), Fault> {
        match tag {
            ID => once(&mut self.id, tag, id_of(content)?),
            NODE => {
                let node = field::text(tag, content, is_node_name)?;
                push(&mut self.nodes, MAX_ITEMS, node)
            }
            ROUTE => push(&mut self.routes, MAX_ROUTES, Route::decode(content)?),
            APPLICATION => {
                let route = ApplicationRoute::decode(content)?;
                push(&mut self.applications, MAX_ITEMS, route)
            }
            CODE => {
                let [code] = field::number(tag, content)?;
                let refusal = Refusal::from_code(code).ok_or(Fault::Value(tag))?;
                once(&mut self.refusal, tag, refusal)
            }
            AFTER => once(
                &mut self.after,
                tag,
                field::text(tag, content, is_node_name)?,
            ),
            MORE => once(&mut self.more, tag, field::flag(tag, content)?),
            NAME => {
                let name = field::text(tag, content, is_application_name)?;
                once(&mut self.name, tag, name)
            }
            WITH_TAG => push_tag(&mut self.with_tags, tag, content),
            WITHOUT_TAG => push_tag(&mut self.without_tags, tag, content),
            STATE => once(&mut self.state, tag, ApplicationState::decode(content)?),
            _ => Err(Fault::Field(tag)),
        }
    }

    fn id(&self) -> Result<u64, Fault> {
        self.id.ok_or(Fault::Missing(ID))
    }

    fn node(self) -> Result<String, Fault> {
        let mut nodes = self.nodes.into_iter();
        let node = nodes.next().ok_or(Fault::Missing(NODE))?;
        if nodes.next().is_some() {
            return Err(Fault::Repeated(NODE));
        }
        Ok(node)
    }

    fn query(self) -> Result<ApplicationQuery, Fault> {
        Ok(ApplicationQuery {
            name: self.name.ok_or(Fault::Missing(NAME))?,
            with_tags: self.with_tags,
            without_tags: self.without_tags,
            state: self.state,
        })
    }
}

/// Which fields a message of that type may have.
fn fields_of(code: u8) -> Result<&'static [u8], Fault> {
    match code {
        2 | 12 | 13 => Ok(&[]),
        3 => Ok(&[ID, NODE]),
        4 => Ok(&[ID, ROUTE]),
        5 => Ok(&[ID, NAME, WITH_TAG, WITHOUT_TAG, STATE, AFTER]),
        6 => Ok(&[ID, APPLICATION, MORE]),
        7 => Ok(&[ID, AFTER]),
        8 => Ok(&[ID, NODE, MORE]),
        9 => Ok(&[ID, CODE]),
        10 | 11 => Ok(&[NODE]),
        _ => Err(Fault::Type(code)),
    }
}

fn id_of(content: &[u8]) -> Result<u64, Fault> {
    field::number(ID, content).map(u64::from_be_bytes)
}

fn put_id(out: &mut Vec<u8>, id: u64) -> Result<(), Fault> {
    put(out, ID, &id.to_be_bytes())
}

fn put_after(out: &mut Vec<u8>, after: Option<&str>) -> Result<(), Fault> {
    after.map_or(Ok(()), |name| put(out, AFTER, name.as_bytes()))
}

fn put_query(out: &mut Vec<u8>, query: &ApplicationQuery) -> Result<(), Fault> {
    put(out, NAME, query.name.as_bytes())?;
    for tag in &query.with_tags {
        put(out, WITH_TAG, tag.as_bytes())?;
    }
    for tag in &query.without_tags {
        put(out, WITHOUT_TAG, tag.as_bytes())?;
    }
    match query.state {
        Some(state) => put(out, STATE, &[state.code()]),
        None => Ok(()),
    }
}
