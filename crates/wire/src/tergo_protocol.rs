use crate::handshake::{CookieAcceptor, CookieDialer};
use crate::{
    AcceptSettings, Agreement, Connection, DialSettings, Extensions, Handshake, Protocol,
    WireConnection,
};

/// Our own protocol: docs/protocol.md.
#[derive(Clone, Copy, Debug, Default)]
pub struct TergoProtocol {
    /// Extensions that the codec here knows: values with others break the protocol.
    pub extensions: Extensions,
}

impl Protocol for TergoProtocol {
    fn versions(&self) -> (&str, &str) {
        ("tergo:1", "tergo:1")
    }

    fn dial(&self, settings: DialSettings) -> Box<dyn Handshake> {
        Box::new(CookieDialer::new(settings))
    }

    fn accept(&self, settings: AcceptSettings) -> Box<dyn Handshake> {
        Box::new(CookieAcceptor::new(settings))
    }

    fn connection(&self, agreement: &Agreement) -> Box<dyn Connection> {
        Box::new(WireConnection::new(agreement, self.extensions))
    }
}
