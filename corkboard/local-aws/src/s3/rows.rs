//! The rows of an object in the index, and the statements that find, write and delete them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use s3s::{S3Error, S3Result};

use super::bodies::NewFile;
use super::failure::fault;
use super::index::Effects;
use super::object::{Attributes, Object};

/// What the index says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub object: Object,
    pub attributes: Attributes,
    /// The file's name in the folder of bodies; `None` for an object whose bytes are in the index.
    pub file: Option<String>,
}

/// The bytes of an object that is to be written.
#[derive(Debug)]
pub enum NewBody {
    Small(Vec<u8>),
    File(NewFile),
    /// The name of a file that was there before and has the bytes.
    Kept(String),
}

/// The object under a key.
pub fn find(connection: &Connection, key: &str) -> S3Result<Option<Stored>> {
    let sql = "SELECT size, e_tag, modified, attributes, file FROM object WHERE key = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let found = statement.query_row([key.as_bytes()], |row| {
        Ok(Stored {
            object: object(row, 0)?,
            attributes: attributes(row, 3)?,
            file: row.get(4)?,
        })
    });
    found.optional().map_err(fault)
}

/// The columns `size`, `e_tag`, `modified`.
pub fn object(row: &Row<'_>, first: usize) -> rusqlite::Result<Object> {
    Ok(Object {
        size: row.get(first)?,
        e_tag: row.get(first + 1)?,
        modified: row.get(first + 2)?,
    })
}

/// An object with headers that cannot be read is better shown without them than not at all.
pub fn attributes(row: &Row<'_>, column: usize) -> rusqlite::Result<Attributes> {
    let json: String = row.get(column)?;
    Ok(serde_json::from_str(&json).unwrap_or_default())
}

pub fn small_body(connection: &Connection, key: &str) -> S3Result<Vec<u8>> {
    let mut statement = connection
        .prepare_cached("SELECT bytes FROM small_body WHERE key = ?1")
        .map_err(fault)?;
    statement
        .query_row([key.as_bytes()], |row| row.get(0))
        .map_err(fault)
}

/// Whether an object or a part is in this file.
pub fn refers_to(connection: &Connection, file: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM object WHERE file = ?1) \
               OR EXISTS (SELECT 1 FROM part WHERE file = ?1)";
    connection
        .prepare_cached(sql)?
        .query_row([file], |row| row.get(0))
}

/// Puts an object in place of what was under its key.
pub fn insert(
    connection: &Connection,
    effects: &mut Effects,
    key: &str,
    object: &Object,
    attributes: &Attributes,
    body: NewBody,
) -> S3Result<()> {
    delete(connection, effects, key)?;
    let json = serde_json::to_string(attributes).map_err(S3Error::internal_error)?;
    let file = match &body {
        NewBody::Small(_) => None,
        NewBody::File(file) => Some(file.name()),
        NewBody::Kept(name) => Some(name.as_str()),
    };
    let sql = "INSERT INTO object (key, size, e_tag, modified, attributes, file) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![
        key.as_bytes(),
        object.size,
        object.e_tag,
        object.modified,
        json,
        file
    ];
    run(connection, sql, values)?;
    match body {
        NewBody::Small(bytes) => {
            let sql = "INSERT OR REPLACE INTO small_body (key, bytes) VALUES (?1, ?2)";
            run(connection, sql, params![key.as_bytes(), bytes])?;
        }
        NewBody::File(file) => effects.keep(file),
        NewBody::Kept(_) => {}
    }
    Ok(())
}

/// Removes the object, if there is one.
pub fn delete(connection: &Connection, effects: &mut Effects, key: &str) -> S3Result<()> {
    let sql = "DELETE FROM object WHERE key = ?1 RETURNING file";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let deleted: Option<Option<String>> = statement
        .query_row([key.as_bytes()], |row| row.get(0))
        .optional()
        .map_err(fault)?;
    match deleted {
        Some(Some(file)) => effects.free([file]),
        Some(None) => {
            let sql = "DELETE FROM small_body WHERE key = ?1";
            run(connection, sql, [key.as_bytes()])?;
        }
        None => {}
    }
    Ok(())
}

/// The rows that a statement changed.
pub fn run(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> S3Result<usize> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    statement.execute(values).map_err(fault)
}
