//! The one HTTP client of all services: hyper over rustls with ring.
//!
//! Not the SDK's own, which brings HTTP/2, proxies and the system's certificates; AWS is asked by HTTP/1.1, and a
//! function starts sooner and is smaller without.

use std::error::Error;
use std::fmt::Debug;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, iter};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{
    self, CaptureConnection, Connect, HttpInfo, capture_connection,
};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::roots;

/// How long a connection may take until it can be used, as long as the SDK's own client gives it.
const CONNECTING: Duration = Duration::from_millis(3_100);

/// An HTTP client for all services. Clones share its connections.
pub fn http_client() -> SharedHttpClient {
    client_of(connector())
}

/// An HTTP client for services that are not reached by TCP but by what `connect` gives.
pub fn http_client_over<C>(connect: C) -> SharedHttpClient
where
    C: Connect + Clone + Debug + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build(connect);
    client_of(SharedHttpConnector::new(Connector(client)))
}

fn client_of(connector: SharedHttpConnector) -> SharedHttpClient {
    http_client_fn(move |_, _| connector.clone())
}

/// The connector by which [`http_client`] sends, for requests that no service of the SDK makes.
pub fn connector() -> SharedHttpConnector {
    let mut tcp = connect::HttpConnector::new();
    // TCP connections are made for `https` as well: the layer above encrypts them where the URL says so.
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(roots::tls())
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let client = Client::builder(TokioExecutor::new()).build(InTime(https));
    SharedHttpConnector::new(Connector(client))
}

#[derive(Debug)]
struct Connector<C>(Client<C, SdkBody>);

impl<C: Connect + Clone + Debug + Send + Sync + 'static> HttpConnector for Connector<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        // The SDK is told the connection, so that it can close one whose server failed in a way that another may not.
        let connection = capture_connection(&mut request);
        if let Some(captured) = request.extensions().get::<CaptureSmithyConnection>() {
            captured.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(connector_error)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let mut extensions = http::Extensions::new();
    let captured = connection.connection_metadata();
    captured.as_ref()?.get_extras(&mut extensions);
    let info = extensions.get::<HttpInfo>();
    let connection = connection.clone();
    let mut metadata = ConnectionMetadata::builder()
        .proxied(false)
        .poison_fn(move || {
            if let Some(connection) = connection.connection_metadata().as_ref() {
                connection.poison();
            }
        });
    metadata
        .set_local_addr(info.map(HttpInfo::local_addr))
        .set_remote_addr(info.map(HttpInfo::remote_addr));
    Some(metadata.build())
}

/// What kind of failure it was, by which the SDK decides whether to try again.
fn connector_error(error: ClientError) -> ConnectorError {
    let io = source::<io::Error>(&error).map(io::Error::kind);
    if io == Some(io::ErrorKind::TimedOut) {
        return ConnectorError::timeout(error.into());
    }
    let cause = source::<hyper::Error>(&error);
    let is = |what: fn(&hyper::Error) -> bool| cause.is_some_and(what);
    // The server closed a connection that was idle until now, or went away in the midst of its answer.
    let is_cut = is(hyper::Error::is_incomplete_message);
    if is(hyper::Error::is_user) {
        ConnectorError::user(error.into())
    } else if is_cut {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else if io.is_some()
        || error.is_connect()
        || is(hyper::Error::is_closed)
        || is(hyper::Error::is_canceled)
    {
        ConnectorError::io(error.into())
    } else {
        ConnectorError::other(error.into(), None)
    }
}

fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut chain = iter::successors(Some(error), |&error| error.source());
    chain.find_map(<dyn Error>::downcast_ref)
}

/// Connects, TLS and all, in time or not at all.
#[derive(Debug, Clone)]
struct InTime(HttpsConnector<connect::HttpConnector>);

impl Service<Uri> for InTime {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(CONNECTING, self.0.call(uri));
        Box::pin(async {
            let connected = connecting.await;
            connected.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
        })
    }
}
