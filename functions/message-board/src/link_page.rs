//! `/m/<id>`: a message as a page that needs no script, for whoever follows a link to it and for services that preview
//! links.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::caching::{CACHE_CONTROL_OF_OLD, Tagged};
use crate::excerpt;
use crate::extract::{InTime, PathId};
use crate::problem::{Code, Problem};
use crate::site::{Site, SitePicture};
use crate::state::AppState;
use crate::text_language::language_of;
use crate::vocabulary;

const HTML: &str = "text/html; charset=utf-8";
/// The pages' style, which the policy names by its digest.
const STYLE: &str = include_str!("../templates/page.css");
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'sha256-cmKSmEH6qbL7D2euACL/vHZvx8xYmhD2rCY+6xnLtaA='; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// How wide a picture is shown, in pixels.
const WIDTH: u32 = 960;

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/m/{id}", get(link_page))
}

#[derive(Template)]
#[template(path = "message.html")]
struct LinkPage<'a> {
    is_indexed: bool,
    board: &'a str,
    url: String,
    home: String,
    place: String,
    title: String,
    description: String,
    author: Option<&'a str>,
    text: &'a str,
    /// The language tag of the text, and of the picture's description, where their letters tell it.
    text_language: Option<&'static str>,
    alt_language: Option<&'static str>,
    created_at: &'a str,
    /// The day of it.
    day: &'a str,
    picture: Option<SitePicture>,
}

#[derive(Template)]
#[template(path = "nothing.html")]
struct Nothing<'a> {
    is_indexed: bool,
    board: &'a str,
    home: String,
    title: &'static str,
    detail: &'static str,
}

/// A message as a page.
#[utoipa::path(get, path = "/m/{id}", operation_id = "getMessagePage",
    params(vocabulary::Id, vocabulary::Known),
    responses(
        (status = 200, description = "The page.", content((String = "text/html")), headers(("ETag" = String))),
        (status = 304, description = "The page is that of the `ETag`."),
        (status = 404, description = "There is no such message.", content((String = "text/html"))),
        (status = 500, description = "The board failed.", content((String = "text/html"))),
        (status = 503, description = "Messages cannot be read now.", content((String = "text/html"))),
    ))]
pub async fn link_page(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    site: Site,
    id: Result<PathId, Problem>,
    headers: HeaderMap,
) -> Response {
    let read = async { Ok(state.board.message(id?.0, deadline).await?) };
    let message = match read.await {
        Ok(message) => message,
        Err(problem) => return instead(&state, &site, problem),
    };
    let created_at = message.id.created_at();
    let alt = message.picture.as_ref().and_then(|it| it.alt.as_deref());
    let page = LinkPage {
        is_indexed: state.settings.is_indexed,
        board: &state.settings.appearance.name,
        url: site.page_of(&message),
        home: site.home(),
        place: site.place_of(&message),
        title: excerpt::title(&message),
        description: excerpt::description(&message),
        author: message.author.as_deref(),
        text: &message.text,
        text_language: language_of(&message.text),
        alt_language: alt.and_then(language_of),
        day: &created_at[..10],
        created_at: &created_at,
        picture: site.picture_of(&message, WIDTH),
    };
    let page = match page.render() {
        Ok(page) => page,
        Err(cause) => return instead(&state, &site, Problem::failure(Code::Internal, &cause)),
    };
    let mut response = Tagged::of(HTML, page).answer(&headers, CACHE_CONTROL_OF_OLD);
    if state.settings.is_indexed {
        let all = HeaderValue::from_static("all");
        response.headers_mut().insert(ROBOTS, all);
    }
    styled(response)
}

/// What no route answers: a longer path under `/m/` is followed by people as well.
pub async fn not_found(State(state): State<Arc<AppState>>, site: Site, uri: Uri) -> Response {
    if uri.path().starts_with("/m/") {
        instead(&state, &site, Code::MessageNotFound.into())
    } else {
        Problem::from(Code::NotFound).into_response()
    }
}

/// A page that says what is wrong.
fn instead(state: &AppState, site: &Site, problem: Problem) -> Response {
    let (title, detail) = problem.words();
    let page = Nothing {
        is_indexed: false,
        board: &state.settings.appearance.name,
        home: site.home(),
        title,
        detail,
    };
    let page = page.render().unwrap_or_default();
    // The head is kept: it has the status, the cause for the log, and when to try again.
    let (mut parts, _) = problem.into_response().into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(HTML));
    styled(Response::from_parts(parts, page.into()))
}

fn styled(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(POLICY);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_names_the_style() {
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        let named = format!("'sha256-{digest}'");
        assert!(POLICY.contains(&named), "style-src must be {named}");
    }
}
