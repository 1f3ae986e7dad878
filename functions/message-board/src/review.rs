//! What moderators review: what waits for them and what they can restore, and whether posting is open.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use board::Deadline;
use domain::{MessageId, PostedPicture, Posting};
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use store::{Action, ReviewedMessage, Subject, Waiting};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Moderator;
use crate::body;
use crate::extract::{InTime, Parameters, PathId, limit, parsed_id};
use crate::problem::Problem;
use crate::session::written;
use crate::state::AppState;
use crate::vocabulary::{self, problems};

/// How many messages a page has.
const DEFAULT_LIMIT: u16 = 20;

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/moderation", get(waiting))
        .route("/api/moderation/held", get(held))
        .route("/api/moderation/removed", get(removed))
        .route("/api/moderation/picture/{id}", get(picture))
        .route("/api/moderation/posting", put(set_posting))
}

/// What waits for moderators, and whether posting is open.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Moderation)]
pub struct WaitingBody {
    /// The moderator's name, as the token says it; null for the token without a name.
    #[schema(required, pattern = "^[A-Za-z0-9-]{1,24}$")]
    moderator: Option<String>,
    /// When the token ends; null for one that lasts until it is revoked.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// How many messages wait to be approved or rejected, 1,000 at most.
    held: u64,
    /// How many messages were taken down or rejected and can be restored, 1,000 at most.
    removed: u64,
    /// How many senders are refused and can be let in again, 1,000 at most.
    refused: u64,
    /// Whether the board takes new messages now.
    #[schema(schema_with = vocabulary::posting)]
    posting: Posting,
    /// The most that moderators may open, by the board's settings.
    #[schema(schema_with = vocabulary::posting)]
    most_posting: Posting,
}

problems!(
    WaitingProblems: TokenMissing, TokenWrong, MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// What waits for moderators, and whether posting is open.
#[utoipa::path(get, path = "/api/moderation", operation_id = "getModeration",
    security(("moderator" = [])),
    responses((status = 200, description = "What waits.", body = WaitingBody), WaitingProblems))]
pub async fn waiting(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    Moderator(moderator): Moderator,
) -> Result<Json<WaitingBody>, Problem> {
    let store = state.board.store(deadline);
    let most_posting = state.settings.posting;
    let (held, removed, refused, posting) = tokio::join!(
        store.count_waiting(Waiting::Held),
        store.count_waiting(Waiting::Removed),
        store.count_refused(SystemTime::now()),
        state.board.posting(most_posting, deadline)
    );
    Ok(Json(WaitingBody {
        moderator: moderator.name.map(|name| name.to_string()),
        expires_at: moderator.expires_at.map(written),
        held: held?,
        removed: removed?,
        refused: refused?,
        posting: posting?,
        most_posting,
    }))
}

/// A message that moderators decide on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReviewedMessage)]
struct Reviewed {
    #[schema(schema_with = vocabulary::id)]
    id: MessageId,
    #[schema(pattern = "^(held|removed|rejected)$")]
    status: String,
    /// Since when it has this status; null where that is not known.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    #[schema(required)]
    author: Option<String>,
    text: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required)]
    picture: Option<ReviewedPicture>,
}

/// The picture of such a message.
#[derive(Serialize, ToSchema)]
struct ReviewedPicture {
    /// Where moderators get the picture, by their token; a path of the API.
    url: String,
    #[schema(required)]
    alt: Option<String>,
    /// In pixels, as displayed.
    width: u32,
    /// In pixels, as displayed.
    height: u32,
    #[schema(pattern = "^image/(jpeg|png|gif|webp)$")]
    r#type: &'static str,
    /// Whether it moves; null where that is not known.
    #[schema(required)]
    animated: Option<bool>,
}

impl From<ReviewedMessage> for Reviewed {
    fn from(shown: ReviewedMessage) -> Self {
        let id = shown.message.id;
        let picture = |picture: PostedPicture| ReviewedPicture {
            url: format!("/api/moderation/picture/{id}"),
            alt: picture.alt,
            width: picture.width,
            height: picture.height,
            r#type: picture.format.media_type(),
            animated: picture.animated,
        };
        // The time of an id is written as all times are.
        let time = |since| MessageId::from_parts(since, 0).created_at();
        let since = shown.since.and_then(|since| u64::try_from(since).ok());
        Self {
            id,
            status: shown.status.to_string(),
            since: since.map(time),
            author: shown.message.author,
            text: shown.message.text,
            created_at: id.created_at(),
            picture: shown.message.picture.map(picture),
        }
    }
}

