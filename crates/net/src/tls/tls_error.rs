use std::io;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {0}: {1}")]
    Unreadable(String, io::Error),
    /// A file is too large.
    #[error("{0} is larger than 4 MiB, which no certificate is")]
    TooLarge(String),
    /// There is no certificate where one should be.
    #[error("there is no PEM certificate in {0}; it should have a block `BEGIN CERTIFICATE`")]
    NoCertificate(String),
    /// There is no key where one should be.
    #[error("there is no PEM private key in {0}; it should have a block `BEGIN PRIVATE KEY`")]
    NoKey(String),
    /// There is one that only a passphrase opens.
    #[error(
        "the key in {0} is encrypted, and nobody is asked for a passphrase; decrypt it, with `openssl pkey` for instance"
    )]
    EncryptedKey(String),
    /// A key of a kind or length that is not supported.
    #[error(
        "the key cannot be used: {0}; it must be RSA of 2048 bits at least, ECDSA on P-256 or P-384, or Ed25519"
    )]
    Key(rustls::Error),
    /// A certificate without what is needed to check it.
    #[error(
        "it is of version 1 of X.509, and must be of 3: sign it with extensions, a `subjectAltName` first of all"
    )]
    OldCertificate,
    /// A certificate that cannot be read.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// A certificate without its key, or a key without its certificate.
    #[error("a certificate and its key must be given together")]
    Half,
    /// A certificate and a key that do not belong together, or that cannot be used.
    #[error(
        "the certificate and the key cannot be used together: {0}; the first certificate must be that of the key"
    )]
    Identity(rustls::Error),
    /// A certificate of the pool cannot be used.
    #[error("a certificate of the CA pool cannot be used: {0}")]
    Ca(rustls::Error),
    /// Clients are to be checked, against nothing.
    #[error("client certificates can be checked only against a CA pool: give `ca`")]
    NoPool,
    /// A server that has no certificate.
    #[error("a node that listens with TLS needs a certificate and a key")]
    NoIdentity,
    /// A client that could check nobody.
    #[error(
        "a node that dials with TLS needs a CA pool to check the other's certificate: give `ca`"
    )]
    NoTrust,
    /// A name that no certificate can have.
    #[error("`{0}` is no host name or address that a certificate could be for")]
    Name(String),
    /// Self-signed certificates cannot be made.
    #[error("cannot make a self-signed certificate: {0}")]
    SelfSigned(#[from] rcgen::Error),
    /// What the library says.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}
