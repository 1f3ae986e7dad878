//! The two lists as they are in the bucket, and what changes of them.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use media::{
    Bucket, BucketError, CARROUSEL, ETag, HEADS_OF_A_PAGE, NEWEST_PICTURES, PublicBaseUrl, Put,
};
use tracing::error;

use crate::comparison::{Comparison, compare};
use crate::entries::{EMPTY, Entries, Found, edited};
use crate::newest::Newest;

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
const KEYS_OF_A_PAGE: usize = 1_000;
/// Keys that are looked at at the same time.
const AT_ONCE: usize = 32;
/// How many writes may find that another invocation wrote first, which made progress by that. So many conflicts in one
/// invocation are no coincidence.
const MOST_CONFLICTS: u32 = 100;

/// The two lists as this invocation read or wrote them.
#[derive(Debug)]
pub struct Lists<'a> {
    bucket: &'a Bucket,
    base: &'a PublicBaseUrl,
    /// `None`, as for the other list, where the list is missing, cannot be read or has run down.
    all: Option<Bytes>,
    newest: Option<Newest>,
    version_of_all: Option<ETag>,
    version_of_newest: Option<ETag>,
    conflicts: u32,
    /// Keys at which S3 does not let this function look: what the lists say of them stays.
    pub refused: BTreeSet<String>,
}

/// What is to be written.
#[derive(Debug)]
pub struct Changes {
    all: Option<Bytes>,
    newest: Option<Newest>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.newest.is_none()
    }
}

impl<'a> Lists<'a> {
    pub async fn read(bucket: &'a Bucket, base: &'a PublicBaseUrl) -> Result<Self, BucketError> {
        let mut lists = Self {
            bucket,
            base,
            all: None,
            newest: None,
            version_of_all: None,
            version_of_newest: None,
            conflicts: 0,
            refused: BTreeSet::new(),
        };
        lists.read_all().await?;
        lists.read_newest().await?;
        Ok(lists)
    }

    async fn read_all(&mut self) -> Result<(), BucketError> {
        // The list that was read before is let go first, since a list may be large.
        self.all = None;
        let (list, version) = self.bucket.picture_list(CARROUSEL).await?.unzip();
        let list = list.filter(|json| Entries::of(json, self.base).is_ok());
        (self.all, self.version_of_all) = (list, version);
        Ok(())
    }

    async fn read_newest(&mut self) -> Result<(), BucketError> {
        let (list, version) = self.bucket.picture_list(NEWEST_PICTURES).await?.unzip();
        let newest = list.and_then(|json| Newest::read(&json, self.base));
        (self.newest, self.version_of_newest) = (newest, version);
        Ok(())
    }

    /// Whether the lists can be brought up to date by looking at this many keys, and that costs no more than a listing.
    pub fn can_do_with(&self, keys: usize) -> bool {
        let is_cheaper = |list: &Bytes| {
            let count = || Entries::of(list, self.base).map_or(0, |entries| entries.count());
            keys <= HEADS_OF_A_PAGE || keys <= HEADS_OF_A_PAGE * (count() / KEYS_OF_A_PAGE + 1)
        };
        self.newest.is_some() && self.all.as_ref().is_some_and(is_cheaper)
    }

    /// Looks at these keys; `None` where a list turns out to be of no use.
    pub async fn look_at(
        &mut self,
        keys: &BTreeSet<String>,
    ) -> Result<Option<Changes>, BucketError> {
        let (Some(all), Some(newest)) = (&self.all, &self.newest) else {
            return Ok(None);
        };
        let bucket = self.bucket;
        let look = async |key: String| match bucket.picture_came(&key).await {
            Ok(came) => Ok((key, Some(came))),
            Err(error) if error.is_refusal() => {
                error!(key, %error, "a picture cannot be looked at");
                Ok((key, None))
            }
            Err(error) => Err(error),
        };
        let keys = keys.difference(&self.refused).cloned();
        let looks = stream::iter(keys.map(look)).buffered(AT_ONCE);
        let looks: Vec<_> = looks.try_collect().await?;
        let mut found: Vec<Found> = Vec::with_capacity(looks.len());
        for (key, look) in looks {
            match look {
                Some(came) => found.push((key, came)),
                None => drop(self.refused.insert(key)),
            }
        }
        match (edited(all, self.base, &found), newest.with(&found)) {
            (Ok(all), Some(next)) => Ok(Some(Changes {
                all,
                newest: (next != *newest).then_some(next),
            })),
            (all, newest) => {
                self.all = self.all.take().filter(|_| all.is_ok());
                self.newest = self.newest.take().filter(|_| newest.is_some());
                Ok(None)
            }
        }
    }

    /// Compares the lists with all pictures; `None` where the list of all turns out to be of no use.
    pub async fn list(&mut self) -> Result<Option<Comparison>, BucketError> {
        let all = self.all.as_deref().unwrap_or(EMPTY);
        let compared = compare(self.bucket, self.base, all).await?.ok();
        self.all = self.all.take().filter(|_| compared.is_some());
        Ok(compared)
    }

    /// The keys by which the lists differ; `None` where they have to be written whole.
    pub fn differing(&self, listed: &Comparison) -> Option<BTreeSet<String>> {
        let of_newest = self.newest.as_ref()?.differing(&listed.newest);
        let of_all = listed.differing.iter().map(|(key, _)| key);
        // The number is looked at before the keys are copied, which may be a million.
        self.can_do_with(listed.differing.len()).then_some(())?;
        let keys: BTreeSet<_> = of_all.chain(of_newest).cloned().collect();
        self.can_do_with(keys.len()).then_some(keys)
    }

    /// The lists as a listing says.
    pub fn whole(&self, listed: Comparison) -> Changes {
        let all = self.all.as_deref().unwrap_or(EMPTY);
        // The list was compared, so it can be read.
        let edited = edited(all, self.base, &listed.differing).ok().flatten();
        let is_right = |newest: &Newest| newest.differing(&listed.newest).next().is_none();
        Changes {
            all: edited.or_else(|| self.all.is_none().then(|| EMPTY.into())),
            newest: (!self.newest.as_ref().is_some_and(is_right)).then_some(listed.newest),
        }
    }

    /// Writes the lists that have changed, each over the version that is known, and says how many were written. A list
    /// that another invocation wrote meanwhile is read again.
    pub async fn write(&mut self, changes: Changes) -> Result<u32, BucketError> {
        let mut written = 0;
        if let Some(newest) = changes.newest {
            let json = newest.json(self.base);
            if let Some(version) = self.put(NEWEST_PICTURES, json).await? {
                (self.newest, self.version_of_newest) = (Some(newest), Some(version));
                written += 1;
            } else {
                self.read_newest().await?;
            }
        }
        if let Some(json) = changes.all {
            self.all = Some(json.clone());
            if let Some(version) = self.put(CARROUSEL, json).await? {
                self.version_of_all = Some(version);
                written += 1;
            } else {
                self.read_all().await?;
            }
        }
        Ok(written)
    }

    async fn put(&mut self, key: &str, json: Bytes) -> Result<Option<ETag>, BucketError> {
        let version = match key {
            CARROUSEL => &self.version_of_all,
            _ => &self.version_of_newest,
        };
        match self
            .bucket
            .put_picture_list(key, version.as_ref(), json)
            .await?
        {
            Put::Done(version) => Ok(Some(version)),
            Put::PreconditionFailed if self.conflicts < MOST_CONFLICTS => {
                self.conflicts += 1;
                Ok(None)
            }
            Put::PreconditionFailed => Err(BucketError::of(&"others always write first")),
        }
    }
}
