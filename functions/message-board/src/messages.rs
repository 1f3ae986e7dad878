use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use shared::bucket::Bucket;
use shared::domain::{IdempotencyKey, Message, MessageId, PostedPicture};
use shared::front_page;
use utoipa::{IntoParams, ToSchema};

use crate::caching::Tagged;
use crate::client::{Client, Viewer};
use crate::deadline::Deadline;
use crate::moderation::bearer;
use crate::openapi::problems;
use crate::posting::{Posted, Poster};
use crate::problem::{FieldCode, FieldProblem, Problem};
use crate::{Board, draft, openapi, settings};

/// One URL for all viewers: a shared cache asks once a second, and serves what it has while we cannot.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";

pub fn router() -> Router<Arc<Board>> {
    Router::new()
        .route("/api/messages", get(list).post(create))
        .route("/api/messages/{id}", get(one).delete(delete))
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
struct MessageBody {
    #[schema(schema_with = openapi::id)]
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

impl Board {
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
    #[param(schema_with = openapi::id, required = false)]
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
    params(PageQuery, openapi::Known),
    responses(
        (status = 200, description = "The page.", body = Page, headers(("ETag" = String))),
        (status = 304, description = "The page is that of the `ETag`."),
        ListProblems,
    ))]
pub async fn list(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    query: Result<Query<PageQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let (limit, before) = query.parse().map_err(Problem::InvalidParameter)?;

    let store = board.store(deadline);
    let tagged = if before.is_none() && limit <= front_page::LENGTH {
        let shown = Box::pin(board.front.read(&store, deadline)).await?;
        match shown.answer.get() {
            Some(tagged) if limit == front_page::LENGTH => tagged.clone(),
            _ => {
                let page = &shown.page;
                let tagged = board.page(limit, page.messages.clone(), page.more)?;
                if limit == front_page::LENGTH {
                    // Whoever was faster has the same.
                    let _ = shown.answer.set(tagged.clone());
                }
                tagged
            }
        }
    } else {
        // One more than asked for tells whether there is a following page.
        board.page(limit, store.page(limit + 1, before).await?, false)?
    };
    Ok(tagged.answer(&headers, CACHE_CONTROL))
}

problems!(OneProblems: MessageNotFound, DatabaseResuming, DatabaseUnavailable, Internal);

/// One message.
#[utoipa::path(get, path = "/api/messages/{id}", operation_id = "getMessage",
    params(openapi::Id, openapi::Known),
    responses(
        (status = 200, description = "The message.", body = MessageBody, headers(("ETag" = String))),
        (status = 304, description = "The message is that of the `ETag`."),
        OneProblems,
    ))]
pub async fn one(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let message = board.store(deadline).find(message_id(id)?).await?;
    let message = message.ok_or(Problem::MessageNotFound)?;
    let tagged = Tagged::new(json(&board.body(message))?);
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
    params(openapi::Repeatable),
    request_body(content(
        (openapi::NewText = "application/json"),
        (openapi::NewMessage = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "The message is on the board.", body = Created,
            headers(("Location" = String))),
        CreateProblems,
    ))]
pub async fn create(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    request: Request,
) -> Result<Response, Problem> {
    if board.settings.posting == settings::Posting::Closed {
        return Err(Problem::PostingClosed);
    }
    let key = idempotency_key(request.headers())?;
    let settings = &board.settings;
    let client = Client::of(&request, &settings.origin_secrets);
    let (new, picture) = draft::read(request).await?;
    let idempotency = key.map(|key| settings.repeats.of(&key, &new, picture.as_deref()));
    let poster = Poster {
        counted: settings.senders.sender(client.address, SystemTime::now()),
        is_known: client.viewer == Viewer::Named,
    };
    let posting = board.posting(deadline);
    let Posted { message, era, .. } = posting.post(&new, &poster, idempotency.as_ref()).await?;
    let location = format!("/api/messages/{}", message.id);
    let created = Created {
        delete_token: settings.tokens.delete_token(message.id, era),
        message: board.body(message),
    };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(created)).into_response())
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
    params(openapi::Id),
    responses((status = 204, description = "It is gone."), DeleteProblems))]
pub async fn delete(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let id = message_id(id)?;
    let token = bearer(&headers)?;
    let (tokens, posting) = (&board.settings.tokens, board.posting(deadline));
    if tokens.may_delete(id, &token) {
        posting.delete(id).await?;
    } else if tokens.is_moderator(&token) {
        posting.delete_for_good(id).await?;
    } else {
        return Err(Problem::TokenWrong);
    }
    Ok(StatusCode::NO_CONTENT)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    headers
        .get("idempotency-key")
        .map(|value| IdempotencyKey::parse(value.as_bytes()))
        .transpose()
        .map_err(|_| Problem::InvalidIdempotencyKey)
}

/// A path that is no id names no message.
fn message_id(path: Result<Path<String>, PathRejection>) -> Result<MessageId, Problem> {
    path.ok()
        .and_then(|Path(id)| id.parse().ok())
        .ok_or(Problem::MessageNotFound)
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|_| Problem::Internal)
}
