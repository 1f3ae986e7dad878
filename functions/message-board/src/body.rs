//! The body of a request that is a JSON object, and the one member of it that most operations take.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use domain::MessageId;
use http::header::CONTENT_TYPE;

use crate::extract;
use crate::json::{self, Value};
use crate::problem::{FieldCode, FieldProblem, Problem};

/// Whether a request says that its body is of this type.
pub fn is_of(request: &Request, media_type: &str) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let given = content_type.unwrap_or_default().split(';').next();
    given.is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type))
}

/// The members of these names of the JSON object that a request's body is, of an operation that takes `types`.
pub async fn json_object(
    request: Request,
    names: &[&'static str],
    types: &'static str,
) -> Result<BTreeMap<&'static str, Value>, Problem> {
    /// The mark of byte order before a text (U+FEFF), which no JSON has, and some clients send.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8259#section-8.1>
    const BYTE_ORDER: &[u8] = "\u{feff}".as_bytes();
    if !is_of(&request, "application/json") {
        return Err(Problem::unsupported_media_type(types));
    }
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|_| Problem::malformed_body("The body cannot be read to its end."))?;
    match json::members(body.strip_prefix(BYTE_ORDER).unwrap_or(&body), names) {
        Ok(Some(members)) => Ok(members),
        Ok(None) => Err(Problem::malformed_body("The body is not a JSON object.")),
        Err(error) => Err(Problem::malformed_body(format!(
            "The body is not JSON: {error}."
        ))),
    }
}

/// The only member that an operation takes: `None` where it is not given, or null.
pub async fn member(request: Request, name: &'static str) -> Result<Option<Value>, Problem> {
    let mut members = json_object(request, &[name], "Send application/json.").await?;
    match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Several) => Err(fault(name, FieldCode::Several, "must be given once")),
        given => Ok(given),
    }
}

/// The only member that an operation takes, as by [`member`], which must be a text.
pub async fn text(request: Request, name: &'static str) -> Result<Option<String>, Problem> {
    match member(request, name).await? {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(fault(name, FieldCode::NotAString, "must be a string")),
    }
}

/// What the only member stands for, which must be a text as by [`text`]: see [`FieldProblem::unless_parsed`].
pub async fn parsed<T>(
    request: Request,
    name: &'static str,
    detail: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    let text = text(request, name).await?;
    let parsed = FieldProblem::unless_parsed(name, text.as_deref(), detail, parse);
    parsed.map_err(|fault| Problem::invalid_fields(vec![fault]))
}

/// The message that a body's `messageId` names.
pub async fn message_id(request: Request) -> Result<MessageId, Problem> {
    let id = text(request, "messageId").await?;
    extract::message_id(id.as_deref()).map_err(|fault| Problem::invalid_fields(vec![fault]))
}

/// A body in which one member is wrong.
pub fn fault(name: &'static str, code: FieldCode, detail: &str) -> Problem {
    Problem::invalid_fields(vec![FieldProblem::new(name, code, detail)])
}
