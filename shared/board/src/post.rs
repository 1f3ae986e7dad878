//! Posting: count, row, picture, row made visible.

use std::time::{Duration, SystemTime};

use domain::{Era, Idempotency, Message, MessageId, NewMessage, Picture, Sender};
use store::{Admission, Before, Inserted, Orphan, Status};
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::protocol::Protocol;

/// Clearing up must not hold up an answer.
pub(crate) const CLEARING_UP: Duration = Duration::from_secs(2);

/// Who posts.
#[derive(Debug)]
pub struct Poster {
    /// Whose posts are counted, and who may be refused.
    pub counted: Sender,
    /// Whether `counted` is one sender. If not, the message has no sender: many others may have the same address,
    /// and their messages would be removed together.
    pub is_known: bool,
    /// Called when a message without a sender is in the ledger.
    pub on_no_sender: fn(),
    /// The rate limit: how many messages `counted` may post within a minute; 0 is no limit.
    pub posts_per_minute: u32,
}

/// A message that is on the board.
#[derive(Debug)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// The secret that made the message's delete token.
    pub era: Era,
    /// Whether an earlier request posted the message.
    pub is_repeat: bool,
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

impl Protocol<'_> {
    /// Posts a message, or finds that it was posted before with the same idempotency key. Whatever was acknowledged
    /// is on the board.
    ///
    /// # Errors
    /// Any of [`Error`] but [`Error::NotFound`].
    pub async fn post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        let clearing_up = timeout(CLEARING_UP, self.clear_up());
        let steps = self.steps_of_a_post(new, poster, idempotency);
        let (outcome, _) = tokio::join!(self.to_its_end(steps), clearing_up);
        outcome
    }

    async fn steps_of_a_post(
        &self,
        new: &NewMessage,
        poster: &Poster,
        idempotency: Option<&Idempotency>,
    ) -> Result<Posted, Error> {
        let sender = &poster.counted;
        let (limit, now) = (poster.posts_per_minute, SystemTime::now());
        let admission = self.store.admit(sender, idempotency, limit, now).await?;
        match admission {
            Admission::Admitted { .. } => {}
            Admission::Refused => return Err(Error::Refused),
            Admission::OverLimit(left) => {
                // A repeat is no further post.
                if let Some(idempotency) = idempotency
                    && let Some(before) = self.store.posted_with(idempotency).await?
                    && let Some(posted) = self.repeat(new, before).await?
                {
                    return Ok(posted);
                }
                return Err(Error::OverLimit(left));
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
                        (poster.on_no_sender)();
                        warn!(id = %message.id, "a message has no sender");
                    }
                    return self.finish(message, new).await.map(Posted::now);
                }
                Inserted::Refused => return Err(Error::Refused),
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
    async fn repeat(&self, new: &NewMessage, before: Before) -> Result<Option<Posted>, Error> {
        let era = before.same.ok_or(Error::KeyReused)?;
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
                self.clear(&Orphan {
                    id: message.id,
                    status: Status::Clearing,
                    picture: message.picture.map(|picture| picture.format),
                })
                .await?;
                Ok(None)
            }
            _ => Err(Error::Deleted),
        }
    }

    /// From the row on: the picture, and the row made visible.
    async fn finish(&self, message: Message, new: &NewMessage) -> Result<Message, Error> {
        let Some(picture) = &new.picture else {
            return Ok(message);
        };
        let id = message.id;
        let put = self.put_picture(id, &picture.picture);
        let (put, ()) = tokio::join!(put, self.change.announce(self.deadline));
        put?;
        if !self.store.mark_posted(id).await? {
            self.delete_picture(id, picture.picture.format()).await?;
            return Err(Error::Deleted);
        }
        Ok(message)
    }

    pub(crate) async fn put_picture(&self, id: MessageId, picture: &Picture) -> Result<(), Error> {
        let put = self.bucket.put_picture(id, picture);
        Ok(self.deadline.bucket(put).await?)
    }
}
