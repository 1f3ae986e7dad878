//! The newest messages as a file in the bucket, `board/front-page.json`, so that whoever only looks at the
//! board does not wake its database.
//!
//! Whoever changed the board writes the file anew ([`refresh`]), many at once and each in its own time: it
//! reads the file, then the database, then writes what the database said, but only over the version that it
//! read. That is why the file is right once all have done so, however slow or late some are:
//!
//! 1. Each version has what the database said *after* the version before it was written. So if one version
//!    was read from the database after a change was committed, all later ones were, too.
//! 2. Whoever committed a change and then wrote a version read the database in between; by 1 the change is in
//!    this version and in all later ones.
//! 3. Whoever was overtaken twice need not write: the first time, somebody wrote since our first look at the
//!    file, which was after our commit; the second time, somebody wrote over that version or a later one, and
//!    so by 1 has read the database after our commit. The versions are numbered, so two more than at our first
//!    look say the same. However many write at once, each tries twice at most.
//!
//! For 1 no two versions may look alike to S3, which tells them apart by their bytes. So a version is also
//! written, with a number of its own, where it has what the one before had: otherwise a post that is slow to
//! write the file, overtaken by its own delete (which finds the file without the message, as it should be),
//! would go on to write the message over the very version that it read.
//!
//! A sandbox that wrote or read a version before need not read the file first: it may ask the database, and write
//! over the version that it knows. By 1 that is right where it is still the file's. Where it is not, nothing was
//! written, and being overtaken then says nothing about 3, since that version may be older than the commit.
//!
//! What dies between the commit and the write is found by its mark ([`begin`](fn@begin)), an object that is
//! put before the commit and removed after the write.

mod file;
mod memory;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use domain::{Message, MessageId};
use futures_util::future::try_join_all;
use media::{Bucket, BucketError, Swap, Version};
use store::{Store, StoreError};
use thiserror::Error;

pub(crate) use self::memory::{Change, Remembered};

/// How many messages the front page has.
pub const LENGTH: u32 = 20;

/// The newest messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontPage {
    /// At most [`LENGTH`], newest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Why the file is not up to date.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The database did not say what is on the board.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// S3 did not give or take the file.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl FrontPage {
    /// Reads it from the database.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn from_store(store: &Store) -> Result<Self, StoreError> {
        let mut messages = store.page(LENGTH + 1, None).await?;
        let more = messages.len() > usize::try_from(LENGTH).unwrap_or(usize::MAX);
        if more {
            messages.pop();
        }
        Ok(Self { messages, more })
    }
}

/// The file, as it was read or written.
#[derive(Debug)]
pub struct File {
    /// What it has.
    pub page: FrontPage,
    /// By which it can be told from all others.
    pub known: Known,
}

impl File {
    /// Reads it; `None` where there is none that can be read.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn read(bucket: &Bucket) -> Result<Option<Self>, BucketError> {
        let (known, page) = Known::read(bucket).await?;
        Ok(page.map(|page| Self { page, known }))
    }
}

/// A version of the file.
#[derive(Debug, Clone)]
pub struct Known {
    version: Version,
    /// `None` where there was no file that can be read.
    number: Option<u64>,
}

impl Known {
    async fn read(bucket: &Bucket) -> Result<(Self, Option<FrontPage>), BucketError> {
        let (version, json) = bucket.front_page().await?;
        let (number, page) = json.and_then(|json| file::read(&json)).unzip();
        Ok((Self { version, number }, page))
    }

    /// Asks the database, and writes what it says over this version.
    async fn replace(&self, bucket: &Bucket, store: &Store) -> Result<Replaced, RefreshError> {
        let page = FrontPage::from_store(store).await?;
        // The first one begins where no series before it, of a file that is gone, can have come to.
        let number = self.number.map_or_else(now, |number| number + 1);
        let json = file::write(number, &page).map_err(|error| BucketError::of(&error))?;
        let swap = bucket.swap_front_page(&self.version, Bytes::from(json));
        Ok(match swap.await? {
            Swap::Done(version) => {
                let number = Some(number);
                let known = Self { version, number };
                Replaced::Done(File { page, known })
            }
            Swap::Overtaken => Replaced::Overtaken,
            Swap::Refused => Replaced::Refused,
        })
    }
}

