use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// Why two ends do not come to speak TLS, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsFailure(Error);

impl TlsFailure {
    /// What TLS found wrong, if it is that which failed.
    pub fn of(error: &io::Error) -> Option<Self> {
        let inner = error.get_ref()?.downcast_ref::<Error>()?;
        Some(Self(inner.clone()))
    }

    /// Whether the other end has no place for the handshake, and may have one soon.
    pub fn is_busy(&self) -> bool {
        self.0 == Error::AlertReceived(AlertDescription::InternalError)
    }
}

impl std::error::Error for TlsFailure {}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::InvalidCertificate(error) => {
                let advice = advice(error);
                write!(f, "its certificate is not believed: {error}{advice}")
            }
            Error::NoCertificatesPresented => f.write_str("it has shown no certificate"),
            Error::AlertReceived(alert) => alerted(f, *alert),
            Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
                f.write_str("what came is not TLS; encrypt at both ends, or at none")
            }
            other => write!(f, "TLS failed: {other}"),
        }
    }
}

fn advice(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => "; `ca` must have the certificate that signed it",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "; dial it by a name that stands in it, or say the name with `tls.serverName`"
        }
        CertificateError::Other(why) if format!("{why:?}").contains("CaUsedAsEndEntity") => {
            "; it is that of a CA: sign one for the node with it, or make it with `CA:FALSE`"
        }
        _ => "",
    }
}

/// What the other end has against this one.
fn alerted(f: &mut fmt::Formatter<'_>, alert: AlertDescription) -> fmt::Result {
    match alert {
        AlertDescription::InternalError => {
            f.write_str("there are too many handshakes at a time; try again")
        }
        AlertDescription::CertificateRequired => f.write_str(
            "it wants a certificate, and was shown none; give `tls` a `certificate` and a `key`",
        ),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => {
            write!(f, "it does not believe the certificate shown ({alert:?})")
        }
        _ => write!(f, "it has ended TLS: {alert:?}"),
    }
}
