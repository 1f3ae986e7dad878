//! Messages: reading them, posting one, deleting one.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use board::{Posted, Poster};
use domain::{Message, MessageId, PostedPicture, Posting};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use lambda::metrics::{self, Metric};
use media::{Bucket, Small};
use serde::{Deserialize, Serialize};
use store::Action;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Bearer, Moderator};
use crate::caching::{CACHE_CONTROL_OF_OLD, Tagged};
use crate::client::{Client, Viewer};
use crate::draft;
use crate::extract::{InTime, Parameters, PathId, RepeatableBy, limit, parsed_id};
use crate::problem::{Code, FieldCode, FieldProblem, Problem};
use crate::state::AppState;
use crate::vocabulary::{self, problems};

/// One URL for all viewers: a shared cache asks once a second, and serves what it has while we cannot.
const CACHE_CONTROL: &str = "public, max-age=0, s-maxage=1, stale-if-error=60";
/// How many messages a page has.
pub const DEFAULT_LIMIT: u16 = 20;

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/messages", get(list).post(create))
        .route("/api/messages/{id}", get(one).delete(delete))
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageBody<'a> {
    #[schema(schema_with = vocabulary::id)]
    id: MessageId,
    #[schema(required)]
    author: Option<&'a str>,
    /// Empty only with a picture.
    text: &'a str,
    /// The id's time.
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required)]
    picture: Option<PictureBody<'a>>,
}

/// A message's picture.
#[derive(Serialize, ToSchema)]
#[schema(as = Picture)]
pub struct PictureBody<'a> {
    url: String,
    #[schema(required)]
    alt: Option<&'a str>,
    /// In pixels, as displayed.
    width: u32,
    /// In pixels, as displayed.
    height: u32,
    #[schema(pattern = "^image/(jpeg|png|gif|webp)$")]
    r#type: &'static str,
    /// Smaller versions, smallest first; none where the picture is no larger itself.
    small: Vec<SmallBody>,
    /// Whether it moves; null where that is not known.
    #[schema(required)]
    animated: Option<bool>,
}

/// A smaller version of a picture; of one that moves, a still one.
#[derive(Serialize, ToSchema)]
#[schema(as = SmallPicture)]
pub struct SmallBody {
    url: String,
    /// In pixels, as displayed.
    width: u32,
    /// In pixels, as displayed.
    height: u32,
    #[schema(pattern = "^image/webp$")]
    r#type: &'static str,
}

impl AppState {
    fn body<'a>(&self, message: &'a Message) -> MessageBody<'a> {
        let Message {
            id,
            generation: _,
            author,
            text,
            picture,
        } = message;
        let picture = picture.as_ref().map(|picture| {
            let PostedPicture {
                format,
                width,
                height,
                animated,
                alt,
            } = picture;
            let key = Bucket::picture_key(message.name(), *format);
            let base = &self.settings.public_base_url;
            let small = picture.small_sizes().map(|(width, height)| SmallBody {
                url: base.of_key(&Small::Width(width).key_of(&key)),
                width,
                height,
                r#type: Small::WEBP,
            });
            PictureBody {
                url: base.of_key(&key),
                alt: alt.as_deref(),
                width: *width,
                height: *height,
                r#type: format.media_type(),
                small: small.collect(),
                animated: *animated,
            }
        });
        MessageBody {
            id: *id,
            author: author.as_deref(),
            text,
            created_at: id.created_at(),
            picture,
        }
    }

    fn page(&self, page: &board::Page) -> Result<Tagged, Problem> {
        let messages = page.messages.iter();
        let page = MessagePage {
            next: page
                .messages
                .last()
                .filter(|_| page.more)
                .map(|last| last.id),
            messages: messages.map(|message| self.body(message)).collect(),
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
    fn parse(&self) -> Result<(u16, Option<MessageId>), FieldProblem> {
        let limit = limit(self.limit.as_deref(), DEFAULT_LIMIT)?;
        Ok((limit, parsed_id("before", self.before.as_deref())?))
    }
}

/// Messages, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
struct MessagePage<'a> {
    messages: Vec<MessageBody<'a>>,
    /// The `before` of the following page; null where there is none.
    #[schema(required, value_type = Option<String>)]
    next: Option<MessageId>,
}

problems!(ListProblems: InvalidParameter, MediaUnavailable, Internal);

