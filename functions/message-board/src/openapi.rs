//! The API described by OpenAPI 3.1, from the code: which problems an operation answers with is said beside its
//! handler, and what they are in `problem`. The document is made when it is asked for, not at start.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::Body;
use crate::state::AppState;
use crate::vocabulary::problems;
use crate::{
    carrousel, decide, description, feed, health, link_page, messages, moderation_log,
    operators_pictures, review, senders, session,
};

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/api/openapi.json", get(openapi))
}

problems!(Problems:);

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "getDescription",
    responses((status = 200, description = "OpenAPI 3.1", body = Object), Problems))]
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Corkboard", description = "A picture message board."),
    paths(
        description::description,
        messages::list,
        messages::one,
        messages::create,
        messages::delete,
        senders::sender,
        senders::others,
        senders::remove_sender,
        senders::refused,
        senders::let_in,
        senders::refuse,
        session::sign_in,
        moderation_log::log,
        review::waiting,
        review::held,
        review::removed,
        review::picture,
        decide::approve,
        decide::reject,
        decide::restore,
        review::set_posting,
        operators_pictures::removed_pictures,
        operators_pictures::content,
        operators_pictures::take_down,
        operators_pictures::restore,
        carrousel::carrousel,
        link_page::link_page,
        feed::feed,
        health::health,
        health::ready,
        openapi,
    ),
    components(schemas(Body)),
    modifiers(&Schemes),
    servers((url = "/"))
)]
struct Document;

/// How tokens are sent.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = |words: &str| {
            let mut http = Http::new(HttpAuthScheme::Bearer);
            http.description = Some(words.into());
            SecurityScheme::Http(http)
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "token",
            scheme("The message's `deleteToken`, or the moderators' token."),
        );
        components.add_security_scheme("moderator", scheme("What a moderator signs in with: the token without a name, a named moderator's token, or that of a session."));
    }
}
