//! Pictures from URLs that strangers wrote into a table: never more than was asked for, not from private
//! addresses unless the operator allows them, and never from what only this machine can reach.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
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
use public_address::{is_link_local, is_public};
use thiserror::Error;
use tokio::time::timeout;
use tower::util::BoxCloneSyncService;
use url::{Host, Url};

/// How long one picture may take, redirects and all.
const TIME: Duration = Duration::from_secs(15);
/// The largest answer, in bytes: much larger than what the board takes.
const LIMIT: usize = 32 * 1024 * 1024;
const REDIRECTS: usize = 3;

/// Why there is no picture. For a person.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("not an http or https URL")]
    Url,
    #[error("{0} is a private address: --allow-private takes pictures from there, too")]
    Private(IpAddr),
    #[error("{0} is in this machine's own surroundings, and no picture is taken from there")]
    LinkLocal(IpAddr),
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
    /// An error with all its causes in one line: the first alone says little.
    fn failed(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(Refused(address)) = error
                .downcast_ref::<io::Error>()
                .and_then(|error| error.get_ref())
                .and_then(|error| error.downcast_ref())
            {
                return Self::refused(*address);
            }
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self::Failed(text)
    }

    fn refused(address: IpAddr) -> Self {
        if is_link_local(address) {
            Self::LinkLocal(address)
        } else {
            Self::Private(address)
        }
    }
}

/// The name leads to nothing but addresses like this one.
#[derive(Debug)]
struct Refused(IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} may not be reached", self.0)
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
    /// From public addresses, or from all but those around this machine.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        let may_reach: fn(IpAddr) -> bool = if allow_private {
            |address| !is_link_local(address)
        } else {
            is_public
        };
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
            return Err(FetchError::refused(address));
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
