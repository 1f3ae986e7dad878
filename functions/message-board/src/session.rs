//! Signing moderators in: what they have is exchanged for a token that lasts a week.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use domain::MessageId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Moderator;
use crate::body;
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::vocabulary::problems;

pub fn router() -> Router<Arc<AppState>> {
    Router::new().route("/api/moderation/session", post(sign_in))
}

/// What is exchanged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
struct SignIn {
    /// The code of a sign-in link. Without one, the moderator's token is exchanged that the request bears.
    code: Option<String>,
}

/// A moderator who is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionBody {
    /// The moderator's token until then.
    token: String,
    /// The moderator's name; null for the token or the link without a name.
    #[schema(required, pattern = "^[A-Za-z0-9-]{1,24}$")]
    moderator: Option<String>,
    /// When the token ends, a week from now.
    #[schema(format = DateTime)]
    expires_at: String,
}

problems!(
    Problems: CrossSite, TokenMissing, TokenWrong, MalformedBody, UnsupportedMediaType, InvalidFields, Internal,
);

/// Signs a moderator in for a week: by the code of a sign-in link, or by a moderator's token that is not a session's.
///
/// Nothing is stored: a code can be exchanged as often as is wanted until it ends, ten minutes after it was made.
#[utoipa::path(post, path = "/api/moderation/session", operation_id = "signIn",
    security((), ("moderator" = [])),
    request_body = SignIn,
    responses((status = 200, description = "The session.", body = SessionBody), Problems))]
pub async fn sign_in(
    State(state): State<Arc<AppState>>,
    bearer: Result<Moderator, Problem>,
    request: Request,
) -> Result<Json<SessionBody>, Problem> {
    let (tokens, now) = (&state.settings.tokens, SystemTime::now());
    let moderator = match body::text(request, "code").await? {
        Some(code) => tokens.moderator_of_code(&code, now),
        // A session does not prolong itself.
        None => Some(bearer?.0).filter(|it| it.expires_at.is_none()),
    };
    let name = moderator.ok_or(Code::TokenWrong)?.name;
    let (token, expires_at) = tokens.session_token(name.as_ref(), now);
    Ok(Json(SessionBody {
        token,
        moderator: name.map(|name| name.to_string()),
        expires_at: written(expires_at),
    }))
}

/// A time in seconds since 1970, as the time of an id is written.
pub fn written(seconds: u64) -> String {
    MessageId::from_parts(seconds.saturating_mul(1_000), 0).created_at()
}
