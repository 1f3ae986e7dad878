//! What API Gateway's HTTP API does between a request and the function: payload format 2.0.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use chrono::Utc;
use headers::{HeaderMapExt as _, RetryAfter};
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, TRANSFER_ENCODING, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::timeout;
use tracing::error;
use url::Url;

use crate::connections::memory::{Memory, RETRY_AFTER, Taken};

/// Lambda's limit for an event, bytes. It is below API Gateway's for a body.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const EVENT_LIMIT: usize = 6_291_556;
/// How many bytes of an upload that is too large are read to its end; a longer one is cut off.
const MOST_DRAINED: usize = 100 * 1024 * 1024;
/// How many copies of a body are in memory during an invocation, besides the body as it came: base64 in the event, and
/// two in the function.
const COPIES: usize = 3;
/// How long a whole body may take, besides the time that its length takes at [`PACE`]; and how long any part of it may.
const UPLOAD: Duration = Duration::from_secs(30);
/// The slowest pace of an upload, in bytes a second: a quarter of a megabit.
const PACE: usize = 32 * 1024;
/// The longest URI, in bytes, with the host; a longer one would be no URI to the function.
const URI_LIMIT: usize = 32 * 1024;

/// Why an invocation gave no answer.
#[derive(Debug, Error)]
pub enum InvokeError {
    /// The event is larger than Lambda takes.
    #[error("the event is larger than Lambda takes")]
    TooLarge,
    /// The function failed, or could not be reached.
    #[error("the function failed: {0}")]
    Failed(String),
}

