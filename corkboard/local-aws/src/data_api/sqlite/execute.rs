//! Runs statements on a connection, and gives SQLite's values the fields that MySQL would give them.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::data_api::call::{Call, Records, StatementResult};
use crate::data_api::column::{ColumnType, Kind};
use crate::data_api::error::Error;
use crate::data_api::wire::{ColumnMetadata, Field};

/// Runs the statement once for each set of values.
pub fn execute(connection: &Connection, call: &Call) -> Result<Vec<StatementResult>, Error> {
    let mut statement = connection.prepare(&call.statement.sql)?;
    if statement.parameter_count() != call.statement.names.len() {
        return Err(Error::bad_request(
            "the SQL's parameters cannot be told from its text",
        ));
    }
    let mut outcomes = Vec::with_capacity(call.sets.len());
    for values in &call.sets {
        outcomes.push(if statement.column_count() > 0 {
            let records = Some(records(&mut statement, values)?);
            let columns = if call.wants_metadata {
                metadata(connection, &statement)?
            } else {
                Vec::new()
            };
            StatementResult {
                records,
                columns,
                ..StatementResult::default()
            }
        } else {
            let changes = statement.execute(params_from_iter(values))? as u64;
            let generated = generated(connection, call.statement.inserts_into.as_deref(), changes)?;
            // After a statement of any other kind SQLite still tells how many rows the statement before changed.
            let changes_rows = ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"]
                .contains(&call.statement.verb.as_str());
            StatementResult {
                updated: if changes_rows { changes } else { 0 },
                generated,
                ..StatementResult::default()
            }
        });
    }
    Ok(outcomes)
}

fn records(
    statement: &mut rusqlite::Statement<'_>,
    values: &[Field],
) -> Result<Vec<Vec<Field>>, Error> {
    let mut records = Records::default();
    let mut types = Vec::new();
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        // The types are read with the first row and not before: until then SQLite may go by a schema that another
        // connection has changed meanwhile.
        if types.is_empty() {
            let statement: &rusqlite::Statement<'_> = row.as_ref();
            let declared = |column: rusqlite::Column<'_>| {
                ColumnType::parse(column.decl_type().unwrap_or_default())
            };
            types = statement.columns().map(declared).collect();
        }
        let fields = types.iter().enumerate().map(|(index, column)| {
            let value = row.get_ref(index)?;
            field(value, column)
        });
        records.push(fields.collect::<Result<_, _>>()?)?;
    }
    Ok(records.rows)
}

impl ToSql for Field {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::IsNull(_) => ValueRef::Null,
            Self::BooleanValue(value) => ValueRef::Integer(i64::from(*value)),
            Self::LongValue(value) => ValueRef::Integer(*value),
            Self::DoubleValue(value) => ValueRef::Real(*value),
            Self::StringValue(value) => ValueRef::Text(value.as_bytes()),
            Self::BlobValue(value) => ValueRef::Blob(value),
        }))
    }
}

/// A value in the field that MySQL would give it by the column's type; SQLite stores what it is given.
fn field(value: ValueRef<'_>, column: &ColumnType) -> Result<Field, Error> {
    let scale = usize::try_from(column.scale).unwrap_or(0);
    Ok(match (value, column.kind) {
        (ValueRef::Null, _) => Field::NULL,
        (ValueRef::Integer(value), Kind::Boolean) => Field::BooleanValue(value != 0),
        (ValueRef::Integer(value), Kind::Decimal) if scale == 0 => {
            Field::StringValue(value.to_string())
        }
        (ValueRef::Integer(value), Kind::Decimal) => {
            Field::StringValue(format!("{value}.{:0scale$}", 0))
        }
        #[expect(clippy::cast_precision_loss, reason = "as the declared type has it")]
        (ValueRef::Integer(value), Kind::Double) => Field::DoubleValue(value as f64),
        (ValueRef::Integer(value), _) => Field::LongValue(value),
        (ValueRef::Real(value), _) if !value.is_finite() => {
            return Err(Error::unsupported_result("an infinite number has no field"));
        }
        (ValueRef::Real(value), Kind::Decimal) => Field::StringValue(format!("{value:.scale$}")),
        (ValueRef::Real(value), _) => Field::DoubleValue(value),
        (ValueRef::Text(value), Kind::Blob) => Field::BlobValue(value.to_vec()),
        (ValueRef::Text(value), _) => Field::StringValue(
            str::from_utf8(value)
                .map_err(|_| Error::unsupported_result("a text is not UTF-8"))?
                .to_owned(),
        ),
        (ValueRef::Blob(value), kind) => match str::from_utf8(value) {
            Ok(text) if kind == Kind::Text => Field::StringValue(text.to_owned()),
            _ => Field::BlobValue(value.to_vec()),
        },
    })
}

fn metadata(
    connection: &Connection,
    statement: &rusqlite::Statement<'_>,
) -> Result<Vec<ColumnMetadata>, Error> {
    let mut all = Vec::new();
    for (index, column) in statement.columns().enumerate() {
        let column_type = ColumnType::parse(column.decl_type().unwrap_or_default());
        let mut metadata = ColumnMetadata {
            label: column.name().to_owned(),
            name: column.name().to_owned(),
            ..column_type.metadata()
        };
        if let Some((_, table, name, _, collation, not_null, primary_key, _)) =
            statement.column_metadata(index)?
        {
            metadata.table_name = table.to_string_lossy().into_owned();
            metadata.name = name.to_string_lossy().into_owned();
            metadata.is_auto_increment =
                primary_key && has_generated_id(connection, &metadata.table_name)?;
            metadata.nullable = i32::from(!not_null && !metadata.is_auto_increment);
            metadata.is_case_sensitive =
                column_type.kind == Kind::Text && collation.is_some_and(|name| name == c"BINARY");
        }
        all.push(metadata);
    }
    Ok(all)
}

/// Whether SQLite makes ids for the table: its one key column is INTEGER PRIMARY KEY.
fn has_generated_id(connection: &Connection, table: &str) -> Result<bool, Error> {
    let sql = "SELECT COUNT(*) = 1 AND MAX(type) = 'INTEGER' COLLATE NOCASE \
               FROM pragma_table_info(?1) WHERE pk > 0";
    let found: Option<bool> = connection.query_row(sql, [table], |row| row.get(0))?;
    Ok(found == Some(true))
}

/// The first id of those that an INSERT made, which is what MySQL tells.
fn generated(
    connection: &Connection,
    table: Option<&str>,
    rows: u64,
) -> Result<Option<i64>, Error> {
    match table {
        Some(table) if rows > 0 && has_generated_id(connection, table)? => {
            let earlier = i64::try_from(rows - 1).unwrap_or(i64::MAX);
            Ok(Some(connection.last_insert_rowid().saturating_sub(earlier)))
        }
        _ => Ok(None),
    }
}
