use super::{Fault, HEADER_BYTES, MAGIC, Message, VERSION};

/// Cuts a stream of bytes into messages, wherever the pieces were cut. Holds one message at most,
/// beside the piece that it was given last.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    start: usize,
}

impl Decoder {
    /// One that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what came. Read all messages by [`Self::next`] before the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// The bytes break the protocol; nothing further can be read from this stream.
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail and goes on later"
    )]
    pub fn next(&mut self) -> Result<Option<Message>, Fault> {
        loop {
            let Some((read, message)) = decode(&self.buffer[self.start..])? else {
                return Ok(None);
            };
            self.start += read;
            if message.is_some() {
                return Ok(message);
            }
        }
    }
}

/// The message that is all of `datagram`; none when its type is optional and unknown.
pub(super) fn decode_datagram(datagram: &[u8]) -> Result<Option<Message>, Fault> {
    match decode(datagram)? {
        Some((read, message)) if read == datagram.len() => Ok(message),
        _ => Err(Fault::Length),
    }
}

/// The message at the start of `bytes` and its length in bytes; none when it is not whole. A header
/// that is wrong is told as soon as the wrong byte is there.
fn decode(bytes: &[u8]) -> Result<Option<(usize, Option<Message>)>, Fault> {
    let known = bytes.len().min(MAGIC.len());
    if bytes[..known] != MAGIC[..known] {
        return Err(Fault::Magic);
    }
    if let Some(&version) = bytes.get(2)
        && version != VERSION
    {
        return Err(Fault::Version(version));
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let message = Message::decode_body(header[3], body)?;
    Ok(Some((HEADER_BYTES + length, message)))
}
