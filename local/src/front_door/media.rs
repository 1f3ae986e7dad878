//! The media bucket's public part, read through S3 as CloudFront reads it.

use std::sync::Arc;

use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use headers::{ETag, HeaderMapExt as _};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sync_s3_bucket::is_picture;
use tracing::error;

use super::{FrontDoor, is_known};

/// Opened by itself, a file from a stranger can do nothing.
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
    Path(key): Path<String>,
    request: HeaderMap,
) -> Response {
    let key = format!("images/{key}");
    if is_picture(&key) {
        object(&front_door, &key, &request).await
    } else {
        missing()
    }
}

pub async fn carrousel(
    State(front_door): State<Arc<FrontDoor>>,
    Path(key): Path<String>,
    request: HeaderMap,
) -> Response {
    object(&front_door, &format!("carrousel/{key}"), &request).await
}

async fn object(front_door: &FrontDoor, key: &str, request: &HeaderMap) -> Response {
    let range = request
        .get(RANGE)
        .and_then(|range| range.to_str().ok())
        .filter(|range| is_single_range(range));
    let object = front_door
        .s3
        .get_object()
        .bucket(&front_door.media_bucket)
        .key(key)
        .set_range(range.map(str::to_owned))
        .send()
        .await;
    let object = match object {
        Ok(object) => object,
        Err(error) => return refusal(&error),
    };

    let tag: Option<ETag> = object.e_tag().and_then(|tag| tag.parse().ok());
    let known = tag.as_ref().is_some_and(|tag| is_known(request, tag));
    let mut headers = HeaderMap::new();
    let mut insert = |name: HeaderName, value: Option<&str>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    };
    insert(CACHE_CONTROL, object.cache_control());
    insert(ACCEPT_RANGES, Some("bytes"));
    if !known {
        insert(CONTENT_TYPE, object.content_type());
        insert(CONTENT_RANGE, object.content_range());
        insert(
            CONTENT_LENGTH,
            object
                .content_length()
                .map(|length| length.to_string())
                .as_deref(),
        );
    }
    let modified = object.last_modified().and_then(|at| {
        at.fmt(aws_sdk_s3::primitives::DateTimeFormat::HttpDate)
            .ok()
    });
    insert(LAST_MODIFIED, modified.as_deref());
    if let Some(tag) = tag {
        headers.typed_insert(tag);
    }
    let (status, body) = match (known, object.content_range()) {
        (true, _) => (StatusCode::NOT_MODIFIED, Body::empty()),
        (false, Some(_)) => (
            StatusCode::PARTIAL_CONTENT,
            Body::new(object.body.into_inner()),
        ),
        (false, None) => (StatusCode::OK, Body::new(object.body.into_inner())),
    };
    (status, headers, body).into_response()
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

fn refusal(error: &SdkError<GetObjectError>) -> Response {
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    match status {
        Some(404) => missing(),
        Some(416) => StatusCode::RANGE_NOT_SATISFIABLE.into_response(),
        _ => {
            error!(error = %DisplayErrorContext(error), "the media bucket failed");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

fn missing() -> Response {
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
