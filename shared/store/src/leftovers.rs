use std::time::{Duration, SystemTime};

use crate::messages::{MESSAGES_AT_ONCE, Store};
use crate::row::{self, id_value, readable};
use crate::sql::{Row, StoreError, Value, milliseconds};
use crate::status::{Mark, Status};
use domain::{Format, Message, MessageId, Name, Sender};

/// How long a message may be pending or arriving, and how long what is left of a deleted one stays in the bucket. No request lives
/// as long.
const QUARTER: Duration = Duration::from_mins(15);
/// How long an idempotency key is kept at least, and with it the tombstone of a deleted message.
const KEY_AT_LEAST: Duration = Duration::from_hours(24);
/// How long a moderator has to restore what was taken down or rejected.
const RESTORABLE: Duration = Duration::from_hours(24);
/// How long a message waits for a moderator.
const WAITS: Duration = Duration::from_hours(30 * 24);
/// How many leftovers are read together.
const AT_ONCE: u32 = 64;

/// The table, for statements that read a range of ages. To `SQLite` the index is a comment, as in `BY_SENDER`.
const BY_SINCE: &str = "message /*!40101 FORCE INDEX (message_by_since) */";

/// Rows old enough that an earlier release which inserted them, or took them over, has given them up. Until then it may
/// still mark the message as posted and publish nothing, which is seen by `since`.
const OLD_BEFORE: &str = "id < :old AND (pending_since IS NULL OR pending_since < :old)";

/// A message that was posted by an earlier release, which published nothing.
const UNPUBLISHED: &str = "status = 'posted' AND cleared_at IS NULL AND since IS NULL";

/// What a request that died or a delete left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The row's id and generation.
    pub name: Name,
    /// The picture that may be in the bucket.
    pub picture: Option<Format>,
    /// What is to be done.
    pub todo: Todo,
}

/// What is to be done with a [`Leftover`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Todo {
    /// A message is pending for too long: it is to be posted where it is published, and otherwise to be cleared away.
    Decide,
    /// A message is arriving for too long: it is to be held where its message is there, and otherwise to be cleared away.
    DecideToHold,
    /// What a moderator approved or restored is to be published.
    Publish(Status),
    /// What a moderator takes down is to be taken down.
    TakeDown,
    /// What nobody approved or restored in time is to be deleted.
    Expire(Status),
    /// A message is to be cleared away.
    Clear,
    /// A delete is to be finished.
    Delete,
    /// No request puts anything for a deleted message any more: the zero bytes that kept late puts off are to go.
    Remove,
    /// A tombstone is to be forgotten.
    Forget,
    /// A message or tombstone of an earlier release, whose row does not say since when: its age counts from now on.
    Adopt(Mark),
}

