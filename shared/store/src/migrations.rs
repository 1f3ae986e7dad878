//! The versions of the schema, in the order in which they are applied. A migration that was released is
//! never changed.
//!
//! - MySQL commits DDL by itself, so each migration is one statement that may be run again after a crash
//!   between it and its record. What only MySQL needs stands in its conditional comments.
//! - Migrations only expand: the release before runs on the schema after. What nobody needs any more goes
//!   one release later, by a migration whose `least_code` shuts out the code that would miss it.
//! - Two runs at once are kept apart by a lease: a row with the time until when its holder may work.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::connection::Connection;
use crate::sql::{Executed, Parameters, StoreError, Value, milliseconds};

/// One step of the schema.
struct Migration {
    /// Counts up from 1.
    version: i64,
    /// What it is about.
    name: &'static str,
    /// The newest migration that code must know to run on the schema after this one.
    least_code: i64,
    statement: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "message",
        least_code: 1,
        statement: include_str!("migrations/0001_message.sql"),
    },
    Migration {
        version: 2,
        name: "message_by_sender",
        least_code: 1,
        statement: include_str!("migrations/0002_message_by_sender.sql"),
    },
    Migration {
        version: 3,
        name: "message_pending_since",
        least_code: 1,
        statement: include_str!("migrations/0003_message_pending_since.sql"),
    },
    Migration {
        version: 4,
        name: "sender",
        least_code: 1,
        statement: include_str!("migrations/0004_sender.sql"),
    },
    // Earlier releases leave the column `since` empty, by which messages are found that are not published yet.
    Migration {
        version: 5,
        name: "message_since",
        least_code: 1,
        statement: include_str!("migrations/0005_message_since.sql"),
    },
    Migration {
        version: 6,
        name: "message_cleared_at",
        least_code: 1,
        statement: include_str!("migrations/0006_message_cleared_at.sql"),
    },
    Migration {
        version: 7,
        name: "message_by_since",
        least_code: 1,
        statement: include_str!("migrations/0007_message_by_since.sql"),
    },
    // Earlier releases leave the column empty: whether such a picture moves is not known.
    Migration {
        version: 8,
        name: "message_picture_animated",
        least_code: 1,
        statement: include_str!("migrations/0008_message_picture_animated.sql"),
    },
    // Earlier releases leave the column at 0, the generation under which their messages are published.
    Migration {
        version: 9,
        name: "message_generation",
        least_code: 1,
        statement: include_str!("migrations/0009_message_generation.sql"),
    },
    Migration {
        version: 10,
        name: "moderation_log",
        least_code: 1,
        statement: include_str!("migrations/0010_moderation_log.sql"),
    },
    // The column takes the place of `last_key`, which earlier releases still compare.
    Migration {
        version: 11,
        name: "sender_counted_keys",
        least_code: 1,
        statement: include_str!("migrations/0011_sender_counted_keys.sql"),
    },
];

/// The newest migration that this code knows.
const CODE: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The tables of the migrations themselves.
const BOOKKEEPING: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS schema_migration (version INT NOT NULL PRIMARY KEY, \
     name VARCHAR(100) NOT NULL, least_code INT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS schema_lease (id INT NOT NULL PRIMARY KEY, \
     holder CHAR(26) NOT NULL, held_until BIGINT NOT NULL)",
];

/// What [`migrate`] found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version now.
    pub version: i64,
    /// The names of the migrations that were applied.
    pub applied: Vec<&'static str>,
}

/// Refuses a schema that this code may not touch.
pub async fn check(connection: &Connection, deadline: Instant) -> Result<(), StoreError> {
    let recorded = Run::new(connection, deadline).recorded().await?;
    may_touch(&recorded)
}

fn may_touch(recorded: &[Recorded]) -> Result<(), StoreError> {
    match recorded.iter().map(|recorded| recorded.least_code).max() {
        None => Err(StoreError::Unavailable(
            "the schema has not been made yet".into(),
        )),
        Some(least) if least > CODE => Err(StoreError::Unavailable(format!(
            "the schema wants code of version {least} at least, and this is {CODE}"
        ))),
        Some(_) => Ok(()),
    }
}

/// Who may run the migrations of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// One run at a time: there are no others.
    One,
    /// Several at the same time, of which each waits for a lease.
    Several,
}

/// Brings the schema up to date.
///
/// # Errors
/// Where the database fails, or the schema is not for this code. What was applied until then is recorded,
/// and the next run goes on from there.
pub async fn migrate(
    connection: &Connection,
    deadline: Instant,
    runs: Runs,
) -> Result<Migrated, StoreError> {
    let run = Run::new(connection, deadline);
    for statement in BOOKKEEPING {
        run.execute(statement, vec![]).await?;
    }
    let mut applied = vec![];
    let mut recorded = run.recorded().await?;
    if !recorded.is_empty() {
        may_touch(&recorded)?;
    }
    if missing(&recorded).next().is_some() {
        applied = match runs {
            Runs::One => run.apply_missing().await?,
            Runs::Several => run.apply_missing_under_lease().await?,
        };
        recorded = run.recorded().await?;
    }
    may_touch(&recorded)?;
    let version = recorded.iter().map(|recorded| recorded.version).max();
    Ok(Migrated {
        version: version.unwrap_or_default(),
        applied,
    })
}

