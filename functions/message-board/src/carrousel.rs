use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use media::{CARROUSEL, CARROUSEL_CACHE_CONTROL, Carrousel};
use utoipa::ToSchema;

use crate::caching::Tagged;
use crate::extract::InTime;
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::vocabulary::{self, problems};

/// A larger file would not pass Lambda's answer, 6 MB with every quote escaped.
const LIMIT: usize = 5_000_000;

pub fn router() -> Router<Arc<AppState>> {
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
    params(vocabulary::Known),
    responses(
        (status = 200, description = "The pictures.", body = [CarrouselPicture], headers(("ETag" = String))),
        (status = 304, description = "They are those of the `ETag`."),
        (status = 307, description = "The list is over 5 MB and read from the bucket.", headers(("Location" = String))),
        Problems,
    ))]
pub async fn carrousel(
    State(state): State<Arc<AppState>>,
    InTime(deadline): InTime,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = deadline.bucket(state.board.bucket().carrousel(LIMIT)).await;
    let found = found.map_err(|cause| Problem::failure(Code::CarrouselUnavailable, &cause))?;
    Ok(match found {
        Carrousel::Missing => Tagged::new("[]").answer(&headers, CARROUSEL_CACHE_CONTROL),
        Carrousel::File(json) => Tagged::new(json).answer(&headers, CARROUSEL_CACHE_CONTROL),
        Carrousel::TooLarge => {
            let file = state.settings.public_base_url.of_key(CARROUSEL);
            let cached = [(CACHE_CONTROL, CARROUSEL_CACHE_CONTROL)];
            (cached, Redirect::temporary(&file)).into_response()
        }
    })
}
