//! Where the database is, read from the function's settings.

use std::net::IpAddr;

use settings::{Lookup, SettingError, arn, optional, optional_parsed, parsed, required};
use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

/// Which way leads to the database.
#[derive(Debug, Clone)]
pub enum DatabaseSettings {
    /// Through the RDS Data API.
    DataApi(DataApiSettings),
    /// By a connection.
    MySql(MySqlSettings),
}

/// An Aurora cluster behind the RDS Data API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataApiSettings {
    /// `DATABASE_CLUSTER_ARN`: the Aurora cluster.
    pub cluster_arn: String,
    /// `DATABASE_SECRET_ARN`: the secret with its user and password.
    pub secret_arn: String,
    /// `DATABASE_NAME`: the database in the cluster.
    pub name: String,
}

/// A MySQL 8 or MariaDB of `DATABASE_URL` and `DATABASE_CA`.
#[derive(Debug, Clone)]
pub struct MySqlSettings {
    pub(crate) options: Box<MySqlConnectOptions>,
}

impl DatabaseSettings {
    /// Reads either `DATABASE_CLUSTER_ARN`, `DATABASE_SECRET_ARN` and `DATABASE_NAME`, or `DATABASE_URL` and
    /// the optional `DATABASE_CA`.
    ///
    /// # Errors
    /// Where neither is complete, both are given, or one is malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const EITHER: &str =
            "no DATABASE_CLUSTER_ARN, DATABASE_SECRET_ARN or DATABASE_NAME beside it";
        if optional(lookup, "DATABASE_URL").is_none() {
            return DataApiSettings::from_lookup(lookup).map(Self::DataApi);
        }
        for variable in [
            "DATABASE_CLUSTER_ARN",
            "DATABASE_SECRET_ARN",
            "DATABASE_NAME",
        ] {
            if optional(lookup, variable).is_some() {
                return parsed("DATABASE_URL", "", EITHER, |_| None);
            }
        }
        MySqlSettings::from_lookup(lookup).map(Self::MySql)
    }
}

impl MySqlSettings {
    /// Reads `DATABASE_URL` and the optional `DATABASE_CA`.
    ///
    /// # Errors
    /// Where the first is missing, or one is malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        const URL: &str = "mysql://user:password@host:3306/name";
        const CERTIFICATES: &str = "the path of a PEM bundle";
        let certificates = optional_parsed(lookup, "DATABASE_CA", CERTIFICATES, |path| {
            std::path::Path::new(path)
                .is_file()
                .then(|| path.to_owned())
        })?;
        let url = required(lookup, "DATABASE_URL", URL)?;
        let options = parsed("DATABASE_URL", &url, URL, |url| {
            options(url, certificates.as_deref())
        })?;
        Ok(Self {
            options: Box::new(options),
        })
    }
}

impl MySqlSettings {
    /// How to connect, TLS and all, for other statements than the store's.
    pub fn connect_options(&self) -> &MySqlConnectOptions {
        &self.options
    }
}

impl DataApiSettings {
    fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        Ok(Self {
            cluster_arn: arn(
                lookup,
                "DATABASE_CLUSTER_ARN",
                "rds",
                "the ARN of an RDS cluster, or DATABASE_URL instead",
            )?,
            secret_arn: arn(
                lookup,
                "DATABASE_SECRET_ARN",
                "secretsmanager",
                "the ARN of a Secrets Manager secret",
            )?,
            name: required(lookup, "DATABASE_NAME", "the database's name")?,
        })
    }
}

