//! Every error of the API as problem details (RFC 9457), and the one place where errors become HTTP.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use board::Error;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use lambda::metrics::Refusal;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::fault::PICTURE;
pub use crate::fault::{FieldCode, FieldProblem};

/// The kinds of problems: `Name: STATUS, "type", "title", "detail";`, where the detail is what a person may make of
/// the problem.
///
/// The type is a `tt`: a `literal` would reach the derives in an invisible group, through which utoipa does not see.
macro_rules! codes {
    ($($name:ident: $status:ident, $urn:tt, $title:literal, $detail:literal;)*) => {
        /// The kind of a problem, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $urn)] $name,)*
        }

        impl Code {
            /// Status, title and detail.
            pub fn describe(self) -> (StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$name => (StatusCode::$status, $title, $detail),)*
                }
            }
        }
    };
}

codes! {
    NotFound: NOT_FOUND, "urn:corkboard:problem:not-found",
        "Not found", "There is nothing at this path.";
    MethodNotAllowed: METHOD_NOT_ALLOWED, "urn:corkboard:problem:method-not-allowed",
        "Method not allowed", "This path does not take this method; Allow lists those that it takes.";
    MessageNotFound: NOT_FOUND, "urn:corkboard:problem:message-not-found",
        "No such message", "There is no message with this id, or it was deleted.";
    PictureNotFound: NOT_FOUND, "urn:corkboard:problem:picture-not-found",
        "No such picture", "There is no picture at this URL, or it can no longer be restored.";
    InvalidParameter: BAD_REQUEST, "urn:corkboard:problem:invalid-parameter",
        "Invalid parameter", "A query parameter is not valid; errors says which.";
    MalformedBody: BAD_REQUEST, "urn:corkboard:problem:malformed-body",
        "Malformed body", "The body cannot be read.";
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, "urn:corkboard:problem:unsupported-media-type",
        "Unsupported media type", "The body is of a type that this operation does not take.";
    PictureTooLarge: PAYLOAD_TOO_LARGE, "urn:corkboard:problem:picture-too-large",
        "Picture too large", "A picture may have 4 MiB at most.";
    UnsupportedPicture: UNSUPPORTED_MEDIA_TYPE, "urn:corkboard:problem:unsupported-picture",
        "Unsupported picture", "The picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP.";
    InvalidFields: UNPROCESSABLE_ENTITY, "urn:corkboard:problem:invalid-fields",
        "Invalid fields", "What was sent is not valid; errors says why.";
    InvalidIdempotencyKey: BAD_REQUEST, "urn:corkboard:problem:invalid-idempotency-key",
        "Invalid idempotency key", "Idempotency-Key must be 16 to 64 visible ASCII characters; a UUID is one.";
    IdempotencyKeyReused: UNPROCESSABLE_ENTITY, "urn:corkboard:problem:idempotency-key-reused",
        "Idempotency key reused", "Something else was posted with this Idempotency-Key; take a new one.";
    MessageDeleted: GONE, "urn:corkboard:problem:message-deleted",
        "Message deleted", "The message that this request posted was deleted.";
    MessageChanged: CONFLICT, "urn:corkboard:problem:message-changed",
        "Message changed", "Somebody else decided otherwise on this message; look again.";
    PostingLimit: TOO_MANY_REQUESTS, "urn:corkboard:problem:posting-limit",
        "Too many messages", "So many messages a minute are not taken from one address; Retry-After says when the next one is.";
    SenderRefused: FORBIDDEN, "urn:corkboard:problem:sender-refused",
        "Sender refused", "The moderators take no more messages from this address today (until midnight UTC).";
    CrossSite: FORBIDDEN, "urn:corkboard:problem:cross-site",
        "Cross-site request", "Pages of this origin may not change the board.";
    OriginRequired: FORBIDDEN, "urn:corkboard:problem:origin-required",
        "Origin required", "This address answers the board's own front door only; use the board's address.";
    PostingClosed: FORBIDDEN, "urn:corkboard:problem:posting-closed",
        "Posting is closed", "The board takes no new messages now.";
    TokenMissing: UNAUTHORIZED, "urn:corkboard:problem:token-missing",
        "Token missing", "Send the message's delete token, or the moderators', as Authorization: Bearer.";
    TokenWrong: FORBIDDEN, "urn:corkboard:problem:token-wrong",
        "Wrong token", "This token does not allow it.";
    DatabaseResuming: SERVICE_UNAVAILABLE, "urn:corkboard:problem:database-resuming",
        "The board is waking up", "Try again in a few seconds.";
    DatabaseUnavailable: SERVICE_UNAVAILABLE, "urn:corkboard:problem:database-unavailable",
        "The board is unavailable", "Messages cannot be reached now. Try again in a few seconds.";
    MediaUnavailable: SERVICE_UNAVAILABLE, "urn:corkboard:problem:media-unavailable",
        "The board's files are unavailable", "Messages and pictures cannot be read, stored or removed now. Try again in a few seconds.";
    CarrouselUnavailable: BAD_GATEWAY, "urn:corkboard:problem:carrousel-unavailable",
        "The carrousel is unavailable", "The list of pictures cannot be reached now.";
    Internal: INTERNAL_SERVER_ERROR, "urn:corkboard:problem:internal",
        "Internal error", "Something went wrong on our side.";
}

