use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use shared::bucket::{CARROUSEL, CARROUSEL_CACHE_CONTROL, Carrousel};
use utoipa::ToSchema;

use crate::Board;
use crate::caching::Tagged;
use crate::deadline::Deadline;
use crate::openapi::{self, problems};
use crate::problem::Problem;

/// A larger file would not pass Lambda's answer, 6 MB with every quote escaped.
const LIMIT: usize = 5_000_000;

pub fn router() -> Router<Arc<Board>> {
    Router::new().route("/api/carrousel.json", get(carrousel))
}

/// A picture of the carrousel.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes")]
struct CarrouselPicture {
    url: String,
}

problems!(Problems: CarrouselUnavailable);

/// Every picture under `images/`, in key order.
#[utoipa::path(get, path = "/api/carrousel.json", operation_id = "getCarrousel",
    params(openapi::Known),
    responses(
        (status = 200, description = "The pictures.", body = [CarrouselPicture], headers(("ETag" = String))),
        (status = 304, description = "They are those of the `ETag`."),
        (status = 307, description = "The list is over 5 MB and read from the bucket.", headers(("Location" = String))),
        Problems,
    ))]
pub async fn carrousel(
    State(board): State<Arc<Board>>,
    Extension(deadline): Extension<Deadline>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = deadline
        .bucket(board.bucket.carrousel(LIMIT))
        .await
        .map_err(|cause| {
            tracing::error!(%cause, "the carrousel cannot be read");
            Problem::CarrouselUnavailable
        })?;
    Ok(match found {
        Carrousel::Missing => Tagged::new("[]").answer(&headers, CARROUSEL_CACHE_CONTROL),
        Carrousel::File(json) => Tagged::new(json).answer(&headers, CARROUSEL_CACHE_CONTROL),
        Carrousel::TooLarge => {
            let file = board.settings.public_base_url.of_key(CARROUSEL);
            let cached = [(CACHE_CONTROL, CARROUSEL_CACHE_CONTROL)];
            (cached, Redirect::temporary(&file)).into_response()
        }
    })
}
