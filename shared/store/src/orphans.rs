use std::time::{Duration, SystemTime};

use crate::messages::BY_STATUS;
use crate::messages::{Status, Store};
use crate::row::{id_value, readable};
use crate::sql::{Row, StoreError, Value};
use domain::{Format, MessageId, Sender};

/// How long a message may be pending; no request lives as long.
const PENDING_AT_MOST: Duration = Duration::from_mins(15);
/// How long an idempotency key is kept at least, and with it the tombstone of a deleted message.
const KEY_AT_LEAST: Duration = Duration::from_hours(24);
/// How many orphans one post clears away.
const ORPHANS_AT_ONCE: u32 = 4;

/// What a crash or a delete left behind, ready to be cleared away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The row's id.
    pub id: MessageId,
    /// Where it is in its life.
    pub status: Status,
    /// The picture that may be in the bucket; it goes first.
    pub picture: Option<Format>,
}

/// What is pending for too long.
const OLD_PENDING: &str = "status = 'pending' AND id < :pending \
    AND (pending_since IS NULL OR pending_since < :pending)";

impl Store {
    /// A few rows that nobody needs any more: pending ones of requests that died, and old tombstones.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn orphans(&self, now: SystemTime) -> Result<Vec<Orphan>, StoreError> {
        let found = self
            .execute(
                &format!(
                    "SELECT id, status, picture_format FROM {BY_STATUS} WHERE ({OLD_PENDING}) \
                     OR (status = 'deleted' AND id < :deleted) OR status = 'clearing' \
                     LIMIT {ORPHANS_AT_ONCE}"
                ),
                vec![
                    ("pending", oldest_pending(now)),
                    ("deleted", id_value(MessageId::least_of(now, KEY_AT_LEAST))),
                ],
            )
            .await?;
        Ok(found.rows.into_iter().filter_map(orphan).collect())
    }

    /// Takes an orphan out of the hands of a repeat, which could still finish what is pending, and says whether
    /// it may be cleared away.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn claim(&self, orphan: &Orphan, now: SystemTime) -> Result<bool, StoreError> {
        if orphan.status != Status::Pending {
            return Ok(true);
        }
        let claimed = self
            .execute(
                &format!("UPDATE message SET status = 'clearing' WHERE id = :id AND {OLD_PENDING}"),
                vec![
                    ("id", id_value(orphan.id)),
                    ("pending", oldest_pending(now)),
                ],
            )
            .await?;
        Ok(claimed.affected > 0)
    }

    /// What there is under an id that is not posted.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn unposted(&self, id: MessageId) -> Result<Option<Orphan>, StoreError> {
        let found = self
            .execute(
                "SELECT id, status, picture_format FROM message \
                 WHERE id = :id AND status <> 'posted'",
                vec![("id", id_value(id))],
            )
            .await?;
        Ok(found.rows.into_iter().next().and_then(orphan))
    }

    /// Removes an orphan's row, unless it was posted meanwhile.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn remove_orphan(&self, id: MessageId) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM message WHERE id = :id AND status <> 'posted'",
            vec![("id", id_value(id))],
        )
        .await
        .map(|_| ())
    }

    /// Forgets senders whose time is over, a few at a time (all at once in SQLite, to which the limit is a
    /// comment, and where it costs little).
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn forget_senders(&self, now: SystemTime) -> Result<(), StoreError> {
        let old = || vec![("old", Sender::forgotten_below(now).as_str().into())];
        // Most posts find none, and then lock nothing.
        let is_any = "SELECT EXISTS (SELECT 1 FROM message WHERE sender < :old) \
            OR EXISTS (SELECT 1 FROM sender WHERE id < :old)";
        if self.execute(is_any, old()).await?.rows == [[Value::Integer(0)]] {
            return Ok(());
        }
        let of_messages = "UPDATE message SET sender = NULL WHERE sender < :old \
            /*!40101 ORDER BY sender, id LIMIT 8 */";
        self.execute(of_messages, old()).await?;
        let counters = "DELETE FROM sender WHERE id < :old /*!40101 ORDER BY id LIMIT 8 */";
        self.execute(counters, old()).await?;
        Ok(())
    }
}

fn oldest_pending(now: SystemTime) -> Value {
    id_value(MessageId::least_of(now, PENDING_AT_MOST))
}

fn orphan(row: Row) -> Option<Orphan> {
    readable(row, |columns| {
        Ok(Orphan {
            id: columns.parsed()?,
            status: columns.parsed()?,
            picture: columns.format_or_none(),
        })
    })
    .ok()
}
