//! Whether the board takes new messages, as moderators set it: a file in the bucket, which each process remembers for a
//! while.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Posting;
use media::{Bucket, BucketError};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::warn;

use crate::deadline::Deadline;

/// How long a process remembers what moderators set.
const REMEMBERED: Duration = Duration::from_secs(10);

/// The file.
#[derive(Serialize, Deserialize)]
struct Json<'a> {
    posting: &'a str,
}

/// What moderators set, as far as this process knows, and when it looked.
#[derive(Debug, Default)]
pub struct Moderated(Mutex<Option<(Instant, Posting)>>);

impl Moderated {
    /// Whether the board may be closed, as far as this process knows.
    pub fn may_be_closed(&self, most: Posting) -> bool {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        most == Posting::Closed || known.is_none_or(|(_, set)| set == Posting::Closed)
    }

    /// The stricter of what moderators set and `most`.
    pub async fn or(
        &self,
        most: Posting,
        bucket: &Bucket,
        deadline: Deadline,
    ) -> Result<Posting, BucketError> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let set = match known {
            // Nothing that moderators set is stricter.
            _ if most == Posting::Closed => most,
            Some((looked, posting)) if now < looked + REMEMBERED => posting,
            _ => {
                let posting = read(deadline.bucket(bucket.posting()).await?.as_deref());
                self.remember(now, posting);
                posting
            }
        };
        Ok(set.max(most))
    }

    pub async fn set(
        &self,
        posting: Posting,
        bucket: &Bucket,
        deadline: Deadline,
    ) -> Result<(), BucketError> {
        let json = Json {
            posting: posting.as_str(),
        };
        let json = serde_json::to_vec(&json).map_err(|error| BucketError::of(&error))?;
        deadline.bucket(bucket.put_posting(json.into())).await?;
        self.remember(Instant::now(), posting);
        Ok(())
    }

    fn remember(&self, looked: Instant, posting: Posting) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A look that began before the last one, or before posting was set, may have seen the file of before: it is not
        // remembered.
        if known.is_none_or(|(before, _)| before <= looked) {
            *known = Some((looked, posting));
        }
    }
}

/// What the file says. A file that cannot be read, of another release or written by hand, counts as reviewed: then no
/// message is shown that nobody has approved, and none is lost.
fn read(json: Option<&[u8]>) -> Posting {
    let Some(json) = json else {
        return Posting::default();
    };
    let read = serde_json::from_slice::<Json<'_>>(json).ok();
    let posting = read.and_then(|json| json.posting.parse().ok());
    posting.unwrap_or_else(|| {
        warn!("what moderators set of posting cannot be read");
        Posting::Reviewed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_reviewed() {
        assert_eq!(read(None), Posting::Open);
        assert_eq!(
            read(Some(br#"{"posting":"closed","by":"Ada"}"#)),
            Posting::Closed
        );
        for other in ["", "{}", "[]", r#"{"posting":"shut"}"#, r#"{"posting":1}"#] {
            assert_eq!(read(Some(other.as_bytes())), Posting::Reviewed, "{other}");
        }
    }
}
