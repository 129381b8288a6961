use rustls::RootCertStore;
use rustls::pki_types::ServerName;

use super::tls::{own_chain, own_key};
use super::{ClientAuth, Tls, TlsError, TlsOptions};

/// An option that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct TlsFault {
    /// Which.
    pub part: TlsPart,
    /// Why.
    pub error: TlsError,
}

/// An option of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPart {
    /// The chain of the certificate.
    Certificate,
    /// The key of it.
    Key,
    /// The pool as a whole.
    Pool,
    /// One of the pool.
    Ca(usize),
    /// The name that is expected of who is dialled.
    ServerName,
}

impl TlsOptions {
    /// Reads and checks one after the other.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn check(&self) -> Result<Tls, TlsFault> {
        if let Some(certificate) = &self.certificate {
            own_chain(certificate).map_err(at(TlsPart::Certificate))?;
        }
        if let Some(key) = &self.key {
            own_key(key).map_err(at(TlsPart::Key))?;
        }
        for (index, pem) in self.ca.iter().enumerate() {
            let mut pool = RootCertStore::empty();
            for certificate in pem.certificates().map_err(at(TlsPart::Ca(index)))? {
                let added = pool.add(certificate).map_err(TlsError::Ca);
                added.map_err(at(TlsPart::Ca(index)))?;
            }
        }
        if self.client_auth != ClientAuth::None && self.ca.is_empty() {
            return Err(at(TlsPart::Pool)(TlsError::NoPool));
        }
        if let Some(name) = &self.server_name {
            let is_name = ServerName::try_from(name.as_str()).is_ok();
            if !is_name {
                return Err(at(TlsPart::ServerName)(TlsError::Name(name.clone())));
            }
        }
        // What is wrong with both together, such as a key of another certificate.
        Tls::new(self.clone()).map_err(at(TlsPart::Key))
    }
}

fn at(part: TlsPart) -> impl Fn(TlsError) -> TlsFault {
    move |error| TlsFault { part, error }
}
