//! A function that does nothing but answer: what a start costs at least.

use axum::Router;
use axum::routing::get;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let app = Router::new().route("/api/{*path}", get(async || "hello"));
    lambda_http::run(app).await
}
