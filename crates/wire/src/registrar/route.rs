use super::Fault;
use super::field::{self, Fields, HANDSHAKE, HOST, PORT, PROTOCOL, TLS, once, put, put_flag};
use super::name::{bare_host, is_plain};

/// The most bytes that the version of a handshake or protocol may have.
pub const MAX_VERSION_BYTES: usize = 32;

/// Where a node can be dialled, and what to speak there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Host name or address; empty: the host part of the node's name.
    pub host: String,
    /// Port, not 0.
    pub port: u16,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// Name and release of the handshake, such as `tergo-handshake:1`; at most 32 bytes.
    pub handshake: String,
    /// Name and release of the protocol, such as `tergo-wire:1`; at most 32 bytes.
    pub protocol: String,
}

impl Route {
    /// Whether every part is within its limits.
    pub fn is_correct(&self) -> bool {
        is_plain(&self.host)
            && self.port != 0
            && is_version(&self.handshake)
            && is_version(&self.protocol)
    }

    /// Whether only programs of the same host can use it: its host is `localhost` or an address
    /// that loops back.
    pub fn is_loopback(&self) -> bool {
        let is_name = self.host.eq_ignore_ascii_case("localhost");
        let address = bare_host(&self.host).parse::<std::net::IpAddr>();
        is_name || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }

    /// How long it is as a field's content.
    pub(super) fn encoded_bytes(&self) -> usize {
        let mut out = Vec::new();
        self.encode(&mut out).map_or(usize::MAX, |()| out.len())
    }

    /// Writes its fields.
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        put(out, HOST, self.host.as_bytes())?;
        put(out, PORT, &self.port.to_be_bytes())?;
        put_flag(out, TLS, self.tls)?;
        put(out, HANDSHAKE, self.handshake.as_bytes())?;
        put(out, PROTOCOL, self.protocol.as_bytes())
    }

    /// Reads its fields.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let (mut host, mut port, mut tls) = (None, None, None);
        let (mut handshake, mut protocol) = (None, None);
        let mut fields = Fields::new(bytes);
        while let Some((tag, content)) = fields.next()? {
            match tag {
                HOST => once(&mut host, tag, field::text(tag, content, is_plain)?)?,
                PORT => once(&mut port, tag, port_of(content)?)?,
                TLS => once(&mut tls, tag, field::flag(tag, content)?)?,
                HANDSHAKE => once(&mut handshake, tag, field::text(tag, content, is_version)?)?,
                PROTOCOL => once(&mut protocol, tag, field::text(tag, content, is_version)?)?,
                _ => return Err(Fault::Field(tag)),
            }
        }
        Ok(Self {
            host: host.ok_or(Fault::Missing(HOST))?,
            port: port.ok_or(Fault::Missing(PORT))?,
            tls: tls.unwrap_or(false),
            handshake: handshake.ok_or(Fault::Missing(HANDSHAKE))?,
            protocol: protocol.ok_or(Fault::Missing(PROTOCOL))?,
        })
    }
}

fn port_of(content: &[u8]) -> Result<u16, Fault> {
    match u16::from_be_bytes(field::number(PORT, content)?) {
        0 => Err(Fault::Value(PORT)),
        port => Ok(port),
    }
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_VERSION_BYTES && is_plain(text)
}
