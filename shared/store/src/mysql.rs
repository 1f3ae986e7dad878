//! A connection pool to MySQL 8 or MariaDB: RDS, RDS Proxy, localhost.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::mysql::{MySqlColumn, MySqlConnectOptions, MySqlDatabaseError, MySqlRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, MySql,
    MySqlConnection, Row as _, Type,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::database_settings::MySqlSettings;
use crate::sql::{Executed, Parameters, Row, StoreError, Value};

/// A connection that was idle for longer may have died, in a frozen execution environment above all: it is pinged
/// before it is used.
const TRUSTED_WHILE_IDLE: Duration = Duration::from_secs(1);
/// How long a connection may take to answer a ping: one that a router on the way has forgotten never answers.
const PING: Duration = Duration::from_secs(1);
/// How long a server that is starting, or a connection of the pool that becomes free, is waited for.
const CONNECTING: Duration = Duration::from_secs(5);
/// The server gives a connection up after a minute of idleness, whatever became of the execution environment that held
/// it. The isolation level is what inserting "unless the sender is refused" relies on.
const SESSION: &str = "SET SESSION wait_timeout = 60, sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES'); \
    SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";

/// Connections to one database, opened on first use. Clones share them.
///
/// Why this is not sqlx's pool: sqlx pings a connection whenever it is returned, and waits for the answer without end.
/// A connection whose server is gone without a word would keep its place until TCP gives up, a quarter of an hour.
#[derive(Debug, Clone)]
pub struct MySqlPool {
    options: Arc<MySqlConnectOptions>,
    idle: Arc<Mutex<Vec<Idle>>>,
    /// A permit for each connection that may be open.
    places: Arc<Semaphore>,
    connections: u32,
}

#[derive(Debug)]
struct Idle {
    connection: MySqlConnection,
    since: Instant,
}

impl MySqlPool {
    /// A pool of at most `connections` connections: an execution environment of Lambda, which serves one request at a
    /// time, needs one.
    pub fn new(settings: &MySqlSettings, connections: u32) -> Self {
        Self {
            options: Arc::new((*settings.options).clone()),
            idle: Arc::default(),
            places: Arc::new(Semaphore::new(connections as usize)),
            connections,
        }
    }

    pub fn name(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }

    /// Runs a statement. Every statement of the store may be run twice, so one whose connection broke is run again on
    /// another connection, up to once for each of the pool's: a server that was restarted has broken them all. If the
    /// future is dropped, its connection is closed.
    pub async fn execute(
        &self,
        statement: &str,
        parameters: &Parameters,
    ) -> Result<Executed, StoreError> {
        let mut executed = self.try_once(statement, parameters).await;
        for _ in 0..self.connections {
            if !matches!(executed, Err(Failure::Broken(_))) {
                break;
            }
            executed = self.try_once(statement, parameters).await;
        }
        executed.map_err(StoreError::from)
    }

    async fn try_once(
        &self,
        statement: &str,
        parameters: &Parameters,
    ) -> Result<Executed, Failure> {
        let mut borrowed = self.borrow().await?;
        let executed = borrowed.run(statement, parameters).await;
        if !matches!(executed, Err(Failure::Broken(_))) {
            self.idle().push(Idle {
                connection: borrowed.connection,
                since: Instant::now(),
            });
        }
        executed
    }