fn missing(recorded: &[Recorded]) -> impl Iterator<Item = &'static Migration> {
    let is_recorded = |version| recorded.iter().any(|recorded| recorded.version == version);
    MIGRATIONS
        .iter()
        .filter(move |migration| !is_recorded(migration.version))
}

struct Recorded {
    version: i64,
    least_code: i64,
}

/// One run of the migrations.
struct Run<'a> {
    connection: &'a Connection,
    deadline: Instant,
    id: Ulid,
}

impl<'a> Run<'a> {
    fn new(connection: &'a Connection, deadline: Instant) -> Self {
        Self {
            connection,
            deadline,
            id: Ulid::generate(),
        }
    }

    async fn execute(
        &self,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Executed, StoreError> {
        self.connection
            .execute(self.deadline, statement, parameters)
            .await
    }

    async fn recorded(&self) -> Result<Vec<Recorded>, StoreError> {
        let found = self
            .execute("SELECT version, least_code FROM schema_migration", vec![])
            .await?;
        let recorded = found.rows.into_iter().map(|row| match row[..] {
            [Value::Integer(version), Value::Integer(least_code)] => Ok(Recorded {
                version,
                least_code,
            }),
            _ => Err(StoreError::Fault(
                "a migration's record is not numbers".into(),
            )),
        });
        recorded.collect()
    }

    async fn apply_missing(&self) -> Result<Vec<&'static str>, StoreError> {
        let mut applied = vec![];
        // The versions are read under the lease, since another run may have applied the migrations meanwhile.
        for migration in missing(&self.recorded().await?) {
            self.apply(migration).await?;
            applied.push(migration.name);
        }
        Ok(applied)
    }

    async fn apply_missing_under_lease(&self) -> Result<Vec<&'static str>, StoreError> {
        self.take_lease().await?;
        let applied = self.apply_missing().await;
        // The lease is given back after a failure as well, or the next run would wait until this run's deadline.
        let ended = self.end_lease().await;
        let applied = applied?;
        ended?;
        Ok(applied)
    }

    async fn apply(&self, migration: &Migration) -> Result<(), StoreError> {
        match self.execute(migration.statement, vec![]).await {
            // The column, table or index is there already: an earlier run died before it recorded the migration.
            Ok(_) | Err(StoreError::Exists) => {}
            Err(error) => return Err(error),
        }
        let record = self
            .execute(
                "INSERT INTO schema_migration (version, name, least_code) VALUES (:version, :name, :least_code)",
                vec![
                    ("version", Value::Integer(migration.version)),
                    ("name", migration.name.into()),
                    ("least_code", Value::Integer(migration.least_code)),
                ],
            )
            .await;
        match record {
            // Already recorded by an earlier try of this statement, whose answer was lost.
            Ok(_) | Err(StoreError::Duplicate) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Waits until no other run holds the lease. A run that died holds it until its own deadline.
    async fn take_lease(&self) -> Result<(), StoreError> {
        const PAUSE: Duration = Duration::from_millis(200);
        let row = "INSERT INTO schema_lease (id, holder, held_until) VALUES (1, :nobody, 0)";
        match self
            .execute(row, vec![("nobody", Value::Text(Ulid::nil().to_string()))])
            .await
        {
            Ok(_) | Err(StoreError::Duplicate) => {}
            Err(error) => return Err(error),
        }
        let until = SystemTime::now() + self.deadline.saturating_duration_since(Instant::now());
        let mut is_held = false;
        loop {
            let taken = self.try_lease(until).await;
            match taken {
                Ok(true) => return Ok(()),
                // The try itself may outlast the deadline, too.
                Err(error) if !is_held || Instant::now() < self.deadline => return Err(error),
                Ok(false) | Err(_) => is_held = true,
            }
            if Instant::now() + PAUSE >= self.deadline {
                return Err(StoreError::Unavailable(
                    "another run migrates the schema".into(),
                ));
            }
            sleep(PAUSE).await;
        }
    }

    async fn try_lease(&self, until: SystemTime) -> Result<bool, StoreError> {
        let me = Value::Text(self.id.to_string());
        self.execute(
            "UPDATE schema_lease SET holder = :me, held_until = :until \
             WHERE id = 1 AND (held_until < :now OR holder = :me)",
            vec![
                ("me", me.clone()),
                ("until", Value::Integer(milliseconds(until))),
                ("now", Value::Integer(milliseconds(SystemTime::now()))),
            ],
        )
        .await?;
        let holder = self
            .execute("SELECT holder FROM schema_lease WHERE id = 1", vec![])
            .await?;
        Ok(holder.rows == [[me]])
    }

    async fn end_lease(&self) -> Result<(), StoreError> {
        self.execute(
            "UPDATE schema_lease SET held_until = 0 WHERE id = 1 AND holder = :me",
            vec![("me", Value::Text(self.id.to_string()))],
        )
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one_and_shut_out_no_code_that_is_not_older() {
        for (version, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, version);
            assert!(
                (1..=version).contains(&migration.least_code),
                "{}",
                migration.name
            );
        }
    }
}
