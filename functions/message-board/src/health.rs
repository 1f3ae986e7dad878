use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::client::{Client, Viewer};
use crate::extract::InTime;
use crate::state::AppState;
use crate::vocabulary::problems;

/// A monitor wants to know how things are now, not after they were waited for.
const PATIENCE: Duration = Duration::from_secs(3);

pub fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/health", get(health))
        .route("/api/health/ready", get(ready))
}

#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(pattern = "^ok$")]
    status: &'static str,
    version: &'static str,
}

/// Whether the function answers. It touches nothing: a paused database stays asleep.
#[utoipa::path(get, path = "/api/health", operation_id = "getHealth",
    responses((status = 200, description = "It does.", body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

#[derive(Serialize, ToSchema)]
pub struct Readiness {
    #[schema(pattern = "^(ok|resuming|down)$")]
    database: &'static str,
    #[schema(pattern = "^(ok|down)$")]
    media: &'static str,
    /// Whether who asks this way is known by an address of its own. If not, messages that are posted this way have
    /// no sender, and the posting limit counts whatever stands before the board.
    viewers: Viewer,
}

problems!(Problems:);

/// Whether its database and its bucket answer, and whether it knows who asks. It wakes a paused database.
#[utoipa::path(get, path = "/api/health/ready", operation_id = "getReadiness",
    responses(
        (status = 200, description = "Both do.", body = Readiness),
        (status = 503, description = "One does not.", body = Readiness),
        Problems,
    ))]
pub async fn ready(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    request: Request,
) -> (StatusCode, Json<Readiness>) {
    let deadline = deadline.at_most(PATIENCE);
    let store = state.board.store(deadline);
    let media = deadline.bucket(state.board.bucket().ping());
    let (database, media) = tokio::join!(store.ping(), media);
    let readiness = Readiness {
        database: match database {
            Ok(()) => "ok",
            Err(StoreError::Resuming) => "resuming",
            Err(_) => "down",
        },
        media: if media.is_ok() { "ok" } else { "down" },
        viewers: Client::of(&request, &state.settings.origin_secrets).viewer,
    };
    let status = if (readiness.database, readiness.media) == ("ok", "ok") {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}
