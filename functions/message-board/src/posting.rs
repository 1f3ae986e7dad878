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
//! | the row is blank | a picture, if a repeat put it meanwhile; a front page that still has the message | it goes with the blank mark; the page's mark tells |
//!
//! | clearing away dies after | left behind | and then |
//! |---|---|---|
//! | it took the row | a row that no repeat finishes | a later post goes on |
//! | the picture | the same | the same |
//!
//! Whoever puts a picture looks afterwards whether its row is still there to be posted, and takes the picture
//! back if not. Whoever deletes does so once more when the row is blank, since a repeat may have put the picture
//! between the two. So whichever comes last leaves nothing behind; should it die just then, the picture goes with
//! the blank mark, which remembers its format.

use std::time::{Duration, SystemTime};

use shared::bucket::Bucket;
use shared::domain::{Era, Format, Idempotency, Message, MessageId, NewMessage, Sender};
use shared::metrics::{self, Metric};
use shared::store::{Admission, Before, Inserted, Leftover, Post, Status, Store};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::deadline::Deadline;
use crate::front_page::Change;
use crate::problem::Problem;

/// Clearing away must not hold up an answer.
const CLEARING: Duration = Duration::from_secs(2);

/// What the steps are done with, for one request.
pub struct Posting<'a> {
    pub store: Store,
    pub bucket: &'a Bucket,
    pub change: Change<'a>,
    pub deadline: Deadline,
    pub posts_per_minute: u32,
}

/// Who posts.
pub struct Poster {
    /// Whose posts are counted, and who may be refused.
    pub counted: Sender,
    /// Whether that is one sender. If not, the message has none: many others may have the same address, and would
    /// be removed with it.
    pub is_known: bool,
}

/// A message that is on the board.
pub struct Posted {
    pub message: Message,
    /// The secret that made its delete token.
    pub era: Era,
    /// Whether an earlier request posted it.
    is_repeat: bool,
}

impl Posted {
    fn now(message: Message) -> Self {
        Self {
            message,
            era: Era::Current,
            is_repeat: false,
        }
    }

    fn before(message: Message, era: Era) -> Self {
        Self {
            message,
            era,
            is_repeat: true,
        }
    }
}

