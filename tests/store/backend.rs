//! The ways to a database. Each test gets an empty database of its own.

use std::path::Path;
use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};
use store::{Database, DatabaseSettings, Store};
use tokio::time::Instant;

use crate::corkboard::Corkboard;
use support::mariadb::{OwnDatabase, Server, create_database};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    DataApiOverSqlite,
    DataApiOverMariaDb,
    DirectOnMariaDb,
    /// The server that `CORKBOARD_TEST_MYSQL_URL` names by an administrator's URL.
    DirectOnGivenServer,
}

/// One backend, and what is needed to go it.
pub struct Backend {
    pub kind: Kind,
    pub database: Database,
    corkboard: Option<Corkboard>,
    own: Option<OwnDatabase>,
}

/// Something that keeps other connections from writing, until it is dropped.
pub enum Lock {
    Sqlite(rusqlite::Connection),
    MySql(MySqlConnection),
}

impl Backend {
    /// A way to an empty database, without even a schema.
    pub async fn to_nothing(kind: Kind) -> Option<Self> {
        let own = match kind {
            Kind::DataApiOverSqlite => None,
            Kind::DataApiOverMariaDb | Kind::DirectOnMariaDb => {
                Some(Server::shared().await.database().await)
            }
            Kind::DirectOnGivenServer => {
                let Ok(administrator) = std::env::var("CORKBOARD_TEST_MYSQL_URL") else {
                    eprintln!("skipped: CORKBOARD_TEST_MYSQL_URL is not set");
                    return None;
                };
                let url = url::Url::parse(&administrator).unwrap();
                let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(3306));
                Some(create_database(&administrator, &address).await)
            }
        };
        let corkboard = match kind {
            Kind::DataApiOverSqlite => Some(Corkboard::start(|_| {})),
            Kind::DataApiOverMariaDb => Some(Corkboard::start(|command| {
                command.arg("--database").arg(&own.as_ref().unwrap().url);
            })),
            Kind::DirectOnMariaDb | Kind::DirectOnGivenServer => None,
        };
        let database = match &corkboard {
            Some(corkboard) => corkboard.database().await,
            None => direct(&own.as_ref().unwrap().url, 8),
        };
        let backend = Self {
            kind,
            database,
            corkboard,
            own,
        };
        if backend.corkboard.is_some() {
            // It has migrated already.
            backend.drop_tables().await;
        }
        Some(backend)
    }

    /// A way to an empty board.
    pub async fn to_a_board(kind: Kind) -> Option<Self> {
        let backend = Self::to_nothing(kind).await?;
        backend.database.migrate(soon()).await.unwrap();
        Some(backend)
    }

    pub fn store(&self) -> Store {
        Store::new(self.database.clone(), soon())
    }

    /// The same database as another process sees it, by `connections` connections where it has any.
    pub async fn elsewhere(&self, connections: u32) -> Database {
        match &self.corkboard {
            Some(corkboard) => corkboard.database().await,
            None => direct(&self.own.as_ref().unwrap().url, connections),
        }
    }

    /// Drops all tables that migrations make.
    pub async fn drop_tables(&self) {
        for table in [
            "message",
            "sender",
            "moderation_log",
            "schema_migration",
            "schema_lease",
        ] {
            self.sql(&format!("DROP TABLE {table}")).await;
        }
    }

    /// Runs SQL beside the store, and gives the rows' values as text.
    pub async fn sql(&self, statement: &str) -> Vec<Vec<String>> {
        match &self.own {
            None => sqlite_rows(&self.corkboard.as_ref().unwrap().sqlite(), statement),
            Some(own) => {
                let mut connection = MySqlConnection::connect(&own.url).await.unwrap();
                rows(&mut connection, statement).await
            }
        }
    }

    /// Keeps the store from writing to this message.
    pub async fn lock(&self, id: &str) -> Lock {
        match &self.own {
            None => {
                let connection = open(&self.corkboard.as_ref().unwrap().sqlite());
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                Lock::Sqlite(connection)
            }
            Some(own) => {
                let mut connection = MySqlConnection::connect(&own.url).await.unwrap();
                connection.execute("BEGIN").await.unwrap();
                let sql = format!("SELECT id FROM message WHERE id = '{id}' FOR UPDATE");
                connection.execute(AssertSqlSafe(sql)).await.unwrap();
                Lock::MySql(connection)
            }
        }
    }

    /// Leaves nothing on a server that is not ours.
    pub async fn end(self) {
        if self.kind == Kind::DirectOnGivenServer {
            let name = self.own.unwrap().name;
            let administrator = std::env::var("CORKBOARD_TEST_MYSQL_URL").unwrap();
            let mut connection = MySqlConnection::connect(&administrator).await.unwrap();
            let statements = format!("DROP DATABASE {name}; DROP USER {name}");
            connection
                .execute(sqlx::raw_sql(AssertSqlSafe(statements)))
                .await
                .unwrap();
        }
    }
}

impl Lock {
    pub async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").unwrap(),
            Self::MySql(mut connection) => {
                connection.execute("ROLLBACK").await.unwrap();
            }
        }
    }
}

/// Until when a store may work that a test does not keep waiting.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

pub fn direct(url: &str, connections: u32) -> Database {
    direct_with(url, None, connections)
}

/// The driver with the settings that a function would read.
pub fn direct_with(url: &str, authorities: Option<&str>, connections: u32) -> Database {
    let settings = DatabaseSettings::from_lookup(&|variable| match variable {
        "DATABASE_URL" => Some(url.to_owned()),
        "DATABASE_CA" => authorities.map(str::to_owned),
        _ => None,
    });
    match settings.unwrap() {
        DatabaseSettings::MySql(settings) => Database::mysql(&settings, connections),
        DatabaseSettings::DataApi(_) => unreachable!("there is a URL"),
    }
}

pub async fn rows(connection: &mut MySqlConnection, statement: &str) -> Vec<Vec<String>> {
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(statement)));
    let text = |row: &MySqlRow, column| {
        let text: Option<String> = row.try_get_unchecked(column).unwrap();
        text.unwrap_or_else(|| "NULL".into())
    };
    let values = |row: MySqlRow| (0..row.len()).map(|column| text(&row, column)).collect();
    rows.await.unwrap().into_iter().map(values).collect()
}

fn open(file: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

/// Runs SQL on an embedded database, beside the process that has it open.
pub fn sqlite_rows(file: &Path, statement: &str) -> Vec<Vec<String>> {
    use rusqlite::types::Value;
    let connection = open(file);
    let mut statement = connection.prepare(statement).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let text = |column| {
            Ok(match row.get(column)? {
                Value::Null => "NULL".into(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text,
                value => panic!("{value:?}"),
            })
        };
        (0..columns).map(text).collect()
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Runs each test on every backend.
macro_rules! on_every_backend {
    ($run:ident: $($test:ident),+ $(,)?) => {
        mod data_api_over_sqlite {
            $(#[tokio::test] async fn $test() { super::$run(crate::backend::Kind::DataApiOverSqlite, super::$test).await; })+
        }
        mod data_api_over_mariadb {
            $(#[tokio::test] async fn $test() { super::$run(crate::backend::Kind::DataApiOverMariaDb, super::$test).await; })+
        }
        mod direct_on_mariadb {
            $(#[tokio::test] async fn $test() { super::$run(crate::backend::Kind::DirectOnMariaDb, super::$test).await; })+
        }
        mod direct_on_a_given_server {
            $(#[tokio::test] async fn $test() { super::$run(crate::backend::Kind::DirectOnGivenServer, super::$test).await; })+
        }
    };
}
pub(crate) use on_every_backend;
