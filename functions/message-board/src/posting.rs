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

use crate::problem::Problem;

/// Clearing away must not hold up an answer.
const CLEARING: Duration = Duration::from_secs(2);

/// Posts a message. Whatever was acknowledged is on the board.
pub async fn post(store: &Store, bucket: &Bucket, new: &NewMessage) -> Result<Message, Problem> {
    let (posted, _) = tokio::join!(
        steps_of_a_post(store, bucket, new),
        timeout(CLEARING, clear_leftovers(store, bucket)),
    );
    posted
}

async fn steps_of_a_post(
    store: &Store,
    bucket: &Bucket,
    new: &NewMessage,
) -> Result<Message, Problem> {
    let message = new.with_id(MessageId::generate());
    store.insert(&message).await?;
    if let Some(new) = &new.picture {
        bucket.put_picture(message.id, &new.picture).await?;
        store.mark_posted(message.id).await?;
    }
    Ok(message)
}

/// Deletes a posted message and its picture.
pub async fn delete(store: &Store, bucket: &Bucket, id: MessageId) -> Result<(), Problem> {
    let message = store.find(id).await?.ok_or(Problem::MessageNotFound)?;
    if let Some(picture) = message.picture {
        bucket.delete_picture(id, picture.format).await?;
    }
    store.blank(id).await?;
    Ok(())
}

/// Clears a few leftovers of requests that died. What fails here is tried again with a later post.
async fn clear_leftovers(store: &Store, bucket: &Bucket) {
    let cleared = async {
        for leftover in store.leftovers(SystemTime::now()).await? {
            if let Some(format) = leftover.picture {
                bucket.delete_picture(leftover.id, format).await?;
            }
            store.remove_leftover(leftover.id).await?;
            info!(id = %leftover.id, "cleared a leftover away");
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    if let Err(cause) = cleared.await {
        warn!(%cause, "leftovers could not be cleared away");
    }
}
