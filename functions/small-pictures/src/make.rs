//! The steps from an original to its small versions in the bucket.
//!
//! Why nothing made here outlives its original, whoever dies between any two steps: what was put is taken back if the
//! original is gone or another by then; the original's going or coming is an event for syncS3Bucket, which removes what
//! was made of another; and its daily pass removes what was put after both had looked.

use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;
use lambda::metrics::{self, Metric};
use media::{Attempt, Bucket, BucketError, ETag, Put, Small, SmallPicture};
use pixels::Original;
use tokio::time::{Instant, sleep};
use tokio::try_join;
use tracing::{info, warn};

use crate::SmallPictures;
use crate::answer::Answer;
use crate::decode::{NotMade, Wanted};

/// What fits into Lambda's answer of 6,291,556 bytes, in base64 and with its headers.
const MOST_ANSWERED: usize = 4_500_000;
/// How long after its beginning an attempt is over, one way or the other: Lambda's time-out, and what clocks may
/// differ.
const ATTEMPT: Duration = Duration::from_secs(25);
/// How long after a failed attempt the next one is made: something else than the picture may have ended the first.
const NEXT_ATTEMPT: Duration = Duration::from_hours(7 * 24);
/// How long a request waits for the attempt of another one that came a moment before.
const PATIENCE: Duration = Duration::from_secs(3);
/// The pause between two looks whether that attempt is over.
const PAUSE: Duration = Duration::from_millis(200);

/// What is known of an attempt that somebody else began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The attempt may be under way.
    UnderWay,
    /// The attempt failed, as the next one would.
    Failed,
    /// The attempt was at another version of the original, or is long ago.
    Past,
}

impl SmallPictures {
    /// Answers a small version of an original, which is made if it is not there.
    pub(crate) async fn small(&self, small: Small, key: &str) -> Result<Answer, BucketError> {
        if !Bucket::may_have_small(key) {
            return Ok(self.original(small, key, true));
        }
        let bucket = &self.bucket;
        let (original, there, attempt) = try_join!(
            bucket.original(key),
            bucket.small(key, small),
            bucket.attempt(key)
        )?;
        let Some((bytes, version)) = original else {
            return Ok(Answer::NoPicture);
        };
        if let Some(answer) = of_version(small, there, &version) {
            metrics::count(Metric::SmallPicturesStood);
            return Ok(answer);
        }
        let original = match Original::inspect(bytes) {
            Ok(original) => original,
            Err(refused) => {
                info!(key, %refused, "no small picture is made");
                return Ok(self.original(small, key, true));
            }
        };
        if let Small::Width(width) = small
            && width >= original.width()
        {
            return Ok(self.original(small, key, true));
        }
        if let Some(answer) = self.begin(small, key, &version, attempt).await? {
            return Ok(answer);
        }
        let wanted = match small {
            Small::Width(_) => Wanted::Widths,
            Small::LinkPreview => Wanted::LinkPreview,
        };
        let made = match self.decoder.decode(original, wanted).await {
            Ok(made) => made,
            Err(cause @ NotMade::Undecodable(_)) => {
                // The attempt stays noted, so that the picture is not decoded again for a week.
                warn!(key, %cause, "no small picture can be made");
                return Ok(self.original(small, key, true));
            }
            Err(cause @ NotMade::Busy(_)) => {
                warn!(key, %cause, "no small picture is made now");
                bucket.end_attempt(key).await?;
                return Ok(Answer::Unavailable);
            }
        };
        let puts = made.iter().map(|made| {
            let bytes = made.bytes.clone();
            bucket.put_small(key, made.small, &version, bytes)
        });
        if let Err(error) = try_join_all(puts).await {
            // The failure is not the picture's fault, so the attempt is forgotten.
            bucket.end_attempt(key).await?;
            return Err(error);
        }
        let (now, ()) = try_join!(bucket.version_of(key), bucket.end_attempt(key))?;
        if now.as_ref() != Some(&version) {
            bucket.remove_small(key).await?;
            return Ok(match now {
                None => Answer::NoPicture,
                Some(_) => self.original(small, key, false),
            });
        }
        let asked = made.into_iter().find(|made| made.small == small);
        Ok(match asked {
            Some(made) if made.bytes.len() <= MOST_ANSWERED => Answer::Picture(small, made.bytes),
            // The picture is too large for Lambda's answer: the next request is answered by the bucket.
            Some(_) => self.original(small, key, false),
            None => self.original(small, key, true),
        })
    }

