//! Published messages: what readers see is what stands here, one object for each. The keys are made of the ids so
//! that S3, which lists keys in ascending order only, lists the newest message first.

use bytes::Bytes;
use domain::{MessageId, Name};
use futures_util::future::join;

use crate::bucket::{Bucket, BucketError, Condition, ETag, Headers, Put};
use crate::listing::{Listed, Listing, MOST};

/// Where the published messages are.
pub(crate) const MESSAGES: &str = "board/messages/";
/// The newest messages' bodies, for readers who know none yet.
const NEWEST: &str = "board/newest.json";
/// What moderators set: whether the board takes new messages.
const POSTING: &str = "board/posting.json";
/// `board/posting.json` is no longer, in bytes.
const MOST_OF_POSTING: u64 = 1_024;
/// The newest messages, and marks of changes, as earlier releases wrote them.
const OF_BEFORE: [&str; 2] = ["board/front-page.json", "board/changes/"];
/// No message is longer, in bytes: 2,000 characters of text, 40 of a name and 500 of a description, in UTF-8 and escaped.
const MOST_OF_A_MESSAGE: u64 = 64 * 1024;
/// `board/newest.json` is no longer than a page of the longest messages, in bytes.
const MOST_OF_NEWEST: u64 = 50 * MOST_OF_A_MESSAGE;
/// The headers of objects that nobody is served.
pub(crate) const HEADERS: Headers<'_> = Headers::not_stored("application/json");
/// How long an id is, in characters.
const ID: usize = 26;
/// Crockford's alphabet, in which ids are written.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A published message, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The message's id and generation.
    pub name: Name,
    /// The version of its object.
    pub e_tag: ETag,
    /// In bytes; none where the message was deleted.
    pub size: u64,
}

impl Bucket {
    /// The key of a published message: each character of the id is the one that stands as far from the alphabet's
    /// other end, so that the keys sort the other way round.
    ///
    /// The key of a later generation sorts before that of the first one, since `-` sorts before `.`: every key after
    /// the key of an id is that of an older message, of whatever generation.
    pub fn message_key(name: impl Into<Name>) -> String {
        format!("{MESSAGES}{}.json", mirrored(name.into()))
    }

    /// Publishes a message, where it is not published and was not deleted.
    ///
    /// # Errors
    /// Where S3 fails; the message may be published all the same, also later.
    pub async fn put_message(
        &self,
        name: impl Into<Name>,
        body: Bytes,
    ) -> Result<Put, BucketError> {
        let key = Self::message_key(name);
        self.put(&key, HEADERS, Condition::IfNoneMatch, body).await
    }

    /// Publishes another body of a message in place of the one of this version.
    ///
    /// # Errors
    /// As for [`Self::put_message`].
    pub async fn replace_message(
        &self,
        name: impl Into<Name>,
        version: &ETag,
        body: Bytes,
    ) -> Result<Put, BucketError> {
        let (key, condition) = (Self::message_key(name), Condition::IfMatch(version));
        self.put(&key, HEADERS, condition, body).await
    }

