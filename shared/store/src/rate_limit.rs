//! How often a sender has posted within a minute, as `PostsPerMinute` counts it.

use std::time::{Duration, SystemTime};

use crate::messages::Store;
use crate::row::Columns;
use crate::sql::{Row, StoreError, Value, milliseconds};
use domain::{Idempotency, Sender};

/// What the limit is counted over, from a sender's first post on.
const MINUTE: Duration = Duration::from_mins(1);
/// How far another function's clock may be ahead, in milliseconds.
const CLOCKS_DIFFER: i64 = 5_000;
/// Whether a sender may post now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and was counted, unless its key was counted before.
    Admitted {
        /// Whether it was.
        is_counted: bool,
    },
    /// It has posted as often as it may within a minute, and may again in this time.
    OverLimit(Duration),
    /// A moderator refused it.
    Refused,
}

/// A sender's row.
struct Count {
    /// When its minute began.
    since: i64,
    posts: u32,
    is_refused: bool,
    /// The idempotency keys that were counted in that minute, each [cut](counted_key), one behind the other.
    counted_keys: String,
}

/// As much of a key's digest as tells those of a minute apart.
fn counted_key(idempotency: &Idempotency) -> &str {
    idempotency.key().get(..16).unwrap_or_default()
}

impl Store {
    /// Counts a post against its sender's limit (0 is none), in one row that is only changed by conditional
    /// updates, so that many at once cannot slip through. A key that was counted in the same minute is not counted
    /// again: its repeats come in together, also between those of other keys.
    ///
    /// # Errors
    /// Where the database fails; the post may be counted all the same.
    pub async fn admit(
        &self,
        sender: &Sender,
        idempotency: Option<&Idempotency>,
        limit: u32,
        now: SystemTime,
    ) -> Result<Admission, StoreError> {
        // Whether the sender is refused, the insert sees as well.
        if limit == 0 {
            return Ok(Admission::Admitted { is_counted: false });
        }
        let key = idempotency.map(counted_key);
        let now = milliseconds(now);
        let minute = i64::try_from(MINUTE.as_millis()).unwrap_or(i64::MAX);
        // Each time round, another request of this sender has got on, or its minute is over.
        loop {
            if self.count(sender, key, limit, now - minute, now).await? {
                return Ok(Admission::Admitted { is_counted: true });
            }
            // The first post of the day, most likely: the row is read beside, for those for whom it is not.
            let (begun, counted) = tokio::join!(self.begin(sender, key, now), self.counted(sender));
            if begun? {
                return Ok(Admission::Admitted { is_counted: true });
            }
            let Some(count) = counted? else {
                continue;
            };
            if count.is_refused {
                return Ok(Admission::Refused);
            }
            let age = now.saturating_sub(count.since);
            if !(-CLOCKS_DIFFER..minute).contains(&age) {
                continue;
            }
            if key.is_some_and(|key| count.counted_keys.contains(key)) {
                return Ok(Admission::Admitted { is_counted: false });
            }
            if count.posts >= limit {
                let left = u64::try_from(minute - age.max(0)).unwrap_or_default();
                return Ok(Admission::OverLimit(Duration::from_millis(left)));
            }
        }
    }

    /// Takes a count back: what was counted turned out to be a repeat.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn uncount(&self, sender: &Sender) -> Result<(), StoreError> {
        self.execute(
            "UPDATE sender SET posts = posts - 1 WHERE id = :id AND posts > 0",
            vec![("id", sender.as_str().into())],
        )
        .await
        .map(|_| ())
    }

    async fn counted(&self, sender: &Sender) -> Result<Option<Count>, StoreError> {
        let found = self
            .execute(
                "SELECT since, posts, refused, counted_keys FROM sender WHERE id = :id",
                vec![("id", sender.as_str().into())],
            )
            .await?;
        let count = |row: Row| {
            let mut columns = Columns::of(row);
            Ok(Count {
                since: columns.number()?,
                posts: columns.number()?,
                is_refused: columns.number::<i64>()? != 0,
                counted_keys: columns.text_or_null()?.unwrap_or_default(),
            })
        };
        found.rows.into_iter().next().map(count).transpose()
    }

    /// The first post of the day.
    async fn begin(
        &self,
        sender: &Sender,
        key: Option<&str>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let inserted = self
            .execute(
                "INSERT INTO sender (id, since, posts, refused, counted_keys) \
                 VALUES (:id, :now, 1, 0, :key)",
                vec![
                    ("id", sender.as_str().into()),
                    ("now", Value::Integer(now)),
                    ("key", key.into()),
                ],
            )
            .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(StoreError::Duplicate) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A further post of a sender that has a row: within its minute, which began after `old`, or the first of another.
    /// One that begins later than the clocks of functions can differ was begun before this clock was set back.
    async fn count(
        &self,
        sender: &Sender,
        key: Option<&str>,
        limit: u32,
        old: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        // MySQL sees what was assigned before, SQLite does not: so nothing that is read is assigned before.
        let is_running = "since > :old AND since <= :ahead";
        let counted = self
            .execute(
                &format!(
                    "UPDATE sender SET counted_keys = CASE WHEN {is_running} \
                     THEN CONCAT(COALESCE(counted_keys, ''), COALESCE(:key, '')) ELSE :key END, \
                     posts = CASE WHEN {is_running} THEN posts + 1 ELSE 1 END, \
                     since = CASE WHEN {is_running} THEN since ELSE :now END \
                     WHERE id = :id AND refused = 0 AND (NOT ({is_running}) OR (posts < :limit \
                     AND (counted_keys IS NULL OR :key IS NULL OR INSTR(counted_keys, :key) = 0)))"
                ),
                vec![
                    ("id", sender.as_str().into()),
                    ("key", key.into()),
                    ("limit", Value::Integer(limit.into())),
                    ("old", Value::Integer(old)),
                    ("ahead", Value::Integer(now + CLOCKS_DIFFER)),
                    ("now", Value::Integer(now)),
                ],
            )
            .await?;
        Ok(counted.affected > 0)
    }
}
