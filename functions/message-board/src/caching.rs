use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

/// `Cache-Control` of answers that only deletes change: older pages, and single messages.
pub const CACHE_CONTROL_OF_OLD: &str = "public, max-age=0, s-maxage=10, stale-if-error=60";

/// A body that may be cached, with its weak entity tag.
#[derive(Clone)]
pub struct Tagged {
    media_type: &'static str,
    body: Bytes,
    tag: Option<ETag>,
}

impl Tagged {
    /// A body of JSON.
    pub fn new(json: impl Into<Bytes>) -> Self {
        Self::of("application/json", json)
    }

    /// A body of this media type.
    pub fn of(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let tag = entity_tag(&body);
        Self {
            media_type,
            body,
            tag,
        }
    }

    /// The answer to a request: this body, or 304 where the client has it already.
    pub fn answer(self, request: &HeaderMap, cache_control: &'static str) -> Response {
        let known = self.tag.as_ref().is_some_and(|tag| {
            let condition = request.typed_get::<IfNoneMatch>();
            condition.is_some_and(|condition| !condition.precondition_passes(tag))
        });
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Body::from(self.body).into_response();
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            response
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
        if let Some(tag) = self.tag {
            headers.typed_insert(tag);
        }
        response
    }
}

/// The entity tag of a body: a weak one, because a compressing cache may change the bytes.
fn entity_tag(body: &[u8]) -> Option<ETag> {
    let digest = Sha256::digest(body);
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..16]))
        .parse()
        .ok()
}

/// An answer that does not say how it may be cached is not cached.
pub async fn no_store_by_default(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
