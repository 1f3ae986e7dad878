//! Any MySQL or MariaDB.
//!
//! Statements are prepared, as the Data API's parameters are; the few that MySQL cannot prepare are sent
//! as text where they have none.
//!
//! Every call outside a transaction has a connection of its own, and so has every transaction: whatever a
//! statement makes of its session (variables, temporary tables, locks) ends there. The driver has no word for
//! MySQL's own way to reset a session, and the next caller's must not depend on a list of statements.

mod value;

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlColumn, MySqlConnectOptions, MySqlDatabaseError};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, MySqlConnection, Row,
    SqlSafeStr, Statement as _, TypeInfo,
};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::call::{Call, Records, StatementResult};
use super::column::ColumnType;
use super::error::Error;
use super::tokens::MySql;
use super::wire::{ColumnMetadata, Field};

use value::{bind, fields};

/// Calls outside transactions that run at the same time; the others queue.
const CONNECTIONS: usize = 8;
/// How long a server that is starting is left alone before it is tried again.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a call waits for a connection before the database counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(5);

/// "This command is not supported in the prepared statement protocol yet".
const ER_UNSUPPORTED_PS: u16 = 1295;
/// The victim of a deadlock has been rolled back as a whole.
const ER_LOCK_DEADLOCK: u16 = 1213;

pub struct Mysql {
    options: Box<MySqlConnectOptions>,
    /// How the server reads SQL, as it was when `corkboard` started.
    pub server: MySql,
    /// A permit for each call outside transactions that may run.
    places: Semaphore,
}

/// An open transaction. Dropped, its connection closes, and the server rolls back.
pub struct Session(MySqlConnection);

impl Mysql {
    /// Connects to `mysql://user:password@host:3306/name`. No error shows the password.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let malformed = || Error::bad_request("expected mysql://user:password@host:3306/name");
        if !url.starts_with("mysql://") {
            return Err(malformed());
        }
        let options: MySqlConnectOptions = url.parse().map_err(|_| malformed())?;
        if options.get_database().is_none() {
            return Err(malformed());
        }
        // The server's own SQL mode, in UTC and utf8mb4 (the driver's defaults).
        let options = options
            .pipes_as_concat(false)
            .charset("utf8mb4")
            .disable_statement_logging();
        let (host, port) = (options.get_host(), options.get_port());
        let unreachable = |reason: &str| {
            Error::database_unavailable(format!(
                "no connection to MySQL at {host}:{port}: {reason}"
            ))
        };
        let server = timeout(PATIENCE, server(&options))
            .await
            .map_err(|_| unreachable("no answer within 5 seconds"))?
            .map_err(|error| unreachable(&Error::from(error).message))?;
        Ok(Self {
            options: Box::new(options),
            server,
            places: Semaphore::new(CONNECTIONS),
        })
    }

    pub async fn execute(&self, call: Call) -> Result<Vec<StatementResult>, Error> {
        let connecting = async {
            let place = self.places.acquire().await;
            Ok::<_, Error>((place, self.open().await?))
        };
        let (_place, mut connection) = within(connecting).await?;
        let outcomes = execute(&mut connection, &call).await;
        // The outcome is known, so an error in closing the connection changes nothing.
        connection.close().await.ok();
        Ok(outcomes?)
    }

    pub async fn begin(&self) -> Result<Session, Error> {
        let mut connection = within(self.open()).await?;
        connection.execute("START TRANSACTION").await?;
        Ok(Session(connection))
    }

    async fn open(&self) -> Result<MySqlConnection, Error> {
        loop {
            match self.options.connect().await {
                Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                    sleep(PAUSE).await;
                }
                connected => return Ok(connected?),
            }
        }
    }
}

async fn server(options: &MySqlConnectOptions) -> Result<MySql, sqlx::Error> {
    let mut connection = options.connect().await?;
    let row = connection.fetch_one("SELECT VERSION(), @@sql_mode").await?;
    let server = MySql::new(row.try_get(0)?, row.try_get(1)?);
    connection.close().await?;
    Ok(server)
}

async fn within<T>(connecting: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(PATIENCE, connecting).await.unwrap_or_else(|_| {
        Err(Error::database_unavailable(
            "no connection to the database within 5 seconds",
        ))
    })
}

impl Session {
    /// Gives the session back unless the failure ended the transaction.
    pub async fn execute(
        mut self,
        call: Call,
    ) -> (Option<Self>, Result<Vec<StatementResult>, Error>) {
        match execute(&mut self.0, &call).await {
            Ok(outcomes) => (Some(self), Ok(outcomes)),
            Err(failure) => (
                (!failure.ends_transaction()).then_some(self),
                Err(failure.into()),
            ),
        }
    }

    pub async fn commit(self) -> Result<(), Error> {
        self.end("COMMIT").await
    }

    pub async fn rollback(self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), Error> {
        self.0.execute(how).await?;
        // The transaction has ended, so an error in closing the connection changes nothing.
        self.0.close().await.ok();
        Ok(())
    }
}

/// A failure of the database, or a refusal of ours.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Refusal(#[from] Error),
}

