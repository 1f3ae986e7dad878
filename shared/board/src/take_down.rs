//! Taking down: row marked, picture copied and object overwritten, picture overwritten, row marked.

use std::time::SystemTime;

use bytes::Bytes;
use domain::{Format, MessageId, Name};
use media::HeldPicture;
use store::{Entry, Mark, Status};

use crate::error::Error;
use crate::moderate::{Decided, missed};
use crate::protocol::Protocol;

impl Protocol<'_> {
    /// Takes a message down, so that it can be restored for 24 hours. What was never acknowledged, and what has no row, is
    /// deleted.
    ///
    /// # Errors
    /// As for [`Self::reject`], or where the bucket fails.
    pub async fn take_down(&self, id: MessageId) -> Result<(), Error> {
        self.change(async {
            match self.steps_of_taking_down(id).await {
                Err(Error::NotFound) if self.adopt_published(id).await? => {
                    self.steps_of_taking_down(id).await
                }
                Err(Error::NotFound) => self.steps_of_a_delete_for_good(id).await,
                done => done,
            }
        })
        .await
    }

    pub(crate) async fn steps_of_taking_down(&self, id: MessageId) -> Result<(), Error> {
        let read = self.guess(move |format| self.bucket.picture(id.into(), format));
        let (decided, read) = tokio::join!(self.decide(id, Mark::Removing), read);
        match decided? {
            Decided::Made(name, entry) => {
                let read = if name.generation == 0 { read? } else { None };
                self.finish_taking_down(name, entry.picture, read).await
            }
            Decided::Missed(seen, now) if seen.generation != now.generation => Err(Error::Conflict),
            Decided::Missed(_, now) => self.take_down_instead(id, now).await,
        }
    }

    /// Removes a message that was not on the board, in the way that its status asks for.
    pub(crate) async fn take_down_instead(&self, id: MessageId, now: Entry) -> Result<(), Error> {
        let (generation, picture) = (now.generation, now.picture);
        let name = Name { id, generation };
        match now.status {
            Status::Removed => Ok(()),
            Status::Removing => self.finish_taking_down(name, picture, None).await,
            Status::Deleting => self.finish_deleting(name, picture).await,
            // The message is published first, as others decided: a request of theirs may be late in doing so.
            Status::Approved | Status::Restored => {
                match self.finish_publishing(id, now).await {
                    // The message is gone for good, since its picture is lost.
                    Err(Error::Deleted) => return Ok(()),
                    // Another request may have gone on.
                    Ok(()) | Err(Error::Conflict) => {}
                    Err(error) => return Err(error),
                }
                let mark = self.store.mark(name, Mark::Removing, SystemTime::now());
                if mark.await? {
                    return self.finish_taking_down(name, picture, None).await;
                }
                let now = self.store.entry(id).await?.ok_or(Error::NotFound)?;
                match now.status {
                    Status::Removed if now.generation == generation => Ok(()),
                    Status::Removing if now.generation == generation => {
                        self.finish_taking_down(name, picture, None).await
                    }
                    status => Err(missed(status)),
                }
            }
            Status::Pending | Status::Arriving | Status::Clearing => {
                self.steps_of_a_delete_for_good(id).await
            }
            status => Err(missed(status)),
        }
    }

    /// Takes down what is marked: copies the picture and takes the message from readers, then its picture.
    pub(crate) async fn finish_taking_down(
        &self,
        name: Name,
        picture: Option<Format>,
        read: Option<Bytes>,
    ) -> Result<(), Error> {
        let hidden = self.deadline.bucket(self.bucket.overwrite_message(name));
        let (copied, hidden) = tokio::join!(self.keep_copy(name, picture, read), hidden);
        copied?;
        hidden?;
        self.overwrite_picture(name, picture).await?;
        let mark = self.store.mark(name, Mark::Removed, SystemTime::now());
        // Another request that takes the message down may have marked the row before: both are fine.
        let (marked, ()) = tokio::join!(mark, self.remove_small(name, picture));
        marked?;
        Ok(())
    }

    /// Copies a picture that is to be taken down, unless another request has overwritten it, which copied it before.
    async fn keep_copy(
        &self,
        name: Name,
        picture: Option<Format>,
        read: Option<Bytes>,
    ) -> Result<(), Error> {
        let Some(format) = picture else {
            return Ok(());
        };
        let bytes = if read.is_some() {
            read
        } else {
            let read = self.bucket.picture(name, format);
            self.deadline.bucket(read).await?
        };
        if let Some(bytes) = bytes {
            let held = HeldPicture::Removed(name);
            let put = self.bucket.put_held_picture(held, format, bytes);
            self.deadline.bucket(put).await?;
        }
        Ok(())
    }
}