/// What became of writing the file.
enum Replaced {
    Done(File),
    Overtaken,
    Refused,
}

/// What became of bringing the file up to date.
#[derive(Debug)]
pub struct Refreshed {
    /// The file, where it was written or looked at last; `None` where others wrote.
    pub file: Option<File>,
    /// Whether somebody else had written over the version that was known.
    pub overtaken: bool,
}

/// Brings the file up to date with all that was committed before. A version that is `known` saves reading the file,
/// as long as nobody else wrote.
///
/// # Errors
/// Where the database or S3 fails. The file may be written all the same.
pub async fn refresh(
    bucket: &Bucket,
    store: &Store,
    known: Option<&Known>,
) -> Result<Refreshed, RefreshError> {
    if let Some(known) = known
        && let Replaced::Done(file) = known.replace(bucket, store).await?
    {
        return Ok(Refreshed {
            file: Some(file),
            overtaken: false,
        });
    }
    Ok(Refreshed {
        file: read_and_replace(bucket, store).await?,
        overtaken: known.is_some(),
    })
}

async fn read_and_replace(bucket: &Bucket, store: &Store) -> Result<Option<File>, RefreshError> {
    let mut overtaken = false;
    let mut first = None;
    loop {
        let (known, page) = Known::read(bucket).await?;
        let first = *first.get_or_insert(known.number);
        if let (Some(first), Some(number)) = (first, known.number)
            && number >= first + 2
        {
            return Ok(page.map(|page| File { page, known }));
        }
        match known.replace(bucket, store).await? {
            Replaced::Done(file) => return Ok(Some(file)),
            Replaced::Overtaken if overtaken => return Ok(None),
            Replaced::Overtaken => overtaken = true,
            // Whoever removes the file by hand, or S3 itself, cannot keep this up for long.
            Replaced::Refused => {}
        }
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The mark of a change that is about to be made, to be put before it is.
///
/// # Errors
/// Where S3 fails.
pub async fn begin(bucket: &Bucket) -> Result<MessageId, BucketError> {
    let mark = MessageId::generate();
    bucket.put_intent_mark(mark).await?;
    Ok(mark)
}

/// Marks of changes that did not come to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    marks: Vec<MessageId>,
    /// Of these the change is surely over.
    over: Vec<MessageId>,
}

impl Left {
    /// No request lives as long; what is older has died.
    const DEAD: Duration = Duration::from_secs(30);
    /// A statement that a dead one sent is over by then: the Data API cuts it after 45 seconds.
    const OVER: Duration = Duration::from_mins(2);
    /// How many of them one reader clears away.
    const AT_ONCE: u16 = 50;

    /// What there is of them.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn find(bucket: &Bucket, now: SystemTime) -> Result<Self, BucketError> {
        let mut marks = bucket.intent_marks(Self::AT_ONCE).await?;
        let older_than = |age| {
            let least = MessageId::least_of(now, age);
            move |mark: &MessageId| *mark < least
        };
        marks.retain(older_than(Self::DEAD));
        let mut over = marks.clone();
        over.retain(older_than(Self::OVER));
        Ok(Self { marks, over })
    }

    /// Whether the file may lack a change.
    pub fn is_none(&self) -> bool {
        self.marks.is_empty()
    }

    /// Takes the marks away, now that the file was [refreshed](refresh) after they were found. Those of changes
    /// that may still come are kept: the next one to find them refreshes once more.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn clear(&self, bucket: &Bucket) -> Result<(), BucketError> {
        let removed = self
            .over
            .iter()
            .map(|mark| bucket.delete_intent_mark(*mark));
        try_join_all(removed).await.map(|_| ())
    }
}
