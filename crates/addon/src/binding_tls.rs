//! Certificates, as TypeScript gives them.

use std::sync::Arc;

use napi::Error;
use napi::bindgen_prelude::Result;
use napi_derive::napi;
use tergo_net::tls::{ClientAuth, Pem, Tls, TlsOptions};

/// What a node shows and whom it believes. Each PEM is a text that begins with `-----BEGIN`, or the path of a file.
#[napi(object)]
pub struct BindingTls {
    /// The chain of its certificate, its own first.
    pub certificate: Option<String>,
    /// The private key of it.
    pub key: Option<String>,
    /// Certificates by which those of others must be signed.
    pub ca: Vec<String>,
    /// Whether those who dial must show a certificate: 0 no, 1 if they like, 2 they must.
    pub client_auth: u32,
    /// The name that the certificate of who is dialled must be for; by default the host.
    pub server_name: Option<String>,
    /// Believes every certificate of who is dialled. For development only.
    pub insecure: bool,
    /// Names and addresses of this host: makes a certificate up, and believes everybody. For development only; all else
    /// is ignored then.
    pub self_signed: Option<Vec<String>>,
}

/// Reads and checks all that is named.
pub fn tls(options: BindingTls) -> Result<Arc<Tls>> {
    let options = match options.self_signed {
        Some(hosts) => TlsOptions::self_signed(&hosts).map_err(reason)?,
        None => TlsOptions {
            certificate: options.certificate.map(pem),
            key: options.key.map(pem),
            ca: options.ca.into_iter().map(pem).collect(),
            client_auth: match options.client_auth {
                0 => ClientAuth::None,
                1 => ClientAuth::Optional,
                _ => ClientAuth::Required,
            },
            server_name: options.server_name,
            insecure: options.insecure,
        },
    };
    Ok(Arc::new(Tls::new(options).map_err(reason)?))
}

fn pem(text: String) -> Pem {
    if text.trim_start().starts_with("-----BEGIN") {
        Pem::bytes(text)
    } else {
        Pem::File(text.into())
    }
}

fn reason(error: impl std::fmt::Display) -> Error {
    Error::from_reason(error.to_string())
}