/// Messages, newest first, a page at a time.
#[utoipa::path(get, path = "/api/messages", operation_id = "listMessages",
    params(PageQuery, vocabulary::Known),
    responses(
        (status = 200, description = "The page.", body = MessagePage<'static>, headers(("ETag" = String))),
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
    let page = Box::pin(state.board.page(limit, before, deadline)).await?;
    let make = |page: &board::Page| state.page(page);
    if before.is_some() {
        return Ok(make(&page)?.answer(&headers, CACHE_CONTROL_OF_OLD));
    }
    let tagged = if limit == DEFAULT_LIMIT {
        state.answer_of(&page, make)?
    } else {
        make(&page)?
    };
    Ok(tagged.answer(&headers, CACHE_CONTROL))
}

problems!(OneProblems: NotFound, MessageNotFound, MediaUnavailable, Internal);

/// One message.
#[utoipa::path(get, path = "/api/messages/{id}", operation_id = "getMessage",
    params(vocabulary::Id, vocabulary::Known),
    responses(
        (status = 200, description = "The message.", body = MessageBody<'static>, headers(("ETag" = String))),
        (status = 304, description = "The message is that of the `ETag`."),
        OneProblems,
    ))]
pub async fn one(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let message = state.board.message(id, deadline).await?;
    let tagged = Tagged::new(json(&state.body(&message))?);
    Ok(tagged.answer(&headers, CACHE_CONTROL_OF_OLD))
}

/// A new message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewMessageWithToken)]
struct Created<'a> {
    #[serde(flatten)]
    message: MessageBody<'a>,
    /// Deletes the message; it is told to nobody else.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    delete_token: String,
}

/// A new message that waits for a moderator. What is at the URLs of its picture comes there when it is approved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HeldMessageWithToken)]
struct Held<'a> {
    #[schema(pattern = "^held$")]
    status: &'static str,
    #[serde(flatten)]
    created: Created<'a>,
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
        (status = 201, description = "The message is on the board.", body = Created<'static>,
            headers(("Location" = String))),
        (status = 202, description = "The message waits for a moderator.", body = Held<'static>),
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
        posting: settings.posting,
    };
    let protocol = state.board.protocol(deadline);
    let Posted {
        message,
        era,
        is_repeat,
        is_held,
    } = protocol.post(&new, &poster, idempotency.as_ref()).await?;
    if is_repeat {
        metrics::count(Metric::Repeats);
    }
    let location = format!("/api/messages/{}", message.id);
    let created = Created {
        delete_token: settings.tokens.delete_token(message.id, era),
        message: state.body(&message),
    };
    if is_held {
        let status = "held";
        return Ok((StatusCode::ACCEPTED, Json(Held { status, created })).into_response());
    }
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(created)).into_response())
}

/// Says that the settings let the board take messages. What moderators set is looked at beside the counting.
pub struct OpenForPosting;

impl FromRequestParts<Arc<AppState>> for OpenForPosting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        // What was posted before is answered as before.
        let may_repeat = parts.headers.contains_key("idempotency-key");
        if state.settings.posting == Posting::Closed && !may_repeat {
            return Err(Code::PostingClosed.into());
        }
        Ok(Self)
    }
}

/// How a message is deleted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Whether a moderator deletes the message at once. Otherwise it is taken down and can be restored for 24 hours; an
    /// author's delete is for good.
    #[param(value_type = Option<bool>, default = false)]
    forever: Option<String>,
}

problems!(
    DeleteProblems: CrossSite, TokenMissing, TokenWrong, InvalidParameter, NotFound, MessageNotFound, MessageChanged,
    MediaUnavailable, DatabaseResuming, DatabaseUnavailable, Internal,
);

/// Deletes a message and its picture, or takes both down: see `forever`.
///
/// The token is judged before anything is looked up, so that a wrong one learns nothing.
#[utoipa::path(delete, path = "/api/messages/{id}", operation_id = "deleteMessage",
    security(("token" = [])),
    params(vocabulary::Id, DeleteQuery),
    responses((status = 204, description = "It is gone."), DeleteProblems))]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    PathId(id): PathId,
    Bearer(token): Bearer,
    query: Result<Parameters<DeleteQuery>, Problem>,
) -> Result<StatusCode, Problem> {
    let (tokens, protocol) = (&state.settings.tokens, state.board.protocol(deadline));
    let moderator = if tokens.may_delete(id, &token) {
        None
    } else {
        let moderator = tokens.moderator(&token, SystemTime::now());
        Some(Moderator(moderator.ok_or(Code::TokenWrong)?))
    };
    let is_forever = match query?.0.forever.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::invalid_parameter(FieldProblem::new(
                "forever",
                FieldCode::Invalid,
                "must be true or false",
            )));
        }
    };
    match (moderator, is_forever) {
        (None, _) => protocol.delete(id).await?,
        (Some(moderator), true) => {
            let act = moderator.act_on(Action::Delete, id);
            protocol.logged(&act, protocol.delete_for_good(id)).await?;
        }
        (Some(moderator), false) => {
            let act = moderator.act_on(Action::TakeDown, id);
            protocol.logged(&act, protocol.take_down(id)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|cause| Problem::failure(Code::Internal, &cause))
}
