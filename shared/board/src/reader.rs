//! Reading: a page is one listing of the bucket and the bodies that this process does not know yet. The database is not
//! asked, so it may sleep.
//!
//! What is known of a message is known by its id and its object's version, so the listing decides: nothing that is
//! remembered of a body can make an answer wrong. A page is remembered for a second, and whoever asks for it at the same
//! time shares it.
//!
//! A process that has just started knows nothing, and would ask for every body of its first page. So whoever had to ask
//! for several writes them to one file, `board/newest.json`, which is read beside the first listing. The write goes
//! beside the next listing, since in Lambda nothing runs on after an answer.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::{Message, MessageId, Name};
use futures_util::future::try_join_all;
use lru::LruCache;
use media::{Bucket, BucketError, ETag, Published};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::warn;

use crate::published::{self, Body};

/// For how long a page that was read is answered again.
const FRESH: Duration = Duration::from_secs(1);
/// How many pages are remembered.
const PAGES: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// How much of the messages' bodies is remembered, in bytes.
const KNOWN: usize = 8 * 1024 * 1024;
/// What a message takes besides its texts, in bytes.
const OVERHEAD: usize = 256;
/// How many deleted messages a page passes over before it lists once more.
const DELETED: u16 = 20;
/// From how many bodies on, asked for one by one, a process writes the file of the newest messages.
const SEVERAL: usize = 4;
/// How often a process writes the newest messages' bodies.
const WRITE: Duration = Duration::from_mins(1);

/// Messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Arc<Message>>,
    /// Whether there are older ones.
    pub more: bool,
}

/// The version of a message's object, and the message; `None` where the object is no message that can be read.
type Version = (ETag, Option<Arc<Message>>);

/// What a process reads of the published messages, and remembers.
#[derive(Debug)]
pub struct Reader {
    bucket: Bucket,
    pages: Mutex<LruCache<(Option<MessageId>, u16), Slot>>,
    known: Mutex<Known>,
    newest: Mutex<Newest>,
    /// How many changes this process made. A page that was read before a change is not answered after it.
    changes: AtomicU64,
}

/// A page, as it was read last. The request that reads the page holds the lock, and others wait for the same page.
type Slot = Arc<tokio::sync::Mutex<Option<Seen>>>;

#[derive(Debug, Clone)]
struct Seen {
    page: Result<Arc<Page>, BucketError>,
    begun: Instant,
    ended: Instant,
    changes: u64,
}

#[derive(Debug)]
struct Known {
    versions: LruCache<Name, Version>,
    bytes: usize,
}

/// The file of the newest messages' bodies, as far as this process has to do with it.
#[derive(Debug, Default)]
struct Newest {
    is_read: bool,
    written: Option<Instant>,
    /// The file's content that is still to be written.
    owed: Option<Bytes>,
}

/// The file of the newest messages' bodies, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    #[serde(borrow)]
    messages: Vec<JsonMessage<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonMessage<'a> {
    e_tag: ETag,
    #[serde(borrow)]
    message: Body<'a>,
}

impl Reader {
    pub fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            pages: Mutex::new(LruCache::new(PAGES)),
            known: Mutex::new(Known {
                versions: LruCache::unbounded(),
                bytes: 0,
            }),
            newest: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// At most `limit` messages, older than `before` where one is given.
    pub async fn page(
        &self,
        limit: u16,
        before: Option<MessageId>,
    ) -> Result<Arc<Page>, BucketError> {
        let arrived = Instant::now();
        let slot = {
            let mut pages = locked(&self.pages);
            Arc::clone(pages.get_or_insert((before, limit), Slot::default))
        };
        let mut slot = slot.lock().await;
        let changes = self.changes.load(Ordering::SeqCst);
        if let Some(seen) = &*slot
            && seen.changes == changes
            // A failure is answered only to requests that had arrived before it.
            && (if seen.page.is_ok() { seen.begun + FRESH } else { seen.ended }) > arrived
        {
            return seen.page.clone();
        }
        let begun = Instant::now();
        // Boxed, since the future is large.
        let page = Box::pin(self.read(limit, before)).await.map(Arc::new);
        *slot = Some(Seen {
            page: page.clone(),
            begun,
            ended: Instant::now(),
            changes,
        });
        page
    }

