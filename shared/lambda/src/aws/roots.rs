//! Whose certificates are believed.
//!
//! All of AWS has certificates of Amazon's own authorities, so these are tried first, from `roots.pem`: reading the
//! system's store took 3.3 of the 5.3 ms in which a function came to ask for its first event. Whatever they do not
//! vouch for, such as an endpoint elsewhere, is judged by the system's store, read then. `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! stand for that store, and where one of them is given it alone decides.
//!
//! `roots.pem` is <https://www.amazontrust.com/repository/>; the first of its certificates ends in 2037. New ones
//! are added there years before they are used, and until they are here, too, the system's store knows them.

use std::env;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tracing::warn;

const AMAZON: &[u8] = include_bytes!("roots.pem");

/// Verified TLS, by the versions and suites that rustls holds to be safe.
pub fn tls() -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let is_given = |variable| env::var_os(variable).is_some();
    let verifier = Verifier {
        provider: Arc::clone(&provider),
        amazon: (!["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(is_given)).then(OnceLock::new),
        system: OnceLock::new(),
    };
    #[expect(clippy::expect_used, reason = "ring has suites for every version")]
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("a usable cipher suite")
        .dangerous() // is what rustls calls any verifier but its own, to which this one leaves the judging
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

/// rustls's own verifier over one store, and where that does not know a certificate's issuer, over the other.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// `None` where only the system's store is asked.
    amazon: Option<Store>,
    system: Store,
}

/// Read when it is first needed.
type Store = OnceLock<Result<Arc<WebPkiServerVerifier>, Error>>;

impl Verifier {
    fn over(
        &self,
        store: &Store,
        read: fn() -> Vec<CertificateDer<'static>>,
    ) -> Result<Arc<WebPkiServerVerifier>, Error> {
        let verifier = || {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(read());
            let provider = Arc::clone(&self.provider);
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| Error::General(format!("the system's certificates: {error}")))
        };
        store.get_or_init(verifier).clone()
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

fn amazons() -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(AMAZON).flatten().collect()
}

fn systems() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        warn!(%error, "certificates of the system cannot be read");
    }
    found.certs
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |verifier: Arc<WebPkiServerVerifier>| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let by_amazon = match &self.amazon {
            Some(store) => verify(self.over(store, amazons)?),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match by_amazon {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                verify(self.over(&self.system, systems)?)
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// <https://www.amazontrust.com/repository/>, SHA-256 of the certificates.
    const PUBLISHED: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let digest = |root: CertificateDer<'_>| {
            let digest = Sha256::digest(root.as_ref());
            digest
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
        };
        let roots: Vec<_> = amazons().into_iter().map(digest).collect();
        assert_eq!(roots, PUBLISHED);
        let mut store = RootCertStore::empty();
        assert_eq!(store.add_parsable_certificates(amazons()), (5, 0));
    }
}
