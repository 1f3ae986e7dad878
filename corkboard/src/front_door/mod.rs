//! The site as CloudFront would show it: `/` the static site, `/api/*`, `/m/*` and `/feed.atom` the message board, `/images/*` and
//! `/carrousel/*` the media bucket, `/small/*` the bucket and behind it small-pictures. It sends the cache headers and caches nothing.

mod api;
mod media;
mod site;
mod small;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};

use aws_sdk_s3::Client;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{any, get};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use local_aws::connections::limits::Limits;
use local_aws::drive::Drive;
use local_aws::gateway::{self, BodyMemory, Source};
use tower_http::compression::CompressionLayer;

use crate::functions::Functions;
use crate::site::Site;

/// What the front door stands before.
pub struct FrontDoor {
    pub functions: Functions,
    pub site: Site,
    pub s3: Client,
    pub media_bucket: String,
    pub trusted_proxy: Option<IpNet>,
    /// Whether the log was told of a proxy that is not trusted.
    pub told_of_proxy: Once,
    pub drive: Arc<Drive>,
    pub limits: Limits,
    /// The memory that the bodies of requests take.
    pub memory: BodyMemory,
    /// The secret that CloudFront would send as `X-Origin-Verify`. Without one, a proxy before the front door may send
    /// it.
    pub origin_secret: Option<String>,
}

impl FrontDoor {
    /// Whom a request comes from, as far as the proxy is believed.
    fn client(&self, peer: SocketAddr, request: &HeaderMap) -> IpAddr {
        let name = HeaderName::from_static("x-forwarded-for");
        let forwarded_for = gateway::joined(request, &name);
        client_address(peer, &forwarded_for, self.trusted_proxy)
    }

    /// Who asks, as API Gateway is told. The proxy is believed about the scheme as well.
    fn source(&self, peer: SocketAddr, request: &HeaderMap) -> Source {
        let address = self.client(peer, request);
        let name = HeaderName::from_static("x-forwarded-proto");
        let forwarded_proto = gateway::joined(request, &name);
        // What stands further left than the last entry, the visitor may have written.
        let scheme = forwarded_proto.rsplit(',').next().unwrap_or_default();
        let is_https = is_trusted(self.trusted_proxy, peer.ip().to_canonical())
            && scheme.trim().eq_ignore_ascii_case("https");
        Source {
            address,
            scheme: if is_https { "https" } else { "http" },
            counted: self.limits.counted(address),
            headers: Vec::new(),
        }
    }
}

fn is_trusted(proxies: Option<IpNet>, address: IpAddr) -> bool {
    proxies.is_some_and(|proxies| proxies.contains(&address))
}

/// The front door's routes.
pub fn router(front_door: FrontDoor) -> Router {
    let front_door = Arc::new(front_door);
    let site = get(site::file).with_state(Arc::clone(&front_door));
    Router::new()
        .route("/api/", any(api::handle))
        .route("/api/{*path}", any(api::handle))
        .route("/m/{*id}", any(api::handle))
        .route("/feed.atom", any(api::handle))
        .merge(
            Router::new()
                .route("/images/{*key}", get(media::image))
                .route("/carrousel/{*key}", get(media::carrousel))
                .route("/small/{*key}", get(small::small))
                .layer(from_fn(media::headers)),
        )
        .merge(
            Router::new()
                .fallback_service(site)
                .layer(CompressionLayer::new())
                .layer(from_fn(site::headers)),
        )
        .with_state(front_door)
}

/// Whom a request comes from: the connection's address, or behind a trusted proxy the rightmost entry of
/// `X-Forwarded-For` that is not such a proxy. What stands further left, anybody can write.
fn client_address(peer: SocketAddr, forwarded_for: &str, trusted: Option<IpNet>) -> IpAddr {
    let mut client = peer.ip().to_canonical();
    for entry in forwarded_for.rsplit(',') {
        if !is_trusted(trusted, client) {
            break;
        }
        match forwarded_address(entry.trim()) {
            Some(address) => client = address.to_canonical(),
            None => break,
        }
    }
    client
}

/// An entry of `X-Forwarded-For`: an address, to which some proxies add the port.
fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = bare.unwrap_or(entry).parse().ok();
    address.or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded_for: &str, trusted: Option<&str>) -> String {
        let trusted = trusted.map(|trusted| trusted.parse().unwrap());
        client_address(
            SocketAddr::new(peer.parse().unwrap(), 1),
            forwarded_for,
            trusted,
        )
        .to_string()
    }

    #[test]
    fn without_a_proxy_only_the_connection_counts() {
        assert_eq!(client("192.0.2.1", "198.51.100.7", None), "192.0.2.1");
        assert_eq!(
            client("192.0.2.1", "198.51.100.7", Some("10.0.0.0/8")),
            "192.0.2.1"
        );
    }

    #[test]
    fn an_entry_with_a_port_is_its_address() {
        for (entry, address) in [
            ("203.0.113.9:555", "203.0.113.9"),
            ("[2001:db8::1]:5", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("203.0.113.9:", "10.0.0.1"),
            ("unknown", "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", entry, Some("10.0.0.0/8")), address);
        }
    }

    #[test]
    fn behind_a_proxy_the_rightmost_untrusted_entry_counts() {
        let trusted = Some("10.0.0.0/8");
        assert_eq!(
            client("10.0.0.1", "203.0.113.9, 198.51.100.7", trusted),
            "198.51.100.7"
        );
        assert_eq!(
            client("10.0.0.1", "198.51.100.7, 10.0.0.2", trusted),
            "198.51.100.7"
        );
        assert_eq!(client("10.0.0.1", "", trusted), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", "198.51.100.7, nonsense", trusted),
            "10.0.0.1"
        );
        assert_eq!(
            client("::ffff:10.0.0.1", "2001:db8::1", trusted),
            "2001:db8::1"
        );
    }
}