    /// One message; `None` where it is not published, or deleted.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, BucketError> {
        let found = self.bucket.published_message(id).await?;
        Ok(found.and_then(|(name, body, _)| readable(name, &body)))
    }

    /// Has the next reader of each page list the bucket anew.
    pub fn forget_pages(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    async fn read(&self, limit: u16, before: Option<MessageId>) -> Result<Page, BucketError> {
        let mut page = Page {
            messages: Vec::new(),
            more: false,
        };
        let (mut versions, mut fetched) = (Vec::new(), 0);
        let mut from = before.map(Bucket::message_key);
        // One message more than the limit tells whether there are older ones.
        let mut most = Some(limit + 1 + DELETED);
        loop {
            let (listed, newest, ()) = tokio::join!(
                self.bucket.messages(from.as_deref(), most.take()),
                self.read_newest(before),
                self.write_newest()
            );
            if let Some(newest) = newest {
                self.learn(&newest);
            }
            let (listed, next) = listed?;
            let there = listed.into_iter().filter(|published| published.size > 0);
            let mut there = there.peekable();
            // Some that were listed may have been deleted by now: the next ones take their places.
            while versions.len() < usize::from(limit) && there.peek().is_some() {
                let wanted = usize::from(limit) - versions.len();
                let asked = there.by_ref().take(wanted).collect();
                let (found, missed) = self.bodies(asked).await?;
                versions.extend(found);
                fetched += missed;
            }
            page.more = there.peek().is_some();
            from = next.filter(|_| !page.more);
            if from.is_none() {
                break;
            }
        }
        if before.is_none() && fetched >= SEVERAL {
            self.owe_newest(&versions);
        }
        page.messages = versions.into_iter().map(|(_, message)| message).collect();
        Ok(page)
    }

    /// The messages of these versions, or of later ones, and how many bodies were asked for.
    async fn bodies(
        &self,
        published: Vec<Published>,
    ) -> Result<(Vec<(ETag, Arc<Message>)>, usize), BucketError> {
        let known: Vec<_> = {
            let mut known = locked(&self.known);
            let of = |published: &Published| {
                let version = known.versions.get(&published.name)?;
                (version.0 == published.e_tag).then(|| version.clone())
            };
            published.iter().map(of).collect()
        };
        let missed = known.iter().filter(|known| known.is_none()).count();
        let bodies = published
            .into_iter()
            .zip(known)
            .map(async |(published, known)| match known {
                Some(version) => Ok(Some(version)),
                None => self.body(published.name).await,
            });
        let bodies = try_join_all(bodies).await?;
        let readable = |(e_tag, message): Version| Some((e_tag, message?));
        let bodies = bodies.into_iter().flatten().filter_map(readable);
        Ok((bodies.collect(), missed))
    }

    async fn body(&self, name: Name) -> Result<Option<Version>, BucketError> {
        let Some((body, e_tag)) = self.bucket.message(name).await? else {
            return Ok(None);
        };
        let version = (e_tag, readable(name, &body).map(Arc::new));
        self.remember(name, version.clone());
        Ok(Some(version))
    }

    fn remember(&self, name: Name, version: Version) {
        let mut known = locked(&self.known);
        known.bytes += size(&version);
        if let Some(other) = known.versions.put(name, version) {
            known.bytes -= size(&other);
        }
        while known.bytes > KNOWN
            && let Some((_, oldest)) = known.versions.pop_lru()
        {
            known.bytes -= size(&oldest);
        }
    }

    /// The file of the newest bodies, for the first reader of the newest page.
    async fn read_newest(&self, before: Option<MessageId>) -> Option<Bytes> {
        if before.is_some() || std::mem::replace(&mut locked(&self.newest).is_read, true) {
            return None;
        }
        let newest = self.bucket.newest().await;
        newest
            .inspect_err(|cause| warn!(%cause, "the newest messages' bodies cannot be read"))
            .ok()?
    }

    fn learn(&self, newest: &[u8]) {
        let Ok(Json { messages }) = serde_json::from_slice::<Json<'_>>(newest) else {
            warn!("the file of the newest messages' bodies is none");
            return;
        };
        for JsonMessage { e_tag, message } in messages {
            if let Some(message) = message.into_message() {
                self.remember(message.name(), (e_tag, Some(Arc::new(message))));
            }
        }
    }

    fn owe_newest(&self, versions: &[(ETag, Arc<Message>)]) {
        let messages = versions.iter().map(|(e_tag, message)| JsonMessage {
            e_tag: e_tag.clone(),
            message: Body::from(&**message),
        });
        let json = Json {
            messages: messages.collect(),
        };
        // Every message can be written as JSON, so this never fails.
        if let Ok(json) = serde_json::to_vec(&json) {
            locked(&self.newest).owed = Some(json.into());
        }
    }

    async fn write_newest(&self) {
        let owed = {
            let mut newest = locked(&self.newest);
            let now = Instant::now();
            if newest.written.is_some_and(|written| now < written + WRITE) {
                return;
            }
            let Some(owed) = newest.owed.take() else {
                return;
            };
            newest.written = Some(now);
            owed
        };
        if let Err(cause) = self.bucket.put_newest(owed).await {
            warn!(%cause, "the newest messages' bodies cannot be written");
        }
    }
}

fn readable(name: Name, body: &[u8]) -> Option<Message> {
    let message = published::message(name, body);
    if message.is_none() {
        warn!(%name, "a published message cannot be read");
    }
    message
}

fn size((_, message): &Version) -> usize {
    let texts = message.as_ref().map_or(0, |message| {
        let alt = message.picture.as_ref().and_then(|it| it.alt.as_ref());
        let author = message.author.as_ref();
        message.text.len() + author.map_or(0, String::len) + alt.map_or(0, String::len)
    });
    OVERHEAD + texts
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