/// Messages that moderators decide on.
#[derive(Serialize, ToSchema)]
pub struct ReviewedPage {
    messages: Vec<Reviewed>,
    /// The `after` of the following page; null where there is none.
    #[schema(required, value_type = Option<String>)]
    next: Option<MessageId>,
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// How many.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 50, default = 20)]
    limit: Option<String>,
    /// Only those that follow this one; the page before gives it as `next`.
    #[param(schema_with = vocabulary::id, required = false)]
    after: Option<String>,
}

impl AfterQuery {
    /// How many, and after which.
    pub fn parsed(&self) -> Result<(u32, Option<MessageId>), Problem> {
        let limit = limit(self.limit.as_deref(), DEFAULT_LIMIT);
        let after = parsed_id("after", self.after.as_deref());
        limit
            .and_then(|limit| Ok((limit.into(), after?)))
            .map_err(Problem::invalid_parameter)
    }
}

impl AppState {
    async fn reviewed(
        &self,
        which: Waiting,
        query: &AfterQuery,
        deadline: Deadline,
    ) -> Result<Json<ReviewedPage>, Problem> {
        let (limit, after) = query.parsed()?;
        let store = self.board.store(deadline);
        let (shown, next) = store.waiting(which, limit, after).await?;
        let messages = shown.into_iter().map(Reviewed::from).collect();
        Ok(Json(ReviewedPage { messages, next }))
    }
}

problems!(
    PageProblems: TokenMissing, TokenWrong, InvalidParameter, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// What waits to be approved or rejected, oldest first, a page at a time.
#[utoipa::path(get, path = "/api/moderation/held", operation_id = "listHeld",
    security(("moderator" = [])),
    params(AfterQuery),
    responses((status = 200, description = "The page.", body = ReviewedPage), PageProblems))]
pub async fn held(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(query): Parameters<AfterQuery>,
) -> Result<Json<ReviewedPage>, Problem> {
    state.reviewed(Waiting::Held, &query, deadline).await
}

/// What was taken down or rejected and can be restored, newest first, a page at a time.
#[utoipa::path(get, path = "/api/moderation/removed", operation_id = "listRemoved",
    security(("moderator" = [])),
    params(AfterQuery),
    responses((status = 200, description = "The page.", body = ReviewedPage), PageProblems))]
pub async fn removed(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(query): Parameters<AfterQuery>,
) -> Result<Json<ReviewedPage>, Problem> {
    state.reviewed(Waiting::Removed, &query, deadline).await
}

problems!(
    PictureProblems: TokenMissing, TokenWrong, NotFound, MessageNotFound, MediaUnavailable, DatabaseResuming,
    DatabaseUnavailable, Internal,
);

/// The picture of a message that waits, or was taken down: it has no public address.
#[utoipa::path(get, path = "/api/moderation/picture/{id}", operation_id = "getReviewedPicture",
    security(("moderator" = [])),
    params(vocabulary::Id),
    responses(
        (status = 200, description = "The picture.", content(
            (String = "image/jpeg"), (String = "image/png"), (String = "image/gif"), (String = "image/webp"),
        )),
        PictureProblems,
    ))]
pub async fn picture(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    PathId(id): PathId,
    _: Moderator,
) -> Result<Response, Problem> {
    let protocol = state.board.protocol(deadline);
    let (format, bytes) = protocol.held_picture(id).await?;
    Ok(([(CONTENT_TYPE, format.media_type())], bytes).into_response())
}

/// Whether the board takes new messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Posting)]
pub struct PostingBody {
    /// What holds: the stricter of what moderators set and the board's settings.
    #[schema(schema_with = vocabulary::posting)]
    posting: Posting,
    /// The most that moderators may open, by the board's settings.
    #[schema(schema_with = vocabulary::posting)]
    most_posting: Posting,
}

/// What moderators set.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
struct NewPosting {
    #[schema(schema_with = vocabulary::posting)]
    posting: String,
}

problems!(
    PostingProblems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    MediaUnavailable, Internal,
);

/// Opens posting, has each message be reviewed, or closes posting; within 10 seconds everywhere.
#[utoipa::path(put, path = "/api/moderation/posting", operation_id = "setPosting",
    security(("moderator" = [])),
    request_body = NewPosting,
    responses((status = 200, description = "It is set.", body = PostingBody), PostingProblems))]
pub async fn set_posting(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<Json<PostingBody>, Problem> {
    let detail = "must be open, reviewed or closed";
    let posting: Posting = body::parsed(request, "posting", detail, |it| it.parse().ok()).await?;
    let protocol = state.board.protocol(deadline);
    let most_posting = state.settings.posting;
    // What holds from now on.
    let now = posting.max(most_posting);
    let act = moderator.act(Action::SetPosting(now), Subject::Board);
    let set = state.board.set_posting(posting, deadline);
    protocol.logged_unless_asleep(&act, set).await?;
    Ok(Json(PostingBody {
        posting: now,
        most_posting,
    }))
}
