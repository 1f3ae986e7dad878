//! What a statement takes and gives, whichever way leads to the database.

use std::time::SystemTime;

use domain::since_1970;
use thiserror::Error;

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
    pub(crate) fn from_code(code: u16) -> Option<Self> {
        match code {
            1062 => Some(Self::Duplicate),            // ER_DUP_ENTRY
            1213 => Some(Self::Deadlock),             // ER_LOCK_DEADLOCK
            1050 | 1060 | 1061 => Some(Self::Exists), // ER_TABLE_EXISTS_ERROR, ER_DUP_FIELDNAME, ER_DUP_KEYNAME
            _ => None,
        }
    }

    /// The same error, with nothing of a secret in its text.
    pub(crate) fn without(self, secret: &str) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(text.replace(secret, "…")),
            Self::Fault(text) => Self::Fault(text.replace(secret, "…")),
            other => other,
        }
    }
}

/// A value of a row or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
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
pub fn milliseconds(time: SystemTime) -> i64 {
    i64::try_from(since_1970(time).as_millis()).unwrap_or(i64::MAX)
}

pub type Row = Vec<Value>;
pub type Parameters = Vec<(&'static str, Value)>;

/// What a statement did.
#[derive(Debug, Default)]
pub struct Executed {
    pub rows: Vec<Row>,
    pub affected: u64,
}
