//! `/api/*`, `/m/*` and `/feed.atom`: the message board behind API Gateway.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::{HeaderMap, Method};
use local_aws::gateway;
use tracing::warn;

use super::FrontDoor;

/// After how long a client may try again that found the drive full.
const FULL: Duration = Duration::from_mins(1);
/// The headers in which proxies name the client.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

pub async fn handle(
    State(front_door): State<Arc<FrontDoor>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let takes_all = request.method().is_safe() || front_door.drive.takes_new().is_ok();
    if !takes_all && request.method() == Method::POST && request.uri().path() == "/api/messages" {
        let (parts, body) = request.into_parts();
        return gateway::instead(&parts, body, gateway::later("The drive is full", FULL));
    }
    let mut source = front_door.source(peer, request.headers());
    let address = source.address;
    if address == peer.ip().to_canonical() && is_private(address) && is_forwarded(request.headers())
    {
        front_door.told_of_proxy.call_once(|| {
            warn!(
                proxy = %address,
                "a proxy is in front of the site: name it by --trusted-proxy, or all posts are one sender's, \
                 limited together and removed together"
            );
        });
    }
    if let Some(secret) = &front_door.origin_secret {
        let headers = &mut source.headers;
        headers.push(("x-origin-verify", secret.clone()));
        let viewer = format!("{address}:{}", peer.port());
        headers.push(("cloudfront-viewer-address", viewer));
    }
    let functions = &front_door.functions;
    gateway::answer(request, source, &front_door.memory, async |event| {
        functions.message_board(event).await
    })
    .await
}

/// Whether an address is of this machine or of a network at home: readers on the internet have none.
fn is_private(address: IpAddr) -> bool {
    address.is_loopback()
        || match address {
            IpAddr::V4(address) => address.is_private() || address.is_link_local(),
            IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
        }
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    FORWARDED.iter().any(|&name| headers.contains_key(name))
}
