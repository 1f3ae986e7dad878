//! The RDS Data API: SQL over HTTPS, without a connection to hold or a network to join.
//!
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html>

use std::sync::{Arc, LazyLock};

use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::error::{DisplayErrorContext, SdkError};
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementError;
use aws_sdk_rdsdata::types::{Field, SqlParameter};

use crate::database_settings::DataApiSettings;
use crate::sql::{Executed, Parameters, StoreError, Value};

/// The Data API of one Aurora cluster.
#[derive(Debug, Clone)]
pub struct DataApi {
    client: Arc<LazyClient>,
    settings: DataApiSettings,
}

/// A client that is made when it is first used.
///
/// Making one takes 0.8 million instructions (the SDK reads its table of regions), and many requests need no
/// database.
type LazyClient = LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>;

impl DataApi {
    pub fn new(
        client: impl FnOnce() -> Client + Send + 'static,
        settings: DataApiSettings,
    ) -> Self {
        Self {
            client: Arc::new(LazyLock::new(Box::new(client))),
            settings,
        }
    }

    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub async fn execute(
        &self,
        statement: &str,
        parameters: &Parameters,
    ) -> Result<Executed, StoreError> {
        let parameters = parameters.iter().map(|(name, value)| {
            SqlParameter::builder()
                .name(*name)
                .value(field(value))
                .build()
        });
        let answer = self
            .client
            .execute_statement()
            .resource_arn(&self.settings.cluster_arn)
            .secret_arn(&self.settings.secret_arn)
            .database(&self.settings.name)
            .sql(statement)
            .set_parameters(Some(parameters.collect()))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        let rows = answer.records.unwrap_or_default();
        Ok(Executed {
            rows: rows
                .into_iter()
                .map(|row| row.into_iter().map(value).collect())
                .collect(),
            affected: u64::try_from(answer.number_of_records_updated).unwrap_or(0),
        })
    }
}

fn field(value: &Value) -> Field {
    match value {
        Value::Null | Value::Other => Field::IsNull(true),
        Value::Integer(number) => Field::LongValue(*number),
        Value::Text(text) => Field::StringValue(text.clone()),
    }
}

fn value(field: Field) -> Value {
    match field {
        Field::IsNull(_) => Value::Null,
        Field::LongValue(number) => Value::Integer(number),
        Field::StringValue(text) => Value::Text(text),
        _ => Value::Other,
    }
}

fn store_error(error: &SdkError<ExecuteStatementError>) -> StoreError {
    let unavailable = || StoreError::Unavailable(DisplayErrorContext(error).to_string());
    let Some(service_error) = error.as_service_error() else {
        return unavailable();
    };
    match service_error {
        ExecuteStatementError::DatabaseResumingException(_) => StoreError::Resuming,
        // AWS documents the first for what the database says, and sends the second as well.
        ExecuteStatementError::DatabaseErrorException(_)
        | ExecuteStatementError::BadRequestException(_) => {
            let message = service_error.meta().message().unwrap_or_default();
            code(message)
                .and_then(StoreError::from_code)
                .unwrap_or_else(unavailable)
        }
        _ => unavailable(),
    }
}

/// MySQL's code, as it stands in the message: `…; Error code: 1062; SQLState: 23000`, or `Database error
/// code: 1062. Message: …`. Other numbers are data, rows or durations ("… was 1062 milliseconds ago").
fn code(message: &str) -> Option<u16> {
    let mut words = message
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut before = "";
    words.find_map(|word| {
        let is_code = ["code", "error"].contains(&before.to_ascii_lowercase().as_str());
        before = word;
        is_code.then(|| word.parse().ok()).flatten()
    })
}
