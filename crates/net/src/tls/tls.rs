use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tergo_wire::registrar::bare_host;

use super::unchecked::Unchecked;
use super::{ClientAuth, Pem, TlsError, TlsOptions, TlsStream};

/// What both sides name as what they speak inside TLS.
const ALPN: &[u8] = b"tergo";

/// Certificates and whom to believe, which can be changed while links are up: a link begins with what
/// holds at that time, and goes on with it.
#[derive(Debug)]
pub struct Tls {
    current: RwLock<Arc<Current>>,
}

#[derive(Debug)]
struct Current {
    options: TlsOptions,
    server: Option<Arc<ServerConfig>>,
    client: Option<Arc<ClientConfig>>,
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Tls {
    /// Reads and checks all that is named.
    ///
    /// # Errors
    /// What cannot be read or used.
    pub fn new(options: TlsOptions) -> Result<Self, TlsError> {
        let current = Current::new(options)?;
        Ok(Self {
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// Reads the files again. Links that begin from now on use what they hold.
    ///
    /// # Errors
    /// What cannot be read or used; then all stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.replace(self.current().options.clone())
    }

    /// Replaces everything. Links that begin from now on use it.
    ///
    /// # Errors
    /// What cannot be read or used; then all stays as it was.
    pub fn replace(&self, options: TlsOptions) -> Result<(), TlsError> {
        let current = Arc::new(Current::new(options)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    /// The side that was dialled, of a new link.
    ///
    /// # Errors
    /// There is no certificate.
    pub fn accept(&self) -> Result<TlsStream, TlsError> {
        let config = self.current().server.clone();
        TlsStream::server(config.ok_or(TlsError::NoIdentity)?)
    }

    /// The side that dials `host`, of a new link.
    ///
    /// # Errors
    /// There is nothing to check the other's certificate against, or no certificate can be for `host`.
    pub fn dial(&self, host: &str) -> Result<TlsStream, TlsError> {
        let current = self.current();
        let config = current.client.clone().ok_or(TlsError::NoTrust)?;
        let name = current.options.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(bare_host(name).to_owned());
        TlsStream::client(config, server.map_err(|_| TlsError::Name(name.to_owned()))?)
    }

    /// Whether it can be listened with.
    pub fn can_accept(&self) -> bool {
        self.current().server.is_some()
    }

    /// Whether it can be dialled with.
    pub fn can_dial(&self) -> bool {
        self.current().client.is_some()
    }

    /// Whether it believes everybody who is dialled. To be logged as a warning.
    pub fn is_insecure(&self) -> bool {
        self.current().options.insecure
    }

    fn current(&self) -> Arc<Current> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }
}

impl Current {
    fn new(options: TlsOptions) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let identity = identity(&options)?;
        let pool = pool(&options)?;
        let server = identity
            .as_ref()
            .map(|identity| server_config(&provider, identity, &pool, options.client_auth));
        let trusts = options.insecure || !pool.is_empty();
        let client =
            trusts.then(|| client_config(&provider, identity.as_ref(), &pool, options.insecure));
        Ok(Self {
            server: server.transpose()?,
            client: client.transpose()?,
            options,
        })
    }
}

fn identity(options: &TlsOptions) -> Result<Option<Identity>, TlsError> {
    match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => Ok(Some((own_chain(certificate)?, own_key(key)?))),
        (None, None) => Ok(None),
        _ => Err(TlsError::Half),
    }
}

/// The own certificate, with those that it was signed with.
pub(super) fn own_chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = pem.certificates()?;
    match chain.first().map(ParsedCertificate::try_from) {
        Some(Err(error)) => Err(unreadable(&error)),
        _ => Ok(chain),
    }
}

/// Not what the library says of all of these: it takes them for those of a peer.
fn unreadable(error: &rustls::Error) -> TlsError {
    let rustls::Error::InvalidCertificate(why) = error else {
        return TlsError::Certificate(error.to_string());
    };
    let why = format!("{why:?}");
    if why.contains("UnsupportedCertVersion") {
        return TlsError::OldCertificate;
    }
    TlsError::Certificate(why)
}

/// The key of it.
pub(super) fn own_key(pem: &Pem) -> Result<PrivateKeyDer<'static>, TlsError> {
    let key = pem.key()?;
    let provider = rustls::crypto::ring::default_provider();
    let loaded = provider.key_provider.load_private_key(key.clone_key());
    loaded.map_err(TlsError::Key)?;
    Ok(key)
}

fn pool(options: &TlsOptions) -> Result<Arc<RootCertStore>, TlsError> {
    let mut pool = RootCertStore::empty();
    for pem in &options.ca {
        for certificate in pem.certificates()? {
            pool.add(certificate).map_err(TlsError::Ca)?;
        }
    }
    Ok(Arc::new(pool))
}

fn server_config(
    provider: &Arc<CryptoProvider>,
    identity: &Identity,
    pool: &Arc<RootCertStore>,
    client_auth: ClientAuth,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider));
    let builder = builder
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Setup)?;
    let builder = match client_auth {
        ClientAuth::None => builder.with_no_client_auth(),
        _ if pool.is_empty() => return Err(TlsError::NoPool),
        required => {
            let pool = Arc::clone(pool);
            let verifier = WebPkiClientVerifier::builder_with_provider(pool, Arc::clone(provider));
            let verifier = match required {
                ClientAuth::Optional => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            let verifier = verifier.build().map_err(|_| TlsError::NoPool)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, key) = (identity.0.clone(), identity.1.clone_key());
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A link that resumes another would live on that one's certificates, also after a reload.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn client_config(
    provider: &Arc<CryptoProvider>,
    identity: Option<&Identity>,
    pool: &Arc<RootCertStore>,
    insecure: bool,
) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider));
    let builder = builder
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Setup)?;
    let builder = if insecure {
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Unchecked(Arc::clone(provider)));
        builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
    } else {
        builder.with_root_certificates(Arc::clone(pool))
    };
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(TlsError::Identity)?,
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}
