//! Posting: count, row, picture, object, row marked.

use std::time::{Duration, SystemTime};

use domain::{Era, Idempotency, Message, MessageId, NewMessage, Picture, Sender};
use store::{Admission, Before, Entry, Inserted, Mark, Status, StoreError};
use tokio::time::timeout;
use tracing::warn;

use crate::error::Error;
use crate::protocol::Protocol;

/// Clearing up must not hold up an answer.
const CLEARING_UP: Duration = Duration::from_secs(2);

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
        self.change(self.steps_of_a_post(new, poster, idempotency))
            .await
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
        loop {
            let message = new.with_id(MessageId::generate());
            let known = poster.is_known.then_some(sender);
            let inserted = self
                .store
                .insert(&message, known, idempotency, SystemTime::now());
            match inserted.await? {
                Inserted::First => {
                    if !poster.is_known {
                        (poster.on_no_sender)();
                        warn!(id = %message.id, "a message has no sender");
                    }
                    // The database is awake now.
                    let clearing_up = timeout(CLEARING_UP, self.clear_up_sometimes());
                    let finished = self.finish(&message, new.checked_picture());
                    let (finished, _) = tokio::join!(finished, Box::pin(clearing_up));
                    return finished.map(|()| Posted::now(message));
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
        let Before { id, same, entry } = before;
        let era = same.ok_or(Error::KeyReused)?;
        match entry {
            Entry {
                status: Status::Posted,
                message: Some(message),
                ..
            } => Ok(Some(Posted::before(message, era))),
            // Of another request that is under way, or that died.
            Entry {
                status: Status::Pending,
                message: Some(message),
                ..
            } => {
                let taken = self.store.mark(id, Mark::Taken, SystemTime::now());
                if !taken.await? {
                    return Ok(None);
                }
                self.finish(&message, new.checked_picture()).await?;
                Ok(Some(Posted::before(message, era)))
            }
            Entry {
                status: Status::Clearing,
                picture,
                ..
            } => {
                self.finish_clearing(id, picture).await?;
                Ok(None)
            }
            Entry {
                status: Status::Posted | Status::Pending,
                message: None,
                ..
            } => Err(StoreError::Fault("a repeated message cannot be read".into()).into()),
            _ => Err(Error::Deleted),
        }
    }

    /// From a pending row on: the picture, the object, and the row marked. That the picture or the object was there
    /// is fine: the row says what became of the message.
    pub(crate) async fn finish(
        &self,
        message: &Message,
        picture: Option<&Picture>,
    ) -> Result<(), Error> {
        let id = message.id;
        if let Some(picture) = picture {
            let put = self.bucket.put_picture(id, picture);
            self.deadline.bucket(put).await?;
        }
        self.publish(message).await?;
        if self.store.mark(id, Mark::Posted, SystemTime::now()).await? {
            return Ok(());
        }
        match self.store.entry(id).await?.map(|entry| entry.status) {
            // By another request with the same key, or by ours, whose answer was lost.
            Some(Status::Posted) => Ok(()),
            status @ (Some(Status::Deleting | Status::Deleted | Status::Clearing) | None) => {
                let format = message.picture.as_ref().map(|picture| picture.format);
                self.overwrite(id, format).await?;
                match status {
                    Some(Status::Deleting | Status::Deleted) => Err(Error::Deleted),
                    _ => Err(cleared_away()),
                }
            }
            // Another request took it over.
            Some(Status::Pending) => Err(cleared_away()),
        }
    }
}

fn cleared_away() -> Error {
    StoreError::Unavailable("a message was cleared away while it was posted".into()).into()
}
