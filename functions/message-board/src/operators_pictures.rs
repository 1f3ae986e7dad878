//! What moderators do about pictures that the operator put into the bucket by hand: taking down and restoring.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use board::{Deadline, Error};
use bytes::Bytes;
use http::StatusCode;
use media::{OperatorsPicture, RemovedPicture};
use serde::{Deserialize, Serialize};
use store::{Action, Subject};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Moderator;
use crate::body;
use crate::extract::{InTime, Parameters};
use crate::problem::{Code, FieldProblem, Problem};
use crate::state::AppState;
use crate::vocabulary::problems;

/// What an operation on a picture wants to know of it.
const WHICH: &str = "must be the URL of a picture that the operator put there, and of no message's";

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/moderation/pictures", get(removed_pictures))
        .route("/api/moderation/pictures/content", get(content))
        .route("/api/moderation/pictures/take-down", post(take_down))
        .route("/api/moderation/pictures/restore", post(restore))
}

/// Pictures of the operator that were taken down.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedPictures)]
pub struct RemovedBody {
    pictures: Vec<RemovedPictureBody>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
#[schema(as = RemovedPicture)]
struct RemovedPictureBody {
    /// Where it was, which names it.
    url: String,
    /// When it was taken down.
    #[schema(format = DateTime)]
    since: String,
}

problems!(ListProblems: TokenMissing, TokenWrong, MediaUnavailable, Internal);

/// Pictures that the operator put there by hand, were taken down, and can be restored, by their names.
#[utoipa::path(get, path = "/api/moderation/pictures", operation_id = "listRemovedPictures",
    security(("moderator" = [])),
    responses((status = 200, description = "The pictures.", body = RemovedBody), ListProblems))]
pub async fn removed_pictures(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
) -> Result<Json<RemovedBody>, Problem> {
    let removed = state.board.protocol(deadline).removed_pictures().await?;
    let body = |RemovedPicture { id, picture }| RemovedPictureBody {
        url: state.settings.public_base_url.of_key(picture.key()),
        since: id.created_at(),
    };
    Ok(Json(RemovedBody {
        pictures: removed.into_iter().map(body).collect(),
    }))
}

/// Which picture.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Where it was.
    #[param(value_type = String, required = true)]
    url: Option<String>,
}

problems!(
    ContentProblems: TokenMissing, TokenWrong, InvalidParameter, PictureNotFound, MediaUnavailable, Internal,
);

/// A picture that was taken down: it has no public address.
#[utoipa::path(get, path = "/api/moderation/pictures/content", operation_id = "getRemovedPicture",
    security(("moderator" = [])),
    params(Which),
    responses(
        (status = 200, description = "The picture.", content((String = "application/octet-stream"))),
        ContentProblems,
    ))]
pub async fn content(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    _: Moderator,
    Parameters(Which { url }): Parameters<Which>,
) -> Result<Bytes, Problem> {
    let parse = |url: &str| state.operators_picture(url);
    let picture = FieldProblem::unless_parsed("url", url.as_deref(), WHICH, parse);
    let picture = picture.map_err(Problem::invalid_parameter)?;
    let protocol = state.board.protocol(deadline);
    let copied = protocol.removed_picture(&picture).await;
    Ok(copied.map_err(of_picture)?.bytes)
}

/// The picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
#[schema(as = OperatorsPicture)]
struct Address {
    /// Its address, as in the carrousel's list.
    url: String,
}

problems!(
    ChangeProblems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields,
    PictureNotFound, MessageChanged, MediaUnavailable, Internal,
);

/// Takes a picture down that the operator put there by hand. It can be restored for 24 hours.
#[utoipa::path(post, path = "/api/moderation/pictures/take-down", operation_id = "takePictureDown",
    security(("moderator" = [])),
    request_body = Address,
    responses((status = 204, description = "It is taken down, perhaps since before."), ChangeProblems))]
pub async fn take_down(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<StatusCode, Problem> {
    let picture = state.named(request).await?;
    let protocol = state.board.protocol(deadline);
    let subject = Subject::Picture(picture.key().to_owned());
    let act = moderator.act(Action::TakePictureDown, subject);
    let taken = protocol.take_picture_down(&picture);
    let taken = protocol.logged_unless_asleep(&act, taken).await;
    taken.map_err(of_picture)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a picture is.
#[derive(Serialize, ToSchema)]
#[schema(as = RestoredPicture)]
pub struct Restored {
    /// It has another name than before, by which no late request hides it.
    url: String,
}

/// Publishes such a picture again that was taken down.
#[utoipa::path(post, path = "/api/moderation/pictures/restore", operation_id = "restorePicture",
    security(("moderator" = [])),
    request_body = Address,
    responses((status = 200, description = "It is restored.", body = Restored), ChangeProblems))]
pub async fn restore(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    moderator: Moderator,
    request: Request,
) -> Result<Json<Restored>, Problem> {
    let picture = state.named(request).await?;
    let protocol = state.board.protocol(deadline);
    let subject = Subject::Picture(picture.key().to_owned());
    let act = moderator.act(Action::RestorePicture, subject);
    let restored = state.restore(&picture, deadline);
    let restored = protocol.logged_unless_asleep(&act, restored).await;
    Ok(Json(restored.map_err(of_picture)?))
}

impl AppState {
    async fn restore(
        &self,
        picture: &OperatorsPicture,
        deadline: Deadline,
    ) -> Result<Restored, Error> {
        let restored = self
            .board
            .protocol(deadline)
            .restore_picture(picture)
            .await?;
        let url = self.settings.public_base_url.of_key(restored.key());
        Ok(Restored { url })
    }

    /// The picture that the body of a request names.
    async fn named(&self, request: Request) -> Result<OperatorsPicture, Problem> {
        body::parsed(request, "url", WHICH, |url| self.operators_picture(url)).await
    }

    fn operators_picture(&self, url: &str) -> Option<OperatorsPicture> {
        let key = self.settings.public_base_url.key_of(url)?;
        OperatorsPicture::parse(key)
    }
}

fn of_picture(error: Error) -> Problem {
    match error {
        Error::NotFound => Code::PictureNotFound.into(),
        error => error.into(),
    }
}
