//! What came in, by the keys of its objects, and the file that says which of it the operator was told of.

use bytes::Bytes;
use domain::{MessageId, Name};

use crate::bucket::{Bucket, BucketError, Condition, ETag, Put};
use crate::held::WAITING;
use crate::listing::Listed;
use crate::messages::{HEADERS, MESSAGES, unmirrored};

/// Which messages were told of.
const TOLD: &str = "board/told.json";
/// `board/told.json` is no longer, in bytes.
const MOST_OF_TOLD: u64 = 4 * 1024 * 1024;

/// Under which prefixes of the bucket messages come in.
pub const CAME_UNDER: [&str; 2] = [MESSAGES, WAITING];

/// A message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// The message waits for a moderator.
    Waiting(MessageId),
    /// The message is on the board.
    Published(MessageId),
}

impl Came {
    /// What an object's key tells; `None` for pictures, for what was restored, and for what is no message's.
    pub fn of(key: &str) -> Option<Self> {
        let of_prefix = |prefix| {
            let name = key.strip_prefix(prefix)?.strip_suffix(".json")?;
            match unmirrored(name)? {
                Name { id, generation: 0 } => Some(id),
                _ => None,
            }
        };
        of_prefix(MESSAGES)
            .map(Self::Published)
            .or_else(|| of_prefix(WAITING).map(Self::Waiting))
    }
}

impl Bucket {
    /// Which messages were told of, and the version that says so; `None` where no file does. What is too long for one is
    /// read as no bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn told(&self) -> Result<Option<(Bytes, ETag)>, BucketError> {
        self.read(TOLD, MOST_OF_TOLD).await
    }

    /// Writes which messages were told of, over the version that was read, or where there was none.
    ///
    /// # Errors
    /// Where S3 fails; it may be written all the same.
    pub async fn put_told(&self, over: Option<&ETag>, json: Bytes) -> Result<Put, BucketError> {
        let condition = over.map_or(Condition::IfNoneMatch, Condition::IfMatch);
        self.put(TOLD, HEADERS, condition, json).await
    }

    /// The messages that are on the board and not older than this id, and all that wait.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn came_since(&self, least: MessageId) -> Result<Vec<Came>, BucketError> {
        let mut came = Vec::new();
        let mut take = |object: Listed| {
            came.extend(Came::of(&object.key).filter(|_| object.size > 0));
        };
        let until = Self::message_key(least);
        self.objects(MESSAGES, None, Some(&until), &mut take)
            .await?;
        self.objects(WAITING, None, None, &mut take).await?;
        Ok(came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_what_came() {
        let id: MessageId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let key = "ZYN70WAJHC564V77GG8SPFTGN4";
        for (key, came) in [
            (
                format!("board/messages/{key}.json"),
                Some(Came::Published(id)),
            ),
            (format!("held/waiting/{key}.json"), Some(Came::Waiting(id))),
            (format!("board/messages/{key}-1.json"), None),
            (format!("held/waiting/{id}.jpg"), None),
            (format!("held/removed/{key}.json"), None),
            ("board/messages/.json".to_owned(), None),
            ("board/newest.json".to_owned(), None),
        ] {
            assert_eq!(Came::of(&key), came, "{key}");
        }
    }
}
