use super::{ClientAuth, Pem, TlsError};

/// What a node shows and whom it believes.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// The chain of its certificate, its own first. Needed to listen, and to dial those that ask for one.
    pub certificate: Option<Pem>,
    /// The private key of it.
    pub key: Option<Pem>,
    /// Certificates by which those of others must be signed. Needed to dial, and to check clients.
    pub ca: Vec<Pem>,
    /// Whether those who dial must show a certificate; not asked for by default.
    pub client_auth: ClientAuth,
    /// The name that the certificate of who is dialled must be for; by default the host that is dialled.
    pub server_name: Option<String>,
    /// Believes every certificate of who is dialled. For development only: anybody in between can read and
    /// change what is said. False by default.
    pub insecure: bool,
}

impl TlsOptions {
    /// A certificate made up now for those host names and addresses, and belief in everybody's. For
    /// development only.
    ///
    /// # Errors
    /// A name that no certificate can have.
    pub fn self_signed(hosts: &[String]) -> Result<Self, TlsError> {
        let made = rcgen::generate_simple_self_signed(hosts)?;
        Ok(Self {
            certificate: Some(Pem::bytes(made.cert.pem())),
            key: Some(Pem::bytes(made.signing_key.serialize_pem())),
            insecure: true,
            ..Self::default()
        })
    }
}