impl Store {
    /// A few rows with which something is to be done: first those of which something may be on the board, then
    /// tombstones.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn leftovers(&self, now: SystemTime) -> Result<Vec<Leftover>, StoreError> {
        let columns =
            format!("id, status, generation, picture_format, since, cleared_at FROM {BY_SINCE}");
        let found = self
            .execute(
                &format!(
                    "SELECT * FROM (SELECT {columns} \
                     WHERE (status = 'pending' AND cleared_at IS NULL AND since IS NULL AND {OLD_BEFORE}) \
                     OR (status = 'pending' AND cleared_at IS NULL AND since < :quarter) \
                     OR (status = 'arriving' AND cleared_at IS NULL AND since < :quarter) \
                     OR status = 'clearing' OR status = 'deleting' \
                     OR status = 'approved' OR status = 'restored' OR status = 'removing' \
                     LIMIT {AT_ONCE}) AS unfinished UNION ALL SELECT * FROM (SELECT {columns} \
                     WHERE (status = 'removed' AND cleared_at IS NULL AND since < :restorable) \
                     OR (status = 'rejected' AND cleared_at IS NULL AND since < :restorable) \
                     OR (status = 'held' AND cleared_at IS NULL AND since < :waits) \
                     OR (status = 'deleted' AND cleared_at IS NULL AND since IS NULL) \
                     OR (status = 'deleted' AND cleared_at IS NULL AND since < :quarter) \
                     OR (status = 'deleted' AND cleared_at < :day) \
                     LIMIT {AT_ONCE}) AS tombstones"
                ),
                vec![
                    ("old", id_value(MessageId::least_of(now, QUARTER))),
                    ("quarter", before(now, QUARTER)),
                    ("restorable", before(now, RESTORABLE)),
                    ("waits", before(now, WAITS)),
                    ("day", before(now, KEY_AT_LEAST)),
                ],
            )
            .await?;
        Ok(found.rows.into_iter().filter_map(leftover).collect())
    }

    /// Has a message that is pending or arriving for too long be cleared away, unless a repeat took it, and says whether it is.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn begin_clearing(&self, id: MessageId, now: SystemTime) -> Result<bool, StoreError> {
        let begun = self
            .execute(
                "UPDATE message SET status = 'clearing', since = :now \
                 WHERE id = :id AND status IN ('pending', 'arriving') AND since < :quarter",
                vec![
                    ("id", id_value(id)),
                    ("now", Value::Integer(milliseconds(now))),
                    ("quarter", before(now, QUARTER)),
                ],
            )
            .await?;
        Ok(begun.affected > 0)
    }

    /// Remembers that nothing of a deleted message is in the bucket any more.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mark_cleared(&self, id: MessageId, now: SystemTime) -> Result<(), StoreError> {
        self.execute(
            "UPDATE message SET cleared_at = :now WHERE id = :id AND status = 'deleted'",
            vec![
                ("id", id_value(id)),
                ("now", Value::Integer(milliseconds(now))),
            ],
        )
        .await
        .map(|_| ())
    }

    /// Removes the row of what was cleared away, or a tombstone: a row that still has this status. A moderator may have
    /// deleted meanwhile what was being cleared away, and then the row stays as a tombstone.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn remove(&self, id: MessageId, status: Status) -> Result<(), StoreError> {
        self.execute(
            &format!("DELETE FROM message WHERE id = :id AND status = '{status}'"),
            vec![("id", id_value(id))],
        )
        .await
        .map(|_| ())
    }

    /// Some messages that were posted by code that published nothing, `most` or as many as one statement reads, and
    /// among them the ids of the rows that cannot be read.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn unpublished(&self, most: u32) -> Result<Vec<Result<Message, String>>, StoreError> {
        let columns = row::columns("");
        let most = most.min(MESSAGES_AT_ONCE);
        let found = self
            .execute(
                &format!("SELECT {columns} FROM {BY_SINCE} WHERE {UNPUBLISHED} ORDER BY id DESC LIMIT {most}"),
                vec![],
            )
            .await?;
        let rows = found.rows.into_iter();
        Ok(rows.map(|row| readable(row, row::message)).collect())
    }

    /// Remembers that messages are published, or cannot be read. Since when they are posted is not known: 0, as nothing
    /// else writes.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn mark_published(
        &self,
        messages: &[Result<Message, String>],
    ) -> Result<(), StoreError> {
        let mark = async |which: &str, parameters| {
            let statement = format!("UPDATE message SET since = 0 WHERE {which} AND {UNPUBLISHED}");
            self.execute(&statement, parameters).await.map(|_| ())
        };
        let readable: Vec<_> = messages
            .iter()
            .flatten()
            .map(|message| message.id)
            .collect();
        if !readable.is_empty() {
            mark(&one_of(&readable), vec![]).await?;
        }
        for id in messages.iter().filter_map(|message| message.as_ref().err()) {
            mark("id = :id", vec![("id", id.as_str().into())]).await?;
        }
        Ok(())
    }

    /// Forgets senders whose time is over, a few at a time (all at once in `SQLite`, to which the limit is a
    /// comment, and where it costs little).
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget_senders(&self, now: SystemTime) -> Result<(), StoreError> {
        let old = || vec![("old", Sender::forgotten_below(now).as_str().into())];
        // Mostly there is nothing to forget, and then this statement alone is run, which locks nothing.
        let is_any = "SELECT EXISTS (SELECT 1 FROM message WHERE sender < :old) \
            OR EXISTS (SELECT 1 FROM sender WHERE id < :old)";
        if self.execute(is_any, old()).await?.rows == [[Value::Integer(0)]] {
            return Ok(());
        }
        let of_messages = "UPDATE message SET sender = NULL WHERE sender < :old \
            /*!40101 ORDER BY sender, id LIMIT 64 */";
        self.execute(of_messages, old()).await?;
        let counters = "DELETE FROM sender WHERE id < :old /*!40101 ORDER BY id LIMIT 64 */";
        self.execute(counters, old()).await?;
        Ok(())
    }
}

/// A condition that holds for these ids. The ids can stand in the SQL as they are: they are letters and digits.
fn one_of(ids: &[MessageId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
    format!("id IN ({})", ids.join(", "))
}

fn before(now: SystemTime, age: Duration) -> Value {
    Value::Integer(milliseconds(
        now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH),
    ))
}

fn leftover(row: Row) -> Option<Leftover> {
    readable(row, |columns| {
        let id = columns.parsed()?;
        let status = columns.parsed()?;
        let generation = columns.number()?;
        let picture = columns.format_or_none();
        let (since, cleared_at) = (
            columns.number_or_null::<i64>()?,
            columns.number_or_null::<i64>()?,
        );
        let todo = match (status, since, cleared_at) {
            (Status::Pending, None, _) => Todo::Adopt(Mark::Taken),
            (Status::Pending | Status::Posted, ..) => Todo::Decide,
            (Status::Arriving, ..) => Todo::DecideToHold,
            (Status::Approved | Status::Restored, ..) => Todo::Publish(status),
            (Status::Removing, ..) => Todo::TakeDown,
            (Status::Removed | Status::Rejected | Status::Held, ..) => Todo::Expire(status),
            (Status::Clearing, ..) => Todo::Clear,
            (Status::Deleting, ..) => Todo::Delete,
            (Status::Deleted, _, Some(_)) => Todo::Forget,
            // An earlier release deleted the message, perhaps after it was published.
            (Status::Deleted, None | Some(0), None) => Todo::Adopt(Mark::DeletingForGood),
            (Status::Deleted, Some(_), None) => Todo::Remove,
        };
        let name = Name { id, generation };
        Ok(Leftover {
            name,
            picture,
            todo,
        })
    })
    .ok()
}
