use std::time::SystemTime;

use tokio::time::Instant;

use crate::database::Database;
use crate::row::{self, Columns, id_value, readable};
use crate::sql::{Executed, Parameters, Row, StoreError, Value, milliseconds};
use crate::status::{Mark, Status};
use domain::{Era, Format, Idempotency, Message, MessageId, Name, PostedPicture, Sender};

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is intended with the message.
    pub status: Status,
    /// How often it was restored.
    pub generation: u32,
    /// The message, as long as it is no tombstone and can be read.
    pub message: Option<Message>,
    /// The picture that may be in the bucket.
    pub picture: Option<Format>,
}

/// What became of an insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// The row is the message's.
    First,
    /// Another message has the key.
    Before(Before),
    /// A moderator refused the sender.
    Refused,
}

/// What was posted before with the same idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its id.
    pub id: MessageId,
    /// Under which of the board's secrets the same was posted; `None` where it was something else.
    pub same: Option<Era>,
    /// What became of it.
    pub entry: Entry,
}

/// The board's messages.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    deadline: Instant,
}

impl Store {
    /// The messages in `database`, for a request that has time until `deadline`.
    pub fn new(database: Database, deadline: Instant) -> Self {
        Self {
            database: database.for_a_request(),
            deadline,
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.execute("SELECT 1", vec![]).await.map(|_| ())
    }

    /// Inserts a message as pending, or as arriving where it is to be held. The idempotency key decides who was first.
    ///
    /// # Errors
    /// Where the database fails; the row may be there all the same.
    pub async fn insert(
        &self,
        message: &Message,
        status: Status,
        sender: Option<&Sender>,
        idempotency: Option<&Idempotency>,
        now: SystemTime,
    ) -> Result<Inserted, StoreError> {
        // A row with the same key may be cleared away before it is looked at, and then this message is the first.
        const TRIES: u32 = 3;
        for _ in 0..TRIES {
            match self
                .try_insert(message, status, sender, idempotency, now)
                .await
            {
                Ok(true) => return Ok(Inserted::First),
                Ok(false) => return Ok(Inserted::Refused),
                Err(StoreError::Duplicate) => {}
                Err(error) => return Err(error),
            }
            // Without an idempotency key the duplicate is this message's own row, from a try whose answer was lost.
            let Some(idempotency) = idempotency else {
                return Ok(Inserted::First);
            };
            match self.posted_with(idempotency).await? {
                Some(before) if before.id == message.id => return Ok(Inserted::First),
                Some(before) => return Ok(Inserted::Before(before)),
                None => {}
            }
        }
        Err(StoreError::Unavailable(
            "a message of the same key comes and goes".into(),
        ))
    }

    /// What was posted with this key before.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn posted_with(
        &self,
        idempotency: &Idempotency,
    ) -> Result<Option<Before>, StoreError> {
        let columns = row::columns("");
        let found = self
            .execute(
                &format!(
                    "SELECT id, request_digest, status, generation, picture_format, {columns} FROM message \
                     WHERE idempotency_key = :key"
                ),
                vec![("key", idempotency.key().into())],
            )
            .await?;
        let before = |row| {
            let mut columns = Columns::of(row);
            let id = columns.parsed()?;
            let request = columns.text_or_null()?;
            Ok(Before {
                id,
                same: request.and_then(|request| idempotency.made(&request)),
                entry: entry(columns)?,
            })
        };
        found.rows.into_iter().next().map(before).transpose()
    }

    async fn try_insert(
        &self,
        message: &Message,
        status: Status,
        sender: Option<&Sender>,
        idempotency: Option<&Idempotency>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut parameters = row::parameters(message);
        parameters.extend([
            ("since", Value::Integer(milliseconds(now))),
            ("sender", sender.map(Sender::as_str).into()),
            ("key", idempotency.map(Idempotency::key).into()),
            ("request", idempotency.map(Idempotency::request).into()),
        ]);
        let (columns, values) = (row::columns(""), row::columns(":"));
        // One statement, which locks what it reads of the sender, so that nothing of a sender comes in after it was
        // refused. Of a sender that has no row yet, the lock is on the gap: that needs the isolation level REPEATABLE
        // READ, MySQL's default.
        let inserted = self
            .execute(
                &format!(
                    "INSERT INTO message ({columns}, status, since, sender, idempotency_key, request_digest) \
                     SELECT {values}, '{status}', :since, :sender, :key, :request FROM (SELECT 1) AS one \
                     WHERE NOT EXISTS (SELECT 1 FROM sender WHERE id = :sender AND refused = 1 \
                     /*!40101 LOCK IN SHARE MODE */)"
                ),
                parameters,
            )
            .await?;
        Ok(inserted.affected > 0)
    }

    /// Changes the status of a message of this generation, and says whether it did: where it did not, another status or
    /// generation is there, or this one is by an earlier try whose answer was lost.
    ///
    /// # Errors
    /// Where the database fails; the status may be changed all the same.
    pub async fn mark(
        &self,
        name: impl Into<Name>,
        mark: Mark,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let Name { id, generation } = name.into();
        let (set, condition) = (mark.assignments(), mark.condition());
        let marked = self
            .execute(
                &format!(
                    "UPDATE message SET {set}, since = :now \
                     WHERE id = :id AND generation = :generation AND {condition}"
                ),
                vec![
                    ("id", id_value(id)),
                    ("generation", Some(generation).into()),
                    ("now", Value::Integer(milliseconds(now))),
                ],
            )
            .await?;
        Ok(marked.affected > 0)
    }

