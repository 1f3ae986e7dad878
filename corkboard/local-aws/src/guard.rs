//! Keeps browsers out of the two endpoints that are meant for programs (S3 and the Data API).
//!
//! A web page can make a browser send requests to a port on the visitor's own machine. Such a request
//! carries `Origin` or `Sec-Fetch-Site`, or, after DNS rebinding, a foreign name in `Host`; the AWS SDKs
//! send none of these.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Why the endpoint bound to `bound` refuses a request with these headers, or `None` where it may pass.
pub fn refusal(headers: &HeaderMap, bound: SocketAddr) -> Option<&'static str> {
    if headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site") {
        return Some("this endpoint is for programs, not for web pages");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_bound_address(host, bound)) {
        None
    } else {
        Some("the Host header is not the address this endpoint is bound to")
    }
}

/// Whether `host` is the address that the endpoint is bound to. Where it is bound to all addresses, any IP literal will
/// do: DNS rebinding needs a name.
fn is_bound_address(host: &str, bound: SocketAddr) -> bool {
    let Ok(host) = host
        .parse::<SocketAddr>()
        .or_else(|_| host.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 80)))
    else {
        return false;
    };
    host.port() == bound.port() && (bound.ip().is_unspecified() || host.ip() == bound.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(&'static str, &'static str)], bound: &str) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        refusal(&headers, bound.parse().unwrap()).is_some()
    }

    #[test]
    fn a_program_on_the_bound_address_passes() {
        assert!(!refused(&[("host", "127.0.0.1:8082")], "127.0.0.1:8082"));
        assert!(!refused(&[("host", "192.0.2.7:8082")], "0.0.0.0:8082"));
        assert!(!refused(&[("host", "[::1]:8082")], "[::1]:8082"));
    }

    #[test]
    fn a_web_page_is_refused() {
        let host = ("host", "127.0.0.1:8082");
        assert!(refused(
            &[host, ("origin", "http://127.0.0.1:8080")],
            "127.0.0.1:8082"
        ));
        assert!(refused(
            &[host, ("sec-fetch-site", "same-origin")],
            "127.0.0.1:8082"
        ));
    }

    #[test]
    fn a_foreign_host_is_refused() {
        for host in [
            "evil.example:8082",
            "localhost:8082",
            "127.0.0.1:8081",
            "127.0.0.1",
            "",
        ] {
            assert!(refused(&[("host", host)], "127.0.0.1:8082"), "{host}");
        }
        assert!(refused(&[], "127.0.0.1:8082"));
        assert!(refused(&[("host", "evil.example:8082")], "0.0.0.0:8082"));
    }
}
