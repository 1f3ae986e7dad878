//! The extractors: what handlers take out of a request's head, so that a handler's signature says what it needs.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use board::Deadline;
use domain::{IdempotencyKey, MessageId};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::access_log::Received;
use crate::problem::{Code, FieldCode, FieldProblem, Problem};

/// When the request was received, and so until when its work must be over.
pub struct InTime(pub Deadline);

impl<S: Sync> FromRequestParts<S> for InTime {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let received = parts.extensions.get::<Received>();
        let received = received.ok_or_else(|| {
            Problem::failure(Code::Internal, &"a request that nobody took the time of")
        })?;
        Ok(Self(received.deadline()))
    }
}

/// The message that a path names. A path that is no id names no message.
pub struct PathId(pub MessageId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        let id = id.ok().and_then(|Path(id)| id.parse().ok());
        Ok(Self(id.ok_or(Code::MessageNotFound)?))
    }
}

/// The parameters of a query.
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        // Each parameter is a text, so what cannot be read is one that is there twice.
        let Query(parameters) = query.map_err(|_: QueryRejection| {
            Problem::invalid_parameter(FieldProblem::new(
                "query",
                FieldCode::Invalid,
                "must give each parameter once",
            ))
        })?;
        Ok(Self(parameters))
    }
}

/// A page's `limit`, from 1 to 50.
pub fn limit(value: Option<&str>, default: u16) -> Result<u16, FieldProblem> {
    let Some(value) = value else {
        return Ok(default);
    };
    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_digits.then(|| value.parse().ok()).flatten();
    let number = number.filter(|number| (1..=50).contains(number));
    number.ok_or_else(|| {
        FieldProblem::new(
            "limit",
            FieldCode::Invalid,
            "must be a whole number from 1 to 50",
        )
    })
}

/// A parameter that is a message's id.
pub fn parsed_id(
    field: &'static str,
    value: Option<&str>,
) -> Result<Option<MessageId>, FieldProblem> {
    let id = value.map(str::parse).transpose();
    id.map_err(|_| FieldProblem::new(field, FieldCode::Invalid, "must be a message's id"))
}

/// The message that `messageId` names, of a query or of a body.
pub fn message_id(value: Option<&str>) -> Result<MessageId, FieldProblem> {
    let parse = |id: &str| id.parse().ok();
    FieldProblem::unless_parsed("messageId", value, "must be a message's id", parse)
}

/// The `Idempotency-Key` of a request, where it has one.
pub struct RepeatableBy(pub Option<IdempotencyKey>);

impl<S: Sync> FromRequestParts<S> for RepeatableBy {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = parts.headers.get("idempotency-key");
        let key = key.map(|value| IdempotencyKey::parse(value.as_bytes()));
        let key = key.transpose().map_err(|_| Code::InvalidIdempotencyKey)?;
        Ok(Self(key))
    }
}
