//! message-board in an execution environment, and the requests to it.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use lambda::aws::{self, SdkConfig};
use lambda_http::request::RequestContext;
use media::Bucket;
use message_board::{Settings, app};
use serde_json::{Value, json};
use settings::environment;
use store::{Database, DatabaseSettings};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::far::{Calls, Far, Service, Way};

/// An execution environment of Lambda.
pub struct Environment {
    app: Router,
    pub calls: Calls,
}

pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub took: Duration,
}

impl Environment {
    /// A new environment, which has answered nothing yet.
    pub fn start(far: Far) -> Result<Self, Box<dyn Error>> {
        let (config, calls) = (aws::config(), Calls::default());
        let inner = aws::connector();
        let over = |service, wait| -> SdkConfig {
            let (inner, calls) = (inner.clone(), calls.clone());
            let way = Way {
                inner,
                service,
                wait,
                calls,
            };
            config.to_builder().http_client(way.client()).build()
        };
        let settings = Settings::from_lookup(&environment)?;
        let database = DatabaseSettings::from_lookup(&environment)?;
        let database = Database::new(database, &over(Service::Database, far.database));
        let s3 = over(Service::S3, far.s3);
        let bucket = Bucket::new(
            move || aws_sdk_s3::Client::new(&s3),
            settings.media_bucket.clone(),
        );
        Ok(Self {
            app: app(settings, database, bucket),
            calls,
        })
    }

    /// The answer to a request as API Gateway hands it in, each from another network unless it is a [`regular`] one.
    pub async fn answer(&self, request: Request<Body>) -> Result<Answer, Box<dyn Error>> {
        static SENDERS: AtomicU64 = AtomicU64::new(1);
        let mut request = request;
        let sender = match request.extensions().get() {
            Some(Regular) => 0,
            None => SENDERS.fetch_add(1, Ordering::Relaxed),
        };
        let mut context = ApiGatewayV2httpRequestContext::default();
        // The prefix for documentation (RFC 3849), and a network of 64 bits in it.
        let address = format!("2001:db8:{:x}:{:x}::1", sender >> 16, sender & 0xffff);
        context.http.source_ip = Some(address);
        let context = RequestContext::ApiGatewayV2(context);
        request.extensions_mut().insert(context);
        let begun = Instant::now();
        let answer = self.app.clone().oneshot(request).await?;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await?;
        Ok(Answer {
            status,
            took: begun.elapsed(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    /// Answers a request as [`Self::answer`] does; any other status than the wanted one is an error.
    pub async fn ask(
        &self,
        request: Request<Body>,
        wanted: StatusCode,
    ) -> Result<Answer, Box<dyn Error>> {
        let answer = self.answer(request).await?;
        if answer.status != wanted {
            return Err(format!("{} {}", answer.status, answer.body).into());
        }
        Ok(answer)
    }
}

/// The mark of requests of the one sender whose requests all come from the same network.
#[derive(Clone)]
struct Regular;

/// The request, from a network from which others of these come.
pub fn regular(mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Regular);
    request
}

pub fn get(path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().unwrap_or_default();
    request
}

/// A post as the page sends it: with a key that makes it repeatable.
fn post(content_type: &'static str, body: Vec<u8>) -> http::Result<Request<Body>> {
    static POSTS: AtomicU64 = AtomicU64::new(0);
    let key = POSTS.fetch_add(1, Ordering::Relaxed);
    Request::post("/api/messages")
        .header(CONTENT_TYPE, content_type)
        .header(
            "idempotency-key",
            format!("{}-{key:016}", std::process::id()),
        )
        .body(body.into())
}

pub fn text(text: &str) -> http::Result<Request<Body>> {
    let body = json!({"text": text, "author": "Ada"}).to_string();
    post("application/json", body.into())
}

pub fn picture(text: &str, bytes: &[u8]) -> http::Result<Request<Body>> {
    let part = "--b\r\nContent-Disposition: form-data; name=";
    let mut body =
        format!("{part}\"text\"\r\n\r\n{text}\r\n{part}\"picture\"; filename=\"a.jpg\"\r\n\r\n")
            .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--b--\r\n");
    post("multipart/form-data; boundary=b", body)
}

pub fn delete(message: &Value) -> http::Result<Request<Body>> {
    let member = |name: &str| message[name].as_str().unwrap_or_default();
    Request::builder()
        .method(Method::DELETE)
        .uri(format!("/api/messages/{}", member("id")))
        .header(AUTHORIZATION, format!("Bearer {}", member("deleteToken")))
        .body(Body::empty())
}