impl Failure {
    fn ends_transaction(&self) -> bool {
        match self {
            Self::Database(error) => {
                number(error).is_none_or(|number| number == ER_LOCK_DEADLOCK || is_gone(number))
            }
            Self::Refusal(_) => false,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => error.into(),
            Failure::Refusal(error) => error,
        }
    }
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    error
        .try_downcast_ref::<MySqlDatabaseError>()
        .map(MySqlDatabaseError::number)
}

/// The server is going, or has ended the connection.
fn is_gone(number: u16) -> bool {
    matches!(
        number,
        1040 | 1053 | 1077 | 1152 | 1158..=1161 | 1203 | 1927 | 3169 | 4031
    )
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(error) => {
                let number = error
                    .try_downcast_ref::<MySqlDatabaseError>()
                    .map_or(1105, MySqlDatabaseError::number);
                if is_gone(number) {
                    return Self::database_unavailable(error.message());
                }
                let state = error.code();
                Self::database(error.message(), number, state.as_deref().unwrap_or("HY000"))
            }
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                Self::unsupported_result(error.to_string())
            }
            _ => Self::database_unavailable(error.to_string()),
        }
    }
}

async fn execute(
    connection: &mut MySqlConnection,
    call: &Call,
) -> Result<Vec<StatementResult>, Failure> {
    let mut outcomes = Vec::with_capacity(call.sets.len());
    for values in &call.sets {
        outcomes.push(run(connection, call, values).await?);
    }
    Ok(outcomes)
}

async fn run(
    connection: &mut MySqlConnection,
    call: &Call,
    values: &[Field],
) -> Result<StatementResult, Failure> {
    let sql = AssertSqlSafe(call.statement.sql.as_str()).into_sql_str();
    // Preparing tells whether the statement returns records, even where it returns none this time.
    let (mut columns, is_preparable) = match (&mut *connection).prepare(sql.clone()).await {
        Ok(statement) if statement.columns().is_empty() => (None, true),
        Ok(statement) => (Some(statement.columns().to_vec()), true),
        Err(error) if number(&error) == Some(ER_UNSUPPORTED_PS) && values.is_empty() => {
            (None, false)
        }
        Err(error) => return Err(error.into()),
    };
    let mut results = if is_preparable {
        let mut arguments = MySqlArguments::default();
        for value in values {
            bind(&mut arguments, value).map_err(sqlx::Error::Encode)?;
        }
        (&mut *connection).fetch_many(sqlx::query_with(sql, arguments))
    } else {
        sqlx::raw_sql(sql).fetch_many(&mut *connection)
    };

    let mut outcome = StatementResult::default();
    let mut records = Records::default();
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => {
                outcome.updated = done.rows_affected();
                if call.statement.inserts_into.is_some() && done.last_insert_id() > 0 {
                    outcome.generated = i64::try_from(done.last_insert_id()).ok();
                }
            }
            Either::Right(row) => {
                // The driver remembers prepared statements, and their columns as they were before an ALTER; the rows
                // have the columns of now.
                if records.rows.is_empty() {
                    columns = Some(row.columns().to_vec());
                }
                records.push(fields(&row)?)?;
            }
        }
    }
    drop(results);

    if let Some(columns) = columns {
        outcome.records = Some(records.rows);
        if call.wants_metadata {
            for column in &columns {
                outcome.columns.push(metadata(connection, column).await?);
            }
        }
    }
    Ok(outcome)
}

/// A column's metadata; where it comes from a table, as the server's catalogue has it.
async fn metadata(
    connection: &mut MySqlConnection,
    column: &MySqlColumn,
) -> Result<ColumnMetadata, Failure> {
    const SQL: &str = "SELECT column_type, is_nullable = 'YES', extra LIKE '%auto_increment%', \
                       COALESCE(collation_name LIKE '%\\_bin' OR collation_name LIKE '%\\_cs', 0), \
                       CAST(COALESCE(numeric_precision, character_maximum_length, 0) AS UNSIGNED) \
                       FROM information_schema.columns \
                       WHERE table_schema = ? AND table_name = ? AND column_name = ?";
    let mut metadata = ColumnMetadata {
        label: column.name().to_owned(),
        name: column.name().to_owned(),
        ..ColumnType::parse(column.type_info().name()).metadata()
    };
    let origin = column.origin();
    let Some(origin) = origin.table_column() else {
        return Ok(metadata);
    };
    let (schema, table) = origin.table.split_once('.').unwrap_or(("", &origin.table));
    let known = sqlx::query(SQL)
        .bind(schema)
        .bind(table)
        .bind(origin.name.as_ref())
        .fetch_optional(connection)
        .await?;
    if let Some(row) = known {
        let declared: String = row.try_get_unchecked(0)?;
        let precision: u64 = row.try_get_unchecked(4)?;
        metadata = ColumnMetadata {
            label: metadata.label,
            name: origin.name.to_string(),
            table_name: table.to_owned(),
            schema_name: schema.to_owned(),
            nullable: i32::from(row.try_get_unchecked::<bool, _>(1)?),
            is_auto_increment: row.try_get_unchecked(2)?,
            is_case_sensitive: row.try_get_unchecked(3)?,
            precision: i32::try_from(precision).unwrap_or(i32::MAX),
            ..ColumnType::parse(&declared).metadata()
        };
    }
    Ok(metadata)
}
