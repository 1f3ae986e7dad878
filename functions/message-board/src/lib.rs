//! `message-board`: the board's HTTP API.
//!
//! In reading order:
//!
//! - [`app`]: the routes, and what holds for every request;
//! - `messages`, `senders`, `review`, `decide`, `session`, `moderation_log`, `operators_pictures`, `carrousel`, `description`,
//!   `health`: one file per resource, with its handlers and bodies;
//! - `link_page`, `feed`: a message as a page for whoever follows a link to it, and the newest messages for feed readers,
//!   of templates; `site`: addresses for those who are elsewhere; `excerpt`: a message in a few words; `text_language`: its
//!   language, by its letters;
//! - `extract`, `auth`, `client`: what a handler takes out of a request, who the request says to be, and whom it
//!   comes from;
//! - `draft`: a request's body becomes a valid message, or says what is wrong with it;
//! - `disposition`: what a part of a form says of itself;
//! - `body`, `json`: a JSON body, of which only what is asked for is kept;
//! - `problem`: every error, and the one place where errors become HTTP; `fault`: those of one field;
//! - `cross_site`: the CSRF guard, which pages may ask;
//! - `openapi`: the API described, for programs; `vocabulary`: what the descriptions beside the handlers share;
//! - `caching`: entity tags and `Cache-Control`;
//! - `access_log`: an answer in time, whatever happens, and a line in the log;
//! - `state`: what the handlers share;
//! - [`function`](fn@function): the application as Lambda runs it;
//! - [`Settings`]: what the function is told at start; [`Appearance`], among it, what the board looks like, and `accent`
//!   its colour.
//!
//! How a message is posted and deleted is in the crate `board`. Handlers know no SQL and no S3; the function knows
//! nothing of how it is run (`main` wires it to Lambda).

mod accent;
mod access_log;
mod appearance;
mod auth;
mod body;
mod caching;
mod carrousel;
mod client;
mod cross_site;
mod decide;
mod description;
mod disposition;
mod draft;
mod excerpt;
mod extract;
mod fault;
mod feed;
mod function;
mod health;
mod json;
mod link_page;
mod messages;
mod moderation_log;
mod openapi;
mod operators_pictures;
mod problem;
mod review;
mod senders;
mod session;
mod settings;
mod site;
mod state;
mod text_language;
mod vocabulary;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use board::Board;
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use lambda::metrics::{self, Metric};
use media::Bucket;
use store::Database;

pub use self::accent::Accent;
pub use self::appearance::Appearance;
pub use self::function::{LambdaAnswer, function};
pub use self::settings::Settings;
use problem::{Code, Problem};
use state::AppState;

/// Lambda's limit for an event, 6 MB of JSON; no body within it is larger.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const BODY_LIMIT: usize = 6_291_556;

/// The application: all routes of the board, over a database and a media bucket.
pub fn app(settings: Settings, database: Database, bucket: Bucket) -> Router {
    let origins = settings.origins.clone();
    let database = database.on_resuming(|| metrics::count(Metric::DatabaseWakeUps));
    let state = Arc::new(AppState::new(settings, Board::new(database, bucket)));
    let app = Router::new()
        .merge(health::router())
        .merge(description::router())
        .merge(messages::router())
        .merge(senders::router())
        .merge(review::router())
        .merge(session::router())
        .merge(moderation_log::router())
        .merge(decide::router())
        .merge(operators_pictures::router())
        .merge(carrousel::router())
        .merge(link_page::router())
        .merge(feed::router())
        .merge(openapi::router())
        .method_not_allowed_fallback(async || Problem::from(Code::MethodNotAllowed))
        .fallback(link_page::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(&state));
    origins
        .guard(app)
        .layer(from_fn_with_state(state, client::require_origin))
        .layer(from_fn(access_log::answer_in_time))
        .layer(map_response(caching::no_store_by_default))
        .layer(map_response(headers_of_all))
}

/// An answer is data, unless it says otherwise: nothing in it is to be run, framed, guessed at or indexed. CloudFront adds
/// such headers to the site and the media by itself.
async fn headers_of_all(mut response: Response) -> Response {
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        let headers = response.headers_mut();
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
