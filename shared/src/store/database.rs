use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use aws_sdk_rdsdata::Client;
use sqlx::mysql::MySqlConnectOptions;
use thiserror::Error;
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep, timeout_at};

use super::mysql::{self, MySqlDatabase};
use super::{DataApi, migrations};
use crate::aws::{SdkConfig, Service};
use crate::metrics::{self, Metric};
use crate::settings::{Lookup, SettingError, arn, optional, parsed, required};

/// Why the store did not answer. The texts are for the log, never for a caller.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is waking from its pause, and did not within the deadline.
    #[error("the database is resuming")]
    Resuming,
    /// The database is down, slow, or refuses us.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A row is not what the schema promises: a fault of ours.
    #[error("the database and the code disagree: {0}")]
    Fault(String),
    /// A row with this key is there already. The store itself makes sense of it.
    #[error("the row is there already")]
    Duplicate,
    /// Another statement was in the way, so this one was not run: it is run again.
    #[error("the database chose another statement before this one")]
    Deadlock,
    /// A table, column or index is there already. The migrations make sense of it.
    #[error("the schema has it already")]
    Exists,
}

impl StoreError {
    /// What one of MySQL's error codes means to the store, where it means more than a failure.
    ///
    /// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>
    pub(super) fn from_code(code: u16) -> Option<Self> {
        match code {
            1062 => Some(Self::Duplicate),            // ER_DUP_ENTRY
            1213 => Some(Self::Deadlock),             // ER_LOCK_DEADLOCK
            1050 | 1060 | 1061 => Some(Self::Exists), // ER_TABLE_EXISTS_ERROR, ER_DUP_FIELDNAME, ER_DUP_KEYNAME
            _ => None,
        }
    }

    /// The same error, with nothing of a secret in its text.
    pub(super) fn without(self, secret: &str) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(text.replace(secret, "…")),
            Self::Fault(text) => Self::Fault(text.replace(secret, "…")),
            other => other,
        }
    }
}

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
    pub(super) options: Box<MySqlConnectOptions>,
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
        let certificates = optional(lookup, "DATABASE_CA")
            .map(|path| {
                parsed("DATABASE_CA", &path, CERTIFICATES, |path| {
                    std::path::Path::new(path)
                        .is_file()
                        .then(|| path.to_owned())
                })
            })
            .transpose()?;
        let url = required(lookup, "DATABASE_URL", URL)?;
        let options = parsed("DATABASE_URL", &url, URL, |url| {
            mysql::options(url, certificates.as_deref())
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

/// A value of a row or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    /// Of a type that no column has: SQLite keeps whatever is put in by hand.
    Other,
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<u32>> for Value {
    fn from(number: Option<u32>) -> Self {
        number.map_or(Self::Null, |number| Self::Integer(number.into()))
    }
}

/// Since 1970, as times are stored.
pub(super) fn milliseconds(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(super) type Row = Vec<Value>;
pub(super) type Parameters = Vec<(&'static str, Value)>;

/// What a statement did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub rows: Vec<Row>,
    pub affected: u64,
}

/// Runs statements, each by itself. Clones share connections.
#[derive(Debug, Clone)]
pub struct Database {
    way: Way,
    /// Set once the schema was seen to be one that this code may touch.
    checked: Arc<OnceCell<()>>,
    /// However many statements of a request meet a resuming database, it is counted once.
    resuming: Arc<Once>,
}

#[derive(Debug, Clone)]
enum Way {
    DataApi(DataApi),
    MySql(MySqlDatabase),
}

impl Database {
    /// An Aurora cluster. Nothing is sent before the first statement.
    pub fn data_api(client: impl Into<Service<Client>>, settings: DataApiSettings) -> Self {
        Self::by(Way::DataApi(DataApi::new(client.into(), settings)))
    }

    /// A MySQL, by at most `connections` connections. Nothing is opened before the first statement.
    pub fn mysql(settings: &MySqlSettings, connections: u32) -> Self {
        Self::by(Way::MySql(MySqlDatabase::new(settings, connections)))
    }

    /// The database that a function's settings name, by one connection: a sandbox serves one request at a
    /// time.
    pub fn new(settings: DatabaseSettings, config: &SdkConfig) -> Self {
        match settings {
            DatabaseSettings::DataApi(settings) => {
                Self::data_api(Service::new(config, Client::new), settings)
            }
            DatabaseSettings::MySql(settings) => Self::mysql(&settings, 1),
        }
    }

    /// The database's name.
    pub(super) fn name(&self) -> &str {
        match &self.way {
            Way::DataApi(database) => database.name(),
            Way::MySql(database) => database.name(),
        }
    }

    fn by(way: Way) -> Self {
        Self {
            way,
            checked: Arc::default(),
            resuming: Arc::new(Once::new()),
        }
    }

    /// The same database for another request.
    pub(super) fn for_a_request(mut self) -> Self {
        self.resuming = Arc::new(Once::new());
        self
    }

    /// Runs one statement with `:name` parameters, on a schema that this code may touch.
    pub(super) async fn execute(
        &self,
        deadline: Instant,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Outcome, StoreError> {
        self.checked
            .get_or_try_init(|| migrations::check(self, deadline))
            .await?;
        self.execute_unchecked(deadline, statement, parameters)
            .await
    }

    /// The same on any schema. While the database wakes from its pause, it is asked again; the SDK itself
    /// does not.
    pub(super) async fn execute_unchecked(
        &self,
        deadline: Instant,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Outcome, StoreError> {
        const LONGEST_PAUSE: Duration = Duration::from_secs(2);
        let mut pause = Duration::from_millis(250);
        let mut is_resuming = false;
        loop {
            let outcome = async {
                match &self.way {
                    Way::DataApi(database) => database.execute(statement, &parameters).await,
                    Way::MySql(database) => database.execute(statement, &parameters).await,
                }
            };
            let outcome = timeout_at(deadline, outcome).await.unwrap_or_else(|_| {
                Err(if is_resuming {
                    StoreError::Resuming
                } else {
                    StoreError::Unavailable("no answer in time".into())
                })
            });
            if matches!(outcome, Err(StoreError::Resuming)) {
                self.resuming
                    .call_once(|| metrics::count(Metric::DatabaseWakeUps));
            }
            match outcome {
                Err(error @ (StoreError::Resuming | StoreError::Deadlock))
                    if Instant::now() + pause < deadline =>
                {
                    is_resuming = matches!(error, StoreError::Resuming);
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }
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
}
