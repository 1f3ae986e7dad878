//! The order of the steps of a post and of a delete. A process may die between any two of them:
//!
//! | a post dies after | left behind | and then |
//! |---|---|---|
//! | it was counted | a count | it is over within a minute |
//! | the pending row | an invisible row | a repeat finishes it, or a later post clears it away |
//! | the picture | an invisible row and its picture | the same, the picture first |
//! | the row is posted | a message that was not acknowledged | it is whole, and a repeat is told of it; the front page gets it by its mark |
//!
//! | a delete dies after | left behind | and then |
//! |---|---|---|
//! | the picture | a message without its picture | the delete is repeated |
//! | the row is blank | a picture, if a repeat put it meanwhile; a front page that still has the message | it goes with the tombstone; the page's mark tells |
//!
//! | clearing away dies after | left behind | and then |
//! |---|---|---|
//! | it took the row | a row that no repeat finishes | a later post goes on |
//! | the picture | the same | the same |
//!
//! Whoever puts a picture looks afterwards whether its row is still there to be posted, and takes the picture
//! back if not. Whoever deletes does so once more when the row is blank, since a repeat may have put the picture
//! between the two. So whichever comes last leaves nothing behind; should it die just then, the picture goes with
//! the tombstone, which remembers its format.

use std::sync::Arc;

use media::Bucket;
use store::{Database, Store};

use crate::deadline::Deadline;
use crate::error::Error;
use crate::front_page::{Change, FrontPage, Remembered};

/// A board: its ledger, its bucket, and what this process remembers of its front page.
#[derive(Debug)]
pub struct Board {
    database: Database,
    bucket: Bucket,
    front_page: Remembered,
}

impl Board {
    /// The board of this database and this bucket.
    pub fn new(database: Database, bucket: Bucket) -> Self {
        Self {
            database,
            front_page: Remembered::new(bucket.clone()),
            bucket,
        }
    }

    /// The ledger, for a request that has time until `deadline`.
    pub fn store(&self, deadline: Deadline) -> Store {
        Store::new(self.database.clone(), deadline.instant())
    }

    /// The media bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// The newest messages, of which `front_page::LENGTH` say how many at most: from this process's memory, from the
    /// file, and only where neither is possible from the ledger.
    ///
    /// # Errors
    /// Where the ledger is asked and fails.
    pub async fn front_page(&self, deadline: Deadline) -> Result<Arc<FrontPage>, Error> {
        Ok(self
            .front_page
            .read(&self.store(deadline), deadline)
            .await?)
    }

    /// The steps that change the board, for a request that has time until `deadline`.
    pub fn protocol(&self, deadline: Deadline) -> Protocol<'_> {
        Protocol {
            store: self.store(deadline),
            bucket: &self.bucket,
            change: self.front_page.change(),
            deadline,
        }
    }
}

/// The steps that change a board, for one request.
#[derive(Debug)]
pub struct Protocol<'a> {
    pub(crate) store: Store,
    pub(crate) bucket: &'a Bucket,
    pub(crate) change: Change<'a>,
    pub(crate) deadline: Deadline,
}

impl Protocol<'_> {
    /// Has the front page show what the steps of a change did.
    pub(crate) async fn to_its_end<T>(
        &self,
        steps: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        // Boxed, for the futures are large, and one is in the other.
        let done = Box::pin(steps).await;
        let end = self.change.end(&done, &self.store, self.deadline);
        Box::pin(end).await;
        done
    }
}
