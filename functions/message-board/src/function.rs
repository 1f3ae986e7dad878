use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;

use axum::Router;
use axum::body::to_bytes;
use axum::response::Response;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Body, IntoResponse, LambdaEvent, Request, Service};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use tower::ServiceExt;

/// The characters that a query cannot have in a URI.
const NOT_IN_QUERIES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
/// The characters that a path cannot have in a URI.
const NOT_IN_PATHS: &AsciiSet = &NOT_IN_QUERIES.add(b'?').add(b'\\').add(b'^').add(b'`');

/// The application as Lambda runs it.
pub fn function(
    app: Router,
) -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response: Serialize + Send + 'static,
    Error = Infallible,
    Future: Send,
> + Clone {
    let app = ServiceExt::<Request>::map_response(app, LambdaAnswer);
    ServiceExt::<LambdaEvent<LambdaRequest>>::map_request(Adapter::from(app), addressed)
}

/// An event whose path and query can be those of a URI. API Gateway gives the path decoded, and the query as it came:
/// `lambda_http` would cut such a path at a `#`, and a query that is none would end the function.
fn addressed(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        for (part, not_in) in [
            (&mut request.raw_path, NOT_IN_PATHS),
            (&mut request.raw_query_string, NOT_IN_QUERIES),
        ] {
            let Some(part) = part else {
                continue;
            };
            // A part in which nothing had to be encoded is borrowed whole, and stays as it is.
            if let Cow::Owned(encoded) = utf8_percent_encode(part, not_in).into() {
                *part = encoded;
            }
        }
    }
    event
}

/// An answer on its way to Lambda, which takes text as it is and anything else in base64.
///
/// All answers of the app but pictures for moderators are UTF-8, so nothing is copied; `lambda_http`, left alone,
/// recodes from any character set, and the tables for that are 0.13 MB of the function.
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