    async fn borrow(&self) -> Result<Borrowed, Failure> {
        let borrowing = async {
            let place = Arc::clone(&self.places).acquire_owned().await;
            let place = place.map_err(|_| Failure::other("no more connections"))?;
            let idle = self.idle().pop();
            let connection = match idle {
                Some(idle) => idle.trusted().await,
                None => None,
            };
            let connection = match connection {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            Ok(Borrowed {
                connection,
                _place: place,
            })
        };
        timeout(CONNECTING, borrowing).await.unwrap_or_else(|_| {
            let (host, port) = (self.options.get_host(), self.options.get_port());
            Err(Failure::other(format!(
                "no connection to MySQL at {host}:{port} within {CONNECTING:?}"
            )))
        })
    }

    async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        let mut pause = Duration::from_millis(10);
        loop {
            match self.options.connect().await {
                // The server is starting.
                Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
                connected => {
                    let mut connection = connected?;
                    connection.execute(SESSION).await?;
                    return Ok(connection);
                }
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    /// The connection, unless it may have died and does not answer.
    async fn trusted(mut self) -> Option<MySqlConnection> {
        if self.since.elapsed() >= TRUSTED_WHILE_IDLE {
            timeout(PING, self.connection.ping()).await.ok()?.ok()?;
        }
        Some(self.connection)
    }
}

/// A connection in use. If it is dropped while a statement is under way, the connection is closed: it is still busy
/// with that statement, for which the next one would have to wait.
struct Borrowed {
    connection: MySqlConnection,
    _place: OwnedSemaphorePermit,
}

impl Borrowed {
    async fn run(&mut self, statement: &str, parameters: &Parameters) -> Result<Executed, Failure> {
        if parameters.is_empty() {
            // The statement is sent as text, because MySQL cannot prepare all DDL.
            let statement = sqlx::raw_sql(AssertSqlSafe(statement));
            return collect(self.connection.fetch_many(statement)).await;
        }
        let (statement, values) = positional(statement, parameters)?;
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for value in values {
            query = match value {
                Value::Null | Value::Other => query.bind(None::<&str>),
                Value::Integer(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        collect(self.connection.fetch_many(query)).await
    }
}

async fn collect(
    mut results: impl futures_util::Stream<
        Item = Result<sqlx::Either<sqlx::mysql::MySqlQueryResult, MySqlRow>, sqlx::Error>,
    > + Unpin,
) -> Result<Executed, Failure> {
    use futures_util::TryStreamExt as _;
    let mut executed = Executed::default();
    while let Some(result) = results.try_next().await? {
        match result {
            sqlx::Either::Left(done) => executed.affected += done.rows_affected(),
            sqlx::Either::Right(row) => executed.rows.push(values(&row)?),
        }
    }
    Ok(executed)
}

fn values(row: &MySqlRow) -> Result<Row, Failure> {
    let value = |column: &MySqlColumn| {
        let place = column.ordinal();
        // The type is looked at first: to ask for a value by another type would make an error with a text, for nothing.
        if <String as Type<MySql>>::compatible(column.type_info()) {
            let text: Option<String> = row.try_get(place)?;
            return Ok(text.map_or(Value::Null, Value::Text));
        }
        let number: Option<i64> = row.try_get(place)?;
        Ok(number.map_or(Value::Null, Value::Integer))
    };
    row.columns().iter().map(value).collect()
}

/// `:name` becomes `?`. The store's statements have no other colon.
fn positional<'a>(
    statement: &str,
    parameters: &'a Parameters,
) -> Result<(String, Vec<&'a Value>), Failure> {
    let mut parts = statement.split(':');
    let mut sql = parts.next().unwrap_or_default().to_owned();
    let mut values = Vec::with_capacity(parameters.len());
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let (_, value) = parameters
            .iter()
            .find(|(parameter, _)| *parameter == name)
            .ok_or_else(|| Failure::other(format!("no parameter {name}")))?;
        sql.push('?');
        sql.push_str(rest);
        values.push(value);
    }
    Ok((sql, values))
}

/// What becomes of a connection, and of the statement that ran on it.
enum Failure {
    /// The connection is gone; the statement may have run.
    Broken(sqlx::Error),
    /// The database said no.
    Refused(StoreError),
}

impl Failure {
    fn other(cause: impl Into<String>) -> Self {
        Self::Refused(StoreError::Unavailable(cause.into()))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => return Self::Broken(error),
            sqlx::Error::Database(cause) => cause
                .try_downcast_ref::<MySqlDatabaseError>()
                .map(MySqlDatabaseError::number),
            _ => None,
        };
        match code {
            // ER_SERVER_SHUTDOWN, and MariaDB's ER_CONNECTION_KILLED.
            Some(1053 | 1927) => Self::Broken(error),
            code => code
                .and_then(StoreError::from_code)
                .map_or_else(|| Self::other(error.to_string()), Self::Refused),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(error) => Self::Unavailable(error.to_string()),
            Failure::Refused(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_places() {
        let parameters = vec![("a", Value::Integer(1)), ("bc", Value::Null)];
        let (sql, values) = positional("SELECT :a, (:bc) WHERE x = :a", &parameters)
            .ok()
            .unwrap();
        assert_eq!(sql, "SELECT ?, (?) WHERE x = ?");
        assert_eq!(
            values,
            [&Value::Integer(1), &Value::Null, &Value::Integer(1)]
        );
        assert!(positional("SELECT :b", &parameters).is_err());
    }
}
