use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use shared::bucket::BucketError;
use shared::metrics::Refusal;
use shared::store::StoreError;
use tracing::error;
use utoipa::ToSchema;

use crate::draft::PICTURE;
pub use crate::fault::{FieldCode, FieldProblem};

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
    /// The body is of a type that the operation does not take; with what it takes.
    UnsupportedMediaType(&'static str),
    /// The picture, or the form around it, is too large.
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
    /// The request does not come through CloudFront, as it must.
    OriginRequired,
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

/// The kind of a problem, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Code {
    /// Not found.
    #[serde(rename = "urn:corkboard:problem:not-found")]
    NotFound,
    /// Method not allowed.
    #[serde(rename = "urn:corkboard:problem:method-not-allowed")]
    MethodNotAllowed,
    /// No such message.
    #[serde(rename = "urn:corkboard:problem:message-not-found")]
    MessageNotFound,
    /// Invalid parameter.
    #[serde(rename = "urn:corkboard:problem:invalid-parameter")]
    InvalidParameter,
    /// Malformed body.
    #[serde(rename = "urn:corkboard:problem:malformed-body")]
    MalformedBody,
    /// Unsupported media type.
    #[serde(rename = "urn:corkboard:problem:unsupported-media-type")]
    UnsupportedMediaType,
    /// Picture too large.
    #[serde(rename = "urn:corkboard:problem:picture-too-large")]
    PictureTooLarge,
    /// Unsupported picture.
    #[serde(rename = "urn:corkboard:problem:unsupported-picture")]
    UnsupportedPicture,
    /// Invalid fields.
    #[serde(rename = "urn:corkboard:problem:invalid-fields")]
    InvalidFields,
    /// Invalid idempotency key.
    #[serde(rename = "urn:corkboard:problem:invalid-idempotency-key")]
    InvalidIdempotencyKey,
    /// Idempotency key reused.
    #[serde(rename = "urn:corkboard:problem:idempotency-key-reused")]
    IdempotencyKeyReused,
    /// Message deleted.
    #[serde(rename = "urn:corkboard:problem:message-deleted")]
    MessageDeleted,
    /// Too many messages.
    #[serde(rename = "urn:corkboard:problem:posting-limit")]
    PostingLimit,
    /// Sender refused.
    #[serde(rename = "urn:corkboard:problem:sender-refused")]
    SenderRefused,
    /// Cross-site request.
    #[serde(rename = "urn:corkboard:problem:cross-site")]
    CrossSite,
    /// Origin required.
    #[serde(rename = "urn:corkboard:problem:origin-required")]
    OriginRequired,
    /// Posting is closed.
    #[serde(rename = "urn:corkboard:problem:posting-closed")]
    PostingClosed,
    /// Token missing.
    #[serde(rename = "urn:corkboard:problem:token-missing")]
    TokenMissing,
    /// Wrong token.
    #[serde(rename = "urn:corkboard:problem:token-wrong")]
    TokenWrong,
    /// The board is waking up.
    #[serde(rename = "urn:corkboard:problem:database-resuming")]
    DatabaseResuming,
    /// The board is unavailable.
    #[serde(rename = "urn:corkboard:problem:database-unavailable")]
    DatabaseUnavailable,
    /// Pictures are unavailable.
    #[serde(rename = "urn:corkboard:problem:media-unavailable")]
    MediaUnavailable,
    /// The carrousel is unavailable.
    #[serde(rename = "urn:corkboard:problem:carrousel-unavailable")]
    CarrouselUnavailable,
    /// Internal error.
    #[serde(rename = "urn:corkboard:problem:internal")]
    Internal,
}

/// Problem details.
///
/// <https://www.rfc-editor.org/rfc/rfc9457#section-3>
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    r#type: Code,
    title: &'static str,
    /// The status once more.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// For people.
    detail: &'a str,
    /// What is wrong with which field, where fields are at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldProblem],
}