/// A problem of one request. No text of a problem says anything of SQL, hosts or keys.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    /// In place of the detail that all problems of this kind have.
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldProblem>,
    /// When the request may be tried again, where that is known.
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

/// Why a request failed, for the log and never for a caller.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The error's text.
    pub text: String,
    /// Whether nobody needs to look after the failure: a database that resumes from its pause is none to worry about.
    pub is_normal: bool,
}

/// How long a client waits that meets a failure which is over soon.
const SOON: Duration = Duration::from_secs(5);

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }
}

impl Problem {
    /// A query parameter is wrong.
    pub fn invalid_parameter(error: FieldProblem) -> Self {
        Self::from(Code::InvalidParameter).with_errors(vec![error])
    }

    /// Fields of the body are wrong.
    pub fn invalid_fields(errors: Vec<FieldProblem>) -> Self {
        Self::from(Code::InvalidFields).with_errors(errors)
    }

    /// The body cannot be read.
    pub fn malformed_body(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Code::MalformedBody).with_detail(detail)
    }

    /// The body is of a type that the operation does not take; `detail` says what it takes.
    pub fn unsupported_media_type(detail: &'static str) -> Self {
        Self::from(Code::UnsupportedMediaType).with_detail(detail)
    }

    /// A failure of ours or of a service: `cause` is for the log.
    pub fn failure(code: Code, cause: &impl ToString) -> Self {
        Self {
            retry_after: (code.describe().0 == StatusCode::SERVICE_UNAVAILABLE).then_some(SOON),
            cause: Some(Cause {
                text: cause.to_string(),
                is_normal: code == Code::DatabaseResuming,
            }),
            ..Self::from(code)
        }
    }

    /// What a person may make of it: title and detail.
    pub fn words(&self) -> (&'static str, &'static str) {
        let (_, title, detail) = self.code.describe();
        (title, detail)
    }

    fn with_errors(self, errors: Vec<FieldProblem>) -> Self {
        Self { errors, ..self }
    }

    fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = Some(detail.into());
        Self { detail, ..self }
    }

    /// Which kind of refusal the problem is counted as, where it is one.
    fn refusal(&self) -> Option<Refusal> {
        match self.code {
            Code::PostingLimit => Some(Refusal::PostingLimit),
            Code::SenderRefused => Some(Refusal::SenderRefused),
            Code::CrossSite => Some(Refusal::CrossSite),
            Code::PictureTooLarge => Some(Refusal::TooLarge),
            Code::UnsupportedPicture => Some(Refusal::Picture),
            Code::InvalidFields => {
                let is_of_picture = self.errors.iter().any(|error| error.field == PICTURE);
                is_of_picture.then_some(Refusal::Picture)
            }
            _ => None,
        }
    }
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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, detail) = self.code.describe();
        let body = Body {
            r#type: self.code,
            title,
            status: status.as_u16(),
            detail: self.detail.as_deref().unwrap_or(detail),
            errors: &self.errors,
        };
        let mut response = (status, Json(body)).into_response();
        if let Some(refusal) = self.refusal() {
            response.extensions_mut().insert(refusal);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(time) = self.retry_after {
            // Whole seconds, and not before the time is over.
            let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused => Code::SenderRefused.into(),
            Error::OverLimit(left) => Self {
                retry_after: Some(left),
                ..Code::PostingLimit.into()
            },
            Error::KeyReused => Code::IdempotencyKeyReused.into(),
            Error::Deleted => Code::MessageDeleted.into(),
            Error::Closed => Code::PostingClosed.into(),
            Error::Conflict => Code::MessageChanged.into(),
            Error::NotFound => Code::MessageNotFound.into(),
            Error::Store(cause) => cause.into(),
            Error::Media(cause) => Self::failure(Code::MediaUnavailable, &cause),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(cause: StoreError) -> Self {
        let code = match cause {
            StoreError::Resuming => Code::DatabaseResuming,
            StoreError::Unavailable(_) | StoreError::Deadlock => Code::DatabaseUnavailable,
            StoreError::Fault(_) | StoreError::Duplicate | StoreError::Exists => Code::Internal,
        };
        Self::failure(code, &cause)
    }
}
