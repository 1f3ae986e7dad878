use std::collections::BTreeMap;

use settings::environment;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};
use store::DatabaseSettings;

/// Rows that are read at once.
const PAGE: u32 = 100;

/// An old board's table, `id, message, image_url, create_time`, in a MySQL or MariaDB.
pub struct OldTable {
    connection: MySqlConnection,
    /// The table's name, in backquotes.
    table: String,
    /// Rows that were there when it was opened.
    pub rows: u64,
    /// Whether `create_time` is in the clock's time of some zone (`DATETIME`), or in UTC (`TIMESTAMP`).
    pub has_clock_time: bool,
}

/// A row as it stands, nothing in it checked.
#[derive(Debug)]
pub struct OldRow {
    pub id: i64,
    /// The message's text, cut off far beyond what a message may have.
    pub message: Option<String>,
    pub image_url: Option<String>,
    /// `2024-07-01 12:00:00`, with or without a fraction.
    pub create_time: Option<String>,
}

impl OldTable {
    /// Looks whether the table is one that can be taken over. TLS is required and verified for every host
    /// but loopback; `DATABASE_CA` may name a PEM bundle.
    pub async fn open(url: &str, table: &str) -> Result<Self, String> {
        let settings = DatabaseSettings::from_lookup(&|variable| match variable {
            "DATABASE_URL" => Some(url.to_owned()),
            "DATABASE_CA" => environment(variable),
            _ => None,
        });
        let settings = match settings {
            Ok(DatabaseSettings::MySql(settings)) => settings,
            Err(error) if error.variable == "DATABASE_CA" => return Err(error.to_string()),
            _ => {
                return Err(
                    "--from is malformed: expected mysql://user:password@host:3306/name".into(),
                );
            }
        };
        let mut connection = MySqlConnection::connect_with(settings.connect_options())
            .await
            .map_err(|error| format!("the old board's database cannot be reached: {error}"))?;
        let has_clock_time = check_columns(&mut connection, table).await?;
        let quoted = format!("`{}`", table.replace('`', "``"));
        let rows = check_ids(&mut connection, table, &quoted).await?;
        Ok(Self {
            connection,
            table: quoted,
            rows,
            has_clock_time,
        })
    }

    /// The next rows in the order of their ids, the first ones where `after` is none; empty after the last.
    pub async fn page(&mut self, after: Option<i64>) -> Result<Vec<OldRow>, String> {
        let statement = format!(
            "SELECT CAST(id AS SIGNED), LEFT(CAST(message AS CHAR), 20000), \
             LEFT(CAST(image_url AS CHAR), 20000), CAST(create_time AS CHAR) \
             FROM {} WHERE id > {} ORDER BY id LIMIT {PAGE}",
            self.table,
            after.unwrap_or(-1)
        );
        let rows = self.connection.fetch_all(AssertSqlSafe(statement)).await;
        let row = |row: &MySqlRow| {
            Ok(OldRow {
                id: row.try_get(0)?,
                message: row.try_get(1)?,
                image_url: row.try_get(2)?,
                create_time: row.try_get(3)?,
            })
        };
        rows.and_then(|rows| rows.iter().map(row).collect())
            .map_err(unreadable)
    }
}

/// Whether `create_time` is a `DATETIME`.
async fn check_columns(connection: &mut MySqlConnection, table: &str) -> Result<bool, String> {
    // A TIMESTAMP is given in the session's zone.
    let utc = "SET SESSION time_zone = '+00:00'";
    connection.execute(utc).await.map_err(unreadable)?;
    let columns = sqlx::query(
        "SELECT LOWER(CAST(column_name AS CHAR)), LOWER(CAST(data_type AS CHAR)) \
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
    )
    .bind(table);
    let columns = connection.fetch_all(columns).await.map_err(unreadable)?;
    let columns = columns
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<BTreeMap<String, String>, _>>()
        .map_err(unreadable)?;
    let table = table.escape_debug();
    if columns.is_empty() {
        return Err(format!(
            "the old board's database has no table {table}: name it with --table"
        ));
    }
    let type_of = |column: &str| {
        let found = columns.get(column).map(String::as_str);
        found.ok_or_else(|| format!("the table {table} has no column {column}"))
    };
    type_of("message")?;
    type_of("image_url")?;
    if !type_of("id")?.ends_with("int") {
        return Err(format!("the ids of the table {table} are no whole numbers"));
    }
    match type_of("create_time")? {
        "datetime" => Ok(true),
        "timestamp" => Ok(false),
        other => Err(format!(
            "create_time of the table {table} is a {other}, not a datetime or timestamp"
        )),
    }
}

/// Whether every row is found by its id; how many there are.
async fn check_ids(
    connection: &mut MySqlConnection,
    table: &str,
    quoted: &str,
) -> Result<u64, String> {
    let statement = format!(
        "SELECT (SELECT COUNT(*) FROM {quoted}), \
         EXISTS (SELECT 1 FROM {quoted} WHERE id IS NULL OR id < 0 OR id > {max}), \
         EXISTS (SELECT 1 FROM {quoted} GROUP BY id HAVING COUNT(*) > 1)",
        max = i64::MAX
    );
    let found = connection.fetch_one(AssertSqlSafe(statement)).await;
    let found = found.and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
    let (rows, wrong, twice): (i64, bool, bool) = found.map_err(unreadable)?;
    let table = table.escape_debug();
    if wrong {
        return Err(format!(
            "the table {table} has ids that are null, negative or too large"
        ));
    }
    if twice {
        return Err(format!("the table {table} has several rows with one id"));
    }
    Ok(rows.try_into().unwrap_or_default())
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unreadable(error: sqlx::Error) -> String {
    format!("the old board's table cannot be read: {error}")
}
