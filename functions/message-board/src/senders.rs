//! What moderators do about a sender: looking it up, removing what it posted, and letting it in again.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::MessageId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Action, Entry, ReviewedMessage, Status, Summary};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Moderator;
use crate::body;
use crate::extract::{InTime, Parameters, message_id};
use crate::problem::{Code, Problem};
use crate::review::AfterQuery;
use crate::state::AppState;
use crate::vocabulary::{self, problems};

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/moderation/sender", get(sender))
        .route("/api/moderation/sender/messages", get(others))
        .route("/api/moderation/remove-sender", post(remove_sender))
        .route("/api/moderation/refused", get(refused))
        .route("/api/moderation/let-in", post(let_in))
        .route("/api/moderation/refuse", post(refuse))
}

/// Whose sender.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// A message of the sender.
    // By `schema_with` it could not be required.
    #[param(value_type = String, required = true, pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    message_id: Option<String>,
}

/// What removing the sender of a message would remove now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Sender)]
pub struct SenderBody {
    /// Whether it is known who sent the message. If not, only the message itself would go.
    known: bool,
    /// How many messages, also of others who post from the same address that day.
    messages: u64,
    /// The names on them, the most frequent first, 20 at most.
    authors: Vec<String>,
    /// How many further names there are.
    other_authors: u64,
    /// How many of the messages are without a name.
    anonymous: u64,
    /// When the first of them was posted; null where there are none.
    #[schema(required, format = DateTime)]
    since: Option<String>,
}

problems!(
    SenderProblems: TokenMissing, TokenWrong, InvalidParameter, MessageNotFound, DatabaseResuming,
    DatabaseUnavailable, Internal,
);

/// What the sender of a message posted that day: what `remove-sender` would remove.
#[utoipa::path(get, path = "/api/moderation/sender", operation_id = "getSender",
    security(("moderator" = [])),
    params(Whose),
    responses((status = 200, description = "The sender.", body = SenderBody), SenderProblems))]
pub async fn sender(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(Whose { message_id: id }): Parameters<Whose>,
) -> Result<Json<SenderBody>, Problem> {
    let id = message_id(id.as_deref()).map_err(Problem::invalid_parameter)?;
    let store = state.board.store(deadline);
    let sender = store.sender_of(id).await?;
    let summary = match &sender {
        Some(sender) => store.summary_of(sender).await?,
        None => match store.entry(id).await? {
            // One that cannot be read can be removed all the same.
            Some(Entry {
                status: Status::Posted | Status::Held | Status::Approved | Status::Restored,
                message,
                ..
            }) => Summary::of(id, message.and_then(|message| message.author)),
            None => Summary::of(id, state.board.message(id, deadline).await?.author),
            Some(_) => return Err(Code::MessageNotFound.into()),
        },
    };
    Ok(Json(SenderBody {
        known: sender.is_some(),
        messages: summary.messages,
        authors: summary.authors,
        other_authors: summary.other_authors,
        anonymous: summary.anonymous,
        since: summary.first.map(MessageId::created_at),
    }))
}

/// A message that a sender posted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MessageOfSender)]
struct Other {
    #[schema(schema_with = vocabulary::id)]
    id: MessageId,
    #[schema(pattern = "^(posted|held|rejected|removed)$")]
    status: String,
    #[schema(required)]
    author: Option<String>,
    text: String,
    #[schema(format = DateTime)]
    created_at: String,
    has_picture: bool,
}

/// What a sender posted beside a message.
#[derive(Serialize, ToSchema)]
#[schema(as = MessagesOfSender)]
pub struct Others {
    messages: Vec<Other>,
}

problems!(
    OthersProblems: TokenMissing, TokenWrong, InvalidParameter, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// What the sender of a message posted that day beside it, also from others behind the same address: the newest first, 20 at
/// most; none where it is not known who the sender is.
#[utoipa::path(get, path = "/api/moderation/sender/messages", operation_id = "listMessagesOfSender",
    security(("moderator" = [])),
    params(Whose),
    responses((status = 200, description = "The other messages.", body = Others), OthersProblems))]
