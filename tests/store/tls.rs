//! TLS to a MySQL server: asked of every host but loopback, and verified.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use store::{Migrated, StoreError};

use crate::backend::{direct_with, soon};
use support::mariadb::{PASSWORD, Server};
use support::process::folder;

/// This machine by a name that does not say so: what is exempt from TLS is called `localhost` or is a
/// loopback address.
const HOST: &str = "LOCALHOST";

fn host_is_here() -> bool {
    let here = (HOST, 0).to_socket_addrs().is_ok_and(|mut addresses| {
        addresses.any(|address| address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST))
    });
    if !here {
        eprintln!("skipped: {HOST} does not resolve to 127.0.0.1 here");
    }
    here
}

/// An authority of one's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Its certificate as a bundle.
    fn bundle(&self) -> PathBuf {
        written("authority.pem", &self.0.pem())
    }

    /// A server with a certificate for `name`.
    async fn server(&self, name: &str) -> Server {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let certificate = written("certificate.pem", &certificate.pem());
        let key = written("key.pem", &key.serialize_pem());
        Server::start(&[
            &format!("--ssl-cert={}", certificate.display()),
            &format!("--ssl-key={}", key.display()),
        ])
        .await
    }
}

fn written(name: &str, pem: &str) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, pem).unwrap();
    path
}

async fn connect(server: &Server, authorities: Option<&Path>) -> Result<Migrated, StoreError> {
    let own = server.database().await;
    let url = own.url.replace("127.0.0.1", HOST);
    assert_ne!(url, own.url);
    let authorities = authorities.map(|path| path.to_str().unwrap());
    direct_with(&url, authorities, 1).migrate(soon()).await
}

fn assert_refused(outcome: Result<Migrated, StoreError>) {
    let Err(StoreError::Unavailable(cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(!cause.contains(PASSWORD), "{cause}");
    let cause = cause.to_lowercase();
    let is_tls = ["tls", "certificate"]
        .iter()
        .any(|word| cause.contains(word));
    assert!(is_tls, "{cause}");
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    if host_is_here() {
        assert_refused(connect(&Server::start(&["--skip-ssl"]).await, None).await);
    }
}

#[tokio::test]
async fn a_certificate_of_a_named_authority_for_the_right_name_is_taken() {
    if host_is_here() {
        let authority = Authority::new();
        let server = authority.server("localhost").await;
        connect(&server, Some(&authority.bundle())).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    if host_is_here() {
        let server = Authority::new().server("localhost").await;
        assert_refused(connect(&server, None).await);
        assert_refused(connect(&server, Some(&Authority::new().bundle())).await);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    if host_is_here() {
        let authority = Authority::new();
        let server = authority.server("db.example").await;
        assert_refused(connect(&server, Some(&authority.bundle())).await);
    }
}
