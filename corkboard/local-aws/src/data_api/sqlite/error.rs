//! SQLite's errors in MySQL's words, so that a client finds the code that it would find at AWS.
//!
//! <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>

use rusqlite::ffi::{self, ErrorCode};

use crate::data_api::error::Error;

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(failure, message) => {
                from_failure(failure, &message.unwrap_or_else(|| failure.to_string()))
            }
            rusqlite::Error::SqlInputError {
                error: failure,
                msg,
                ..
            } => from_failure(failure, &msg),
            other => Self::database(&other.to_string(), 1105, "HY000"),
        }
    }
}

fn from_failure(failure: ffi::Error, message: &str) -> Error {
    let detail = message
        .split_once(" failed: ")
        .map_or(message, |(_, detail)| detail);
    match failure.extended_code {
        // SQLite does not tell the duplicate value, so nothing stands between the quotes.
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return Error::database("Duplicate entry '' for key 'PRIMARY'", 1062, "23000");
        }
        ffi::SQLITE_CONSTRAINT_UNIQUE => {
            let message = format!("Duplicate entry '' for key '{detail}'");
            return Error::database(&message, 1062, "23000");
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            let column = detail.rsplit('.').next().unwrap_or(detail);
            return Error::database(&format!("Column '{column}' cannot be null"), 1048, "23000");
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            let message = "Cannot add or update a child row: a foreign key constraint fails";
            return Error::database(message, 1452, "23000");
        }
        ffi::SQLITE_CONSTRAINT_CHECK => {
            let message = format!("Check constraint '{detail}' is violated.");
            return Error::database(&message, 3819, "HY000");
        }
        _ => {}
    }
    match failure.code {
        ErrorCode::AuthorizationForStatementDenied => Error::bad_request(
            "Temporary tables, views and triggers are not supported here: a session ends with its call.",
        ),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::lock_wait_timeout(),
        ErrorCode::DiskFull => Error::database("The table is full", 1114, "HY000"),
        ErrorCode::OperationInterrupted => {
            Error::database("Query execution was interrupted", 1317, "70100")
        }
        ErrorCode::CannotOpen
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly
        | ErrorCode::SystemIoFailure => Error::database_unavailable(message),
        _ => from_message(message),
    }
}

/// The error for those that SQLite distinguishes by their messages alone.
fn from_message(message: &str) -> Error {
    let quoted = |name: &str| name.trim_matches(['"', '`']).to_owned();
    if let Some(table) = message.strip_prefix("no such table: ") {
        Error::database(&format!("Table '{table}' doesn't exist"), 1146, "42S02")
    } else if let Some(column) = message.strip_prefix("no such column: ") {
        let message = format!("Unknown column '{}' in 'field list'", quoted(column));
        Error::database(&message, 1054, "42S22")
    } else if let Some((table, "")) = message
        .strip_prefix("table ")
        .and_then(|rest| rest.split_once(" already exists"))
    {
        Error::database(
            &format!("Table '{}' already exists", quoted(table)),
            1050,
            "42S01",
        )
    } else if let Some((index, "")) = message
        .strip_prefix("index ")
        .and_then(|rest| rest.split_once(" already exists"))
    {
        let message = format!("Duplicate key name '{}'", quoted(index));
        Error::database(&message, 1061, "42000")
    } else if let Some(column) = message.strip_prefix("duplicate column name: ") {
        let message = format!("Duplicate column name '{}'", quoted(column));
        Error::database(&message, 1060, "42S21")
    } else if message.contains("syntax error") || message.contains("incomplete input") {
        let message = format!("You have an error in your SQL syntax; {message}");
        Error::database(&message, 1064, "42000")
    } else {
        Error::database(message, 1105, "HY000")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn errors_have_the_code_and_words_of_mysql() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE t (id INT PRIMARY KEY, a TEXT NOT NULL UNIQUE, b INT CHECK (b > 0),
                                 c INT REFERENCES t (id), d INT, UNIQUE (c, d));
                 CREATE TABLE n (id INTEGER PRIMARY KEY);
                 CREATE INDEX i ON t (b);
                 INSERT INTO n VALUES (1);
                 INSERT INTO t VALUES (1, 'x', 1, 1, 1);",
            )
            .unwrap();
        for (sql, message) in [
            (
                "INSERT INTO t VALUES (1, 'y', 1, NULL, 1)",
                "Duplicate entry '' for key 'PRIMARY'; Error code: 1062; SQLState: 23000",
            ),
            (
                "INSERT INTO n VALUES (1)",
                "Duplicate entry '' for key 'PRIMARY'; Error code: 1062; SQLState: 23000",
            ),
            (
                "INSERT INTO t VALUES (2, 'x', 1, NULL, 1)",
                "Duplicate entry '' for key 't.a'; Error code: 1062; SQLState: 23000",
            ),
            (
                "INSERT INTO t VALUES (2, 'y', 1, 1, 1)",
                "Duplicate entry '' for key 't.c, t.d'; Error code: 1062; SQLState: 23000",
            ),
            (
                "INSERT INTO t VALUES (2, NULL, 1, NULL, 1)",
                "Column 'a' cannot be null; Error code: 1048; SQLState: 23000",
            ),
            (
                "INSERT INTO t VALUES (2, 'y', 0, NULL, 1)",
                "Check constraint 'b > 0' is violated.; Error code: 3819; SQLState: HY000",
            ),
            (
                "INSERT INTO t VALUES (2, 'y', 1, 7, 1)",
                "Cannot add or update a child row: a foreign key constraint fails; \
              Error code: 1452; SQLState: 23000",
            ),
            (
                "SELECT 1 FROM nowhere",
                "Table 'nowhere' doesn't exist; Error code: 1146; SQLState: 42S02",
            ),
            (
                "SELECT absent FROM t",
                "Unknown column 'absent' in 'field list'; Error code: 1054; SQLState: 42S22",
            ),
            (
                "CREATE TABLE t (id INT)",
                "Table 't' already exists; Error code: 1050; SQLState: 42S01",
            ),
            (
                "CREATE INDEX i ON t (b)",
                "Duplicate key name 'i'; Error code: 1061; SQLState: 42000",
            ),
            (
                "ALTER TABLE t ADD COLUMN b INT",
                "Duplicate column name 'b'; Error code: 1060; SQLState: 42S21",
            ),
            (
                "SELEC 1",
                "You have an error in your SQL syntax; near \"SELEC\": syntax error; \
              Error code: 1064; SQLState: 42000",
            ),
        ] {
            let result = connection.prepare(sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                while rows.next()?.is_some() {}
                Ok(())
            });
            assert_eq!(Error::from(result.unwrap_err()).message, message, "{sql}");
        }
    }
}
