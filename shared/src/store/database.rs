use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};

use super::DataApi;
use crate::settings::{Lookup, SettingError, parsed, required};

/// Why the store did not answer. The texts are for the log, never for a caller.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database is waking from its pause, and did not within the deadline.
    #[error("the database is resuming")]
    Resuming,
    /// The database is down, slow, or refuses us.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database refuses a statement, or a row is not what the schema promises: a fault of ours.
    #[error("the database and the code disagree: {0}")]
    Fault(String),
    /// A row with this key is there already. The store itself makes sense of it.
    #[error("the row is there already")]
    Duplicate,
}

/// Which way leads to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `DATABASE_CLUSTER_ARN`: the Aurora cluster.
    pub cluster_arn: String,
    /// `DATABASE_SECRET_ARN`: the secret with its user and password.
    pub secret_arn: String,
    /// `DATABASE_NAME`: the database in the cluster.
    pub name: String,
}

impl DatabaseSettings {
    /// Reads `DATABASE_CLUSTER_ARN`, `DATABASE_SECRET_ARN` and `DATABASE_NAME`.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn from_lookup(lookup: Lookup<'_>) -> Result<Self, SettingError> {
        let arn = |variable, service: &str, expected| {
            let value = required(lookup, variable, expected)?;
            parsed(variable, &value, expected, |value| {
                let mut parts = value.splitn(6, ':');
                let is_arn = parts.next() == Some("arn")
                    && parts.nth(1) == Some(service)
                    && parts.nth(2).is_some_and(|resource| !resource.is_empty());
                is_arn.then(|| value.to_owned())
            })
        };
        Ok(Self {
            cluster_arn: arn("DATABASE_CLUSTER_ARN", "rds", "the ARN of an RDS cluster")?,
            secret_arn: arn(
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
pub struct Database(DataApi);

impl Database {
    /// The database that the settings name. Nothing is opened before the first statement.
    pub fn new(client: aws_sdk_rdsdata::Client, settings: DatabaseSettings) -> Self {
        Self(DataApi::new(client, settings))
    }

    /// Runs one statement with `:name` parameters. While the database wakes from its pause, it is asked
    /// again; the SDK itself does not.
    pub(super) async fn execute(
        &self,
        deadline: Instant,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Outcome, StoreError> {
        const LONGEST_PAUSE: Duration = Duration::from_secs(2);
        let mut pause = Duration::from_millis(250);
        loop {
            let answer = timeout_at(deadline, self.0.execute(statement, &parameters))
                .await
                .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into())));
            match answer {
                Err(StoreError::Resuming) if Instant::now() + pause < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(missing: &str, wrong: &str) -> Result<DatabaseSettings, SettingError> {
        DatabaseSettings::from_lookup(&|variable| match variable {
            _ if variable == missing => None,
            _ if variable == wrong => Some("wrong".into()),
            "DATABASE_CLUSTER_ARN" => {
                Some("arn:aws:rds:eu-central-1:123456789012:cluster:board".into())
            }
            "DATABASE_SECRET_ARN" => {
                Some("arn:aws:secretsmanager:eu-central-1:123456789012:secret:board".into())
            }
            "DATABASE_NAME" => Some("board".into()),
            _ => None,
        })
    }

    #[test]
    fn the_way_to_the_database_is_complete_or_refused() {
        assert!(settings("", "").is_ok());
        for variable in [
            "DATABASE_CLUSTER_ARN",
            "DATABASE_SECRET_ARN",
            "DATABASE_NAME",
        ] {
            let error = settings(variable, "").unwrap_err();
            assert_eq!((error.variable, error.missing), (variable, true));
        }
        for variable in ["DATABASE_CLUSTER_ARN", "DATABASE_SECRET_ARN"] {
            let error = settings("", variable).unwrap_err();
            assert_eq!((error.variable, error.missing), (variable, false));
        }
    }
}
