//! Who a request says to be: the extractors of the bearer of a token.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::FromRequestParts;
use domain::MessageId;
use headers::authorization::Bearer as BearerScheme;
use headers::{Authorization, HeaderMapExt as _};
use http::request::Parts;
use store::{Act, Action, Subject};

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
pub struct Moderator(pub domain::Moderator);

impl Moderator {
    /// What this moderator does, for the log.
    pub fn act(self, action: Action, subject: Subject) -> Act {
        Act {
            moderator: self.0.name,
            action,
            subject,
        }
    }

    /// What this moderator does to a message, or to its sender.
    pub fn act_on(self, action: Action, id: MessageId) -> Act {
        self.act(action, Subject::Messages(vec![id]))
    }
}

impl FromRequestParts<Arc<AppState>> for Moderator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let Bearer(token) = Bearer::from_request_parts(parts, state).await?;
        let moderator = state.settings.tokens.moderator(&token, SystemTime::now());
        Ok(Self(moderator.ok_or(Code::TokenWrong)?))
    }
}
