//! A database in memory behind the Data API, one statement at a time: `SQLite`, to which the store's statements
//! are its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rusqlite::types::{Value as Kept, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, params_from_iter};
use serde_json::{Value, json};

use crate::bucket::response;
use crate::request::{Parameter, Statement};

/// By which clearing up counts.
const QUARTER: Duration = Duration::from_mins(15);

pub struct Database(Connection);

/// All that is in the tables of messages and of senders.
#[derive(Debug, Clone)]
pub struct Tables([Vec<Vec<Kept>>; 2]);

const TABLES: [&str; 2] = ["message", "sender"];

/// A message's row.
#[derive(Debug)]
pub struct Message {
    pub id: String,
    pub status: String,
    pub text: String,
    pub generation: u32,
    pub has_picture: bool,
}

impl Database {
    /// With no schema and nothing in it.
    pub fn new() -> Self {
        Self(Connection::open_in_memory().unwrap())
    }

    pub fn answer(&self, statement: &Statement) -> HttpResponse {
        let mut prepared = self.0.prepare_cached(&statement.sql).unwrap();
        for Parameter { name, value } in &statement.parameters {
            let Some(index) = prepared.parameter_index(&format!(":{name}")).unwrap() else {
                panic!("{name} is not in {statement:?}");
            };
            let text = value["stringValue"].as_str();
            let bound = match (text, value["longValue"].as_i64()) {
                (Some(text), _) => prepared.raw_bind_parameter(index, text),
                (_, Some(number)) => prepared.raw_bind_parameter(index, number),
                _ => prepared.raw_bind_parameter(index, rusqlite::types::Null),
            };
            bound.unwrap();
        }
        let columns = prepared.column_count();
        if columns == 0 {
            return match prepared.raw_execute() {
                Ok(changed) => {
                    response(200, json!({"numberOfRecordsUpdated": changed}).to_string())
                }
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    duplicate()
                }
                Err(error) => panic!("{error}: {statement:?}"),
            };
        }
        let mut rows = prepared.raw_query();
        let mut records = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            records.push(
                (0..columns)
                    .map(|column| field(row, column))
                    .collect::<Value>(),
            );
        }
        response(
            200,
            json!({"records": records, "numberOfRecordsUpdated": 0}).to_string(),
        )
    }

    /// All rows, with their ages instead of their times.
    pub fn rows(&self) -> Vec<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.unwrap().as_millis()).unwrap();
        let age = |since: Option<i64>| {
            let quarter = i64::try_from(QUARTER.as_millis()).unwrap();
            since.map(|since| {
                if since == 0 {
                    -1
                } else {
                    (now - since) / quarter
                }
            })
        };
        let messages = "SELECT id, status, text, picture_format, idempotency_key, sender, since, cleared_at, generation FROM message";
        let mut rows = self.list(messages, |row| {
            let text = |column| row.get::<_, Option<String>>(column).unwrap();
            let columns: Vec<_> = (0..6).map(text).collect();
            let ages = [6, 7].map(|column| age(row.get(column).unwrap()));
            format!("{columns:?} {ages:?} {:?}", row.get::<_, i64>(8))
        });
        rows.extend(self.list("SELECT id, refused FROM sender", |row| {
            format!("{:?} {:?}", row.get::<_, String>(0), row.get::<_, i64>(1))
        }));
        rows
    }

    pub fn messages(&self) -> Vec<Message> {
        self.list(
            "SELECT id, status, text, generation, picture_format FROM message",
            |row| Message {
                id: row.get(0).unwrap(),
                status: row.get(1).unwrap(),
                text: row.get(2).unwrap(),
                generation: row.get(3).unwrap(),
                has_picture: row.get::<_, Option<String>>(4).unwrap().is_some(),
            },
        )
    }

    /// Whether a sender is refused.
    pub fn refuses(&self) -> bool {
        let refused = self.list("SELECT id FROM sender WHERE refused = 1", |_| ());
        !refused.is_empty()
    }

    /// Makes all rows older.
    pub fn age(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        for aged in [
            "UPDATE message SET since = since - ?1 WHERE since > 0",
            "UPDATE message SET cleared_at = cleared_at - ?1",
            "UPDATE sender SET since = since - ?1 WHERE since > 0",
        ] {
            self.0.execute(aged, [by]).unwrap();
        }
    }

    /// Gives a row another id.
    pub fn rename(&self, id: &str, other: &str) {
        let renamed = "UPDATE message SET id = ?2 WHERE id = ?1";
        self.0.execute(renamed, [id, other]).unwrap();
    }

    /// Loses a row, as where an older database is restored.
    pub fn lose(&self, id: &str) {
        let lost = "DELETE FROM message WHERE id = ?1";
        self.0.execute(lost, [id]).unwrap();
    }

    pub fn save(&self) -> Tables {
        Tables(TABLES.map(|table| {
            let select = format!("SELECT * FROM {table}");
            let columns = self.0.prepare(&select).unwrap().column_count();
            self.list(&select, |row| {
                (0..columns)
                    .map(|column| row.get(column).unwrap())
                    .collect()
            })
        }))
    }

    pub fn restore(&self, tables: &Tables) {
        for (table, rows) in TABLES.iter().zip(&tables.0) {
            let delete = format!("DELETE FROM {table}");
            self.0.execute(&delete, []).unwrap();
            for row in rows {
                let places = vec!["?"; row.len()].join(", ");
                let insert = format!("INSERT INTO {table} VALUES ({places})");
                self.0.execute(&insert, params_from_iter(row)).unwrap();
            }
        }
    }

    fn list<T>(&self, sql: &str, read: impl Fn(&Row<'_>) -> T) -> Vec<T> {
        let mut prepared = self.0.prepare_cached(sql).unwrap();
        let rows = prepared.query_map([], |row| Ok(read(row)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// As the Data API says it: MySQL's `ER_DUP_ENTRY`.
fn duplicate() -> HttpResponse {
    let message = "Database error code: 1062. Message: Duplicate entry";
    let mut answer = response(400, json!({"message": message}).to_string());
    let headers = answer.headers_mut();
    headers.insert("x-amzn-errortype", "DatabaseErrorException");
    answer
}

fn field(row: &Row<'_>, column: usize) -> Value {
    match row.get_ref(column).unwrap() {
        ValueRef::Null => json!({"isNull": true}),
        ValueRef::Integer(number) => json!({"longValue": number}),
        ValueRef::Text(text) => json!({"stringValue": str::from_utf8(text).unwrap()}),
        other => panic!("no such value is in the schema: {other:?}"),
    }
}
