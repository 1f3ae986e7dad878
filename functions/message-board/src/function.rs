use std::convert::Infallible;
use std::pin::Pin;

use axum::Router;
use axum::body::to_bytes;
use axum::response::Response;
use lambda_http::{Body, IntoResponse, Request, Service};
use tower::ServiceExt;

/// The application as Lambda runs it.
pub fn function(
    app: Router,
) -> impl Service<Request, Response = LambdaAnswer, Error = Infallible, Future: Send> + Clone {
    ServiceExt::<Request>::map_response(app, LambdaAnswer)
}

/// An answer on its way to Lambda, which takes text as it is and anything else in base64.
///
/// All answers of the app are UTF-8, so nothing is copied; `lambda_http`, left alone, recodes from any character
/// set, and the tables for that are 0.13 MB of the function.
pub struct LambdaAnswer(Response);

impl IntoResponse for LambdaAnswer {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<Body>> + Send>> {
        Box::pin(async {
            let (parts, body) = self.0.into_parts();
            // The app's bodies are whole in memory: reading one cannot fail.
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let body = match String::from_utf8(body.into()) {
                Ok(text) => Body::Text(text),
                Err(other) => Body::Binary(other.into_bytes()),
            };
            http::Response::from_parts(parts, body)
        })
    }
}
