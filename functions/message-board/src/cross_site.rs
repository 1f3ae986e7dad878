//! Which pages may use the API.
//!
//! A post needs no cookie and no password, so another site's page could have its visitors post without their
//! knowing. A browser says for which page it asks, and what is not ours or allowed is refused.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH,
    LOCATION, ORIGIN, RETRY_AFTER,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower::{ServiceExt as _, service_fn};
use tower_http::cors::CorsLayer;
use url::Url;

use crate::problem::{Code, Problem};

/// How long a browser may remember the answer to a preflight request.
const PREFLIGHT: std::time::Duration = std::time::Duration::from_hours(1);

/// The origins whose pages may use the API.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// The origin of `PUBLIC_BASE_URL`.
    pub own: Option<String>,
    /// `ALLOWED_ORIGINS`.
    pub others: Vec<String>,
}

impl Origins {
    /// Has `app` refuse what other pages' visitors do without knowing, and answer those of allowed origins as
    /// the Fetch standard wants it.
    pub fn guard(self, app: Router) -> Router {
        let cors = self.cors();
        let app = app.layer(from_fn_with_state(Arc::new(self), refuse));
        let Some(cors) = cors else {
            return app;
        };
        // The CORS layer would answer every OPTIONS as a preflight request, so one that is none goes past it.
        let with_cors = app.clone().layer(cors);
        Router::new().fallback_service(service_fn(move |request: Request| {
            let is_preflight = request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
            let is_plain = request.method() == Method::OPTIONS && !is_preflight;
            let router = if is_plain { &app } else { &with_cors };
            router.clone().oneshot(request)
        }))
    }

    fn cors(&self) -> Option<CorsLayer> {
        let origins: Vec<HeaderValue> = self
            .others
            .iter()
            .filter_map(|origin| origin.parse().ok())
            .collect();
        if origins.is_empty() {
            return None;
        }
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::DELETE,
            ])
            .allow_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                IF_NONE_MATCH,
                HeaderName::from_static("idempotency-key"),
            ])
            .expose_headers([LOCATION, ETAG, RETRY_AFTER])
            .max_age(PREFLIGHT)
            .vary([ORIGIN]);
        Some(layer)
    }

    /// Whether a request that changes something may go on: the first rule that applies decides.
    fn admit(&self, headers: &HeaderMap) -> bool {
        let text = |name| {
            headers
                .get(name)
                .map(|value: &HeaderValue| value.to_str().unwrap_or(""))
        };
        let (origin, site) = (
            text(ORIGIN),
            text(HeaderName::from_static("sec-fetch-site")),
        );
        if origin.is_some_and(|origin| self.is_known(origin)) {
            return true;
        }
        match (site, origin) {
            (Some(site), _) => site == "same-origin" || site == "none",
            // The request comes from no browser.
            (None, None) => true,
            // A browser that sends no `Sec-Fetch-Site`: the page must be under the very name that the request asks.
            (None, Some(origin)) => {
                let authority = authority(origin);
                authority.is_some() && authority == text(HOST).map(str::to_ascii_lowercase)
            }
        }
    }

    fn is_known(&self, origin: &str) -> bool {
        self.own
            .iter()
            .chain(&self.others)
            .any(|known| known == origin)
    }
}

async fn refuse(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    if !request.method().is_safe() && !origins.admit(request.headers()) {
        return Problem::from(Code::CrossSite).into_response();
    }
    next.run(request).await
}

/// Host and port of an origin, as they stand in `Host`.
fn authority(origin: &str) -> Option<String> {
    let url = parse(origin)?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// An http(s) origin and nothing else: `https://board.example`.
pub fn parse(origin: &str) -> Option<Url> {
    Url::parse(origin)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|url| url.origin().ascii_serialization() == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(headers: &[(&'static str, &str)]) -> bool {
        let origins = Origins {
            own: Some("https://board.example".into()),
            others: vec!["https://friend.example".into()],
        };
        let mut map = HeaderMap::new();
        map.insert(HOST, "api.example".parse().unwrap());
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        origins.admit(&map)
    }

    #[test]
    fn our_own_page_allowed_ones_and_programs_pass() {
        for headers in [
            &[
                ("origin", "https://board.example"),
                ("sec-fetch-site", "cross-site"),
            ][..],
            &[
                ("origin", "https://friend.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[("origin", "https://friend.example")],
            &[("sec-fetch-site", "same-origin")],
            &[
                ("origin", "https://api.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("sec-fetch-site", "none")],
            &[],
            &[("origin", "http://api.example")],
            &[
                ("origin", "http://127.0.0.1:8080"),
                ("host", "127.0.0.1:8080"),
            ],
            &[("origin", "https://api.example"), ("host", "API.example")],
        ] {
            assert!(admits(headers), "{headers:?}");
        }
    }

    #[test]
    fn every_other_page_is_refused() {
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[
                ("origin", "https://api.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            &[
                ("origin", "https://other.board.example"),
                ("sec-fetch-site", "same-site"),
            ],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("origin", "null")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", "")],
            &[("origin", "http://board.example")],
            &[("origin", "https://board.example:8443")],
            &[("origin", "https://board.example, https://evil.example")],
            &[("origin", "http://api.example:8080")],
            &[("origin", "ftp://api.example")],
        ] {
            assert!(!admits(headers), "{headers:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_as_a_browser_writes_them() {
        for good in [
            "https://board.example",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "https://xn--bcher-kva.example",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "board.example",
            "https://board.example/",
            "https://board.example:443",
            "https://Board.example",
            "https://bücher.example",
            "https://a@board.example",
            "mailto:a@board.example",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
