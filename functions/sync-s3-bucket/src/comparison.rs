//! What is in the bucket beside what the lists say: a listing is compared with the list's bytes as it comes, and only
//! what differs is kept.

use futures_util::future::try_join_all;
use media::{Bucket, BucketError, Listed, PublicBaseUrl, is_picture};

use crate::entries::{Entries, Found, Part, Unreadable, entry};
use crate::newest::{Newest, NewestOf};

/// In how many parts a listing is read at the same time, at most.
const PARTS: usize = 8;
/// How many pictures a part has at least, four pages of S3: what is divided costs a page more for each part.
const LEAST_OF_A_PART: usize = 4_000;

/// What a listing says.
#[derive(Debug)]
pub struct Comparison {
    /// The keys by which the list of all pictures differs, in order.
    pub differing: Vec<Found>,
    /// The pictures that came last.
    pub newest: Newest,
}

/// Lists all pictures and compares them with the list of these bytes.
///
/// The list is divided at equal distances, and the parts are read at the same time. Where it is divided are guesses:
/// badly spread, they cost time and requests, never a key.
///
/// # Errors
/// Where S3 fails; within, where the list cannot be read.
pub async fn compare(
    bucket: &Bucket,
    base: &PublicBaseUrl,
    json: &[u8],
) -> Result<Result<Comparison, Unreadable>, BucketError> {
    let divided = Entries::of(json, base).and_then(|entries| {
        let parts = (entries.count() / LEAST_OF_A_PART).clamp(1, PARTS);
        entries.parts(parts)
    });
    let Ok(parts) = divided else {
        return Ok(Err(Unreadable));
    };
    let compared = parts
        .into_iter()
        .map(|part| compare_part(bucket, base, part));
    let compared: Result<Vec<_>, _> = try_join_all(compared).await?.into_iter().collect();
    Ok(compared.map(|parts| {
        let (differing, newest): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        Comparison {
            differing: differing.into_iter().flatten().collect(),
            newest: NewestOf::of_all(newest),
        }
    }))
}

async fn compare_part(
    bucket: &Bucket,
    base: &PublicBaseUrl,
    Part {
        entries,
        after,
        until,
    }: Part<'_>,
) -> Result<Result<(Vec<Found>, NewestOf), Unreadable>, BucketError> {
    let mut side = Side {
        base,
        entries,
        reached: after.clone(),
        differing: Vec::new(),
        newest: NewestOf::default(),
    };
    let mut read = Ok(());
    let each = |Listed {
                    key,
                    size,
                    modified,
                    ..
                }: Listed| {
        if size > 0 && is_picture(&key) && read.is_ok() {
            // The time is cut to whole seconds, as HEAD gives it: a picture must have the same time either way.
            read = side.take(key, modified.div_euclid(1_000));
        }
    };
    bucket
        .images(after.as_deref(), until.as_deref(), each)
        .await?;
    let read = read.and_then(|()| side.leave(|_| true));
    Ok(read.map(|()| (side.differing, side.newest)))
}

/// The entries that are not yet compared, and what was found so far.
struct Side<'a> {
    base: &'a PublicBaseUrl,
    entries: Entries<'a>,
    /// The last key that was passed.
    reached: Option<String>,
    differing: Vec<Found>,
    newest: NewestOf,
}

impl Side<'_> {
    /// Compares the next picture that is listed.
    fn take(&mut self, key: String, came: i64) -> Result<(), Unreadable> {
        let entry = entry(&key, self.base);
        if !self.entries.skip(&entry) {
            self.leave(|there| there < key.as_str())?;
            if !self.entries.skip(&entry) {
                self.differing.push((key.clone(), Some(came)));
                // The list has an entry of the same key that is written otherwise, which is passed.
                if let Some((length, there)) = self.entries.first()?
                    && there == key
                {
                    self.entries.advance(length);
                }
            }
        }
        self.reached = Some(key.clone());
        self.newest.take(came, key);
        Ok(())
    }

    /// Passes the entries of pictures that are gone. The list is unreadable where an entry is no picture's or is out of
    /// order: then something else wrote it.
    fn leave(&mut self, is_gone: impl Fn(&str) -> bool) -> Result<(), Unreadable> {
        while let Some((length, key)) = self.entries.first()?.filter(|(_, key)| is_gone(key)) {
            if self.reached.as_ref() >= Some(&key) || !is_picture(&key) {
                return Err(Unreadable);
            }
            self.reached = Some(key.clone());
            self.differing.push((key, None));
            self.entries.advance(length);
        }
        Ok(())
    }
}