    /// Notes that an original is about to be decoded, so that an original which ends the decoder ends it once. Returns
    /// an answer where nothing is to be decoded: another request has made the small version meanwhile, or it cannot be
    /// made.
    async fn begin(
        &self,
        small: Small,
        key: &str,
        version: &ETag,
        mut attempt: Option<Attempt>,
    ) -> Result<Option<Answer>, BucketError> {
        let bucket = &self.bucket;
        let since = Instant::now();
        loop {
            let known = attempt.as_ref();
            match known.map(|attempt| state(attempt, version, SystemTime::now())) {
                Some(State::Failed) => return Ok(Some(self.original(small, key, true))),
                Some(State::UnderWay) => {}
                Some(State::Past) | None => {
                    let put = bucket.begin_attempt(key, version, known).await?;
                    if put != Put::PreconditionFailed {
                        return Ok(None);
                    }
                }
            }
            if since.elapsed() >= PATIENCE {
                return Ok(Some(self.original(small, key, false)));
            }
            sleep(PAUSE).await;
            let (there, now) = try_join!(bucket.small(key, small), bucket.attempt(key))?;
            if let Some(answer) = of_version(small, there, version) {
                return Ok(Some(answer));
            }
            attempt = now;
        }
    }
}

fn of_version(small: Small, there: Option<SmallPicture>, version: &ETag) -> Option<Answer> {
    let there = there.filter(|there| there.of.as_ref() == Some(version))?;
    Some(Answer::Picture(small, there.bytes))
}

fn state(attempt: &Attempt, version: &ETag, now: SystemTime) -> State {
    let since_1970 = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let began = Duration::from_millis(u64::try_from(attempt.began).unwrap_or(0));
    // An attempt that began in the future, by another clock, counts as begun just now.
    let age = since_1970.saturating_sub(began);
    if attempt.of.as_ref() != Some(version) || age >= NEXT_ATTEMPT {
        State::Past
    } else if age < ATTEMPT {
        State::UnderWay
    } else {
        State::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_under_way_then_failed_and_after_a_week_past() {
        const BEGAN: i64 = 1_800_000_000_000;
        let version = |tag: &str| serde_json::from_value::<ETag>(tag.into()).unwrap();
        let attempt = Attempt {
            of: Some(version("\"a\"")),
            began: BEGAN,
            e_tag: version("\"mark\""),
        };
        let after = |milliseconds: u128, of: &str| {
            let now = u128::try_from(BEGAN).unwrap() + milliseconds;
            let now = Duration::from_millis(now.try_into().unwrap());
            state(&attempt, &version(of), SystemTime::UNIX_EPOCH + now)
        };
        let [under_way, failed] = [ATTEMPT, NEXT_ATTEMPT].map(|time| time.as_millis());
        for (age, expected) in [
            (0, State::UnderWay),
            (under_way - 1, State::UnderWay),
            (under_way, State::Failed),
            (failed - 1, State::Failed),
            (failed, State::Past),
        ] {
            assert_eq!(after(age, "\"a\""), expected, "{age}");
            assert_eq!(after(age, "\"b\""), State::Past, "{age}");
        }
        // This clock is behind the one by which the attempt began.
        let of = version("\"a\"");
        assert_eq!(
            state(&attempt, &of, SystemTime::UNIX_EPOCH),
            State::UnderWay
        );
    }
}
