//! What the AWS SDK is told, and how it reaches its services.
//!
//! - [`config`]: what Lambda puts into the environment;
//! - [`client`](self::client): the one HTTP client of all services;
//! - [`roots`](self::roots): whose certificates are believed.

mod client;
mod roots;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
pub use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

pub use self::client::{connector, http_client, http_client_over};
pub use self::roots::tls;
use settings::{Lookup, environment, optional};

/// The SDK's defaults, pinned.
pub fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The configuration as Lambda gives it: region, the role's credentials, and the SDK's own variables for other
/// endpoints (`AWS_ENDPOINT_URL_S3` …, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`).
///
/// Not the SDK's own loader: that also looks for profiles, roles and metadata services, none of which a function
/// has, at each start, and brings clients of its own for them.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
pub fn config() -> SdkConfig {
    from_lookup(&environment)
}

fn from_lookup(lookup: Lookup<'_>) -> SdkConfig {
    let is_true = |variable| optional(lookup, variable).map(|it| it.eq_ignore_ascii_case("true"));
    let mut config = SdkConfig::builder()
        .behavior_version(behavior())
        .http_client(http_client())
        .service_config(Endpoints);
    config.set_region(optional(lookup, "AWS_REGION").map(Region::new));
    config.set_endpoint_url(optional(lookup, "AWS_ENDPOINT_URL"));
    config.set_use_fips(is_true("AWS_USE_FIPS_ENDPOINT"));
    config.set_use_dual_stack(is_true("AWS_USE_DUALSTACK_ENDPOINT"));
    if let (Some(id), Some(secret)) = (
        optional(lookup, "AWS_ACCESS_KEY_ID"),
        optional(lookup, "AWS_SECRET_ACCESS_KEY"),
    ) {
        let token = optional(lookup, "AWS_SESSION_TOKEN");
        let credentials = Credentials::new(id, secret, token, None, "environment");
        config.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
    }
    config.build()
}

/// The variables that are one service's own: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_RDS_DATA`.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        optional(&environment, &variable(key.env(), key.service_id()))
    }
}

fn variable(name: &str, service: &str) -> String {
    format!("{name}_{}", service.to_uppercase().replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_variables_are_the_configuration() {
        let config = from_lookup(&|variable| {
            let value = match variable {
                "AWS_REGION" => "eu-central-1",
                "AWS_ENDPOINT_URL" => "http://127.0.0.1:1",
                "AWS_USE_FIPS_ENDPOINT" => "TRUE",
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => "given",
                _ => return None,
            };
            Some(value.to_owned())
        });
        assert_eq!(config.region(), Some(&Region::new("eu-central-1")));
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:1"));
        assert_eq!(
            (config.use_fips(), config.use_dual_stack()),
            (Some(true), None)
        );
        assert!(config.credentials_provider().is_some());
        assert!(from_lookup(&|_| None).credentials_provider().is_none());
    }

    #[test]
    fn a_service_has_variables_of_its_own() {
        assert_eq!(
            variable("AWS_ENDPOINT_URL", "RDS Data"),
            "AWS_ENDPOINT_URL_RDS_DATA"
        );
    }
}
