//! Pictures from URLs that strangers wrote into a table: never more than was asked for, and never from a
//! place that only this machine can reach.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, LOCATION, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body as _, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use ipnet::{Ipv4Net, Ipv6Net};
use thiserror::Error;
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use url::{Host, Url};

/// For one picture, redirects and all.
const TIME: Duration = Duration::from_secs(15);
/// In bytes; much larger than what the board takes.
const LIMIT: usize = 32 * 1024 * 1024;
const REDIRECTS: usize = 3;

/// Why there is no picture. For a person.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("not an http or https URL")]
    Url,
    #[error("{0} is a private address: --allow-private takes pictures from there, too")]
    Private(String),
    #[error("no answer within {} s", TIME.as_secs())]
    Slow,
    #[error("larger than {} MiB", LIMIT / 1024 / 1024)]
    TooLarge,
    #[error("more than {REDIRECTS} redirects")]
    Redirects,
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("{0}")]
    Failed(String),
}

impl FetchError {
    /// With all causes in one line; the first alone says little.
    fn failed(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(Refused(address)) = error
                .downcast_ref::<io::Error>()
                .and_then(|error| error.get_ref())
                .and_then(|error| error.downcast_ref())
            {
                return Self::Private(address.to_string());
            }
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self::Failed(text)
    }
}

/// The name leads to nothing but addresses like this one.
#[derive(Debug)]
struct Refused(IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is a private address", self.0)
    }
}

impl std::error::Error for Refused {}

type Resolver = BoxCloneSyncService<Name, std::vec::IntoIter<SocketAddr>, io::Error>;

/// Fetches pictures. It goes by no proxy, since a proxy would look names up by itself.
pub struct Fetcher {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Empty<Bytes>>,
    may_reach: fn(IpAddr) -> bool,
}

impl Fetcher {
    /// From public addresses, or from all.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        Self::that_may_reach(if allow_private { |_| true } else { is_public })
    }

    fn that_may_reach(may_reach: fn(IpAddr) -> bool) -> Result<Self, String> {
        // The addresses that are looked at here are those that are connected to: a name that leads
        // somewhere else a moment later does not help.
        let resolver = tower::service_fn(move |name: Name| async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (allowed, refused): (Vec<_>, Vec<_>) =
                found.partition(|address| may_reach(address.ip()));
            match refused.first() {
                Some(refused) if allowed.is_empty() => Err(io::Error::other(Refused(refused.ip()))),
                _ => Ok(allowed.into_iter()),
            }
        });
        let mut http = HttpConnector::new_with_resolver(Resolver::new(resolver));
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("pictures cannot be fetched: {error}"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            may_reach,
        })
    }

    /// What is at `url`, after at most three redirects.
    pub async fn fetch(&self, url: &str) -> Result<Bytes, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Url)?;
        timeout(TIME, self.follow(url))
            .await
            .unwrap_or(Err(FetchError::Slow))
    }

    async fn follow(&self, mut url: Url) -> Result<Bytes, FetchError> {
        for _ in 0..=REDIRECTS {
            let answer = self.client.request(self.request(&url)?).await;
            let answer = answer.map_err(|error| FetchError::failed(&error))?;
            let location = answer.headers().get(LOCATION);
            match (answer.status(), location) {
                (StatusCode::OK, _) => return whole(answer.into_body()).await,
                (status, Some(location)) if status.is_redirection() => {
                    let location = location.to_str().map_err(|_| FetchError::Url)?;
                    url = url.join(location).map_err(|_| FetchError::Url)?;
                }
                (status, _) => return Err(FetchError::Status(status)),
            }
        }
        Err(FetchError::Redirects)
    }

    fn request(&self, url: &Url) -> Result<Request<Empty<Bytes>>, FetchError> {
        // An address instead of a name is not looked up, so it is judged here.
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if let Some(address) = address.filter(|address| !(self.may_reach)(*address)) {
            return Err(FetchError::Private(address.to_string()));
        }
        let (scheme @ ("http" | "https"), Some(host)) = (url.scheme(), url.host_str()) else {
            return Err(FetchError::Url);
        };
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        Request::get(format!("{scheme}://{host}{port}{path}"))
            .header(USER_AGENT, concat!("corkboard/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "image/*")
            .body(Empty::new())
            .map_err(|_| FetchError::Url)
    }
}

async fn whole(mut body: Incoming) -> Result<Bytes, FetchError> {
    if body.size_hint().lower() > LIMIT as u64 {
        return Err(FetchError::TooLarge);
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| FetchError::failed(&error))?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > LIMIT {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Whether everybody reaches the same place by this address.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u8); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    !SPECIAL
        .iter()
        .any(|&(network, length)| Ipv4Net::new_assert(network.into(), length).contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Of the only block that is handed out, what leads elsewhere: protocol assignments with Teredo,
    // documentation, and 6to4, which has an IPv4 address within.
    const UNICAST: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    const SPECIAL: [Ipv6Net; 4] = [
        Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
        Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
        Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
        Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    ];
    /// A network without IPv4 reaches IPv4 hosts by these.
    const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
    let [.., a, b, c, d] = address.octets();
    if let Some(mapped) = address.to_ipv4_mapped() {
        is_public_v4(mapped)
    } else if NAT64.contains(&address) {
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    } else {
        UNICAST.contains(&address) && !SPECIAL.iter().any(|special| special.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_everybody_reaches_are_public() {
        for public in [
            "8.8.8.8",
            "100.63.255.255",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }

    #[tokio::test]
    async fn a_private_address_is_refused_however_it_is_written() {
        let fetcher = Fetcher::new(false).unwrap();
        for url in [
            "http://127.0.0.1:9/a.png",
            "http://2130706433:9/",
            "http://0x7f.1:9/",
            "http://[::1]:9/",
            "http://[::ffff:127.0.0.1]:9/",
            "https://169.254.169.254/latest/meta-data/",
            "http://localhost:9/",
            "http://user@localhost:9/",
        ] {
            let error = fetcher.fetch(url).await.unwrap_err();
            assert!(matches!(error, FetchError::Private(_)), "{url}: {error}");
        }
    }

    #[tokio::test]
    async fn only_http_and_https_are_fetched() {
        let fetcher = Fetcher::new(true).unwrap();
        for url in [
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "data:image/png,",
            "a.png",
            "",
        ] {
            assert_eq!(
                fetcher.fetch(url).await.unwrap_err(),
                FetchError::Url,
                "{url}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_given_up() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a.png", server.local_addr().unwrap());
        let fetcher = Fetcher::new(true).unwrap();
        assert_eq!(fetcher.fetch(&url).await.unwrap_err(), FetchError::Slow);
    }

    #[tokio::test]
    async fn a_redirect_to_where_it_may_not_go_is_not_followed() {
        let fetcher = Fetcher::that_may_reach(|address| address == Ipv4Addr::LOCALHOST).unwrap();
        let elsewhere = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
        let location = format!("http://{}/secret.png", elsewhere.local_addr().unwrap());
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/a.png", server.local_addr().unwrap());
        let redirect = axum::response::Redirect::temporary(&location);
        let app = axum::Router::new().fallback(move || std::future::ready(redirect.clone()));
        let server = tokio::spawn(async move { axum::serve(server, app).await });
        let error = fetcher.fetch(&url).await.unwrap_err();
        assert_eq!(error, FetchError::Private("127.0.0.2".into()));
        server.abort();
    }
}
