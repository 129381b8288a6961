//! Certificates, as TypeScript gives them.

use std::sync::Arc;

use napi::Error;
use napi::bindgen_prelude::Result;
use napi_derive::napi;
use tergo_net::tls::{ClientAuth, Pem, Tls, TlsError, TlsFault, TlsOptions, TlsPart};

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

/// What certificates are good for.
#[napi(object, use_nullable = true)]
#[derive(Default)]
pub struct BindingTlsUse {
    /// The option that cannot be used, as in `ca[0]`; empty: all together; null: all can.
    pub wrong: Option<String>,
    /// Why it cannot.
    pub why: Option<String>,
    /// Whether it can be listened with.
    pub can_accept: bool,
    /// Whether it can be dialled with.
    pub can_dial: bool,
    /// Whether everybody is believed.
    pub is_insecure: bool,
}

/// Reads and checks all that is named, and keeps nothing of it.
#[napi]
pub fn check_tls(options: BindingTls) -> BindingTlsUse {
    let options = match tls_options(options) {
        Ok(options) => options,
        Err(error) => return unusable(String::new(), error.to_string()),
    };
    match options.check() {
        Ok(tls) => BindingTlsUse {
            can_accept: tls.can_accept(),
            can_dial: tls.can_dial(),
            is_insecure: tls.is_insecure(),
            ..BindingTlsUse::default()
        },
        Err(TlsFault { part, error }) => unusable(name(part), error.to_string()),
    }
}

/// Reads and checks all that is named.
pub(crate) fn tls(options: BindingTls) -> Result<Arc<Tls>> {
    let options = tls_options(options).map_err(reason)?;
    Ok(Arc::new(Tls::new(options).map_err(reason)?))
}

fn tls_options(options: BindingTls) -> std::result::Result<TlsOptions, TlsError> {
    Ok(match options.self_signed {
        Some(hosts) => TlsOptions::self_signed(&hosts)?,
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
    })
}

fn unusable(wrong: String, why: String) -> BindingTlsUse {
    BindingTlsUse {
        wrong: Some(wrong),
        why: Some(why),
        ..BindingTlsUse::default()
    }
}

/// As TypeScript calls it.
fn name(part: TlsPart) -> String {
    match part {
        TlsPart::Certificate => "certificate".to_owned(),
        TlsPart::Key => "key".to_owned(),
        TlsPart::Pool => "ca".to_owned(),
        TlsPart::Ca(index) => format!("ca[{index}]"),
        TlsPart::ServerName => "serverName".to_owned(),
    }
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
