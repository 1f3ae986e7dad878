//! Answers, as API Gateway takes them.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use media::{PICTURE_CACHE_CONTROL, Small};
use serde_json::json;

/// What a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The small version.
    Picture(Small, Bytes),
    /// The original is at this address.
    Original {
        address: String,
        /// Whether that will be so in five minutes.
        is_lasting: bool,
    },
    /// There is no such picture.
    NoPicture,
    /// There is nothing at the path.
    NotFound,
    /// The path takes no such method.
    MethodNotAllowed,
    /// The request does not come through CloudFront.
    OriginRequired,
    /// Nothing can be said now.
    Unavailable,
}

impl From<Answer> for ApiGatewayV2httpResponse {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Picture(small, bytes) => {
                let headers = [
                    (CONTENT_TYPE, small.media_type()),
                    (CACHE_CONTROL, PICTURE_CACHE_CONTROL),
                ];
                let mut response = response(StatusCode::OK, headers);
                response.body = Some(Body::Binary(bytes.into()));
                response.is_base64_encoded = true;
                response
            }
            Answer::Original {
                address,
                is_lasting,
            } => {
                let cached = if is_lasting {
                    "public, max-age=300, s-maxage=300"
                } else {
                    "no-store"
                };
                let headers = [(LOCATION, address.as_str()), (CACHE_CONTROL, cached)];
                response(StatusCode::TEMPORARY_REDIRECT, headers)
            }
            // The answer is cached for a minute only, since the picture may be put after its small version was asked
            // for.
            Answer::NoPicture => problem(
                StatusCode::NOT_FOUND,
                (
                    "picture-not-found",
                    "No such picture",
                    "There is no picture of this name.",
                ),
                [(CACHE_CONTROL, "public, max-age=0, s-maxage=60")],
            ),
            Answer::NotFound => problem(
                StatusCode::NOT_FOUND,
                ("not-found", "Not found", "There is nothing at this path."),
                [(CACHE_CONTROL, "no-store")],
            ),
            Answer::MethodNotAllowed => problem(
                StatusCode::METHOD_NOT_ALLOWED,
                (
                    "method-not-allowed",
                    "Method not allowed",
                    "A small version can be read, and nothing else.",
                ),
                [(CACHE_CONTROL, "no-store"), (ALLOW, "GET, HEAD")],
            ),
            Answer::OriginRequired => problem(
                StatusCode::FORBIDDEN,
                (
                    "origin-required",
                    "Origin required",
                    "Ask at the board's own address.",
                ),
                [(CACHE_CONTROL, "no-store")],
            ),
            Answer::Unavailable => problem(
                StatusCode::SERVICE_UNAVAILABLE,
                (
                    "media-unavailable",
                    "The board's files are unavailable",
                    "Try again in a few seconds.",
                ),
                [(CACHE_CONTROL, "no-store"), (RETRY_AFTER, "5")],
            ),
        }
    }
}

/// Problem details, as message-board's: <https://www.rfc-editor.org/rfc/rfc9457#section-3>.
fn problem<'a>(
    status: StatusCode,
    (code, title, detail): (&str, &str, &str),
    headers: impl IntoIterator<Item = (HeaderName, &'a str)>,
) -> ApiGatewayV2httpResponse {
    let mut response = response(status, headers);
    let problem = HeaderValue::from_static("application/problem+json");
    response.headers.insert(CONTENT_TYPE, problem);
    let body = json!({
        "type": format!("urn:corkboard:problem:{code}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    response.body = Some(Body::Text(body.to_string()));
    response
}

fn response<'a>(
    status: StatusCode,
    headers: impl IntoIterator<Item = (HeaderName, &'a str)>,
) -> ApiGatewayV2httpResponse {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        // Every value can be a header: they are our own texts, and addresses, which are percent-encoded.
        if let Ok(value) = HeaderValue::from_str(value) {
            all.insert(name, value);
        }
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
    response.headers = all;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_reaches_api_gateway_in_base64() {
        let picture = Answer::Picture(Small::Width(640), Bytes::from_static(b"\xff\0"));
        let response = serde_json::to_value(ApiGatewayV2httpResponse::from(picture)).unwrap();
        assert_eq!(response["statusCode"], 200);
        assert_eq!(response["body"], "/wA=");
        assert_eq!(response["isBase64Encoded"], true);
        assert_eq!(response["headers"]["content-type"], "image/webp");
    }

    #[test]
    fn what_is_no_answer_for_long_is_not_kept_for_long() {
        let original = |is_lasting| Answer::Original {
            address: "/images/a%20b.png".to_owned(),
            is_lasting,
        };
        for (answer, status, cached) in [
            (original(true), 307, "public, max-age=300, s-maxage=300"),
            (original(false), 307, "no-store"),
            (Answer::NoPicture, 404, "public, max-age=0, s-maxage=60"),
            (Answer::NotFound, 404, "no-store"),
            (Answer::MethodNotAllowed, 405, "no-store"),
            (Answer::OriginRequired, 403, "no-store"),
            (Answer::Unavailable, 503, "no-store"),
        ] {
            let response = ApiGatewayV2httpResponse::from(answer);
            assert_eq!(response.status_code, status);
            assert_eq!(response.headers[CACHE_CONTROL], cached);
        }
    }
}
