//! Certificates for tests.

#![allow(dead_code, reason = "not every test file uses all of it")]

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tergo_net::tls::{ClientAuth, Pem, TlsOptions};

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
#[derive(Clone)]
pub struct Leaf {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub fn pem(&self) -> Pem {
        Pem::bytes(self.0.pem())
    }

    /// The one that it signs with, as if it were that of a node.
    pub fn itself(&self) -> Leaf {
        Leaf {
            certificate: self.0.pem(),
            key: self.0.key().serialize_pem(),
        }
    }

    pub fn leaf(&self, host: &str) -> Leaf {
        self.leaf_until(host, 2100)
    }

    pub fn leaf_until(&self, host: &str, year: i32) -> Leaf {
        let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Leaf {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

pub fn options(leaf: Option<&Leaf>, ca: Option<&Authority>, client_auth: ClientAuth) -> TlsOptions {
    TlsOptions {
        certificate: leaf.map(|leaf| Pem::bytes(leaf.certificate.clone())),
        key: leaf.map(|leaf| Pem::bytes(leaf.key.clone())),
        ca: ca.iter().map(|ca| ca.pem()).collect(),
        client_auth,
        ..TlsOptions::default()
    }
}
