//! The media bucket's public part, read through S3 as CloudFront reads it.

use std::sync::Arc;
use std::time::SystemTime;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use headers::{
    ETag, HeaderMapExt as _, IfMatch, IfModifiedSince, IfNoneMatch, IfUnmodifiedSince, LastModified,
};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
    LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use media::is_picture;
use tracing::error;

use super::FrontDoor;

/// Adds the headers by which a stranger's file that is opened by itself can do nothing.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

pub async fn image(
    State(front_door): State<Arc<FrontDoor>>,
    key: Result<Path<String>, PathRejection>,
    request: HeaderMap,
) -> Response {
    match key.map(|Path(key)| format!("images/{key}")) {
        Ok(key) if is_picture(&key) => object(&front_door, &key, &request).await,
        // A path that is no picture's key, or no text, leads to nothing.
        Ok(_) | Err(_) => missing(),
    }
}

pub async fn carrousel(
    State(front_door): State<Arc<FrontDoor>>,
    key: Result<Path<String>, PathRejection>,
    request: HeaderMap,
) -> Response {
    match key {
        Ok(Path(key)) => object(&front_door, &format!("carrousel/{key}"), &request).await,
        Err(_) => missing(),
    }
}

pub async fn object(front_door: &FrontDoor, key: &str, request: &HeaderMap) -> Response {
    let (s3, bucket) = (&front_door.s3, &front_door.media_bucket);
    if is_conditional(request) {
        let head = match s3.head_object().bucket(bucket).key(key).send().await {
            Ok(head) => head,
            Err(error) => return refusal(&error),
        };
        let headers = lasting(head.cache_control(), head.e_tag(), head.last_modified());
        if let Some(status) = instead(request, &headers) {
            return (status, headers).into_response();
        }
    }
    let text = |name| request.get(name).and_then(|value| value.to_str().ok());
    let range = text(RANGE).filter(|range| is_single_range(range));
    let if_range = text(IF_RANGE).map(str::to_owned);
    // An `If-Range` that is no text names no object that there is, so the whole is answered.
    let range = range.filter(|_| if_range.is_some() || !request.contains_key(IF_RANGE));
    let object = s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .set_range(range.map(str::to_owned))
        .customize()
        // The SDK has no method for `If-Range`.
        .mutate_request(move |request| {
            if let Some(if_range) = &if_range {
                request.headers_mut().insert("if-range", if_range.clone());
            }
        })
        .send()
        .await;
    let object = match object {
        Ok(object) => object,
        Err(error) => return refusal(&error),
    };

    let mut headers = lasting(
        object.cache_control(),
        object.e_tag(),
        object.last_modified(),
    );
    let length = object.content_length().map(|length| length.to_string());
    insert(&mut headers, CONTENT_TYPE, object.content_type());
    insert(&mut headers, CONTENT_RANGE, object.content_range());
    insert(&mut headers, CONTENT_LENGTH, length.as_deref());
    let status = if object.content_range().is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    (status, headers, Body::new(object.body.into_inner())).into_response()
}

/// The headers of an object that are sent also where its bytes are not: with 304 and 412.
fn lasting(
    cache_control: Option<&str>,
    e_tag: Option<&str>,
    modified: Option<&DateTime>,
) -> HeaderMap {
    let modified = modified.and_then(|at| at.fmt(DateTimeFormat::HttpDate).ok());
    let mut headers = HeaderMap::new();
    insert(&mut headers, CACHE_CONTROL, cache_control);
    insert(&mut headers, ACCEPT_RANGES, Some("bytes"));
    insert(&mut headers, ETAG, e_tag);
    insert(&mut headers, LAST_MODIFIED, modified.as_deref());
    headers
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

fn is_conditional(request: &HeaderMap) -> bool {
    [
        IF_MATCH,
        IF_NONE_MATCH,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
    ]
    .iter()
    .any(|name| request.contains_key(name))
}

/// The status that a precondition brings instead of the object. A condition on the `ETag` overrides the one on
/// the date beside it, and what is malformed counts as not there
/// ([RFC 9110, 13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2)).
fn instead(request: &HeaderMap, object: &HeaderMap) -> Option<StatusCode> {
    let tag = object.typed_get::<ETag>()?;
    let modified = SystemTime::from(object.typed_get::<LastModified>()?);
    let is_unchanged = match request.typed_get::<IfMatch>() {
        Some(condition) => condition.precondition_passes(&tag),
        None => request
            .typed_get::<IfUnmodifiedSince>()
            .is_none_or(|condition| condition.precondition_passes(modified)),
    };
    if !is_unchanged {
        return Some(StatusCode::PRECONDITION_FAILED);
    }
    let is_new = match request.typed_get::<IfNoneMatch>() {
        Some(condition) => condition.precondition_passes(&tag),
        None => request
            .typed_get::<IfModifiedSince>()
            .is_none_or(|condition| condition.is_modified(modified)),
    };
    (!is_new).then_some(StatusCode::NOT_MODIFIED)
}

/// `bytes=first-last`, either of them left out; anything else is ignored, as HTTP allows
/// ([RFC 9110, 14.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.2)).
fn is_single_range(range: &str) -> bool {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
    match (first, last) {
        ("", number_of_last) => number(number_of_last).is_some(),
        (first, "") => number(first).is_some(),
        (first, last) => number(first)
            .zip(number(last))
            .is_some_and(|(first, last)| first <= last),
    }
}

fn refusal<E>(error: &SdkError<E>) -> Response
where
    SdkError<E>: ProvideErrorMetadata + std::error::Error + 'static,
{
    let response = error.raw_response();
    match response.map(|response| response.status().as_u16()) {
        Some(404) => missing(),
        // There cannot be an object under so long a key.
        Some(400) if error.code() == Some("KeyTooLongError") => missing(),
        Some(416) => {
            let mut headers = HeaderMap::new();
            let size = response.and_then(|response| response.headers().get("content-range"));
            insert(&mut headers, CONTENT_RANGE, size);
            (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response()
        }
        _ => {
            error!(error = %DisplayErrorContext(error), "the media bucket failed");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

pub fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such picture.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_well_formed_range_is_passed_on() {
        for good in ["bytes=0-0", "bytes=5-", "bytes=-5", "bytes=10-20"] {
            assert!(is_single_range(good), "{good}");
        }
        for bad in [
            "bytes=5-2",
            "bytes=0-1,3-4",
            "bytes=-",
            "bytes=abc",
            "chars=0-1",
            "bytes= 0-1",
            "bytes=+1-2",
            "bytes=0-18446744073709551615",
            "",
        ] {
            assert!(!is_single_range(bad), "{bad}");
        }
    }
}
