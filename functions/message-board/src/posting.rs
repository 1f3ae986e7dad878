//! The order of the steps of a post and of a delete. A process may die between any two of them:
//!
//! | a post dies after | left behind | and then |
//! |---|---|---|
//! | the pending row | an invisible row | a later post clears it away |
//! | the picture | an invisible row and its picture | a later post clears both away, the picture first |
//! | the row is posted | a message that was not acknowledged | it is whole |
//!
//! | a delete dies after | left behind | and then |
//! |---|---|---|
//! | the picture | a message without its picture | the delete is repeated |
//! | the row is blank | nothing | |

use std::time::{Duration, SystemTime};

use shared::bucket::Bucket;
use shared::domain::{Message, MessageId, NewMessage};
use shared::store::Store;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::deadline::Deadline;
use crate::problem::Problem;

/// Clearing away must not hold up an answer.
const CLEARING: Duration = Duration::from_secs(2);

/// What the steps are done with, for one request.
pub struct Posting<'a> {
    pub store: Store,
    pub bucket: &'a Bucket,
    pub deadline: Deadline,
}

impl Posting<'_> {
    /// Posts a message. Whatever was acknowledged is on the board.
    pub async fn post(&self, new: &NewMessage) -> Result<Message, Problem> {
        let clearing = timeout(CLEARING, self.clear_leftovers());
        let (posted, _) = tokio::join!(self.steps_of_a_post(new), clearing);
        posted
    }

    async fn steps_of_a_post(&self, new: &NewMessage) -> Result<Message, Problem> {
        let message = new.with_id(MessageId::generate());
        self.store.insert(&message).await?;
        if let Some(new) = &new.picture {
            self.deadline
                .bucket(self.bucket.put_picture(message.id, &new.picture))
                .await?;
            self.store.mark_posted(message.id).await?;
        }
        Ok(message)
    }

    /// Deletes a posted message and its picture.
    pub async fn delete(&self, id: MessageId) -> Result<(), Problem> {
        let message = self.store.find(id).await?.ok_or(Problem::MessageNotFound)?;
        if let Some(picture) = message.picture {
            self.deadline
                .bucket(self.bucket.delete_picture(id, picture.format))
                .await?;
        }
        self.store.blank(id).await?;
        Ok(())
    }

    /// Clears a few leftovers of requests that died. What fails here is tried again with a later post.
    async fn clear_leftovers(&self) {
        let cleared = async {
            for leftover in self.store.leftovers(SystemTime::now()).await? {
                if let Some(format) = leftover.picture {
                    self.bucket.delete_picture(leftover.id, format).await?;
                }
                self.store.remove_leftover(leftover.id).await?;
                info!(id = %leftover.id, "cleared a leftover away");
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        };
        if let Err(cause) = cleared.await {
            warn!(%cause, "leftovers could not be cleared away");
        }
    }
}