impl Posting<'_> {
    /// Posts a message, or finds that it was posted before with the same key. Whatever was acknowledged is on the
    /// board.
    pub async fn post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Problem> {
        let clearing = timeout(CLEARING, self.clear_leftovers());
        let steps = self.steps_of_a_post(new, poster, idempotency);
        let (outcome, _) = tokio::join!(self.to_its_end(steps), clearing);
        if outcome.as_ref().is_ok_and(|posted| posted.is_repeat) {
            metrics::count(Metric::Repeats);
        }
        outcome
    }

    /// Has the front page show what the steps of a change did.
    async fn to_its_end<T>(
        &self,
        steps: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        // Boxed, for they are large, and one is in the other.
        let outcome = Box::pin(steps).await;
        let end = self.change.end(&outcome, &self.store, self.deadline);
        Box::pin(end).await;
        outcome
    }

    async fn steps_of_a_post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Problem> {
        let sender = &poster.counted;
        let (limit, now) = (self.posts_per_minute, SystemTime::now());
        let admission = self.store.admit(sender, idempotency, limit, now).await?;
        match admission {
            Admission::Admitted { .. } => {}
            Admission::Refused => return Err(Problem::SenderRefused),
            Admission::OverLimit(left) => {
                // A repeat is no further post.
                if let Some(idempotency) = idempotency
                    && let Some(before) = self.store.posted_with(idempotency).await?
                    && let Some(posted) = self.repeat(new, before).await?
                {
                    return Ok(posted);
                }
                return Err(Problem::PostingLimit(left));
            }
        }
        // The row of a text is seen at once; that of a picture when the picture is there. What is not admitted
        // has no mark: a flood of it costs no writes.
        if new.picture.is_none() {
            self.change.announce(self.deadline).await;
        }
        loop {
            let message = new.with_id(MessageId::generate());
            match self
                .store
                .insert(&message, poster.is_known.then_some(sender), idempotency)
                .await?
            {
                Inserted::First => {
                    if !poster.is_known {
                        metrics::count(Metric::PostsWithoutSender);
                        warn!(id = %message.id, "a message has no sender");
                    }
                    return self.finish(message, new).await.map(Posted::now);
                }
                Inserted::Refused => return Err(Problem::SenderRefused),
                Inserted::Before(before) => {
                    let repeated = self.repeat(new, before).await;
                    let is_counted = admission == (Admission::Admitted { is_counted: true });
                    // Where nothing is left of it, this is a post after all.
                    if is_counted && !matches!(repeated, Ok(None)) {
                        self.store.uncount(sender).await?;
                    }
                    if let Some(posted) = repeated? {
                        return Ok(posted);
                    }
                }
            }
        }
    }

    /// What a repeat is answered; `None` where nothing is left of what it repeats.
    async fn repeat(&self, new: &NewMessage, before: Before) -> Result<Option<Posted>, Problem> {
        let era = before.same.ok_or(Problem::IdempotencyKeyReused)?;
        match (before.status, before.message) {
            (Status::Posted, Some(message)) => Ok(Some(Posted::before(message, era))),
            // Of another request that is under way, or that died.
            (Status::Pending, Some(message)) => {
                let taken = self.store.take_pending(before.id, MessageId::generate());
                if taken.await? {
                    let message = self.finish(message, new).await?;
                    return Ok(Some(Posted::before(message, era)));
                }
                Ok(None)
            }
            (Status::Clearing, Some(message)) => {
                self.clear(&Leftover {
                    id: message.id,
                    status: Status::Clearing,
                    picture: message.picture.map(|picture| picture.format),
                })
                .await?;
                Ok(None)
            }
            _ => Err(Problem::MessageDeleted),
        }
    }

    /// From the row on: the picture, and the row made visible.
    async fn finish(&self, message: Message, new: &NewMessage) -> Result<Message, Problem> {
        let Some(picture) = &new.picture else {
            return Ok(message);
        };
        let id = message.id;
        let put = self
            .deadline
            .bucket(self.bucket.put_picture(id, &picture.picture));
        let (put, ()) = tokio::join!(put, self.change.announce(self.deadline));
        put?;
        if !self.store.mark_posted(id).await? {
            self.delete_picture(id, picture.picture.format()).await?;
            return Err(Problem::MessageDeleted);
        }
        Ok(message)
    }

    /// Deletes a posted message and its picture.
    pub async fn delete(&self, id: MessageId) -> Result<(), Problem> {
        self.to_its_end(self.steps_of_a_delete(id)).await
    }

    async fn steps_of_a_delete(&self, id: MessageId) -> Result<(), Problem> {
        let found = self.store.find(id);
        let (found, ()) = tokio::join!(found, self.change.announce(self.deadline));
        let message = found?.ok_or(Problem::MessageNotFound)?;
        let picture = message.picture.map(|picture| picture.format);
        if let Some(format) = picture {
            self.delete_picture(id, format).await?;
        }
        self.store.blank(id).await?;
        if let Some(format) = picture {
            self.delete_picture(id, format).await?;
        }
        Ok(())
    }

    /// A moderator's delete: also of a picture that has no message any more.
    pub async fn delete_for_good(&self, id: MessageId) -> Result<(), Problem> {
        self.to_its_end(self.steps_for_good(id)).await
    }

    async fn steps_for_good(&self, id: MessageId) -> Result<(), Problem> {
        let pictures = Format::ALL.map(|format| (id, format));
        let deleted = self.delete_pictures(&pictures);
        let (deleted, ()) = tokio::join!(deleted, self.change.announce(self.deadline));
        deleted?;
        // Also one whose row cannot be read.
        if !self.store.is_posted(id).await? {
            return Err(Problem::MessageNotFound);
        }
        self.store.blank(id).await?;
        self.delete_pictures(&pictures).await
    }

    /// Removes what the sender of a message posted that day, refuses that sender, and says how many messages
    /// went. What a call did not get to in time, the next one goes on with.
    pub async fn remove_sender(&self, id: MessageId) -> Result<usize, Problem> {
        self.to_its_end(self.steps_of_a_removal(id)).await
    }

    async fn steps_of_a_removal(&self, id: MessageId) -> Result<usize, Problem> {
        let sender = self.store.sender_of(id);
        let (sender, ()) = tokio::join!(sender, self.change.announce(self.deadline));
        let Some(sender) = sender? else {
            // Not known any more, or never; the message itself may be, even if it cannot be read.
            match self.steps_of_a_delete(id).await {
                Err(Problem::MessageNotFound) => self.steps_for_good(id).await?,
                done => done?,
            }
            return Ok(1);
        };
        // First, so that nothing comes in behind: an insert looks at it.
        self.store.refuse(&sender).await?;
        let mut removed = 0;
        loop {
            let posts = self.store.posts_of(&sender).await?;
            let (Some(first), Some(last)) = (posts.first(), posts.last()) else {
                return Ok(removed);
            };
            let (first, last) = (first.id, last.id);
            self.delete_pictures(&pictures_of(&posts)).await?;
            self.store.blank_posts_of(&sender, first, last).await?;
            // Also of those that came in between meanwhile.
            let blank = self.store.blank_of(&sender, first, last).await?;
            self.delete_pictures(&pictures_of(&blank)).await?;
            removed += posts.len();
        }
    }

    async fn delete_pictures(&self, pictures: &[(MessageId, Format)]) -> Result<(), Problem> {
        self.deadline
            .bucket(self.bucket.delete_pictures(pictures))
            .await?;
        Ok(())
    }

    async fn delete_picture(&self, id: MessageId, format: Format) -> Result<(), Problem> {
        self.deadline
            .bucket(self.bucket.delete_picture(id, format))
            .await?;
        Ok(())
    }

    /// Clears a few leftovers of requests that died, and forgets a few senders. What fails here is tried again
    /// with a later post.
    async fn clear_leftovers(&self) {
        let cleared = async {
            let now = SystemTime::now();
            for leftover in self.store.leftovers(now).await? {
                if self.store.claim(&leftover, now).await? {
                    self.clear(&leftover).await?;
                }
            }
            self.store.forget_senders(now).await?;
            Ok::<_, Problem>(())
        };
        if cleared.await.is_err() {
            warn!("leftovers could not be cleared away");
        }
    }

    /// The picture first: as long as the row is there, it is not forgotten.
    async fn clear(&self, leftover: &Leftover) -> Result<(), Problem> {
        if let Some(format) = leftover.picture {
            self.delete_picture(leftover.id, format).await?;
        }
        self.store.remove_leftover(leftover.id).await?;
        info!(id = %leftover.id, "cleared a leftover away");
        Ok(())
    }
}

fn pictures_of(posts: &[Post]) -> Vec<(MessageId, Format)> {
    let pictures = posts.iter();
    pictures
        .filter_map(|post| Some((post.id, post.picture?)))
        .collect()
}
