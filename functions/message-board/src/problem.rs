use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use shared::bucket::BucketError;
use shared::store::StoreError;
use tracing::error;

/// Every error of the API, answered as problem details (RFC 9457). None says anything of SQL, hosts or keys.
#[derive(Debug)]
pub enum Problem {
    /// No such path.
    NotFound,
    /// The path does not take the method.
    MethodNotAllowed,
    /// No message of this id, or no longer.
    MessageNotFound,
    /// A query parameter is wrong.
    InvalidParameter(FieldProblem),
    /// The body cannot be read.
    MalformedBody(Cow<'static, str>),
    /// The body is neither JSON nor a form with a picture.
    UnsupportedMediaType,
    /// The body or the picture is too large.
    PictureTooLarge,
    /// The picture is of another format.
    UnsupportedPicture,
    /// Fields of the message are wrong.
    InvalidFields(Vec<FieldProblem>),
    /// `Idempotency-Key` is none.
    InvalidIdempotencyKey,
    /// Something else was posted with this key.
    IdempotencyKeyReused,
    /// What was posted with this key was deleted.
    MessageDeleted,
    /// The board takes no messages now.
    PostingClosed,
    /// The sender has posted as often as it may, and may again in this time.
    PostingLimit(Duration),
    /// A moderator refused the sender.
    SenderRefused,
    /// Another site's page asks.
    CrossSite,
    /// A delete without a token.
    TokenMissing,
    /// A delete with the token of something else.
    TokenWrong,
    /// The database wakes from its pause.
    DatabaseResuming,
    /// The database is down or slow.
    DatabaseUnavailable,
    /// S3 does not take or give pictures.
    MediaUnavailable,
    /// S3 does not give the carrousel.
    CarrouselUnavailable,
    /// Something of ours is wrong.
    Internal,
}

/// What is wrong with one field or parameter.
#[derive(Debug, Serialize)]
pub struct FieldProblem {
    /// The field's name.
    pub field: &'static str,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// <https://www.rfc-editor.org/rfc/rfc9457#section-3>
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// Status, code, title and what a person may make of it.
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn describe(&self) -> (StatusCode, &'static str, &'static str, &str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not-found",
                "Not found",
                "There is nothing at this path.",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
                "This path does not take this method; Allow lists those that it takes.",
            ),
            Self::MessageNotFound => (
                StatusCode::NOT_FOUND,
                "message-not-found",
                "No such message",
                "There is no message with this id, or it was deleted.",
            ),
            Self::InvalidParameter(_) => (
                StatusCode::BAD_REQUEST,
                "invalid-parameter",
                "Invalid parameter",
                "A query parameter is not valid; errors says which.",
            ),
            Self::MalformedBody(detail) => (
                StatusCode::BAD_REQUEST,
                "malformed-body",
                "Malformed body",
                detail,
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
                "Send application/json, or multipart/form-data with a picture.",
            ),
            Self::PictureTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "picture-too-large",
                "Picture too large",
                "A picture may have 4 MiB at most.",
            ),
            Self::UnsupportedPicture => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-picture",
                "Unsupported picture",
                "The picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP.",
            ),
            Self::InvalidFields(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-fields",
                "Invalid fields",
                "The message cannot be posted as it is; errors says why.",
            ),
            Self::InvalidIdempotencyKey => (
                StatusCode::BAD_REQUEST,
                "invalid-idempotency-key",
                "Invalid idempotency key",
                "Idempotency-Key must be 16 to 64 visible ASCII characters; a UUID is one.",
            ),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "Idempotency key reused",
                "Something else was posted with this Idempotency-Key; take a new one.",
            ),
            Self::MessageDeleted => (
                StatusCode::GONE,
                "message-deleted",
                "Message deleted",
                "What was posted with this Idempotency-Key was deleted.",
            ),
            Self::PostingLimit(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "posting-limit",
                "Too many messages",
                "So many messages a minute are not taken from one address; Retry-After says when the next one is.",
            ),
            Self::SenderRefused => (
                StatusCode::FORBIDDEN,
                "sender-refused",
                "Sender refused",
                "The moderators take no more messages from this address today (until midnight UTC).",
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "cross-site",
                "Cross-site request",
                "Pages of this origin may not change the board.",
            ),
            Self::PostingClosed => (
                StatusCode::FORBIDDEN,
                "posting-closed",
                "Posting is closed",
                "The board takes no new messages now.",
            ),
            Self::TokenMissing => (
                StatusCode::UNAUTHORIZED,
                "token-missing",
                "Token missing",
                "Send the message's delete token, or the moderators', as Authorization: Bearer.",
            ),
            Self::TokenWrong => (
                StatusCode::FORBIDDEN,
                "token-wrong",
                "Wrong token",
                "This token does not allow it.",
            ),
            Self::DatabaseResuming => (
                StatusCode::SERVICE_UNAVAILABLE,
                "database-resuming",
                "The board is waking up",
                "Try again in a few seconds.",
            ),
            Self::DatabaseUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "database-unavailable",
                "The board is unavailable",
                "Messages cannot be reached now. Try again in a few seconds.",
            ),
            Self::MediaUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "media-unavailable",
                "Pictures are unavailable",
                "Pictures cannot be stored or removed now. Try again in a few seconds.",
            ),
            Self::CarrouselUnavailable => (
                StatusCode::BAD_GATEWAY,
                "carrousel-unavailable",
                "The carrousel is unavailable",
                "The list of pictures cannot be reached now.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                "Something went wrong on our side.",
            ),
        }
    }

    /// In how many seconds it may be tried again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            // Whole seconds, and not before it is over.
            Self::PostingLimit(left) => Some(left.as_secs() + u64::from(left.subsec_nanos() > 0)),
            Self::DatabaseResuming | Self::DatabaseUnavailable | Self::MediaUnavailable => Some(5),
            _ => None,
        }
    }

    fn errors(&self) -> &[FieldProblem] {
        match self {
            Self::InvalidParameter(error) => std::slice::from_ref(error),
            Self::InvalidFields(errors) => errors,
            _ => &[],
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title, detail) = self.describe();
        let retry_after = self.retry_after();
        let body = Body {
            r#type: format!("urn:corkboard:problem:{code}"),
            title,
            status: status.as_u16(),
            detail,
            errors: self.errors(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A failure is logged here, once, with its cause; the caller is not told the cause.
impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        error!(%cause, "the store failed");
        match cause {
            StoreError::Resuming => Self::DatabaseResuming,
            StoreError::Unavailable(_) => Self::DatabaseUnavailable,
            StoreError::Fault(_) | StoreError::Duplicate | StoreError::Exists => Self::Internal,
        }
    }
}

impl From<BucketError> for Problem {
    fn from(cause: BucketError) -> Self {
        error!(%cause, "the bucket failed");
        Self::MediaUnavailable
    }
}
