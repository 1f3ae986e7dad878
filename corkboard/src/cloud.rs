//! What is started, in which order, and stopped. Nothing is started before all that can be refused was
//! asked for: ports, the data directory, the database, settings.

use std::io::Write as _;
use std::sync::{Arc, Once};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use local_aws::connections::{self, Listener, Peer};
use local_aws::s3;
use settings::{environment, optional};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::budget::Budget;
use crate::endpoints::{address_of, listen, reachable};
use crate::front_door::{self, FrontDoor};
use crate::options::Options;
use crate::services::{Access, Services, until};
use crate::site::{Site, Source};

/// Runs the whole system until Ctrl-C.
pub async fn run(options: Options) -> Result<(), String> {
    let pages = Site::new(Source::of(options.site.as_deref()), &environment)?;
    let site = listen(options.listen, "--listen").await?;
    let address = reachable(address_of(&site)?);
    let budget = Budget::of(&options);
    let services = Services::start(&options, &budget, Access::Run).await?;
    let interruption =
        interruption().map_err(|error| format!("Ctrl-C cannot be noticed: {error}"))?;
    let site_line = format!("  site      http://{address}/");
    let lines = services
        .endpoints()
        .map(|(name, address)| format!("  {name:<10}http://{address}"));
    let lines: Vec<_> = std::iter::once(site_line).chain(lines).collect();
    // The board is ready whether or not anybody reads this line.
    let _ = writeln!(
        std::io::stdout(),
        "Corkboard is ready.\n{}",
        lines.join("\n")
    );

    let front_door = front_door::router(FrontDoor {
        functions: services.functions.clone(),
        site: pages,
        s3: services.s3.clone(),
        media_bucket: s3::BUCKET.to_owned(),
        trusted_proxy: options.trusted_proxy,
        told_of_proxy: Once::new(),
        drive: Arc::clone(&services.drive),
        limits: budget.limits,
        memory: budget.site_memory,
        origin_secret: origin_secret(),
    });
    let (close, closing) = watch::channel(false);
    let answer = move |request: Request<Incoming>, peer: Peer| {
        let mut request = request.map(Body::new);
        let peer = ConnectInfo(peer.address());
        request.extensions_mut().insert(peer);
        front_door.clone().oneshot(request)
    };
    let site = Listener {
        tcp: site,
        calls: None,
        connections: budget.connections,
    };
    let server = tokio::spawn(connections::serve(site, answer, until(closing)));

    interruption.await;
    // The front door ends first, and then the services that it asks.
    close.send_replace(true);
    let _ = server.await;
    services.stop().await;
    Ok(())
}

/// The secret that the front door sends to message-board, where that refuses requests without it.
fn origin_secret() -> Option<String> {
    let is_required = optional(&environment, "ORIGIN_REQUIRED").as_deref() == Some("true");
    optional(&environment, "ORIGIN_SECRET").filter(|_| is_required)
}

/// Ctrl-C, or the request of the system to end: noticed from this call on, whenever it is waited for.
fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
