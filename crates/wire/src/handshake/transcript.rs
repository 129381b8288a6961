use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Purpose;

/// Bytes of a proof.
pub(crate) const MAC_BYTES: usize = 32;

/// Who proves what: the same bytes never serve two ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Label {
    /// The dialer knows the cookie.
    Dialer,
    /// The acceptor does.
    Acceptor,
    /// The acceptor does, and refuses.
    Refusal,
    /// The id of the connection that begins.
    Connection,
}

impl Label {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Dialer => b"tergo dialer",
            Self::Acceptor => b"tergo acceptor",
            Self::Refusal => b"tergo refusal",
            Self::Connection => b"tergo connection",
        }
    }
}

/// All that was said so far, which every proof covers, and the cookie.
pub(crate) struct Transcript {
    cookie: Vec<u8>,
    exporter: Option<[u8; 32]>,
    said: Vec<u8>,
}

impl Transcript {
    /// Nothing was said yet.
    pub fn new(cookie: Vec<u8>, exporter: Option<[u8; 32]>) -> Self {
        Self {
            cookie,
            exporter,
            said: Vec::new(),
        }
    }

    /// A message was said, all of its bytes.
    pub fn add(&mut self, message: &[u8]) {
        self.said.extend_from_slice(message);
    }

    /// The proof over all that was said.
    pub fn mac(&self, label: Label) -> [u8; MAC_BYTES] {
        // A key of any length is one: `new_from_slice` refuses none.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.cookie) else {
            return [0; MAC_BYTES];
        };
        mac.update(label.bytes());
        match &self.exporter {
            None => mac.update(&[0]),
            Some(exporter) => {
                mac.update(&[1]);
                mac.update(exporter);
            }
        }
        mac.update(&self.said);
        mac.finalize().into_bytes().into()
    }

    /// Whether that is the proof, in constant time.
    pub fn is_proof(&self, label: Label, mac: &[u8; MAC_BYTES]) -> bool {
        self.mac(label).ct_eq(mac).into()
    }

    /// The id of the connection that a link is for; of a new one what follows from all that was said so far.
    pub fn connection_id(&self, purpose: Purpose) -> [u8; 16] {
        if let Purpose::Join { id, .. } = purpose {
            return id;
        }
        let mut id = [0; 16];
        id.copy_from_slice(&self.mac(Label::Connection)[..16]);
        id
    }
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Transcript")
    }
}
