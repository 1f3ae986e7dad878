//! Messages: reading them, posting one, deleting one.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use board::front_page::{self, FrontPage};
use board::{Posted, Poster};
use domain::{Message, MessageId, PostedPicture};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use lambda::metrics::{self, Metric};
use media::Bucket;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Bearer;
use crate::caching::Tagged;
use crate::client::{Client, Viewer};
use crate::draft;
use crate::extract::{InTime, Parameters, PathId, RepeatableBy};
use crate::problem::{Code, FieldCode, FieldProblem, Problem};
use crate::settings::Posting;
use crate::state::AppState;
use crate::vocabulary::{self, problems};

/// One URL for all viewers: a shared cache asks once a second, and serves what it has while we cannot.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/messages", get(list).post(create))
        .route("/api/messages/{id}", get(one).delete(delete))
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
struct MessageBody {
    #[schema(schema_with = vocabulary::id)]
    id: MessageId,
    #[schema(required)]
    author: Option<String>,
    /// Empty only with a picture.
    text: String,
    /// The id's time.
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required)]
    picture: Option<PictureBody>,
}

/// A message's picture.
#[derive(Serialize, ToSchema)]
#[schema(as = Picture)]
struct PictureBody {
    url: String,
    #[schema(required)]
    alt: Option<String>,
    /// In pixels, as displayed.
    width: u32,
    /// In pixels, as displayed.
    height: u32,
    #[schema(pattern = "^image/(jpeg|png|gif|webp)$")]
    r#type: &'static str,
}

impl AppState {
    fn body(&self, message: Message) -> MessageBody {
        let Message {
            id,
            author,
            text,
            picture,
        } = message;
        let picture = picture.map(|picture| {
            let PostedPicture {
                format,
                width,
                height,
                alt,
            } = picture;
            let key = Bucket::picture_key(id, format);
            PictureBody {
                url: self.settings.public_base_url.of_key(&key),
                alt,
                width,
                height,
                r#type: format.media_type(),
            }
        });
        MessageBody {
            id,
            author,
            text,
            created_at: id.created_at(),
            picture,
        }
    }

    /// The first of some messages, and whether there are more, in them or after.
    fn page(&self, limit: u32, mut messages: Vec<Message>, more: bool) -> Result<Tagged, Problem> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = more || messages.len() > limit;
        messages.truncate(limit);
        let page = Page {
            next: messages.last().map(|message| message.id).filter(|_| more),
            messages: messages
                .into_iter()
                .map(|message| self.body(message))
                .collect(),
        };
        Ok(Tagged::new(json(&page)?))
    }
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many messages.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 50, default = 20)]
    limit: Option<String>,
    /// Only older ones than this message; the page before gives it as `next`.
    #[param(schema_with = vocabulary::id, required = false)]
    before: Option<String>,
}

impl PageQuery {
    fn parse(&self) -> Result<(u32, Option<MessageId>), FieldProblem> {
        let wrong = |field, detail: &str| FieldProblem {
            field,
            code: FieldCode::Invalid,
            detail: detail.to_owned(),
        };
        let limit = self.limit.as_deref().map_or(Ok(20), |limit| {
            let is_digits = limit.bytes().all(|byte| byte.is_ascii_digit());
            let number = is_digits
                .then(|| limit.parse().ok())
                .flatten()
                .filter(|number| (1..=50).contains(number));
            number.ok_or_else(|| wrong("limit", "must be a whole number from 1 to 50"))
        })?;
        let before = self.before.as_deref().map(str::parse).transpose();
        Ok((
            limit,
            before.map_err(|_| wrong("before", "must be a message's id"))?,
        ))
    }
}

/// Messages, newest first.
#[derive(Serialize, ToSchema)]
struct Page {
    messages: Vec<MessageBody>,
    /// The `before` of the following page; null where there is none.
    #[schema(required, value_type = Option<String>)]
    next: Option<MessageId>,
}

problems!(ListProblems: InvalidParameter, DatabaseResuming, DatabaseUnavailable, Internal);

/// Messages, newest first, a page at a time.
#[utoipa::path(get, path = "/api/messages", operation_id = "listMessages",
    params(PageQuery, vocabulary::Known),
    responses(
        (status = 200, description = "The page.", body = Page, headers(("ETag" = String))),
        (status = 304, description = "The page is that of the `ETag`."),
        ListProblems,
    ))]
