//! Whom a request comes from.

use std::net::IpAddr;

use axum::extract::Request;
use http::HeaderMap;
use lambda_http::request::RequestContext;
use subtle::ConstantTimeEq as _;

/// The address of whoever sent a request: the connection's, as API Gateway knows it, or the one that CloudFront
/// names where the request carries the secret that only CloudFront sends. No other header is believed.
pub fn address(request: &Request, origin_secret: Option<&str>) -> Option<IpAddr> {
    viewer(request.headers(), origin_secret).or_else(|| connection(request))
}

fn connection(request: &Request) -> Option<IpAddr> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

/// `CloudFront-Viewer-Address` is an address and a port, without brackets around IPv6.
///
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>
fn viewer(headers: &HeaderMap, origin_secret: Option<&str>) -> Option<IpAddr> {
    let sent = headers.get("x-origin-verify")?.as_bytes();
    if !bool::from(sent.ct_eq(origin_secret?.as_bytes())) {
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

    fn found(headers: &[(&'static str, &str)], secret: Option<&str>) -> Option<String> {
        address(&request(headers, Some("192.0.2.1")), secret).map(|address| address.to_string())
    }

    const VERIFIED: (&str, &str) = ("x-origin-verify", "the origin's secret");
    const SECRET: Option<&str> = Some("the origin's secret");

    #[test]
    fn cloudfront_is_believed_where_it_proves_that_it_is_cloudfront() {
        let named = |viewer| [("cloudfront-viewer-address", viewer), VERIFIED];
        for (viewer, expected) in [
            ("198.51.100.7:46532", "198.51.100.7"),
            ("2001:db8::1:2:46532", "2001:db8::1:2"),
            ("nonsense", "192.0.2.1"),
            ("198.51.100.7", "192.0.2.1"),
        ] {
            assert_eq!(
                found(&named(viewer), SECRET).as_deref(),
                Some(expected),
                "{viewer}"
            );
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        let viewer = ("cloudfront-viewer-address", "198.51.100.7:46532");
        let forwarded = ("x-forwarded-for", "198.51.100.7");
        for (headers, secret) in [
            (vec![viewer], SECRET),
            (vec![viewer, ("x-origin-verify", "another secret")], SECRET),
            (vec![viewer, ("x-origin-verify", "")], SECRET),
            (vec![viewer, VERIFIED], None),
            (vec![forwarded, VERIFIED], SECRET),
        ] {
            assert_eq!(
                found(&headers, secret).as_deref(),
                Some("192.0.2.1"),
                "{headers:?}"
            );
        }
        assert_eq!(address(&request(&[forwarded], None), None), None);
    }
}
