//! `/feed.atom`: the newest messages for feed readers, by RFC 4287. It reads what a first page reads.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::Message;
use http::HeaderMap;

use crate::caching::Tagged;
use crate::excerpt;
use crate::extract::InTime;
use crate::messages::DEFAULT_LIMIT;
use crate::problem::{Code, Problem};
use crate::site::{Site, SitePicture};
use crate::state::AppState;
use crate::text_language::language_of;
use crate::vocabulary::{self, problems};

const ATOM: &str = "application/atom+xml; charset=utf-8";
const CACHE_CONTROL: &str = "public, max-age=60, stale-if-error=600";
/// How wide a picture is shown, in pixels.
const WIDTH: u32 = 640;
/// When a feed was updated in which there is no message yet.
const NEVER: &str = "1970-01-01T00:00:00.000Z";

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/feed.atom", get(feed))
}

#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed<'a> {
    url: String,
    home: String,
    board: &'a str,
    updated: String,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    /// The message's id as a UUID, which has as many bits.
    uuid: String,
    /// The language tag of the text, where its letters tell it.
    language: Option<&'static str>,
    title: String,
    author: Option<&'a str>,
    created_at: String,
    url: String,
    /// HTML.
    content: Content<'a>,
}

#[derive(Template)]
#[template(path = "entry.html")]
struct Content<'a> {
    lines: Vec<&'a str>,
    picture: Option<SitePicture>,
}

problems!(Problems: MediaUnavailable, Internal);

/// The newest messages, as an Atom feed.
#[utoipa::path(get, path = "/feed.atom", operation_id = "getFeed",
    params(vocabulary::Known),
    responses(
        (status = 200, description = "The feed.", content((String = "application/atom+xml")), headers(("ETag" = String))),
        (status = 304, description = "The feed is that of the `ETag`."),
        Problems,
    ))]
pub async fn feed(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    site: Site,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = Box::pin(state.board.page(DEFAULT_LIMIT, None, deadline)).await?;
    let messages = page.messages.iter();
    let newest = page.messages.first().map(|newest| newest.id.created_at());
    let feed = Feed {
        url: site.feed(),
        home: site.home(),
        board: &state.settings.appearance.name,
        updated: newest.unwrap_or_else(|| NEVER.to_owned()),
        entries: messages.map(|message| entry(message, &site)).collect(),
    };
    let feed = feed.render();
    let feed = feed.map_err(|cause| Problem::failure(Code::Internal, &cause))?;
    // A text may have these two characters, which XML does not take.
    let feed = feed.replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}");
    Ok(Tagged::of(ATOM, feed).answer(&headers, CACHE_CONTROL))
}

fn entry<'a>(message: &'a Message, site: &Site) -> Entry<'a> {
    Entry {
        uuid: message.id.as_uuid(),
        language: language_of(&message.text),
        title: excerpt::title(message),
        author: message.author.as_deref(),
        created_at: message.id.created_at(),
        url: site.page_of(message),
        content: Content {
            lines: message.text.lines().collect(),
            picture: site.picture_of(message, WIDTH),
        },
    }
}
