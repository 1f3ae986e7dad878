//! `/small/*`: the media bucket and, where it has no such picture, the function that makes it. As CloudFront's origin
//! group does, it goes on to the second on 404 alone.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use local_aws::gateway;

use super::{FrontDoor, media};

pub async fn small(
    State(front_door): State<Arc<FrontDoor>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    key: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(key)) = key else {
        // A path that is no text leads to nothing.
        return media::missing();
    };
    let key = format!("small/{key}");
    let found = media::object(&front_door, &key, request.headers()).await;
    if found.status() != StatusCode::NOT_FOUND {
        return found;
    }
    let functions = &front_door.functions;
    let mut source = front_door.source(peer, request.headers());
    source.headers = vec![("x-origin-verify", functions.small_pictures_secret())];
    gateway::answer(request, source, &front_door.memory, async |event| {
        functions.small_pictures(event).await
    })
    .await
}
