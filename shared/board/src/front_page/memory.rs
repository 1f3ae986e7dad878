//! What one process remembers of the front page: the page for a second after it was read, the file's version, when
//! intent marks of changes that died were last looked for, and up to which change the file was written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use domain::MessageId;
use media::{Bucket, BucketError};
use store::{Store, StoreError};
use tokio::sync::{Mutex, OnceCell};
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::{File, FrontPage, Known, Left, begin, refresh};
use crate::deadline::Deadline;
use crate::error::Error;

/// How old what is answered may be.
const FRESH: Duration = Duration::from_secs(1);
/// How often a process that is asked for the page looks for changes that died.
const LOOK: Duration = Duration::from_mins(1);
/// S3 answers in a tenth of a second; where it does not, the database is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// A reader who happens to find what a dead request left must not wait for the database to wake.
const HEALING: Duration = Duration::from_secs(3);
/// A change that is made is answered, whether or not the file shows it.
const REFRESHING: Duration = Duration::from_secs(10);
/// A change does not wait longer for its mark.
const MARKING: Duration = Duration::from_secs(2);

/// The front page as this process knows it.
#[derive(Debug)]
pub struct Remembered {
    bucket: Bucket,
    memory: Mutex<Memory>,
    /// Changes that asked for the file to be written.
    asked: AtomicU64,
    /// Of these the file shows so many. Whoever writes it holds this.
    shown: Mutex<u64>,
    /// A change is neither in the file nor marked.
    owes: AtomicBool,
}

#[derive(Debug, Default)]
struct Memory {
    page: Option<(Arc<FrontPage>, Instant)>,
    /// The file's version that was read or written last.
    known: Option<Known>,
    /// Somebody else had written over it when it was last relied on.
    is_shared: bool,
    looked: Option<Instant>,
}

impl Memory {
    fn remember(&mut self, file: Option<File>, now: Instant) -> Option<Arc<FrontPage>> {
        let (page, known) = file.map(|file| (file.page, file.known)).unzip();
        let page = page.map(Arc::new);
        self.known = known;
        self.page = page.clone().map(|page| (page, now));
        page
    }
}

/// What a reader finds.
struct Seen {
    /// `None` where there is no file that can be read.
    page: Option<Arc<FrontPage>>,
    left: Option<Left>,
}

