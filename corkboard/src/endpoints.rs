//! The addresses that corkboard listens on, and the SDK's clients that reach its own endpoints.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::config::ResponseChecksumValidation;
use lambda::aws::http_client_over;
use local_aws::connections::in_process::Connector;
use tokio::net::TcpListener;

use crate::options::Options;

pub async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => format!(
                "port {} is in use: choose another with {flag}",
                address.port()
            ),
            _ => format!("{flag} {address} cannot be listened on: {error}"),
        })
}

pub fn address_of(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener
        .local_addr()
        .map_err(|error| format!("a port is not known: {error}"))
}

pub fn endpoint(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}

/// The address by which this machine reaches a listener: loopback where the listener is bound to every address.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

pub fn sdk_config(options: &Options) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(lambda::aws::behavior())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(
            Credentials::new(
                &options.access_key_id,
                &options.secret_access_key,
                None,
                None,
                "corkboard",
            ),
        ))
        .build()
}

pub fn s3_client(
    config: &SdkConfig,
    connector: Connector,
    address: SocketAddr,
) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config)
        .http_client(http_client_over(connector))
        .endpoint_url(endpoint(address))
        // Checksums of answers need no check: the bytes come from this process.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    aws_sdk_s3::Client::from_conf(config.build())
}