/// Who asks, as whatever stands before API Gateway says.
#[derive(Debug)]
pub struct Source {
    /// The address that API Gateway takes for the client's.
    pub address: IpAddr,
    /// By which scheme the client asks: `http`, or `https` where a proxy ends TLS.
    pub scheme: &'static str,
    /// Whose share of the memory a body takes, where it is one client's.
    pub counted: Option<IpAddr>,
    /// Headers that are set by whatever stands before API Gateway.
    pub headers: Vec<(&'static str, String)>,
}

/// The memory for bodies: one account while they come, and one for invocations. So bodies that come slowly leave room
/// for those that are here.
#[derive(Debug, Clone)]
pub struct BodyMemory {
    coming: Memory,
    invoked: Memory,
}

impl BodyMemory {
    /// Half of `bytes` for bodies that come, and half for invocations.
    pub fn of(bytes: usize) -> Self {
        Self {
            coming: Memory::of(bytes / 2),
            invoked: Memory::of(bytes / 2),
        }
    }
}

/// Answers a request by what `invoke` makes of the request's event. Its body takes of `memory` until then.
pub async fn answer(
    request: Request,
    source: Source,
    memory: &BodyMemory,
    invoke: impl AsyncFnOnce(Bytes) -> Result<Bytes, InvokeError>,
) -> Response {
    let (parts, body) = request.into_parts();
    let host = joined(&parts.headers, &HOST);
    if !is_host(&host) {
        return own_answer(StatusCode::BAD_REQUEST, "Bad Request");
    }
    if parts.uri.to_string().len() + host.len() > URI_LIMIT {
        return own_answer(StatusCode::URI_TOO_LONG, "URI Too Long");
    }
    let limit = if is_text(&joined(&parts.headers, &CONTENT_TYPE)) {
        EVENT_LIMIT
    } else {
        // The event has such a body in base64.
        EVENT_LIMIT / 4 * 3
    };
    let length = body.size_hint();
    if length.lower() > limit as u64 {
        return instead(&parts, body, too_large());
    }
    let most = length
        .upper()
        .and_then(|length| usize::try_from(length).ok())
        .map_or(limit, |length| length.min(limit));
    let Some(taken) = memory.coming.take(most, source.counted).await else {
        return instead(&parts, body, later("Service Unavailable", RETRY_AFTER));
    };
    let (body, _coming) = match read(body, limit, taken).await {
        Ok(read) => read,
        Err(refusal) => return *refusal,
    };
    let copies = body.len() * COPIES;
    let Some(_invoked) = memory.invoked.take(copies, None).await else {
        return later("Service Unavailable", RETRY_AFTER);
    };
    let mut headers = headers(&parts.headers);
    for (name, value) in source.headers {
        headers.insert(name.to_owned(), value);
    }
    let event = event(&parts, headers, body, source.address, source.scheme);
    match invoke(event)
        .await
        .map(|answer| response(&answer, &parts.method))
    {
        Ok(Ok(response)) => response,
        Ok(Err(cause)) => {
            error!(%cause, "the function's answer is none that API Gateway knows");
            own_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Err(InvokeError::TooLarge) => too_large(),
        Err(cause) => {
            error!(%cause, "the function did not answer");
            own_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

/// Whether a `Host` is an authority and nothing else, or empty: the function makes a URL of it.
fn is_host(host: &str) -> bool {
    host.is_empty()
        || Url::parse(&format!("http://{host}/")).is_ok_and(|url| {
            url.as_str().parse::<http::Uri>().is_ok()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        })
}

async fn read(body: Body, limit: usize, taken: Taken) -> Result<(Bytes, Taken), Box<Response>> {
    let length = usize::try_from(body.size_hint().lower()).map_or(limit, |it| it.min(limit));
    let at_pace = Duration::from_secs((length / PACE) as u64);
    let read = BytesMut::with_capacity(length);
    let read = timeout(UPLOAD + at_pace, read_all(body, read, limit, taken));
    read.await.unwrap_or_else(|_| Err(Box::new(too_slow())))
}

/// A body up to `limit` bytes, in memory that was taken for it.
async fn read_all(
    mut body: Body,
    mut read: BytesMut,
    limit: usize,
    taken: Taken,
) -> Result<(Bytes, Taken), Box<Response>> {
    loop {
        let Ok(frame) = timeout(UPLOAD, body.frame()).await else {
            return Err(Box::new(too_slow()));
        };
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => {
                return Err(Box::new(own_answer(StatusCode::BAD_REQUEST, "Bad Request")));
            }
            None => return Ok((read.freeze(), taken)),
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if read.len() + data.len() > limit {
            drop((read, frame, taken));
            drain(body).await;
            return Err(Box::new(too_large()));
        }
        read.extend_from_slice(data);
    }
}

/// An answer that is given without looking at the body.
pub fn instead(parts: &Parts, body: Body, answer: Response) -> Response {
    // A client that waits for `100 Continue` sends no body.
    if !parts.headers.contains_key(EXPECT) {
        tokio::spawn(drain(body));
    }
    answer
}

/// Reads a body that is too large without keeping any of it: a browser sees the answer only when it has sent all.
async fn drain(mut body: Body) {
    let mut length = 0;
    let end = async {
        while let Some(Ok(frame)) = body.frame().await {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > MOST_DRAINED {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_mins(2), end).await;
}

fn too_slow() -> Response {
    own_answer(StatusCode::REQUEST_TIMEOUT, "Request Timeout")
}

fn too_large() -> Response {
    own_answer(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// The answer to a request that cannot be served now, and may be sent again after `retry_after`.
pub fn later(message: &str, retry_after: Duration) -> Response {
    let mut refusal = own_answer(StatusCode::SERVICE_UNAVAILABLE, message);
    let retry_after = RetryAfter::delay(retry_after);
    refusal.headers_mut().typed_insert(retry_after);
    refusal
}

/// What API Gateway answers by itself.
fn own_answer(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

fn event(
    parts: &Parts,
    mut headers: BTreeMap<String, String>,
    body: Bytes,
    client: IpAddr,
    scheme: &str,
) -> Bytes {
    let now = Utc::now();
    let host = joined(&parts.headers, &HOST);
    // HTTP/1.0 needs no `Host`, and API Gateway's events always have one.
    if host.is_empty() {
        headers.insert("host".into(), "localhost".into());
    }
    headers.insert("content-length".into(), body.len().to_string());
    headers.insert("x-forwarded-for".into(), client.to_string());
    headers.insert("x-forwarded-proto".into(), scheme.into());
    let cookies: Vec<_> = joined(&parts.headers, &COOKIE)
        .split(';')
        .map(|cookie| cookie.trim().to_owned())
        .filter(|cookie| !cookie.is_empty())
        .collect();
    let query = parts.uri.query().unwrap_or_default();
    let path = raw_path(parts.uri.path());
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|values| *values = format!("{values},{value}"))
            .or_insert_with(|| value.into_owned());
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "corkboard",
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": client.to_string(),
                "userAgent": joined(&parts.headers, &USER_AGENT),
            },
            "requestId": ulid::Ulid::generate().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !parameters.is_empty() {
        event["queryStringParameters"] = json!(parameters);
    }
    if !body.is_empty() {
        match std::str::from_utf8(&body) {
            Ok(text) if is_text(&joined(&parts.headers, &CONTENT_TYPE)) => {
                event["body"] = text.into();
            }
            _ => {
                event["body"] = STANDARD.encode(&body).into();
                event["isBase64Encoded"] = Value::Bool(true);
            }
        }
    }
    drop(body);
    event.to_string().into()
}

/// The path as the function gets it: decoded once, and cut where a question mark was encoded.
fn raw_path(path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let end = path.find('?').unwrap_or(path.len());
    path[..end].to_owned()
}

/// Everything else reaches the function in base64.
fn is_text(content_type: &str) -> bool {
    let media_type = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type.starts_with("text/")
        || matches!(
            media_type.as_str(),
            "application/json" | "application/xml" | "application/javascript"
        )
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
}

/// In lower case, several of one name joined by commas, without what belongs to the connection and without
/// cookies, which have a place of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .keys()
        .filter(|&name| ![CONNECTION, TRANSFER_ENCODING, COOKIE].contains(name))
        .map(|name| (name.to_string(), joined(headers, name)))
        .collect()
}

/// The values of a header, joined by commas as API Gateway does.
pub fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect::<Vec<_>>()
        .join(",")
}

fn response(
    answer: &[u8],
    method: &Method,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let answer: ApiGatewayV2httpResponse = serde_json::from_slice(answer)?;
    let body = match answer.body {
        Some(aws_lambda_events::encodings::Body::Text(text)) if answer.is_base64_encoded => {
            STANDARD.decode(text)?
        }
        Some(body) => body.to_vec(),
        None => vec![],
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(answer.status_code)?)?;
    let headers = response.headers_mut();
    headers.extend(answer.headers);
    for (name, value) in answer.multi_value_headers {
        if let Some(name) = name
            && !headers.contains_key(&name)
        {
            headers.append(name, value);
        }
    }
    for cookie in answer.cookies {
        headers.append(http::header::SET_COOKIE, HeaderValue::from_str(&cookie)?);
    }
    // It is said anew for this connection, except where there is no body to measure.
    if method != Method::HEAD {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let first = Ok::<_, std::io::Error>(Bytes::from_static(b"first"));
        let pieces = futures_util::stream::once(async { first });
        let slow = pieces.chain(futures_util::stream::pending());
        let taken = Memory::of(0).take(0, None).await.unwrap();
        let body = Body::from_stream(slow);
        let refusal = read(body, EVENT_LIMIT, taken).await.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn a_path_is_decoded_once() {
        for (path, raw) in [
            ("/api/messages", "/api/messages"),
            ("/small/640/a%20b%25%23%C3%A9.png", "/small/640/a b%#é.png"),
            ("/small/640/a%2520b.png", "/small/640/a%20b.png"),
            ("/small/640/a%3Fb.png", "/small/640/a"),
            ("/a+b", "/a+b"),
        ] {
            assert_eq!(raw_path(path), raw, "{path}");
        }
    }

    #[test]
    fn a_host_is_an_authority_and_nothing_else() {
        for good in [
            "",
            "board.example",
            "127.0.0.1:8080",
            "[::1]:8080",
            "böard.example",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "a:99999",
            "a b",
            "[::1",
            "%",
            "{",
            "x/api/board?",
            "a?b",
            "a#b",
            "user@a",
            "a/",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
