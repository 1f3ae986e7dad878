//! What was made of a picture follows it: small versions and attempts go when their original is gone or replaced.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::time::SystemTime;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use media::{Bucket, BucketError, Derived, Listed};
use tracing::error;

/// How many pictures are followed at the same time.
const AT_ONCE: usize = 32;
/// How long after a picture was replaced something may still be put that was made of the picture before, in
/// milliseconds: as long as small-pictures may run, and clocks may differ.
const LATE: i64 = 60_000;
/// How long after a picture's change the daily passes look at what was made of it, in milliseconds.
const LOOKED_AT: i64 = 30 * 24 * 3_600_000;

/// Follows these pictures, or all.
///
/// Only what was made of another version than is there is removed, whatever the event was and however late it came: so
/// the late event of a new picture does not remove what was just made of that picture.
///
/// # Errors
/// Where S3 fails.
pub async fn follow(bucket: &Bucket, keys: Option<BTreeSet<String>>) -> Result<(), BucketError> {
    let Some(keys) = keys else {
        return follow_all(bucket).await;
    };
    // Where many pictures come together, seldom anything was made of them yet: a listing shows that for fewer requests.
    if let Some(derived) = bucket.derived_among(&keys).await? {
        return follow_each(bucket, derived).await;
    }
    let follow = async |key: String| {
        let removed = bucket.remove_small_of_others(&key).await;
        or_refused(&key, removed)
    };
    let followed = stream::iter(keys.into_iter().map(follow));
    followed.buffer_unordered(AT_ONCE).try_collect().await
}

/// Lists all pictures, and then all that was made of any, and follows those of which that is in doubt.
async fn follow_all(bucket: &Bucket) -> Result<(), BucketError> {
    let pictures = Pictures::list(bucket).await?;
    let doubtful = bucket.derived(|derived| pictures.make_doubtful(derived));
    follow_each(bucket, doubtful.await?).await
}

async fn follow_each(bucket: &Bucket, derived: Vec<Derived>) -> Result<(), BucketError> {
    let follow = async |derived: Derived| {
        let removed = bucket.remove_derived(&derived).await;
        or_refused(&derived.key, removed)
    };
    let followed = stream::iter(derived.into_iter().map(follow));
    followed.buffer_unordered(AT_ONCE).try_collect().await
}

/// Success also where S3 does not let this function look at a key: no other key is kept from being followed by that.
fn or_refused(key: &str, removed: Result<(), BucketError>) -> Result<(), BucketError> {
    match removed {
        Err(error) if error.is_refusal() => {
            error!(key, %error, "what was made of a picture cannot be looked at");
            Ok(())
        }
        removed => removed,
    }
}

/// When each picture came, by a hash of its key: a million pictures take some 30 MB. Two keys of one hash, once in ten
/// million passes over such a board, hide one picture from this pass, and not from the next, which hashes otherwise.
struct Pictures {
    came: HashMap<u64, i64>,
    hasher: RandomState,
    now: i64,
}

impl Pictures {
    async fn list(bucket: &Bucket) -> Result<Self, BucketError> {
        let (mut came, hasher) = (HashMap::new(), RandomState::new());
        let take = |object: Listed| {
            if object.size > 0 {
                came.insert(hasher.hash_one(&object.key), object.modified);
            }
        };
        bucket.images(None, None, take).await?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
        Ok(Self { came, hasher, now })
    }

    /// Whether something may have been made of another picture than the one that is there, or there is none. Then it
    /// has to be looked at.
    fn make_doubtful(&self, derived: &Derived) -> bool {
        let key = self.hasher.hash_one(&derived.original);
        let Some(came) = self.came.get(&key) else {
            return true;
        };
        let is_late = derived.modified <= came.saturating_add(LATE);
        // A picture may have come in the future, by another clock.
        is_late && self.now.saturating_sub(*came) < LOOKED_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const HOUR: i64 = 3_600_000;

    fn is_doubtful(came: Option<i64>, made: i64) -> bool {
        let hasher = RandomState::new();
        let came = came.map(|came| (hasher.hash_one("images/a.png"), came));
        let pictures = Pictures {
            came: came.into_iter().collect(),
            hasher,
            now: NOW,
        };
        pictures.make_doubtful(&Derived {
            key: "small/640/a.png.webp".to_owned(),
            original: "images/a.png".to_owned(),
            modified: made,
        })
    }

    #[test]
    fn what_may_be_of_another_picture_is_looked_at() {
        let hour_ago = NOW - HOUR;
        assert!(is_doubtful(None, NOW));
        assert!(is_doubtful(Some(hour_ago), hour_ago - HOUR));
        assert!(is_doubtful(Some(hour_ago), hour_ago + LATE));
        assert!(!is_doubtful(Some(hour_ago), hour_ago + LATE + 1));
        assert!(is_doubtful(Some(NOW + HOUR), NOW));
    }

    #[test]
    fn what_earlier_passes_looked_at_is_not_looked_at_again() {
        let month_ago = NOW - 31 * 24 * HOUR;
        assert!(!is_doubtful(Some(month_ago), month_ago));
        assert!(is_doubtful(None, month_ago));
    }
}
