//! Where a webhook may lead: to hosts that everybody reaches, by https. An operator's slip, or a name that somebody else
//! leads elsewhere later, must not make this function ask what only it can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};

use hyper_util::client::legacy::connect::dns::Name;
use public_address::is_public;
use tower::util::BoxCloneSyncService;
use url::{Host, Url};

/// The URL of a webhook. It may be a secret, and is never shown.
#[derive(Clone)]
pub struct Destination(Url);

impl Destination {
    /// What is expected of a webhook's URL, for an error.
    pub const EXPECTED: &str = "an https URL of a public host, without user and password";

    /// Parses a webhook's URL. A host that is an address in whatever spelling (decimal, octal, hexadecimal) is that
    /// address.
    pub fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let address = match url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::from(address)),
            Host::Ipv6(address) => Some(address.into()),
        };
        let may_be = url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && address.is_none_or(is_public);
        may_be.then_some(Self(url))
    }

    /// The URL as a request names it: without its fragment, which servers are not sent.
    pub fn uri(&self) -> &str {
        &self.0[..url::Position::AfterQuery]
    }
}

/// Why a host is refused that was looked up.
pub const NOT_PUBLIC: &str = "the host leads to an address that is not public";

/// Whether an error says that a host was refused because it is not public.
pub fn is_refusal(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|it| it.to_string() == NOT_PUBLIC)
}

/// Looks names up, in the shape that an HTTP client's connector takes.
pub type Resolver = BoxCloneSyncService<Name, std::vec::IntoIter<SocketAddr>, io::Error>;

/// Looks names up, and refuses addresses that are not public. The addresses that it gives are those that are connected
/// to: a name that leads elsewhere a moment later does not get past the guard.
pub fn resolver() -> Resolver {
    Resolver::new(tower::service_fn(async |name: Name| {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
        all_public(found.collect()).map(Vec::into_iter)
    }))
}

/// The addresses, unless one of them is not public: what a name is for that leads to both kinds, nobody knows.
fn all_public(found: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    if found.iter().all(|address| is_public(address.ip())) {
        Ok(found)
    } else {
        Err(io::Error::other(NOT_PUBLIC))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_host_is_taken_by_https() {
        for (url, uri) in [
            ("https://hook.example", "https://hook.example/"),
            (
                "https://hook.example:8443/a?b=c#d",
                "https://hook.example:8443/a?b=c",
            ),
            ("https://8.8.8.8/a", "https://8.8.8.8/a"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ] {
            assert_eq!(Destination::parse(url).unwrap().uri(), uri);
        }
    }

    #[test]
    fn whatever_is_not_everybodys_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "172.16.0.1",
            "192.168.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[ff02::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::10.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::a00:1]",
            "[2002:a00:1::]",
            "[2001::1]",
            "１２７.0.0.1",
        ] {
            assert!(
                Destination::parse(&format!("https://{host}/")).is_none(),
                "{host}"
            );
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        for url in [
            "http://hook.example/",
            "ftp://hook.example/",
            "https://user@hook.example/",
            "https://user:password@hook.example/",
            "https://:password@hook.example/",
            "https://hook.example@127.0.0.1/",
            "https://",
            "hook.example",
            "file:///etc/passwd",
            "",
        ] {
            assert!(Destination::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_name_is_taken_only_where_all_that_it_leads_to_is_public() {
        let found = |addresses: &[&str]| {
            let addresses = addresses.iter();
            all_public(addresses.map(|it| it.parse().unwrap()).collect())
        };
        assert!(found(&["8.8.8.8:443", "[2606:4700::1111]:443"]).is_ok());
        for addresses in [
            &["10.0.0.1:443"][..],
            &["8.8.8.8:443", "127.0.0.1:443"],
            &["[::1]:443", "8.8.8.8:443"],
            &["[2606:4700::1111]:443", "[64:ff9b::a00:1]:443"],
        ] {
            assert!(found(addresses).is_err(), "{addresses:?}");
        }
    }

    /// `localhost` leads to this machine without anybody being asked.
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused() {
        let name: Name = "localhost".parse().unwrap();
        let error = tower::ServiceExt::oneshot(resolver(), name).await;
        assert!(error.unwrap_err().to_string().contains("not public"));
    }
}
