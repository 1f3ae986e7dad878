//! Who a request says to be: the bearer of a token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use headers::authorization::Bearer as BearerScheme;
use headers::{Authorization, HeaderMapExt as _};
use http::request::Parts;

use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The token of a request, not yet looked at.
pub struct Bearer(pub String);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let bearer = parts.headers.typed_get::<Authorization<BearerScheme>>();
        let bearer = bearer.ok_or(Code::TokenMissing)?;
        Ok(Self(bearer.token().to_owned()))
    }
}

/// A moderator, proved by the token.
pub struct Moderator;

impl FromRequestParts<Arc<AppState>> for Moderator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let Bearer(token) = Bearer::from_request_parts(parts, state).await?;
        if state.settings.tokens.is_moderator(&token) {
            Ok(Self)
        } else {
            Err(Code::TokenWrong.into())
        }
    }
}
