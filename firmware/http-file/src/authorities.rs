//! Who vouches for the servers of `https` addresses.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Certificate authorities. TLS keeps secret which file is asked for; what the file is worth
/// is for whoever reads it to find out, over either kind of address.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Arc<Vec<Certificate<'static>>>);

impl Authorities {
    /// Where the system has them: PEM, one behind the other.
    pub const PATH: &'static str = "/etc/ssl/certs/ca-certificates.crt";

    /// Where the owner of a device has others besides, in the same form.
    pub const OWNERS: &'static str = "/writable/system/authorities.pem";

    /// Those of the system and of its owner. Without the files there are none, and no server
    /// is believed.
    #[must_use]
    pub fn of_the_system() -> Self {
        let files = [Self::PATH, Self::OWNERS].map(|path| Self::read(Path::new(path)));
        let all = files.into_iter().flatten().flat_map(|read| read.0.to_vec());
        Self(Arc::new(all.collect()))
    }

    /// Those of a PEM file. What in it is no certificate is passed over.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let pem = fs::read(path)?;
        let certificates = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        Ok(Self(Arc::new(certificates.collect())))
    }

    /// How a connection is made that believes them, and nobody else.
    #[must_use]
    pub fn tls_config(&self) -> TlsConfig {
        TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::clone(&self.0)))
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build()
    }
}
