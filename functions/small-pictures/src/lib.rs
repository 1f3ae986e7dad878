//! `small-pictures`: makes small versions of a picture when one is first asked for, and puts them into the bucket, where
//! CloudFront looks before it asks here.
//!
//! In reading order:
//!
//! - [`SmallPictures::handle`]: an event of API Gateway in, an answer out;
//! - [`make`]: the steps from an original to its small versions in the bucket;
//! - [`decode`]: from an original to its small versions;
//! - [`answer`]: answers, as API Gateway takes them;
//! - [`Settings`]: what the function is told at start.
//!
//! What strangers put into the bucket is decoded here and nowhere else: this function reads what is public anyhow, and
//! writes nothing but small pictures.

mod answer;
mod decode;
mod make;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use http::Method;
use media::{Bucket, Small, is_picture};
use tokio::time::timeout;
use tracing::{error, info};

use answer::Answer;
pub use decode::{Decoder, InProcess, Made, NotMade, Wanted, decode};
pub use settings::Settings;

/// How long a request may take: Lambda ends an invocation after 20 s, without an answer.
const TIME: Duration = Duration::from_secs(18);

/// The function. Clones share connections.
#[derive(Clone)]
pub struct SmallPictures {
    bucket: Bucket,
    settings: Settings,
    decoder: Arc<dyn Decoder>,
}

impl SmallPictures {
    /// The function with its client of S3, which is made when it is first used, and what it decodes by.
    pub fn new(
        s3: impl FnOnce() -> aws_sdk_s3::Client + Send + 'static,
        settings: Settings,
        decoder: impl Decoder + 'static,
    ) -> Self {
        Self {
            bucket: Bucket::new(s3, &settings.media_bucket),
            settings,
            decoder: Arc::new(decoder),
        }
    }

    /// Answers one request.
    pub async fn handle(&self, request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let answer = self.answer(request).await;
        ApiGatewayV2httpResponse::from(answer)
    }

    async fn answer(&self, request: ApiGatewayV2httpRequest) -> Answer {
        if !self.settings.origin_secrets.are_in(&request.headers) {
            return Answer::OriginRequired;
        }
        if ![Method::GET, Method::HEAD].contains(&request.request_context.http.method) {
            return Answer::MethodNotAllowed;
        }
        // API Gateway decoded it already, and whoever decodes twice finds another key.
        let path = request.raw_path.unwrap_or_default();
        let asked = path.strip_prefix('/').and_then(Small::parse);
        let Some((small, original)) = asked.filter(|(_, original)| is_picture(original)) else {
            return Answer::NotFound;
        };
        // Boxed: a future as deep as this one is more than the compiler lays out in one.
        let made = Box::pin(self.small(small, &original));
        match timeout(TIME, made).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                error!(original, %error, "a small picture cannot be answered");
                Answer::Unavailable
            }
            Err(_) => {
                error!(original, "a small picture was not made in time");
                Answer::Unavailable
            }
        }
    }

    /// The answer that leads to the original instead; a preview of a link is never one.
    fn original(&self, small: Small, key: &str, is_lasting: bool) -> Answer {
        info!(key, is_lasting, "the original instead of a small picture");
        match small {
            Small::Width(_) => Answer::Original {
                address: self.settings.public_base_url.path_of_key(key),
                is_lasting,
            },
            Small::LinkPreview if is_lasting => Answer::NoPicture,
            Small::LinkPreview => Answer::Unavailable,
        }
    }
}