    /// Has a row of this status and generation be that of a message which is on the board under this `name`, and says
    /// whether it is: the ledger is older than what moderators decided.
    ///
    /// # Errors
    /// Where the database fails; the row may be changed all the same.
    pub async fn follow(
        &self,
        name: Name,
        seen: &Entry,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let (before, status) = (seen.generation, seen.status);
        let followed = self
            .execute(
                &format!(
                    "UPDATE message SET status = 'posted', generation = :generation, since = :now \
                     WHERE id = :id AND generation = :before AND status = '{status}'"
                ),
                vec![
                    ("id", id_value(name.id)),
                    ("generation", Some(name.generation).into()),
                    ("before", Some(before).into()),
                    ("now", Value::Integer(milliseconds(now))),
                ],
            )
            .await?;
        Ok(followed.affected > 0)
    }

    /// What the ledger has of a message.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn entry(&self, id: MessageId) -> Result<Option<Entry>, StoreError> {
        let columns = row::columns("");
        let found = self
            .execute(
                &format!("SELECT status, generation, picture_format, {columns} FROM message WHERE id = :id"),
                vec![("id", id_value(id))],
            )
            .await?;
        let row = found.rows.into_iter().next();
        row.map(|row| entry(Columns::of(row))).transpose()
    }

    /// The newest posted message, as far as a few rows tell whose ids cannot be read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn newest(&self) -> Result<Option<MessageId>, StoreError> {
        let found = self
            .execute(
                &format!(
                    "SELECT id FROM {BY_STATUS} WHERE status = 'posted' ORDER BY id DESC LIMIT 16"
                ),
                vec![],
            )
            .await?;
        let mut rows = found.rows.into_iter();
        Ok(rows.find_map(|row| readable(row, Columns::parsed).ok()))
    }

    /// At most `limit` posted messages, oldest first, all newer than `after` where one is given, and among them the ids
    /// of the rows that cannot be read. Fewer messages than `limit` are the last ones, and then all rows behind them
    /// were read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn page_after(
        &self,
        limit: u32,
        after: Option<MessageId>,
    ) -> Result<Vec<Result<Message, String>>, StoreError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let columns = row::columns("");
        let at_once = limit.min(MESSAGES_AT_ONCE);
        let (mut read, mut messages) = (Vec::new(), 0);
        let mut from = after.map(id_value);
        // Statements follow until there are enough messages: a row that cannot be read takes the place of no other,
        // whatever its id is.
        loop {
            let (condition, parameters) = match from {
                Some(id) => (" AND id > :from", vec![("from", id)]),
                None => ("", vec![]),
            };
            let found = self
                .execute(
                    &format!(
                        "SELECT {columns} FROM {BY_STATUS} WHERE status = 'posted'{condition} \
                         ORDER BY id LIMIT {at_once}"
                    ),
                    parameters,
                )
                .await?;
            let is_last = found.rows.len() < usize::try_from(at_once).unwrap_or(usize::MAX);
            from = found.rows.last().and_then(|row| row.first()).cloned();
            for row in found.rows {
                let message = readable(row, row::message);
                messages += usize::from(message.is_ok());
                read.push(message);
                if messages == most {
                    return Ok(read);
                }
            }
            if is_last {
                return Ok(read);
            }
        }
    }

    /// Gives a posted message that has no picture the one that is to be put for it, and says whether it did.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn add_picture(
        &self,
        id: MessageId,
        picture: &PostedPicture,
    ) -> Result<bool, StoreError> {
        let condition = "status = 'posted' AND picture_format IS NULL";
        self.set_picture(id, Some(picture), "", condition, vec![])
            .await
    }

    /// Takes a pending message over, gives it this picture, and says whether it did.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn take_with_picture(
        &self,
        id: MessageId,
        picture: Option<&PostedPicture>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let since = vec![("now", Value::Integer(milliseconds(now)))];
        self.set_picture(
            id,
            picture,
            ", since = :now",
            &Mark::Taken.condition(),
            since,
        )
        .await
    }

    async fn set_picture(
        &self,
        id: MessageId,
        picture: Option<&PostedPicture>,
        and_set: &str,
        condition: &str,
        mut parameters: Parameters,
    ) -> Result<bool, StoreError> {
        parameters.push(("id", id_value(id)));
        parameters.extend(row::picture_parameters(picture));
        let set = row::picture_assignments();
        let done = self
            .execute(
                &format!("UPDATE message SET {set}{and_set} WHERE id = :id AND {condition}"),
                parameters,
            )
            .await?;
        Ok(done.affected > 0)
    }

    pub(crate) async fn execute(
        &self,
        statement: &str,
        parameters: Parameters,
    ) -> Result<Executed, StoreError> {
        self.database
            .execute(self.deadline, statement, parameters)
            .await
    }
}

/// How many messages one statement reads at most: the Data API answers with at most 1 MiB, and a message may have 10 KB.
pub(crate) const MESSAGES_AT_ONCE: u32 = 64;

/// The table, for statements that read a range of one status. MySQL's optimiser, left alone, may read half the table
/// for a few rows. To `SQLite`, which chooses right, it is a comment.
const BY_STATUS: &str = "message /*!40101 FORCE INDEX (message_by_status) */";

/// The entry of a row that has the status, the generation, the picture's format and all [`row::columns`].
fn entry(mut columns: Columns) -> Result<Entry, StoreError> {
    let (status, generation) = (columns.parsed()?, columns.number()?);
    let picture = columns.format_or_none();
    let message: Row = columns.rest();
    Ok(Entry {
        status,
        generation,
        message: match status {
            Status::Deleted => None,
            _ => readable(message, row::message).ok(),
        },
        picture,
    })
}
