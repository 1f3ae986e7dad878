use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt as _};
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use shared::domain::MessageId;

use crate::deadline::Deadline;
use crate::problem::{FieldProblem, Problem};
use crate::{Board, draft};

pub fn router() -> Router<Arc<Board>> {
    Router::new().route("/api/moderation/remove-sender", post(remove_sender))
}

/// How many messages went.
#[derive(Serialize)]
struct Removed {
    removed: usize,
}

/// Removes what the sender of a message posted that day, and refuses that sender until midnight UTC.
async fn remove_sender(
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
    let body = draft::json_object(request).await?;
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
        None | Some(Value::Null) => Err(fault("required", "must be a message's id")),
        Some(Value::String(id)) => id
            .parse()
            .map_err(|_| fault("invalid", "must be a message's id")),
        Some(_) => Err(fault("not-a-string", "must be a string")),
    }
}

/// The token of a request.
pub fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    headers
        .typed_get::<Authorization<Bearer>>()
        .map(|bearer| bearer.token().to_owned())
        .ok_or(Problem::TokenMissing)
}