impl Remembered {
    pub fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            memory: Mutex::default(),
            asked: AtomicU64::new(0),
            shown: Mutex::new(0),
            owes: AtomicBool::new(false),
        }
    }

    /// The first page: from memory or the file, and from the database only where that is not possible.
    pub async fn read(
        &self,
        store: &Store,
        deadline: Deadline,
    ) -> Result<Arc<FrontPage>, StoreError> {
        match deadline.at_most(PATIENCE).bucket(self.look()).await {
            Ok(Seen { page, left }) => {
                // It is rare, and large.
                let healed = Box::pin(self.heal(page.is_none(), left, store, deadline)).await;
                if let Some(page) = healed.or(page) {
                    return Ok(page);
                }
            }
            Err(cause) => warn!(front_page = "not read", %cause, "the front page cannot be read"),
        }
        Ok(Arc::new(FrontPage::from_store(store).await?))
    }

    /// Those who look at the same time share what they see.
    async fn look(&self) -> Result<Seen, BucketError> {
        let mut memory = self.memory.lock().await;
        let now = Instant::now();
        if let Some((page, read)) = &memory.page
            && now < *read + FRESH
        {
            return Ok(Seen {
                page: Some(Arc::clone(page)),
                left: None,
            });
        }
        let is_due = memory.looked.is_none_or(|looked| now >= looked + LOOK);
        let left = async {
            if !is_due {
                return None;
            }
            let left = Left::find(&self.bucket, SystemTime::now()).await;
            left.inspect_err(|cause| warn!(%cause, "marks cannot be looked for"))
                .ok()
        };
        let (file, left) = tokio::join!(File::read(&self.bucket), left);
        if is_due {
            memory.looked = Some(now);
        }
        let page = memory.remember(file?, now);
        Ok(Seen { page, left })
    }

    /// Writes the file where there is none, or where it may lack a change, and gives the page if it did.
    async fn heal(
        &self,
        is_missing: bool,
        left: Option<Left>,
        store: &Store,
        deadline: Deadline,
    ) -> Option<Arc<FrontPage>> {
        let is_behind = left.as_ref().is_some_and(|left| !left.is_none())
            || (left.is_some() && self.owes.load(Ordering::SeqCst));
        if !is_missing && !is_behind {
            return None;
        }
        let until = if is_missing {
            deadline
        } else {
            deadline.at_most(HEALING)
        };
        let healing = async {
            self.refresh(store).await?;
            if let Some(left) = left {
                left.clear(&self.bucket)
                    .await
                    .map_err(|cause| cause.to_string())?;
            }
            Ok::<_, String>(())
        };
        match timeout_at(until.instant(), healing).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => warn!(
                front_page = "not healed",
                cause, "the front page is not healed"
            ),
            Err(_) => warn!(
                front_page = "not healed",
                "the front page is not healed in time"
            ),
        }
        let memory = self.memory.lock().await;
        memory.page.as_ref().map(|(page, _)| Arc::clone(page))
    }

    /// Has the file show all that was committed before. One writes at a time; whoever comes meanwhile waits
    /// for the next one, who writes for all that wait.
    async fn refresh(&self, store: &Store) -> Result<(), String> {
        let own = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut shown = self.shown.lock().await;
        if *shown >= own {
            return Ok(());
        }
        let all = self.asked.load(Ordering::SeqCst);
        let known = {
            let memory = self.memory.lock().await;
            // Where others write, relying on it costs more than it saves.
            memory.known.clone().filter(|_| !memory.is_shared)
        };
        let refreshed = refresh(&self.bucket, store, known.as_ref()).await;
        // Whatever happened, what is in memory is old.
        let mut memory = self.memory.lock().await;
        memory.remember(None, Instant::now());
        let refreshed = refreshed.map_err(|cause| cause.to_string())?;
        memory.remember(refreshed.file, Instant::now());
        memory.is_shared = refreshed.overtaken;
        *shown = all;
        self.owes.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// A change that is about to be made.
    pub fn change(&self) -> Change<'_> {
        Change {
            front: self,
            mark: OnceCell::new(),
        }
    }
}

/// A change of the board, from before it is made until the file shows it.
#[derive(Debug)]
pub struct Change<'a> {
    front: &'a Remembered,
    /// `None` where S3 did not take it.
    mark: OnceCell<Option<MessageId>>,
}

impl Change<'_> {
    /// To be done before what is committed can be: should the request die, its mark tells.
    pub async fn announce(&self, deadline: Deadline) {
        let mark = async {
            let mark = begin(&self.front.bucket);
            let mark = deadline.at_most(MARKING).bucket(mark).await;
            mark.inspect_err(|cause| {
                error!(front_page = "not marked", %cause, "a change is not marked");
            })
            .ok()
        };
        self.mark.get_or_init(|| Box::pin(mark)).await;
    }

    /// Has the file show a change that was made. A change that failed may have been made all the same, so its
    /// mark stays, unless it was refused.
    pub async fn end<T>(&self, done: &Result<T, Error>, store: &Store, deadline: Deadline) {
        match done {
            Ok(_) => {
                let refreshed = Box::pin(self.front.refresh(store));
                let until = deadline.at_most(REFRESHING).instant();
                let refreshed = timeout_at(until, refreshed);
                let refreshed = refreshed
                    .await
                    .unwrap_or_else(|_| Err("no answer in time".into()));
                if let Err(cause) = refreshed {
                    error!(
                        front_page = "not written",
                        cause, "the front page lacks a change"
                    );
                    if self.mark.get().is_none_or(Option::is_none) {
                        self.front.owes.store(true, Ordering::SeqCst);
                    }
                    return;
                }
            }
            Err(error) if error.is_refusal() => {}
            Err(_) => return,
        }
        if let Some(Some(mark)) = self.mark.get() {
            let removed = self.front.bucket.delete_intent_mark(*mark);
            if let Err(cause) = deadline.bucket(removed).await {
                warn!(%cause, "a mark is not removed");
            }
        }
    }
}
