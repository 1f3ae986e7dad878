//! Whom a request comes from, and whether it comes through CloudFront.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use lambda::origin::OriginSecrets;
use lambda_http::request::RequestContext;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Whoever sent a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    /// Where the request comes from, as far as it is known.
    pub address: Option<IpAddr>,
    /// Whether that is the viewer's own address.
    pub viewer: Viewer,
}

/// Whether a viewer is known by an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Viewer {
    /// The viewer has an address of its own.
    Named,
    /// The address, if there is one, is that of CloudFront or of somebody who goes past it: many may have it.
    Unnamed,
}

impl Client {
    /// The connection's address, as API Gateway knows it, is the viewer's where no secret is set. Where there is
    /// one, the viewer's address is what CloudFront says, in a request that carries one of the secrets, which only
    /// CloudFront sends. No other header is believed.
    pub fn of(request: &Request, origin_secrets: &OriginSecrets) -> Self {
        let named = if origin_secrets.is_empty() {
            connection(request)
        } else {
            viewer(request.headers(), origin_secrets)
        };
        Self {
            address: named.or_else(|| connection(request)),
            viewer: named.map_or(Viewer::Unnamed, |_| Viewer::Named),
        }
    }
}

fn connection(request: &Request) -> Option<IpAddr> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

/// Refuses a request that does not come through CloudFront, and so past a web ACL and a cache, where that is
/// required. Only that the function answers is told to everybody: readiness would wake a paused database.
pub async fn require_origin(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    let settings = &state.settings;
    if settings.origin_required
        && request.uri().path() != "/api/health"
        && !settings.origin_secrets.are_in(request.headers())
    {
        return Problem::from(Code::OriginRequired).into_response();
    }
    next.run(request).await
}

/// `CloudFront-Viewer-Address` is an address and a port, without brackets around IPv6.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>
fn viewer(headers: &HeaderMap, origin_secrets: &OriginSecrets) -> Option<IpAddr> {
    if !origin_secrets.are_in(headers) {
        return None;
    }
    let viewer = headers.get("cloudfront-viewer-address")?.to_str().ok()?;
    viewer.rsplit_once(':')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)], source: Option<&str>) -> Request {
        let mut request = Request::default();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        if let Some(source) = source {
            let mut context = aws_lambda_events::apigw::ApiGatewayV2httpRequestContext::default();
            context.http.source_ip = Some(source.to_owned());
            let context = RequestContext::ApiGatewayV2(context);
            request.extensions_mut().insert(context);
        }
        request
    }

    fn found(headers: &[(&'static str, &str)], secrets: &[&str]) -> Client {
        let variables = ["ORIGIN_SECRET", "ORIGIN_SECRET_PREVIOUS"].into_iter();
        let given: Vec<_> = variables.zip(secrets).collect();
        let secrets = OriginSecrets::from_lookup(&|variable| {
            let found = given.iter().find(|(name, _)| *name == variable);
            found.map(|(_, secret)| (**secret).to_owned())
        });
        Client::of(&request(headers, Some("192.0.2.1")), &secrets)
    }

    fn client(address: &str, viewer: Viewer) -> Client {
        Client {
            address: Some(address.parse().unwrap()),
            viewer,
        }
    }

    const VERIFIED: (&str, &str) = ("x-origin-verify", "the origin's secret");
    const SECRETS: &[&str] = &["the origin's secret", "the one before"];

    #[test]
    fn cloudfront_is_believed_where_it_proves_that_it_is_cloudfront() {
        for (viewer, expected) in [
            ("198.51.100.7:46532", "198.51.100.7"),
            ("2001:db8::1:2:46532", "2001:db8::1:2"),
        ] {
            for secret in SECRETS {
                let headers = [
                    ("cloudfront-viewer-address", viewer),
                    ("x-origin-verify", *secret),
                ];
                let expected = client(expected, Viewer::Named);
                assert_eq!(found(&headers, SECRETS), expected, "{headers:?}");
            }
        }
    }

    #[test]
    fn nobody_else_is_believed_and_where_cloudfront_is_expected_nobody_else_is_a_viewer() {
        let viewer = ("cloudfront-viewer-address", "198.51.100.7:46532");
        for headers in [
            vec![],
            vec![VERIFIED],
            vec![viewer],
            vec![viewer, ("x-origin-verify", "another secret")],
            vec![viewer, ("x-origin-verify", "the origin's secre")],
            vec![viewer, ("x-origin-verify", "")],
            vec![("x-forwarded-for", "198.51.100.7"), VERIFIED],
            vec![("cloudfront-viewer-address", "nonsense"), VERIFIED],
            vec![("cloudfront-viewer-address", "198.51.100.7"), VERIFIED],
        ] {
            let expected = client("192.0.2.1", Viewer::Unnamed);
            assert_eq!(found(&headers, SECRETS), expected, "{headers:?}");
            // Where nothing stands before the API, its connections are the viewers'.
            let expected = client("192.0.2.1", Viewer::Named);
            assert_eq!(found(&headers, &[]), expected, "{headers:?}");
        }
    }

    #[test]
    fn without_an_address_nobody_is_named() {
        let forwarded = request(&[("x-forwarded-for", "198.51.100.7")], None);
        let nobody = Client {
            address: None,
            viewer: Viewer::Unnamed,
        };
        assert_eq!(
            Client::of(&forwarded, &OriginSecrets::from_lookup(&|_| None)),
            nobody
        );
    }
}
