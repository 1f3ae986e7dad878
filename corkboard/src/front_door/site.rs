//! The static site, as [`site`](crate::site) builds it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use tracing::error;

use super::FrontDoor;

/// What every answer carries, as CloudFront's response headers policy adds it.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
    (REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
];

pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file of the site; `/` is its index.
pub async fn file(
    State(front_door): State<Arc<FrontDoor>>,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    let path = match uri.path() {
        "/" => "index.html",
        path => path.trim_start_matches('/'),
    };
    let files = match front_door.site.files() {
        Ok(files) => files,
        Err(cause) => {
            error!(%cause, "the site cannot be served");
            return (StatusCode::INTERNAL_SERVER_ERROR, format!("{cause}\n")).into_response();
        }
    };
    let Some(file) = files.get(path) else {
        return (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response();
    };
    let tag = URL_SAFE_NO_PAD.encode(file.sha256);
    // Weak, because the bytes differ where they are compressed.
    let tag: Option<ETag> = format!("W/\"{tag}\"").parse().ok();
    let known = tag.as_ref().is_some_and(|tag| is_known(&request, tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.bytes.clone()).into_response()
    };
    let headers = response.headers_mut();
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = media_type.type_() == mime_guess::mime::TEXT;
    let is_compressed =
        ["image/svg+xml", "application/manifest+json"].contains(&media_type.essence_str());
    // Every answer varies by this header, also those that have nothing to compress: to HEAD, and 304.
    if is_text || is_compressed {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let media_type = match (media_type.type_(), media_type.essence_str()) {
        (mime_guess::mime::TEXT, essence) => format!("{essence}; charset=utf-8"),
        (_, essence) => essence.to_owned(),
    };
    if let Ok(media_type) = HeaderValue::try_from(media_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    // Files refer to each other by name, so browsers ask whether each has changed.
    let cached = "public, max-age=0, must-revalidate, s-maxage=300";
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    if let Some(tag) = tag {
        headers.typed_insert(tag);
    }
    response
}

/// Whether the client says that it has what `tag` stands for.
fn is_known(request: &HeaderMap, tag: &ETag) -> bool {
    request
        .typed_get::<IfNoneMatch>()
        .is_some_and(|condition| !condition.precondition_passes(tag))
}
