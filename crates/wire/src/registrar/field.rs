use super::Fault;

pub(super) const ID: u8 = 1;
pub(super) const NODE: u8 = 2;
pub(super) const HIDDEN: u8 = 3;
pub(super) const ROUTE: u8 = 4;
pub(super) const APPLICATION: u8 = 5;
pub(super) const CODE: u8 = 6;
pub(super) const AFTER: u8 = 7;
pub(super) const MORE: u8 = 8;
pub(super) const WITH_TAG: u8 = 9;
pub(super) const WITHOUT_TAG: u8 = 10;
pub(super) const HOST: u8 = 16;
pub(super) const PORT: u8 = 17;
pub(super) const TLS: u8 = 18;
pub(super) const HANDSHAKE: u8 = 19;
pub(super) const PROTOCOL: u8 = 20;
pub(super) const NAME: u8 = 32;
pub(super) const WEIGHT: u8 = 33;
pub(super) const TAG: u8 = 34;
pub(super) const MODE: u8 = 35;
pub(super) const STATE: u8 = 36;
/// Makes a question as long as its answer may be.
pub(super) const PADDING: u8 = 128;

/// Bytes before the content of a field: tag and length.
pub(super) const FIELD_BYTES: usize = 3;
/// Fields and types of messages from here on are skipped by those who do not know them.
pub(super) const FIRST_OPTIONAL: u8 = 128;

/// The fields of a message or of a field that holds fields; those that are optional and
/// unknown to this version are not in it.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Walks `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next field. Fails when a length leads over the end.
    pub fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Fault> {
        while let Some((&tag, rest)) = self.rest.split_first() {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or(Fault::Length)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (content, rest) = rest.split_at_checked(length).ok_or(Fault::Length)?;
            self.rest = rest;
            if tag < FIRST_OPTIONAL {
                return Ok(Some((tag, content)));
            }
        }
        Ok(None)
    }
}

/// Keeps the value of a field that may stand once.
pub(super) fn once<T>(slot: &mut Option<T>, tag: u8, value: T) -> Result<(), Fault> {
    if slot.replace(value).is_some() {
        return Err(Fault::Repeated(tag));
    }
    Ok(())
}

/// Adds to a list that has at most `limit` items.
pub(super) fn push<T>(list: &mut Vec<T>, limit: usize, item: T) -> Result<(), Fault> {
    if list.len() >= limit {
        return Err(Fault::TooLarge);
    }
    list.push(item);
    Ok(())
}

/// A text that `is_allowed`.
pub(super) fn text(
    tag: u8,
    content: &[u8],
    is_allowed: impl Fn(&str) -> bool,
) -> Result<String, Fault> {
    match std::str::from_utf8(content) {
        Ok(text) if is_allowed(text) => Ok(text.to_owned()),
        _ => Err(Fault::Value(tag)),
    }
}

/// A field whose presence is all it says.
pub(super) fn flag(tag: u8, content: &[u8]) -> Result<bool, Fault> {
    if content.is_empty() {
        return Ok(true);
    }
    Err(Fault::Value(tag))
}

/// Bytes of a number of fixed size, most significant first.
pub(super) fn number<const SIZE: usize>(tag: u8, content: &[u8]) -> Result<[u8; SIZE], Fault> {
    content.try_into().map_err(|_| Fault::Value(tag))
}

/// Writes one field.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) -> Result<(), Fault> {
    let length = u16::try_from(content.len()).map_err(|_| Fault::TooLarge)?;
    out.push(tag);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
    Ok(())
}

/// Writes one field if `is_set`.
pub(super) fn put_flag(out: &mut Vec<u8>, tag: u8, is_set: bool) -> Result<(), Fault> {
    if is_set { put(out, tag, &[]) } else { Ok(()) }
}

/// Writes a field that holds fields.
pub(super) fn put_nested(
    out: &mut Vec<u8>,
    tag: u8,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut content = Vec::new();
    write(&mut content)?;
    put(out, tag, &content)
}
