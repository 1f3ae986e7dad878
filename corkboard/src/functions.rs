//! The functions, invoked as Lambda invokes them: a JSON event in, a JSON answer out.

use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use lambda_http::Service as _;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent};
use local_aws::gateway::{EVENT_LIMIT, InvokeError};
use local_aws::queue::Queue;
use media::IMAGES;
use notify::Notify;
use serde::Serialize;
use serde::de::DeserializeOwned;
use settings::{environment, optional};
use small_pictures::SmallPictures;
use sync_s3_bucket::SyncS3Bucket;
use tracing::{Instrument as _, info_span};
use url::Url;

/// Lambda's longest invocation; one that hangs must end for others to begin.
const INVOCATION: Duration = Duration::from_mins(15);

/// `ORIGIN_SECRET` of small-pictures where it is not set: in this process nobody else reaches that function, and for
/// `cargo lambda watch` the function's manifest says the same.
const ORIGIN_SECRET: &str = "for development only: never deploy this value";

/// `ORIGIN_SECRET` of small-pictures in this process.
pub fn small_pictures_secret() -> String {
    optional(&environment, "ORIGIN_SECRET").unwrap_or_else(|| ORIGIN_SECRET.to_owned())
}

/// Where the functions run. Clones are the same.
#[derive(Clone)]
pub enum Functions {
    /// Their libraries, in this process.
    InProcess {
        message_board: Router,
        sync_s3_bucket: SyncS3Bucket,
        small_pictures: SmallPictures,
    },
    /// Their bootstraps, under `cargo lambda watch`.
    Lambda { client: reqwest::Client, url: Url },
}

impl Functions {
    /// The functions behind `cargo lambda watch` at `url`, or an error where nothing answers there.
    pub async fn lambda(url: Url) -> Result<Self, String> {
        let absent = |cause: &dyn ToString| {
            format!(
                "nothing answers at --lambda {url}: start cargo lambda watch first ({})",
                cause.to_string()
            )
        };
        let (Some(host), Some(port), "http") =
            (url.host_str(), url.port_or_known_default(), url.scheme())
        else {
            return Err(absent(&"an http URL is expected"));
        };
        let connection = tokio::net::TcpStream::connect((host, port));
        match tokio::time::timeout(Duration::from_secs(5), connection).await {
            Err(_) => Err(absent(&"no answer within 5 s")),
            Ok(Err(error)) => Err(absent(&error)),
            Ok(Ok(_)) => Ok(Self::Lambda {
                client: reqwest::Client::builder()
                    .no_proxy()
                    .timeout(INVOCATION)
                    .build()
                    .map_err(|error| error.to_string())?,
                url,
            }),
        }
    }

    /// Invokes message-board with an event of API Gateway.
    pub async fn message_board(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::InProcess { message_board, .. } => {
                let app = message_board.clone();
                in_process(event, move |event: LambdaRequest| {
                    message_board::function(app).call(LambdaEvent::new(event, Context::default()))
                })
                .await
            }
            Self::Lambda { client, url } => remote(client, url, "message-board", event).await,
        }
    }

    /// Invokes notify, which runs in this process alone, with an event of SQS or the schedule.
    pub async fn notify(notify: Notify, event: Bytes) -> Result<Bytes, InvokeError> {
        in_process(
            event,
            move |event| async move { notify.handle(event).await },
        )
        .await
    }

    /// Invokes small-pictures with an event of API Gateway.
    pub async fn small_pictures(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::InProcess { small_pictures, .. } => {
                let function = small_pictures.clone();
                in_process(event, move |event| async move {
                    Ok::<_, Infallible>(function.handle(event).await)
                })
                .await
            }
            Self::Lambda { client, url } => remote(client, url, "small-pictures", event).await,
        }
    }

    /// The secret that is sent to small-pictures as `X-Origin-Verify`.
    pub fn small_pictures_secret(&self) -> String {
        match self {
            Self::InProcess { .. } => small_pictures_secret(),
            Self::Lambda { .. } => ORIGIN_SECRET.to_owned(),
        }
    }

    /// The queue from the bucket to sync-s3-bucket.
    pub fn queue(self) -> Queue {
        let (queue, undelivered) = Queue::new(&[IMAGES]);
        undelivered.deliver(move |event| {
            let functions = self.clone();
            async move { functions.sync_s3_bucket(event).await }
        });
        queue
    }

    /// Invokes sync-s3-bucket with an event of S3, SQS or the schedule.
    pub async fn sync_s3_bucket(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::InProcess { sync_s3_bucket, .. } => {
                let function = sync_s3_bucket.clone();
                in_process(
                    event,
                    move |event| async move { function.handle(event).await },
                )
                .await
            }
            Self::Lambda { client, url } => remote(client, url, "sync-s3-bucket", event).await,
        }
    }
}

/// Invokes a function in a task of its own, so that a panic is the failure of one invocation, as it is in Lambda.
async fn in_process<E, A, X, F>(
    event: Bytes,
    function: impl FnOnce(E) -> F + Send + 'static,
) -> Result<Bytes, InvokeError>
where
    E: DeserializeOwned + 'static,
    A: Serialize + Send + 'static,
    X: Display + Send + 'static,
    F: Future<Output = Result<A, X>> + Send + 'static,
{
    within_limit(&event)?;
    let span = info_span!("invoke", request_id = %ulid::Ulid::generate());
    let invocation = async move {
        let read = serde_json::from_slice(&event).map_err(failed)?;
        // The event is let go as soon as it is read, since it may be long.
        drop(event);
        let invocation = function(read);
        let answer = invocation.await.map_err(failed)?;
        serde_json::to_vec(&answer).map_err(failed)
    };
    let answer = tokio::spawn(invocation.instrument(span))
        .await
        .map_err(failed)?;
    answer.map(Bytes::from)
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
async fn remote(
    client: &reqwest::Client,
    url: &Url,
    function: &str,
    event: Bytes,
) -> Result<Bytes, InvokeError> {
    within_limit(&event)?;
    let url = url
        .join(&format!("/2015-03-31/functions/{function}/invocations"))
        .map_err(failed)?;
    let answer = client.post(url).body(event).send().await.map_err(failed)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(failed)?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(InvokeError::Failed(format!(
            "{status}: {}",
            String::from_utf8_lossy(&body)
        )))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(cause: impl ToString) -> InvokeError {
    InvokeError::Failed(cause.to_string())
}

fn within_limit(event: &Bytes) -> Result<(), InvokeError> {
    if event.len() > EVENT_LIMIT {
        Err(InvokeError::TooLarge)
    } else {
        Ok(())
    }
}
