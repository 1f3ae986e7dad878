//! Whose certificates are believed.
//!
//! Mozilla's root certificates, Amazon's five among them, come with the crate webpki-roots: reading the system's store
//! took 3.3 of the 5.3 ms in which a function came to ask for its first event. Where `SSL_CERT_FILE` or `SSL_CERT_DIR`
//! is given, only the certificates that they name are believed.

use std::env;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tracing::warn;

/// Verified TLS, by the versions and suites that rustls holds to be safe.
///
/// # Panics
/// Never: ring has suites for every version.
pub fn tls() -> ClientConfig {
    #[expect(clippy::expect_used, reason = "ring has suites for every version")]
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("a usable cipher suite")
        .with_root_certificates(roots())
        .with_no_client_auth()
}

fn roots() -> RootCertStore {
    let is_given = |variable| env::var_os(variable).is_some();
    if !["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(is_given) {
        return RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
    }
    let named = rustls_native_certs::load_native_certs();
    for error in named.errors {
        warn!(%error, "certificates cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(named.certs);
    roots
}
