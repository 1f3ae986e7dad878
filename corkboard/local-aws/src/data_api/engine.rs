//! The database behind the endpoint, one of two.

use std::path::Path;

use super::call::{Call, StatementResult};
use super::error::Error;
use super::mysql::{self, Mysql};
use super::sqlite::{self, Sqlite};
use super::tokens::Dialect;

/// Where the statements run.
pub struct Engine(Kind);

enum Kind {
    Sqlite(Sqlite),
    Mysql(Mysql),
}

/// An open transaction on a connection of its own. Dropped, it is rolled back.
pub enum Session {
    Sqlite(sqlite::Session),
    Mysql(mysql::Session),
}

impl Engine {
    /// The embedded database in this file, which is made where it does not exist. What it has
    /// acknowledged survives the end of the process and of the machine.
    ///
    /// # Errors
    /// The file cannot be opened, or is no database.
    pub async fn sqlite(path: &Path) -> Result<Self, Error> {
        Ok(Self(Kind::Sqlite(Sqlite::open(path).await?)))
    }

    /// A MySQL or MariaDB: `mysql://user:password@host:3306/name`.
    ///
    /// # Errors
    /// The URL is malformed, or no connection can be made. The message never shows the password.
    pub async fn mysql(url: &str) -> Result<Self, Error> {
        Ok(Self(Kind::Mysql(Mysql::connect(url).await?)))
    }

    pub(super) fn dialect(&self) -> Dialect {
        match &self.0 {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Mysql(mysql) => Dialect::MySql(mysql.server),
        }
    }

    /// Runs a call outside any transaction; each run of the statement commits by itself.
    pub(super) async fn execute(&self, call: Call) -> Result<Vec<StatementResult>, Error> {
        match &self.0 {
            Kind::Sqlite(sqlite) => sqlite.execute(call).await,
            Kind::Mysql(mysql) => mysql.execute(call).await,
        }
    }

    pub(super) async fn begin(&self) -> Result<Session, Error> {
        Ok(match &self.0 {
            Kind::Sqlite(sqlite) => Session::Sqlite(sqlite.begin().await?),
            Kind::Mysql(mysql) => Session::Mysql(mysql.begin().await?),
        })
    }
}

impl Session {
    /// Runs a call in the transaction, and gives it back unless a failure ended it.
    pub async fn execute(self, call: Call) -> (Option<Self>, Result<Vec<StatementResult>, Error>) {
        match self {
            Self::Sqlite(session) => {
                let (session, outcomes) = session.execute(call).await;
                (session.map(Self::Sqlite), outcomes)
            }
            Self::Mysql(session) => {
                let (session, outcomes) = session.execute(call).await;
                (session.map(Self::Mysql), outcomes)
            }
        }
    }

    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(session) => session.commit().await,
            Self::Mysql(session) => session.commit().await,
        }
    }

    pub async fn rollback(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(session) => session.rollback().await,
            Self::Mysql(session) => session.rollback().await,
        }
    }
}