impl Code {
    /// Status, title and what a person may make of it.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn describe(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Not found",
                "There is nothing at this path.",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
                "This path does not take this method; Allow lists those that it takes.",
            ),
            Self::MessageNotFound => (
                StatusCode::NOT_FOUND,
                "No such message",
                "There is no message with this id, or it was deleted.",
            ),
            Self::InvalidParameter => (
                StatusCode::BAD_REQUEST,
                "Invalid parameter",
                "A query parameter is not valid; errors says which.",
            ),
            Self::MalformedBody => (
                StatusCode::BAD_REQUEST,
                "Malformed body",
                "The body cannot be read.",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported media type",
                "The body is of a type that this operation does not take.",
            ),
            Self::PictureTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Picture too large",
                "A picture may have 4 MiB at most.",
            ),
            Self::UnsupportedPicture => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported picture",
                "The picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP.",
            ),
            Self::InvalidFields => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Invalid fields",
                "The message cannot be posted as it is; errors says why.",
            ),
            Self::InvalidIdempotencyKey => (
                StatusCode::BAD_REQUEST,
                "Invalid idempotency key",
                "Idempotency-Key must be 16 to 64 visible ASCII characters; a UUID is one.",
            ),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "Idempotency key reused",
                "Something else was posted with this Idempotency-Key; take a new one.",
            ),
            Self::MessageDeleted => (
                StatusCode::GONE,
                "Message deleted",
                "The message that this request posted was deleted.",
            ),
            Self::PostingLimit => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many messages",
                "So many messages a minute are not taken from one address; Retry-After says when the next one is.",
            ),
            Self::SenderRefused => (
                StatusCode::FORBIDDEN,
                "Sender refused",
                "The moderators take no more messages from this address today (until midnight UTC).",
            ),
            Self::CrossSite => (
                StatusCode::FORBIDDEN,
                "Cross-site request",
                "Pages of this origin may not change the board.",
            ),
            Self::OriginRequired => (
                StatusCode::FORBIDDEN,
                "Origin required",
                "This address answers the board's own front door only; use the board's address.",
            ),
            Self::PostingClosed => (
                StatusCode::FORBIDDEN,
                "Posting is closed",
                "The board takes no new messages now.",
            ),
            Self::TokenMissing => (
                StatusCode::UNAUTHORIZED,
                "Token missing",
                "Send the message's delete token, or the moderators', as Authorization: Bearer.",
            ),
            Self::TokenWrong => (
                StatusCode::FORBIDDEN,
                "Wrong token",
                "This token does not allow it.",
            ),
            Self::DatabaseResuming => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The board is waking up",
                "Try again in a few seconds.",
            ),
            Self::DatabaseUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The board is unavailable",
                "Messages cannot be reached now. Try again in a few seconds.",
            ),
            Self::MediaUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Pictures are unavailable",
                "Pictures cannot be stored or removed now. Try again in a few seconds.",
            ),
            Self::CarrouselUnavailable => (
                StatusCode::BAD_GATEWAY,
                "The carrousel is unavailable",
                "The list of pictures cannot be reached now.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal error",
                "Something went wrong on our side.",
            ),
        }
    }
}

impl Problem {
    fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::MessageNotFound => Code::MessageNotFound,
            Self::InvalidParameter(_) => Code::InvalidParameter,
            Self::MalformedBody(_) => Code::MalformedBody,
            Self::UnsupportedMediaType(_) => Code::UnsupportedMediaType,
            Self::PictureTooLarge => Code::PictureTooLarge,
            Self::UnsupportedPicture => Code::UnsupportedPicture,
            Self::InvalidFields(_) => Code::InvalidFields,
            Self::InvalidIdempotencyKey => Code::InvalidIdempotencyKey,
            Self::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            Self::MessageDeleted => Code::MessageDeleted,
            Self::PostingLimit(_) => Code::PostingLimit,
            Self::SenderRefused => Code::SenderRefused,
            Self::CrossSite => Code::CrossSite,
            Self::OriginRequired => Code::OriginRequired,
            Self::PostingClosed => Code::PostingClosed,
            Self::TokenMissing => Code::TokenMissing,
            Self::TokenWrong => Code::TokenWrong,
            Self::DatabaseResuming => Code::DatabaseResuming,
            Self::DatabaseUnavailable => Code::DatabaseUnavailable,
            Self::MediaUnavailable => Code::MediaUnavailable,
            Self::CarrouselUnavailable => Code::CarrouselUnavailable,
            Self::Internal => Code::Internal,
        }
    }

    /// Whether it says that nothing was changed.
    pub fn is_refusal(&self) -> bool {
        self.code().describe().0.is_client_error()
    }

    /// As what it is counted.
    fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::PostingLimit(_) => Some(Refusal::PostingLimit),
            Self::SenderRefused => Some(Refusal::SenderRefused),
            Self::CrossSite => Some(Refusal::CrossSite),
            Self::PictureTooLarge => Some(Refusal::TooLarge),
            Self::UnsupportedPicture => Some(Refusal::Picture),
            Self::InvalidFields(errors) => {
                let is_of_picture = errors.iter().any(|error| error.field == PICTURE);
                is_of_picture.then_some(Refusal::Picture)
            }
            _ => None,
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
        let (status, title, detail) = self.code().describe();
        let retry_after = self.retry_after();
        let body = Body {
            r#type: self.code(),
            title,
            status: status.as_u16(),
            detail: match &self {
                Self::MalformedBody(detail) => detail,
                Self::UnsupportedMediaType(detail) => detail,
                _ => detail,
            },
            errors: self.errors(),
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(refusal) = self.refusal() {
            response.extensions_mut().insert(refusal);
        }
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
            StoreError::Unavailable(_) | StoreError::Deadlock => Self::DatabaseUnavailable,
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