/// Reads `mysql://user:password@host:3306/name`. TLS is required and verified for every host but loopback;
/// `certificates` is the path of a PEM bundle that is trusted besides the system's.
fn options(url: &str, certificates: Option<&str>) -> Option<MySqlConnectOptions> {
    let parsed = url::Url::parse(url)
        .ok()
        .filter(|url| url.scheme() == "mysql")?;
    let host = parsed.host_str()?.trim_matches(['[', ']']).to_owned();
    let is_loopback = host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let mut options: MySqlConnectOptions = url.parse().ok()?;
    options.get_database().filter(|name| !name.is_empty())?;
    options = options
        .charset("utf8mb4")
        .pipes_as_concat(false)
        .ssl_mode(if is_loopback {
            MySqlSslMode::Preferred
        } else {
            MySqlSslMode::VerifyIdentity
        })
        .disable_statement_logging();
    if let Some(certificates) = certificates {
        options = options.ssl_ca(certificates);
    }
    Some(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "mysql://board:password@127.0.0.1:3306/board";

    fn settings(changed: &[(&str, Option<&str>)]) -> Result<DatabaseSettings, SettingError> {
        DatabaseSettings::from_lookup(&|variable| {
            let changed = changed.iter().find(|(name, _)| *name == variable);
            let given = match variable {
                "DATABASE_CLUSTER_ARN" => {
                    Some("arn:aws:rds:eu-central-1:123456789012:cluster:board")
                }
                "DATABASE_SECRET_ARN" => {
                    Some("arn:aws:secretsmanager:eu-central-1:123456789012:secret:board")
                }
                "DATABASE_NAME" => Some("board"),
                _ => None,
            };
            changed
                .map_or(given, |(_, value)| *value)
                .map(str::to_owned)
        })
    }

    const NO_DATA_API: [(&str, Option<&str>); 3] = [
        ("DATABASE_CLUSTER_ARN", None),
        ("DATABASE_SECRET_ARN", None),
        ("DATABASE_NAME", None),
    ];

    #[test]
    fn the_way_through_the_data_api_is_complete_or_refused() {
        assert!(matches!(settings(&[]), Ok(DatabaseSettings::DataApi(_))));
        for (variable, _) in NO_DATA_API {
            let error = settings(&[(variable, None)]).unwrap_err();
            assert_eq!((error.variable, error.missing), (variable, true));
        }
        for variable in ["DATABASE_CLUSTER_ARN", "DATABASE_SECRET_ARN"] {
            let error = settings(&[(variable, Some("wrong"))]).unwrap_err();
            assert_eq!((error.variable, error.missing), (variable, false));
        }
    }

    #[test]
    fn one_way_is_given_and_not_two_or_none() {
        let by_url = [&NO_DATA_API[..], &[("DATABASE_URL", Some(URL))]].concat();
        assert!(matches!(settings(&by_url), Ok(DatabaseSettings::MySql(_))));
        let both = settings(&[("DATABASE_URL", Some(URL))]).unwrap_err();
        assert!(
            both.to_string().contains("no DATABASE_CLUSTER_ARN"),
            "{both}"
        );
        let none = settings(&NO_DATA_API).unwrap_err();
        assert!(
            none.to_string().contains("or DATABASE_URL instead"),
            "{none}"
        );
    }

    #[test]
    fn a_wrong_url_is_named_without_its_password() {
        let wrong = [
            &NO_DATA_API[..],
            &[("DATABASE_URL", Some("mysql://board:password@host"))],
        ]
        .concat();
        let error = settings(&wrong).unwrap_err();
        assert_eq!(error.variable, "DATABASE_URL");
        assert!(!error.to_string().contains("@host:3306/board"));
        assert!(
            !format!("{error:?}").contains("board:password@host\""),
            "{error:?}"
        );
    }

    #[test]
    fn tls_is_verified_everywhere_but_on_loopback() {
        let mode = |url| format!("{:?}", options(url, None).unwrap().get_ssl_mode());
        for url in [
            "mysql://u:p@db.example:3306/board",
            "mysql://u:p@db.example/board?ssl-mode=DISABLED",
            "mysql://u:p@10.0.0.1/board",
        ] {
            assert_eq!(mode(url), "VerifyIdentity", "{url}");
        }
        for url in [
            "mysql://u:p@127.0.0.1/board",
            "mysql://u:p@localhost/board",
            "mysql://u:p@[::1]:3306/board",
        ] {
            assert_eq!(mode(url), "Preferred", "{url}");
        }
    }

    #[test]
    fn a_url_without_a_database_is_malformed() {
        for url in [
            "mysql://u:p@host",
            "mysql://u:p@host/",
            "postgres://u:p@host/board",
            "board",
            "",
        ] {
            assert!(options(url, None).is_none(), "{url}");
        }
    }
}
