//! How often a sender has posted within a minute, as `PostsPerMinute` counts it.

use std::time::{Duration, SystemTime};

use crate::messages::Store;
use crate::row::Columns;
use crate::sql::{Row, StoreError, Value, milliseconds};
use domain::{Idempotency, Sender};

/// The period over which the rate limit counts, which begins with a sender's post.
const MINUTE: Duration = Duration::from_mins(1);
/// How far another function's clock may be ahead, in milliseconds.
const CLOCKS_DIFFER: i64 = 5_000;
/// Whether a sender may post now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The sender may post, and the post was counted, unless its idempotency key was counted before.
    Admitted {
        /// Whether the post was counted.
        is_counted: bool,
    },
    /// The sender has reached the rate limit, and may post again after this time.
    OverLimit(Duration),
    /// A moderator refused the sender.
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

/// The beginning of a key's digest, long enough to tell the keys of one minute apart.
fn counted_key(idempotency: &Idempotency) -> &str {
    idempotency.key().get(..16).unwrap_or_default()
}

impl Store {
    /// Counts a post against its sender's rate limit (0 is none), in one row that is only changed by compare-and-swap,
    /// so that many posts at once cannot slip through. An idempotency key that was counted in the same minute is not
    /// counted again: all repeats of one post count once, also where posts with other keys come between them.
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
        // Without a limit nothing is read here: the insert sees by itself whether the sender is refused.
        if limit == 0 {
            return Ok(Admission::Admitted { is_counted: false });
        }
        let key = idempotency.map(counted_key);
        let now = milliseconds(now);
        let minute = i64::try_from(MINUTE.as_millis()).unwrap_or(i64::MAX);
        // The loop ends: each time round, another request of this sender was counted, or the sender's minute ended.
        loop {
            if self.count(sender, key, limit, now - minute, now).await? {
                return Ok(Admission::Admitted { is_counted: true });
            }
            // This is most likely the sender's first post of the day. The row is read at the same time, in case it is
            // not.
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

    /// Takes a count back, where the post that was counted turned out to be a repeat.
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

    /// Counts the sender's first post of the day, and says whether it is the first.
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

    /// Counts a further post of a sender that has a row, and says whether it did: within the sender's minute, which
    /// began after `old`, or as the first post of another minute. A minute that begins in the future, by more than the
    /// clocks of functions can differ, was begun before the clock was set back, and is over.
    async fn count(
        &self,
        sender: &Sender,
        key: Option<&str>,
        limit: u32,
        old: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        // MySQL evaluates an expression with the columns that were assigned before it, SQLite does not: so every column
        // is assigned after all expressions that read it.
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
