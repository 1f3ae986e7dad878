//! What moderators decide on many messages at once: approving, rejecting, restoring.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use board::{Deadline, Decision, Error};
use domain::MessageId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Moderator;
use crate::body;
use crate::extract::InTime;
use crate::json::{MOST_TEXTS, Value};
use crate::problem::{FieldCode, Problem};
use crate::state::AppState;
use crate::vocabulary::{self, problems};

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/moderation/approve", post(approve))
        .route("/api/moderation/reject", post(reject))
        .route("/api/moderation/restore", post(restore))
}

/// Messages to decide on.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes")]
#[schema(as = MessageIds)]
struct Ids {
    #[schema(schema_with = vocabulary::message_ids)]
    message_ids: Vec<String>,
}

/// What became of each.
#[derive(Serialize, ToSchema)]
pub struct Outcomes {
    /// In the order in which they were asked for, each once.
    outcomes: Vec<Outcome>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[schema(schema_with = vocabulary::id)]
    message_id: MessageId,
    outcome: OutcomeKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum OutcomeKind {
    /// It is as was asked, perhaps since before.
    Done,
    /// There is no such message any more, or never was.
    NotFound,
    /// Somebody else decided otherwise: look again.
    Changed,
    /// Its picture is lost, so it cannot be shown, and is deleted.
    Lost,
    /// It is not known whether it is done: try again.
    Failed,
}

impl AppState {
    /// Decides on each of the messages that a request names.
    async fn decide(
        &self,
        decision: Decision,
        moderator: domain::Moderator,
        request: Request,
        deadline: Deadline,
    ) -> Result<Json<Outcomes>, Problem> {
        let ids = message_ids(body::member(request, "messageIds").await?)?;
        let protocol = self.board.protocol(deadline);
        let (mut outcomes, mut failure) = (Vec::new(), None);
        for (message_id, decided) in protocol.decide_all(decision, moderator.name, &ids).await {
            let outcome = match decided {
                Ok(()) => OutcomeKind::Done,
                Err(Error::NotFound) => OutcomeKind::NotFound,
                Err(Error::Conflict) => OutcomeKind::Changed,
                Err(Error::Deleted) => OutcomeKind::Lost,
                Err(cause) => {
                    failure = Some(cause);
                    OutcomeKind::Failed
                }
            };
            outcomes.push(Outcome {
                message_id,
                outcome,
            });
        }
        // Where no decision is known to be made, the request is answered by the failure, as any other request.
        match failure {
            Some(cause) if outcomes.iter().all(|it| it.outcome == OutcomeKind::Failed) => {
                Err(cause.into())
            }
            Some(cause) => {
                tracing::warn!(%cause, "not all of what a moderator decided is known to be done");
                Ok(Json(Outcomes { outcomes }))
            }
            None => Ok(Json(Outcomes { outcomes })),
        }
    }
}

fn message_ids(given: Option<Value>) -> Result<Vec<MessageId>, Problem> {
    let fault = |code, detail| body::fault("messageIds", code, detail);
    match given {
        None => Err(fault(FieldCode::Required, "must be messages' ids")),
        Some(Value::Texts(ids)) if (1..=MOST_TEXTS).contains(&ids.len()) => {
            let mut read = Vec::new();
            for id in ids {
                let id = id.parse();
                let id = id.map_err(|_| fault(FieldCode::Invalid, "must be messages' ids"))?;
                if !read.contains(&id) {
                    read.push(id);
                }
            }
            Ok(read)
        }
        Some(_) => Err(fault(
            FieldCode::Invalid,
            "must be a list of 1 to 100 messages' ids",
        )),
    }
}

problems!(
    DecisionProblems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Publishes messages that wait.
#[utoipa::path(post, path = "/api/moderation/approve", operation_id = "approve",
    security(("moderator" = [])),
    request_body = Ids,
    responses((status = 200, description = "What became of each.", body = Outcomes), DecisionProblems))]
pub async fn approve(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    Moderator(moderator): Moderator,
    request: Request,
) -> Result<Json<Outcomes>, Problem> {
    state
        .decide(Decision::Approve, moderator, request, deadline)
        .await
}

/// Keeps messages that wait from being published; they can be restored for 24 hours, and wait again.
#[utoipa::path(post, path = "/api/moderation/reject", operation_id = "reject",
    security(("moderator" = [])),
    request_body = Ids,
    responses((status = 200, description = "What became of each.", body = Outcomes), DecisionProblems))]
pub async fn reject(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    Moderator(moderator): Moderator,
    request: Request,
) -> Result<Json<Outcomes>, Problem> {
    state
        .decide(Decision::Reject, moderator, request, deadline)
        .await
}

/// Publishes messages again that were taken down, and has messages wait again that were rejected.
#[utoipa::path(post, path = "/api/moderation/restore", operation_id = "restore",
    security(("moderator" = [])),
    request_body = Ids,
    responses((status = 200, description = "What became of each.", body = Outcomes), DecisionProblems))]
pub async fn restore(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    Moderator(moderator): Moderator,
    request: Request,
) -> Result<Json<Outcomes>, Problem> {
    state
        .decide(Decision::Restore, moderator, request, deadline)
        .await
}