pub async fn list(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    Parameters(query): Parameters<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (limit, before) = query.parse().map_err(Problem::invalid_parameter)?;
    let tagged = if before.is_none() && limit <= front_page::LENGTH {
        let page = Box::pin(state.board.front_page(deadline)).await?;
        let make = |page: &FrontPage| state.page(limit, page.messages.clone(), page.more);
        if limit == front_page::LENGTH {
            state.answer_of(&page, make)?
        } else {
            make(&page)?
        }
    } else {
        // One more than asked for tells whether there is a following page.
        let messages = state.board.store(deadline).page(limit + 1, before).await?;
        state.page(limit, messages, false)?
    };
    Ok(tagged.answer(&headers, CACHE_CONTROL))
}

problems!(OneProblems: MessageNotFound, DatabaseResuming, DatabaseUnavailable, Internal);

/// One message.
#[utoipa::path(get, path = "/api/messages/{id}", operation_id = "getMessage",
    params(vocabulary::Id, vocabulary::Known),
    responses(
        (status = 200, description = "The message.", body = MessageBody, headers(("ETag" = String))),
        (status = 304, description = "The message is that of the `ETag`."),
        OneProblems,
    ))]
pub async fn one(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let message = state.board.store(deadline).find(id).await?;
    let message = message.ok_or(Code::MessageNotFound)?;
    let tagged = Tagged::new(json(&state.body(message))?);
    Ok(tagged.answer(&headers, CACHE_CONTROL))
}

/// A new message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewMessageWithToken)]
struct Created {
    #[serde(flatten)]
    message: MessageBody,
    /// Deletes the message; it is told to nobody else.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    delete_token: String,
}

problems!(
    CreateProblems: CrossSite, PostingClosed, SenderRefused, InvalidIdempotencyKey, MalformedBody,
    UnsupportedMediaType, PictureTooLarge, UnsupportedPicture, InvalidFields, IdempotencyKeyReused,
    MessageDeleted, PostingLimit, MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Posts a message. With an `Idempotency-Key` it may be repeated until it is answered.
#[utoipa::path(post, path = "/api/messages", operation_id = "postMessage",
    params(vocabulary::Repeatable),
    request_body(content(
        (vocabulary::NewText = "application/json"),
        (vocabulary::NewMessage = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The message is on the board.", body = Created,
            headers(("Location" = String))),
        CreateProblems,
    ))]
pub async fn create(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: OpenForPosting,
    RepeatableBy(key): RepeatableBy,
    request: Request,
) -> Result<Response, Problem> {
    let settings = &state.settings;
    let client = Client::of(&request, &settings.origin_secrets);
    let (new, picture) = draft::read(request).await?;
    let idempotency = key.map(|key| settings.repeats.of(&key, &new, picture.as_deref()));
    let poster = Poster {
        counted: settings.senders.sender(client.address, SystemTime::now()),
        is_known: client.viewer == Viewer::Named,
        on_no_sender: || metrics::count(Metric::PostsWithoutSender),
        posts_per_minute: settings.posts_per_minute,
    };
    let protocol = state.board.protocol(deadline);
    let Posted {
        message,
        era,
        is_repeat,
    } = protocol.post(&new, &poster, idempotency.as_ref()).await?;
    if is_repeat {
        metrics::count(Metric::Repeats);
    }
    let location = format!("/api/messages/{}", message.id);
    let created = Created {
        delete_token: settings.tokens.delete_token(message.id, era),
        message: state.body(message),
    };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(created)).into_response())
}

/// Says that the board takes messages.
pub struct OpenForPosting;

impl FromRequestParts<Arc<AppState>> for OpenForPosting {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        match state.settings.posting {
            Posting::Open => Ok(Self),
            Posting::Closed => Err(Code::PostingClosed.into()),
        }
    }
}

problems!(
    DeleteProblems: CrossSite, TokenMissing, TokenWrong, MessageNotFound, MediaUnavailable, DatabaseResuming,
    DatabaseUnavailable, Internal,
);

/// Deletes a message and its picture.
///
/// The token is judged before anything is looked up, so that a wrong one learns nothing.
#[utoipa::path(delete, path = "/api/messages/{id}", operation_id = "deleteMessage",
    security(("token" = [])),
    params(vocabulary::Id),
    responses((status = 204, description = "It is gone."), DeleteProblems))]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    PathId(id): PathId,
    Bearer(token): Bearer,
) -> Result<StatusCode, Problem> {
    let (tokens, protocol) = (&state.settings.tokens, state.board.protocol(deadline));
    if tokens.may_delete(id, &token) {
        protocol.delete(id).await?;
    } else if tokens.is_moderator(&token) {
        protocol.delete_for_good(id).await?;
    } else {
        return Err(Code::TokenWrong.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|cause| Problem::failure(Code::Internal, &cause))
}
