//! `serve`: message-board over plain HTTP, to be measured beside other boards.
//!
//! It is message-board's `main` with a listener in place of Lambda's runtime: the same settings, the same app,
//! and the same runtime of one thread, as the other boards have one process with one event loop. Not measured is
//! therefore what Lambda adds to every request: the event around it.
//!
//! It brings the schema up to date, as deploying does, and prints its address when it is ready.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use clap::Parser;
use lambda::aws;
use lambda::telemetry;
use lambda_http::request::RequestContext;
use media::Bucket;
use message_board::{Settings, app};
use settings::environment;
use store::{Database, DatabaseSettings};
use tokio::net::TcpListener;
use tokio::time::Instant;

const MIGRATING: Duration = Duration::from_mins(1);

/// message-board over plain HTTP on a free port of 127.0.0.1.
#[derive(Parser)]
struct Options {
    /// Connections to a database of `DATABASE_URL`; an execution environment of Lambda has one.
    #[arg(long, default_value_t = 1)]
    connections: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    telemetry::init(environment("RUST_LOG").as_deref())?;
    let settings = Settings::from_lookup(&environment)?;
    let config = aws::config();
    let database = match DatabaseSettings::from_lookup(&environment)? {
        DatabaseSettings::MySql(settings) => Database::mysql(&settings, options.connections),
        settings @ DatabaseSettings::DataApi(_) => Database::new(settings, &config),
    };
    database.migrate(Instant::now() + MIGRATING).await?;
    let s3 = move || aws_sdk_s3::Client::new(&config);
    let bucket = Bucket::new(s3, settings.media_bucket.clone());
    let app = app(settings, database, bucket).layer(from_fn(from_api_gateway));

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    // With Nagle's algorithm the body of an answer would wait 40 ms for the client to acknowledge its head.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}

/// Says whom a request comes from, as API Gateway does.
async fn from_api_gateway(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(peer.ip().to_string());
    let context = RequestContext::ApiGatewayV2(context);
    request.extensions_mut().insert(context);
    next.run(request).await
}