    /// Deletes a published message: zero bytes are none, and keep whoever comes late from publishing it.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn overwrite_message(&self, name: impl Into<Name>) -> Result<(), BucketError> {
        let key = Self::message_key(name);
        self.put(&key, HEADERS, Condition::Any, Bytes::new())
            .await?;
        Ok(())
    }

    /// Removes what is left of a message that nobody publishes any more.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_message(&self, name: impl Into<Name>) -> Result<(), BucketError> {
        self.remove(&Self::message_key(name)).await
    }

    /// A published message's body and version; `None` where it is not published, or deleted. What is too long for one is
    /// read as no bytes.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn message(
        &self,
        name: impl Into<Name>,
    ) -> Result<Option<(Bytes, ETag)>, BucketError> {
        self.read(&Self::message_key(name), MOST_OF_A_MESSAGE).await
    }

    /// The name of the latest generation of a message that is published, of those after the first.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn later_generation(&self, id: MessageId) -> Result<Option<Name>, BucketError> {
        let prefix = format!("{MESSAGES}{}-", mirrored(id.into()));
        let listing = self.list(&prefix, None, MOST).await?;
        let published = listing.objects.into_iter().filter_map(published);
        let there = published.filter(|published| published.size > 0);
        Ok(there.map(|published| published.name).max())
    }

    /// The name, body and version of a message that is published in whatever generation; `None` where it is not published,
    /// or deleted. The first generation is asked for beside a listing of the others, of which most messages have none.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn published_message(
        &self,
        id: MessageId,
    ) -> Result<Option<(Name, Bytes, ETag)>, BucketError> {
        let (first, later) = join(self.message(id), self.later_generation(id)).await;
        let (name, found) = match (first?, later?) {
            (None, Some(name)) => (name, self.message(name).await?),
            (first, _) => (id.into(), first),
        };
        Ok(found.map(|(body, e_tag)| (name, body, e_tag)))
    }

    /// Whether something is under a message's key: `Some(false)` where it is what is left of a deleted one.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn has_message(&self, name: impl Into<Name>) -> Result<Option<bool>, BucketError> {
        let size = self.size(&Self::message_key(name)).await?;
        Ok(size.map(|size| size > 0))
    }

    /// Published messages and what is left of deleted ones, newest first, whose keys come after `after`: `most` at most,
    /// or as many as S3 gives at once. And after which key to go on, unless these are the last.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn messages(
        &self,
        after: Option<&str>,
        most: Option<u16>,
    ) -> Result<(Vec<Published>, Option<String>), BucketError> {
        let Listing {
            objects,
            is_truncated,
        } = self.list(MESSAGES, after, most.unwrap_or(MOST)).await?;
        let last = objects.last().map(|object| object.key.clone());
        Ok((
            objects.into_iter().filter_map(published).collect(),
            last.filter(|_| is_truncated),
        ))
    }

    /// Removes the file of the newest messages, since it may have one that was deleted: a reader that misses the file
    /// writes it anew.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_newest(&self) -> Result<(), BucketError> {
        self.remove(NEWEST).await
    }

    /// What moderators set; `None` where they set nothing.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn posting(&self) -> Result<Option<Bytes>, BucketError> {
        let posting = self.read(POSTING, MOST_OF_POSTING).await?;
        Ok(posting.map(|(json, _)| json))
    }

    /// Sets whether the board takes new messages.
    ///
    /// # Errors
    /// Where S3 fails; it may be set all the same.
    pub async fn put_posting(&self, json: Bytes) -> Result<(), BucketError> {
        self.put(POSTING, HEADERS, Condition::Any, json).await?;
        Ok(())
    }

    /// Removes what earlier releases wrote for readers, in which deleted messages would stay for ever.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn remove_what_was_before(&self) -> Result<(), BucketError> {
        for prefix in OF_BEFORE {
            loop {
                let listing = self.list(prefix, None, MOST).await?;
                for object in listing.objects {
                    self.remove(&object.key).await?;
                }
                if !listing.is_truncated {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What readers wrote for those who know no message yet; `None` where nobody did.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn newest(&self) -> Result<Option<Bytes>, BucketError> {
        let newest = self.read(NEWEST, MOST_OF_NEWEST).await?;
        Ok(newest.map(|(json, _)| json))
    }

    /// Writes the file of the newest messages.
    ///
    /// # Errors
    /// Where S3 fails.
    pub async fn put_newest(&self, json: Bytes) -> Result<(), BucketError> {
        self.put(NEWEST, HEADERS, Condition::Any, json).await?;
        Ok(())
    }
}

/// The published message that an object is; `None` where something else was put among the messages.
fn published(object: Listed) -> Option<Published> {
    let name = object.key.strip_prefix(MESSAGES)?.strip_suffix(".json")?;
    Some(Published {
        name: unmirrored(name)?,
        e_tag: object.e_tag,
        size: object.size,
    })
}

/// A name as keys have it: with each character of its id mirrored in the alphabet.
pub(crate) fn mirrored(name: Name) -> String {
    let name = name.to_string();
    let (id, generation) = name.split_at(ID);
    format!("{}{generation}", turned(id))
}

pub(crate) fn unmirrored(key: &str) -> Option<Name> {
    let (id, generation) = key.split_at_checked(ID)?;
    format!("{}{generation}", turned(id)).parse().ok()
}

fn turned(id: &str) -> String {
    let of = |character: char| {
        let place = ALPHABET.iter().position(|&it| char::from(it) == character);
        place.map_or(character, |place| {
            char::from(ALPHABET[ALPHABET.len() - 1 - place])
        })
    };
    id.chars().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_newer_message_comes_first() {
        let key = |id: &str| Bucket::message_key(id.parse::<MessageId>().unwrap());
        assert_eq!(
            key("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            "board/messages/ZYN70WAJHC564V77GG8SPFTGN4.json"
        );
        let ids = [
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "01ARZ3NDEKTSV4RRFFQ69G5FAW",
            "01ARZ3NDEKTSV4RRFFQ69G5FB0",
            "01ARZ3NDEM0000000000000000",
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        ];
        let keys = ids.map(key);
        assert!(keys.is_sorted_by(|older, newer| older > newer), "{keys:?}");
    }

    #[test]
    fn keys_of_all_generations_stand_between_those_of_a_newer_and_an_older_message() {
        let key = |name: &str| Bucket::message_key(name.parse::<Name>().unwrap());
        let keys = [
            key("01ARZ3NDEKTSV4RRFFQ69G5FAW"),
            key("01ARZ3NDEKTSV4RRFFQ69G5FAV-1"),
            key("01ARZ3NDEKTSV4RRFFQ69G5FAV-12"),
            key("01ARZ3NDEKTSV4RRFFQ69G5FAV-2"),
            key("01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            key("01ARZ3NDEKTSV4RRFFQ69G5FAT-1"),
        ];
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_key_leads_back_to_its_message() {
        let id = MessageId::generate();
        let listed = |key: &str| {
            published(Listed {
                key: key.to_owned(),
                e_tag: ETag(String::new()),
                size: 1,
                modified: 0,
            })
        };
        let key = Bucket::message_key(id);
        for generation in [0, 1, 12] {
            let name = Name { id, generation };
            let found = listed(&Bucket::message_key(name)).map(|published| published.name);
            assert_eq!(found, Some(name));
        }
        for other in [
            "board/messages/.json",
            "board/messages/a.json",
            &key.to_lowercase(),
            &key.replace(".json", ".txt"),
            &key.replace(".json", ".json.json"),
            &key.replace(".json", "-0.json"),
            &key.replace(".json", "é.json"),
        ] {
            assert_eq!(listed(other), None, "{other}");
        }
    }
}
