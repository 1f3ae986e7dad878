use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use domain::{Alt, Author, MessageText, Picture, Posting};
use http::header::CACHE_CONTROL;
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use crate::accent::Accent;
use crate::extract::InTime;
use crate::site::Site;
use crate::state::AppState;
use crate::vocabulary::{self, problems};

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/api/board", get(description))
}

/// What a page needs to know before it offers to post.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Board)]
struct BoardBody<'a> {
    name: &'a str,
    /// Some lines of text, for readers.
    #[schema(required)]
    description: Option<&'a str>,
    /// The board's colour.
    #[schema(required)]
    accent: Option<Accent>,
    /// The absolute address of a picture at the head of the board.
    #[schema(required)]
    head: Option<String>,
    #[schema(schema_with = vocabulary::posting)]
    posting: Posting,
    #[schema(required)]
    contact_url: Option<&'a str>,
    limits: Limits,
}

/// What a message may have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Limits {
    text_characters: usize,
    author_characters: usize,
    alt_characters: usize,
    picture_bytes: usize,
    /// From one address; 0 is without limit.
    posts_per_minute: u32,
}

/// What moderators set is asked of S3 for so long at most, and the page is not kept waiting.
const PATIENCE: Duration = Duration::from_secs(2);

problems!(Problems:);

/// The board's name, looks and limits, and whether posting is open: by the settings and what moderators set.
#[utoipa::path(get, path = "/api/board", operation_id = "getBoard",
    responses((status = 200, description = "The board.", body = BoardBody<'static>), Problems))]
pub async fn description(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    site: Site,
) -> impl IntoResponse {
    let settings = &state.settings;
    let posting = state
        .board
        .posting(settings.posting, deadline.at_most(PATIENCE));
    let (posting, cache_control) = match posting.await {
        Ok(posting) => (posting, "public, max-age=10"),
        Err(cause) => {
            // Who posts will hear of it, and who reads is not kept from reading.
            warn!(%cause, "what moderators set of posting is not known");
            (settings.posting, "no-store")
        }
    };
    let appearance = &settings.appearance;
    let board = BoardBody {
        name: &appearance.name,
        description: appearance.description.as_deref(),
        accent: appearance.accent,
        head: appearance.head.as_deref().map(|key| site.of_key(key)),
        posting,
        contact_url: settings.contact_url.as_ref().map(url::Url::as_str),
        limits: Limits {
            text_characters: MessageText::LIMIT,
            author_characters: Author::LIMIT,
            alt_characters: Alt::LIMIT,
            picture_bytes: Picture::LIMIT,
            posts_per_minute: settings.posts_per_minute,
        },
    };
    ([(CACHE_CONTROL, cache_control)], Json(board)).into_response()
}
