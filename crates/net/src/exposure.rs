use std::net::IpAddr;

/// What stands before those who dial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// They must know a cookie.
    pub cookie: bool,
    /// They must show a certificate: TLS with [`crate::tls::ClientAuth::Required`].
    pub client_certificates: bool,
}

/// An address that must not be listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} can be reached from other hosts, and anybody there could run code on this node: give a cookie, \
     or TLS that requires client certificates, or listen on 127.0.0.1"
)]
pub struct Exposed(pub IpAddr);

impl Protection {
    /// Whether `address` may be listened on: with a cookie or client certificates every one, else only those that loop
    /// back. TLS that asks clients for nothing keeps nobody out, so it does not count.
    ///
    /// # Errors
    /// It may not.
    pub fn check(self, address: IpAddr) -> Result<(), Exposed> {
        let is_protected = self.cookie || self.client_certificates;
        if is_protected || address.to_canonical().is_loopback() {
            return Ok(());
        }
        Err(Exposed(address))
    }
}
