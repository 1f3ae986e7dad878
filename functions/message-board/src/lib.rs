//! `message-board`: the board's HTTP API.
//!
//! In reading order:
//!
//! - [`app`]: the routes, and what holds for every request;
//! - `messages`, `moderation`, `carrousel`, `board`, `health`: one file per resource, with its handlers and
//!   bodies;
//! - `draft`: a request's body becomes a valid message, or says what is wrong with it;
//! - `disposition`: what a part of a form says of itself;
//! - `json`: a JSON body, of which only what is asked for is kept;
//! - `front_page`: the first page without the database;
//! - `posting`: the order in which a post and a delete do their steps, so that a crash between any two heals;
//! - `client`, `cross_site`: whom a request comes from, and which pages may ask;
//! - `problem`: every error, and the one place where errors become HTTP; `fault`: those of one field;
//! - `openapi`: the API described, for programs;
//! - `caching`: entity tags and `Cache-Control`;
//! - `deadline`: an answer in time, whatever happens;
//! - [`function`](fn@function): the application as Lambda runs it;
//! - [`Settings`]: what the function is told at start.
//!
//! Handlers know no SQL and no S3; the function knows nothing of how it is run (`main` wires it to Lambda).

mod board;
mod caching;
mod carrousel;
mod client;
mod cross_site;
mod deadline;
mod disposition;
mod draft;
mod fault;
mod front_page;
mod function;
mod health;
mod json;
mod messages;
mod moderation;
mod openapi;
mod posting;
mod problem;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue};
use shared::bucket::Bucket;
use shared::store::{Database, Store};

use deadline::Deadline;
use front_page::Front;
pub use function::{Answer, function};
use problem::Problem;
pub use settings::{Posting, Settings};

/// Lambda's limit for an event, 6 MB of JSON; no body within it is larger.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const BODY_LIMIT: usize = 6_291_556;

/// What the handlers share.
struct Board {
    settings: Settings,
    database: Database,
    bucket: Bucket,
    front: Front,
}

impl Board {
    fn store(&self, deadline: Deadline) -> Store {
        Store::new(self.database.clone(), deadline.for_the_store())
    }

    fn posting(&self, deadline: Deadline) -> posting::Posting<'_> {
        posting::Posting {
            store: self.store(deadline),
            bucket: &self.bucket,
            change: self.front.change(),
            deadline,
            posts_per_minute: self.settings.posts_per_minute,
        }
    }
}

/// The application: all routes of the board, over a database and a media bucket.
pub fn app(settings: Settings, database: Database, bucket: Bucket) -> Router {
    let origins = settings.origins.clone();
    let board = Arc::new(Board {
        settings,
        database,
        front: Front::new(bucket.clone()),
        bucket,
    });
    let app = Router::new()
        .merge(health::router())
        .merge(board::router())
        .merge(messages::router())
        .merge(moderation::router())
        .merge(carrousel::router())
        .merge(openapi::router())
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .fallback(async || Problem::NotFound)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(&board));
    origins
        .guard(app)
        .layer(from_fn_with_state(board, client::require_origin))
        .layer(from_fn(deadline::answer_in_time))
        .layer(map_response(caching::no_store_by_default))
        .layer(map_response(headers_of_all))
}

/// An answer is data: nothing in it is to be run, framed, guessed at or indexed. CloudFront adds such headers to the
/// site and the media by itself.
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
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
