use std::collections::BTreeSet;
use std::time::Duration;

use lambda::metrics::Passes;
use media::{Bucket, BucketError, PublicBaseUrl};
use tokio::time::sleep;

use crate::lists::Lists;

/// Between writes of whole lists, from the second on: pictures that keep coming by the hundred are listed once a
/// second, not as often as S3 answers.
const PAUSE: Duration = Duration::from_secs(1);

/// What was done.
#[derive(Debug)]
pub struct Synced {
    pub passes: Passes,
    /// Keys at which S3 does not let this function look: what the lists say of them stays as it was.
    pub refused: BTreeSet<String>,
}

/// Brings what `carrousel/carrousel.json` and `carrousel/newest.json` say of these keys up to date, or of all keys, and
/// says what that took.
///
/// Several invocations may do this at once. Each reads both lists, looks at its keys, and writes over the versions that
/// it read; where these are no longer there, it begins again. After a write it looks at the same keys again, and is done
/// when there is nothing to write. Why this is enough, for each key by itself:
///
/// - whoever writes a list takes along what it said of the keys that are not its own;
/// - whoever changed what a list says of a key looks at that key again, or dies, and its event comes again. So whichever
///   change of it is the last one, a look that began later found the same;
/// - a picture that comes or goes after that look has an event of its own, whose handler begins after it.
///
/// Of all keys those become its own by which a listing and the lists differ, so that pictures which come meanwhile do not
/// keep a long listing from its end. Where these are more than a listing is worth, and where a list is missing, cannot be
/// read or has run down, the lists are written whole. That changes what they say of any key, so all are listed again.
///
/// It relies on a write being over, one way or the other, when it is tried again or its event comes again.
///
/// # Errors
/// Where S3 fails at any step. The files are then whole, but perhaps old.
pub async fn sync(
    bucket: &Bucket,
    base: &PublicBaseUrl,
    mut keys: Option<BTreeSet<String>>,
) -> Result<Synced, BucketError> {
    let mut passes = Passes::default();
    let mut lists = Lists::read(bucket, base).await?;
    let mut written_whole = false;
    loop {
        let named = keys.as_ref().filter(|keys| lists.can_do_with(keys.len()));
        let changes = if let Some(named) = named {
            lists.look_at(named).await?
        } else {
            passes.lists += 1;
            let listed = lists.list().await?;
            keys = listed.as_ref().and_then(|listed| lists.differing(listed));
            if keys.is_some() {
                continue;
            }
            listed.map(|listed| lists.whole(listed))
        };
        let Some(changes) = changes else { continue };
        if changes.is_empty() {
            return Ok(Synced {
                passes,
                refused: lists.refused,
            });
        }
        passes.writes += lists.write(changes).await?;
        if keys.is_none() {
            if written_whole {
                sleep(PAUSE).await;
            }
            written_whole = true;
        }
    }
}
