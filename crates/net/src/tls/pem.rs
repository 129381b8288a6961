use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, fs};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::TlsError;

/// The most bytes that a PEM file may have.
const MAX_BYTES: u64 = 4 << 20;

/// Where a certificate, a key or a pool of certificates comes from, in PEM.
#[derive(Clone)]
pub enum Pem {
    /// A file, read anew at each reload.
    File(PathBuf),
    /// The text itself.
    Bytes(Arc<Zeroizing<Vec<u8>>>),
}

impl Pem {
    /// The text itself.
    pub fn bytes(text: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(Arc::new(Zeroizing::new(text.into())))
    }

    /// All certificates in it; at least one.
    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let text = self.read()?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(certificates),
            _ => Err(TlsError::NoCertificate(self.to_string())),
        }
    }

    /// The first private key in it.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = self.read()?;
        PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            if is_encrypted(&text) {
                return TlsError::EncryptedKey(self.to_string());
            }
            TlsError::NoKey(self.to_string())
        })
    }

    fn read(&self) -> Result<Zeroizing<Vec<u8>>, TlsError> {
        let path = match self {
            Self::Bytes(text) => return Ok(Zeroizing::clone(text)),
            Self::File(path) => path,
        };
        let unreadable = |error| TlsError::Unreadable(self.to_string(), error);
        let length = fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_BYTES {
            return Err(TlsError::TooLarge(self.to_string()));
        }
        fs::read(path).map(Zeroizing::new).map_err(unreadable)
    }
}

/// In the name of its block, or in a header of it as OpenSSL had them first.
fn is_encrypted(text: &[u8]) -> bool {
    text.windows(9).any(|word| word == b"ENCRYPTED")
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Bytes(_) => f.write_str("the PEM text given"),
        }
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({self})")
    }
}
