//! `/api/*`: the message board behind API Gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::HeaderName;
use local_aws::gateway::{self, Source};

use super::{FrontDoor, client_address};

pub async fn handle(
    State(front_door): State<Arc<FrontDoor>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let name = HeaderName::from_static("x-forwarded-for");
    let forwarded_for = gateway::joined(request.headers(), &name);
    let address = client_address(peer, &forwarded_for, front_door.trusted_proxy);
    let mut headers = Vec::new();
    if let Some(secret) = &front_door.origin_secret {
        headers.push(("x-origin-verify", secret.clone()));
        let viewer = format!("{address}:{}", peer.port());
        headers.push(("cloudfront-viewer-address", viewer));
    }
    let source = Source {
        address,
        counted: front_door.limits.counted(address),
        headers,
    };
    let functions = &front_door.functions;
    gateway::answer(request, source, &front_door.memory, async |event| {
        functions.message_board(event).await
    })
    .await
}
