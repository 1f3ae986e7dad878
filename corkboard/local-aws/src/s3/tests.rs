//! The endpoint as the AWS SDK sees it.

mod conditions;
mod crash;
mod damage;
mod earlier;
mod keys;
mod objects;
mod refusals;
mod uploads;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Config, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use http::Method;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{BUCKET, ObjectEvent, Store, serve, service};
use crate::connections::memory::Memory;

/// A running endpoint; its task ends with it.
struct Running {
    client: Client,
    address: SocketAddr,
    events: Arc<Mutex<Vec<ObjectEvent>>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    async fn on(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let record = move |event| seen.lock().unwrap().push(event);
        let memory = Memory::of(16 * 1024 * 1024);
        let credentials = ("local", "a secret");
        let store = Store::open(root, record, &mut |_, _| {}).unwrap();
        let endpoint = service(store, credentials, address, memory);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener.into(), endpoint, async {
            let _ = stopped.await;
        }));
        Self {
            client: client(address, "local", "a secret"),
            address,
            events,
            stop: Some(stop),
            task,
        }
    }

    /// Ends as a process does that is asked to.
    async fn end(mut self) {
        self.stop.take();
        (&mut self.task).await.unwrap();
    }

    async fn put(&self, key: &str, body: &[u8]) {
        self.client
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(ByteStream::from(body.to_vec()))
            .send()
            .await
            .unwrap();
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self
            .client
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self
            .client
            .list_objects_v2()
            .bucket(BUCKET)
            .send()
            .await
            .unwrap();
        listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }

    /// What happened since this was last asked.
    fn events(&self) -> Vec<(&'static str, String)> {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        events
            .into_iter()
            .map(|event| (event.name, event.key))
            .collect()
    }
}

async fn running() -> (TempDir, Running) {
    let directory = tempfile::tempdir().unwrap();
    let running = Running::on(directory.path()).await;
    (directory, running)
}

fn client(address: SocketAddr, access_key: &str, secret: &str) -> Client {
    let config = Config::builder()
        .behavior_version(lambda::aws::behavior())
        .http_client(lambda::aws::http_client())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new(access_key, secret, None, None, "test"))
        .endpoint_url(format!("http://{address}"));
    Client::from_conf(config.build())
}

/// A request with an `Authorization` header of its own making: `signed` is the body that the signature is for.
fn signed(
    address: SocketAddr,
    method: Method,
    path: &str,
    signed: &[u8],
    more: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    let host = address.to_string();
    let mut headers = vec![("host", host.as_str())];
    headers.extend(more);
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    let identity = Credentials::new("local", "a secret", None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("s3")
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let url = format!("http://{address}{path}");
    let signable = SignableRequest::new(
        method.as_str(),
        &url,
        headers.iter().copied(),
        SignableBody::Bytes(signed),
    );
    let (instructions, _) = sign(signable.unwrap(), &parameters).unwrap().into_parts();
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers.into_iter().chain(instructions.headers()) {
        request = request.header(name, value);
    }
    request
}

/// The status and the code of an answer in XML.
async fn refusal(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    let code = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map_or("", |(code, _)| code);
    (status, code.to_owned())
}

/// The status and code of an operation that must fail.
fn failure<T: std::fmt::Debug, E>(result: Result<T, SdkError<E, HttpResponse>>) -> (u16, String)
where
    SdkError<E, HttpResponse>: ProvideErrorMetadata,
{
    let error = result.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    (status, error.code().unwrap_or_default().to_owned())
}
