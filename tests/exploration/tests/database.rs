//! A database in memory behind the Data API, one statement at a time: `SQLite`, to which the store's statements
//! are its own.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Value, json};

use crate::bucket::response;
use crate::request::{Parameter, Statement};

pub struct Database(Connection);

impl Database {
    /// With this schema and nothing in it.
    pub fn new() -> Self {
        Self(Connection::open_in_memory().unwrap())
    }

    /// Without messages.
    pub fn empty(&self) {
        self.0.execute_batch("DELETE FROM message").unwrap();
    }

    pub fn answer(&self, statement: &Statement) -> HttpResponse {
        let mut prepared = self.0.prepare(&statement.sql).unwrap();
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
            let changed = prepared.raw_execute().unwrap();
            return response(200, json!({"numberOfRecordsUpdated": changed}).to_string());
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

    /// All of them, in order.
    pub fn rows(&self) -> Vec<(String, String)> {
        self.list("SELECT id, status FROM message ORDER BY id", |row| {
            (row.get(0).unwrap(), row.get(1).unwrap())
        })
    }

    /// What the first page should have, and one more.
    pub fn newest(&self) -> Vec<String> {
        let newest = "SELECT id FROM message WHERE status = 'posted' ORDER BY id DESC LIMIT 21";
        self.list(newest, |row| row.get(0).unwrap())
    }

    fn list<T>(&self, sql: &str, read: impl Fn(&Row<'_>) -> T) -> Vec<T> {
        let mut prepared = self.0.prepare(sql).unwrap();
        let rows = prepared.query_map(params_from_iter([""; 0]), |row| Ok(read(row)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

fn field(row: &Row<'_>, column: usize) -> Value {
    match row.get_ref(column).unwrap() {
        ValueRef::Null => json!({"isNull": true}),
        ValueRef::Integer(number) => json!({"longValue": number}),
        ValueRef::Text(text) => json!({"stringValue": str::from_utf8(text).unwrap()}),
        other => panic!("no such value is in the schema: {other:?}"),
    }
}