pub async fn others(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(Whose { message_id: id }): Parameters<Whose>,
) -> Result<Json<Others>, Problem> {
    let id = message_id(id.as_deref()).map_err(Problem::invalid_parameter)?;
    let store = state.board.store(deadline);
    let others = match store.sender_of(id).await? {
        Some(sender) => store.others_of(&sender, id).await?,
        None => Vec::new(),
    };
    let other = |ReviewedMessage {
                     status, message, ..
                 }: ReviewedMessage| Other {
        id: message.id,
        status: status.to_string(),
        author: message.author,
        text: message.text,
        created_at: message.id.created_at(),
        has_picture: message.picture.is_some(),
    };
    let messages = others.into_iter().map(other).collect();
    Ok(Json(Others { messages }))
}

/// A message of the sender.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes")]
struct OfSender {
    #[schema(schema_with = vocabulary::id)]
    message_id: String,
}

/// How many messages went.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    removed: usize,
}

problems!(
    Problems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    MessageNotFound, MessageChanged, MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Takes down or rejects what the sender of a message posted that day, and refuses that sender until midnight UTC. Each
/// message can be restored for 24 hours, and the sender be let in again.
#[utoipa::path(post, path = "/api/moderation/remove-sender", operation_id = "removeSender",
    security(("moderator" = [])),
    request_body = OfSender,
    responses((status = 200, description = "It is done.", body = Removed), Problems))]
pub async fn remove_sender(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<Json<Removed>, Problem> {
    let id = body::message_id(request).await?;
    let protocol = state.board.protocol(deadline);
    let act = moderator.act_on(Action::RemoveSender, id);
    let removed = protocol.logged(&act, protocol.remove_sender(id)).await?;
    Ok(Json(Removed { removed }))
}

/// Senders that are refused, each by its newest message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedSenders)]
pub struct Refused {
    #[schema(value_type = Vec<String>)]
    message_ids: Vec<MessageId>,
    /// The `after` of the following page; null where there is none.
    #[schema(required, value_type = Option<String>)]
    next: Option<MessageId>,
}

problems!(
    RefusedProblems: TokenMissing, TokenWrong, InvalidParameter, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Which senders are refused now: of each the id of its newest message, the newest first, a page at a time.
#[utoipa::path(get, path = "/api/moderation/refused", operation_id = "listRefused",
    security(("moderator" = [])),
    params(AfterQuery),
    responses((status = 200, description = "The senders.", body = Refused), RefusedProblems))]
pub async fn refused(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(query): Parameters<AfterQuery>,
) -> Result<Json<Refused>, Problem> {
    let (limit, after) = query.parsed()?;
    let store = state.board.store(deadline);
    let (message_ids, next) = store.refused(limit, after, SystemTime::now()).await?;
    Ok(Json(Refused { message_ids, next }))
}

/// Whether the sender was refused before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LetIn {
    let_in: bool,
}

problems!(
    LetInProblems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    MessageNotFound, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Lets the sender of a message post again.
#[utoipa::path(post, path = "/api/moderation/let-in", operation_id = "letIn",
    security(("moderator" = [])),
    request_body = OfSender,
    responses((status = 200, description = "It is done.", body = LetIn), LetInProblems))]
pub async fn let_in(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<Json<LetIn>, Problem> {
    let id = body::message_id(request).await?;
    let protocol = state.board.protocol(deadline);
    let act = moderator.act_on(Action::LetIn, id);
    let steps = protocol.let_in(id);
    let let_in = protocol.logged_where(&act, steps, |it| *it).await?;
    Ok(Json(LetIn { let_in }))
}

/// Lets the sender of a message post no more until midnight UTC, and leaves what the sender posted.
#[utoipa::path(post, path = "/api/moderation/refuse", operation_id = "refuse",
    security(("moderator" = [])),
    request_body = OfSender,
    responses((status = 204, description = "It is done."), LetInProblems))]
pub async fn refuse(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<StatusCode, Problem> {
    let id = body::message_id(request).await?;
    let protocol = state.board.protocol(deadline);
    let act = moderator.act_on(Action::Refuse, id);
    protocol.logged(&act, protocol.refuse(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
