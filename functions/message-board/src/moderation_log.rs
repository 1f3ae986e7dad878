//! Which moderator did what.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use domain::MessageId;
use serde::Serialize;
use store::LogEntry;
use utoipa::ToSchema;

use crate::auth::Moderator;
use crate::extract::{InTime, Parameters};
use crate::problem::Problem;
use crate::review::AfterQuery;
use crate::state::AppState;
use crate::vocabulary::{self, problems};

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/api/moderation/log", get(log))
}

/// An act of a moderator.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ModerationLogEntry)]
struct EntryBody {
    #[schema(schema_with = vocabulary::id)]
    id: MessageId,
    /// When it was.
    #[schema(format = DateTime)]
    at: String,
    /// The moderator's name; null for the token without a name.
    #[schema(required)]
    moderator: Option<String>,
    /// What was done: `approve`, `reject`, `restore`, `take-down`, `delete`, `remove-sender`, `let-in`, `refuse`,
    /// `posting-open`, `posting-reviewed`, `posting-closed`, `take-picture-down`, `restore-picture`; later also other acts.
    action: String,
    /// To which message, or to the sender of which message; null for other acts.
    #[schema(required, value_type = Option<String>)]
    message_id: Option<MessageId>,
    /// To which picture of the operator's, as its URL was; null for other acts.
    #[schema(required)]
    url: Option<String>,
}

/// What moderators did.
#[derive(Serialize, ToSchema)]
#[schema(as = ModerationLog)]
pub struct LogBody {
    entries: Vec<EntryBody>,
    /// The `after` of the following page; null where there is none.
    #[schema(required, value_type = Option<String>)]
    next: Option<MessageId>,
}

problems!(
    Problems: TokenMissing, TokenWrong, InvalidParameter, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// What moderators did in the last 90 days, newest first, a page at a time. It has no text, no token and no address.
#[utoipa::path(get, path = "/api/moderation/log", operation_id = "listModerationLog",
    security(("moderator" = [])),
    params(AfterQuery),
    responses((status = 200, description = "The page.", body = LogBody), Problems))]
pub async fn log(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(query): Parameters<AfterQuery>,
) -> Result<Json<LogBody>, Problem> {
    let (limit, after) = query.parsed()?;
    let store = state.board.store(deadline);
    let (entries, next) = store
        .moderation_log(limit, after, SystemTime::now())
        .await?;
    let url = |key: String| state.settings.public_base_url.of_key(&key);
    let body = |entry: LogEntry| EntryBody {
        id: entry.id,
        at: entry.id.created_at(),
        moderator: entry.moderator,
        action: entry.action,
        message_id: entry.message,
        url: entry.picture.map(url),
    };
    let entries = entries.into_iter().map(body).collect();
    Ok(Json(LogBody { entries, next }))
}
