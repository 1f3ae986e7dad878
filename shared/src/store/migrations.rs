//! The versions of the schema, in the order in which they are applied. A migration that was released is
//! never changed.
//!
//! MySQL commits DDL by itself, so each migration is one statement that may be run again after a crash
//! between it and its record. What only MySQL needs stands in its conditional comments.

use tokio::time::Instant;

use super::database::Value;
use super::{Database, StoreError};

struct Migration {
    version: i64,
    name: &'static str,
    statement: &'static str,
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "message",
    statement: include_str!("migrations/0001_message.sql"),
}];

/// What [`migrate`] found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version now.
    pub version: i64,
    /// The names of the migrations that were applied.
    pub applied: Vec<&'static str>,
}

/// Brings the schema up to date.
///
/// # Errors
/// Where the database fails; what was applied until then is recorded, and the next run goes on from there.
pub async fn migrate(database: &Database, deadline: Instant) -> Result<Migrated, StoreError> {
    let execute = |statement, parameters| database.execute(deadline, statement, parameters);
    execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (\
         version INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)",
        vec![],
    )
    .await?;
    let recorded = execute("SELECT version FROM schema_migration", vec![]).await?;
    let is_recorded = |version| {
        recorded
            .rows
            .iter()
            .any(|row| row.first() == Some(&Value::Integer(version)))
    };

    let mut migrated = Migrated {
        version: 0,
        applied: vec![],
    };
    for migration in MIGRATIONS {
        if !is_recorded(migration.version) {
            execute(migration.statement, vec![]).await?;
            let record = execute(
                "INSERT INTO schema_migration (version, name) VALUES (:version, :name)",
                vec![
                    ("version", Value::Integer(migration.version)),
                    ("name", migration.name.into()),
                ],
            )
            .await;
            match record {
                // Another run, or an earlier try of this one, recorded it.
                Ok(_) | Err(StoreError::Duplicate) => migrated.applied.push(migration.name),
                Err(error) => return Err(error),
            }
        }
        migrated.version = migration.version;
    }
    Ok(migrated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one() {
        let versions: Vec<_> = MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .collect();
        assert_eq!(
            versions,
            (1..=i64::try_from(MIGRATIONS.len()).unwrap()).collect::<Vec<_>>()
        );
    }
}
