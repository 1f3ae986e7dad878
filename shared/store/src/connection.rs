//! One statement at a time, through the RDS Data API or by a connection to MySQL.

use std::sync::{Arc, Once};
use std::time::Duration;

use aws_sdk_rdsdata::Client;
use aws_types::SdkConfig;
use tokio::time::{Instant, sleep, timeout_at};

use crate::data_api::DataApi;
use crate::database_settings::{DataApiSettings, DatabaseSettings, MySqlSettings};
use crate::mysql::MySqlPool;
use crate::sql::{Executed, Parameters, StoreError};

/// Runs statements, each by itself. Clones share connections.
#[derive(Debug, Clone)]
pub struct Connection {
    way: Way,
    /// However many statements of a request meet a resuming database, the observer is told once.
    resuming: Arc<Once>,
    on_resuming: fn(),
}

#[derive(Debug, Clone)]
enum Way {
    DataApi(DataApi),
    MySql(MySqlPool),
}

impl Connection {
    pub fn data_api(
        client: impl FnOnce() -> Client + Send + 'static,
        settings: DataApiSettings,
    ) -> Self {
        Self::by(Way::DataApi(DataApi::new(client, settings)))
    }

    pub fn mysql(settings: &MySqlSettings, connections: u32) -> Self {
        Self::by(Way::MySql(MySqlPool::new(settings, connections)))
    }

    pub fn new(settings: DatabaseSettings, config: &SdkConfig) -> Self {
        match settings {
            DatabaseSettings::DataApi(settings) => {
                let config = config.clone();
                Self::data_api(move || Client::new(&config), settings)
            }
            DatabaseSettings::MySql(settings) => Self::mysql(&settings, 1),
        }
    }

    fn by(way: Way) -> Self {
        Self {
            way,
            resuming: Arc::new(Once::new()),
            on_resuming: || {},
        }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        match &self.way {
            Way::DataApi(database) => database.name(),
            Way::MySql(database) => database.name(),
        }
    }

    /// The same connection, whose `observer` is told when a request meets a database that is resuming.
    pub fn on_resuming(mut self, observer: fn()) -> Self {
        self.on_resuming = observer;
        self
    }

    /// The same connection for another request.
    pub fn for_a_request(mut self) -> Self {
        self.resuming = Arc::new(Once::new());
        self
    }

    /// Runs one statement with `:name` parameters. While the database resumes from its pause, and where it chose
    /// another statement before this one, the statement is run again, with exponential backoff; the SDK itself does
    /// not.
    pub async fn execute(
        &self,
        deadline: Instant,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Executed, StoreError> {
        const LONGEST_BACKOFF: Duration = Duration::from_secs(2);
        let mut backoff = Duration::from_millis(250);
        let mut is_resuming = false;
        loop {
            let executed = async {
                match &self.way {
                    Way::DataApi(database) => database.execute(statement, &parameters).await,
                    Way::MySql(database) => database.execute(statement, &parameters).await,
                }
            };
            let executed = timeout_at(deadline, executed).await.unwrap_or_else(|_| {
                Err(if is_resuming {
                    StoreError::Resuming
                } else {
                    StoreError::Unavailable("no answer in time".into())
                })
            });
            if matches!(executed, Err(StoreError::Resuming)) {
                self.resuming.call_once(self.on_resuming);
            }
            match executed {
                Err(error @ (StoreError::Resuming | StoreError::Deadlock))
                    if Instant::now() + backoff < deadline =>
                {
                    is_resuming = matches!(error, StoreError::Resuming);
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(LONGEST_BACKOFF);
                }
                executed => return executed,
            }
        }
    }
}
