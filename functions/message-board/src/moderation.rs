use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt as _};
use http::HeaderMap;
use serde::Serialize;
use shared::domain::MessageId;
use utoipa::ToSchema;

use crate::deadline::Deadline;
use crate::json::Value;
use crate::openapi::problems;
use crate::problem::{FieldCode, FieldProblem, Problem};
use crate::{Board, draft, openapi};

pub fn router() -> Router<Arc<Board>> {
    Router::new().route("/api/moderation/remove-sender", post(remove_sender))
}

/// A message of the sender.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes")]
struct OfSender {
    #[schema(schema_with = openapi::id)]
    message_id: String,
}

/// How many messages went.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    removed: usize,
}

problems!(
    Problems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    MessageNotFound, MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Removes what the sender of a message posted that day, and refuses that sender until midnight UTC.
#[utoipa::path(post, path = "/api/moderation/remove-sender", operation_id = "removeSender",
    security(("moderator" = [])),
    request_body = OfSender,
    responses((status = 200, description = "It is done.", body = Removed), Problems))]
pub async fn remove_sender(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    request: Request,
) -> Result<Json<Removed>, Problem> {
    if !board
        .settings
        .tokens
        .is_moderator(&bearer(request.headers())?)
    {
        return Err(Problem::TokenWrong);
    }
    let body = draft::json_object(request, &["messageId"]).await?;
    let id =
        message_id(body.get("messageId")).map_err(|fault| Problem::InvalidFields(vec![fault]))?;
    let removed = board.posting(deadline).remove_sender(id).await?;
    Ok(Json(Removed { removed }))
}

fn message_id(value: Option<&Value>) -> Result<MessageId, FieldProblem> {
    let fault = |code, detail: &str| FieldProblem {
        field: "messageId",
        code,
        detail: detail.to_owned(),
    };
    match value {
        None | Some(Value::Null) => Err(fault(FieldCode::Required, "must be a message's id")),
        Some(Value::Text(id)) => id
            .parse()
            .map_err(|_| fault(FieldCode::Invalid, "must be a message's id")),
        Some(Value::Other) => Err(fault(FieldCode::NotAString, "must be a string")),
    }
}

/// The token of a request.
pub fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    headers
        .typed_get::<Authorization<Bearer>>()
        .map(|bearer| bearer.token().to_owned())
        .ok_or(Problem::TokenMissing)
}
