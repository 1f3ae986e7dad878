//! The one configuration of the AWS SDK: its own variables (`AWS_REGION`, `AWS_ENDPOINT_URL_S3` …) and one
//! HTTP client for all services.

pub use aws_config::SdkConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;

const TLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// An HTTPS client on rustls with ring. Clones share its connections.
pub fn http_client() -> SharedHttpClient {
    Builder::new().tls_provider(TLS).build_https()
}

/// The same for requests that no service of the SDK makes.
pub fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Connector::builder().tls_provider(TLS).build())
}

/// Where a configuration starts: our HTTP client and a pinned set of SDK defaults.
pub fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client())
}

/// The configuration as the environment gives it; in Lambda that is the function's role and region.
pub async fn config() -> SdkConfig {
    loader().load().await
}
