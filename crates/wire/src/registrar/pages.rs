use super::field::FIELD_BYTES;
use super::{ApplicationRoute, Fault, HEADER_BYTES, Message, Route};

/// Bytes of an answer beside its items: header, id, the flag that there is more.
const FRAME_BYTES: usize = HEADER_BYTES + FIELD_BYTES + 8 + FIELD_BYTES;
/// Bytes of an answer over a link.
const LARGE: usize = 32 << 10;

/// How long an answer may be. What does not fit is left out, and asked for once more.
#[derive(Debug)]
pub(super) struct Page {
    bytes: usize,
}

impl Page {
    /// At most so many bytes, header included.
    pub fn new(bytes: usize) -> Self {
        Self {
            bytes: bytes.min(LARGE),
        }
    }

    /// As long as answers over a link are.
    pub fn large() -> Self {
        Self::new(LARGE)
    }

    /// The first routes that fit.
    pub fn routes(&self, id: u64, routes: Vec<Route>) -> Result<Message, Fault> {
        let (routes, _) = self.fill(routes.into_iter(), Route::encoded_bytes)?;
        Ok(Message::Routes { id, routes })
    }

    /// The first applications that fit.
    pub fn applications<'a>(
        &self,
        id: u64,
        routes: impl Iterator<Item = &'a ApplicationRoute>,
    ) -> Result<Message, Fault> {
        let (routes, more) = self.fill(routes, |route| route.encoded_bytes())?;
        let routes = routes.into_iter().cloned().collect();
        Ok(Message::Applications { id, routes, more })
    }

    /// The first nodes that fit.
    pub fn nodes<'a>(
        &self,
        id: u64,
        nodes: impl Iterator<Item = &'a str>,
    ) -> Result<Message, Fault> {
        let (nodes, more) = self.fill(nodes, |node| node.len())?;
        let nodes = nodes.into_iter().map(str::to_owned).collect();
        Ok(Message::NodeList { id, nodes, more })
    }

    /// Those that fit, and whether there are others. Fails when there is no room for the first.
    fn fill<T>(
        &self,
        items: impl Iterator<Item = T>,
        size: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, bool), Fault> {
        let mut left = self.bytes.saturating_sub(FRAME_BYTES);
        let mut taken = Vec::new();
        for item in items {
            let bytes = size(&item).saturating_add(FIELD_BYTES);
            if bytes > left && taken.is_empty() {
                return Err(Fault::TooLarge);
            }
            if bytes > left {
                return Ok((taken, true));
            }
            left -= bytes;
            taken.push(item);
        }
        Ok((taken, false))
    }
}
