//! A database whose schema this code may touch.

use std::sync::Arc;

use aws_sdk_rdsdata::Client;
use aws_types::SdkConfig;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::connection::Connection;
use crate::database_settings::{DataApiSettings, DatabaseSettings, MySqlSettings};
use crate::migrations::{self, Migrated, Runs};
use crate::sql::{Executed, Parameters, StoreError};

/// Runs statements, each by itself, on a schema that this code may touch. Clones share connections.
#[derive(Debug, Clone)]
pub struct Database {
    connection: Connection,
    /// Set once the schema was seen to be one that this code may touch.
    checked: Arc<OnceCell<()>>,
}

impl Database {
    /// An Aurora cluster. `client` is called at the first statement, and nothing is sent before.
    pub fn data_api(
        client: impl FnOnce() -> Client + Send + 'static,
        settings: DataApiSettings,
    ) -> Self {
        Self::by(Connection::data_api(client, settings))
    }

    /// A MySQL, by a pool of at most `connections` connections. Nothing is opened before the first statement.
    pub fn mysql(settings: &MySqlSettings, connections: u32) -> Self {
        Self::by(Connection::mysql(settings, connections))
    }

    /// The database that a function's settings name, by one connection: an execution environment serves one
    /// request at a time.
    pub fn new(settings: DatabaseSettings, config: &SdkConfig) -> Self {
        Self::by(Connection::new(settings, config))
    }

    fn by(connection: Connection) -> Self {
        Self {
            connection,
            checked: Arc::default(),
        }
    }

    /// The same database, whose `observer` is told once for each request that meets it resuming from its pause.
    #[must_use]
    pub fn on_resuming(mut self, observer: fn()) -> Self {
        self.connection = self.connection.on_resuming(observer);
        self
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// Where the database fails, or the schema is not for this code. What was applied until then is recorded,
    /// and the next run goes on from there.
    pub async fn migrate(&self, deadline: Instant) -> Result<Migrated, StoreError> {
        migrations::migrate(&self.connection, deadline, Runs::Several).await
    }

    /// Brings the schema up to date for who has the database alone: a run that died keeps this one from nothing.
    ///
    /// # Errors
    /// As for [`Self::migrate`].
    pub async fn migrate_alone(&self, deadline: Instant) -> Result<Migrated, StoreError> {
        migrations::migrate(&self.connection, deadline, Runs::One).await
    }

    /// The way to the database, for statements that do not look at the schema.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same database for another request.
    pub(crate) fn for_a_request(mut self) -> Self {
        self.connection = self.connection.for_a_request();
        self
    }

    /// Runs one statement with `:name` parameters, on a schema that this code may touch.
    pub(crate) async fn execute(
        &self,
        deadline: Instant,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Executed, StoreError> {
        self.checked
            .get_or_try_init(|| migrations::check(&self.connection, deadline))
            .await?;
        self.connection
            .execute(deadline, statement, parameters)
            .await
    }
}
