//! Publishing what the ledger has and the bucket lacks: messages of an earlier release, which published nothing, and
//! all messages after the ledger or the bucket was restored.
//!
//! The bucket is listed before a row is read, and what a row says is put within 15 minutes of reading it, where nothing
//! is or over the version that was read. So this may run beside posts and deletes, be killed, and be run again.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId, Name};
use futures_util::future::join_all;
use media::Put;
use store::{Entry, Inserted, Mark, Status};
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::error::Error;
use crate::protocol::{Board, Protocol};
use crate::published;

/// How many messages are published at the same time.
const AT_ONCE: usize = 16;
/// How many rows are read at once.
const PAGE: u32 = 100;
/// How many messages of an earlier release, which published nothing, are published at once.
const UNPUBLISHED: u32 = 64;
/// How many objects are listed to find the newest message that was not deleted.
const FEW: u16 = 20;
/// How long the steps for one page of rows may take, even where the database was paused. They must end within 15
/// minutes of reading a row.
const STEPS: Duration = Duration::from_mins(10);

/// What is in the bucket of messages and their pictures.
#[derive(Debug, Default)]
pub struct Listed {
    /// How many bytes each message's object has.
    messages: BTreeMap<Name, u64>,
    pictures: HashSet<String>,
}

impl Listed {
    /// The messages that are published.
    pub fn published(&self) -> impl Iterator<Item = Name> {
        let messages = self.messages.iter();
        messages.filter_map(|(name, bytes)| (*bytes > 0).then_some(*name))
    }

    /// How many bytes a message's object has, if there is one.
    pub fn bytes_of(&self, name: Name) -> Option<u64> {
        self.messages.get(&name).copied()
    }

    /// The latest generation of a message that is published, of those after this one.
    fn later_than(&self, name: Name) -> Option<Name> {
        let later = name.generation.checked_add(1)?..=u32::MAX;
        let of = |generation| Name { generation, ..name };
        let later = self.messages.range(of(*later.start())..=of(*later.end()));
        let there = later.rev().find(|(_, bytes)| **bytes > 0);
        there.map(|(name, _)| *name)
    }

    /// The keys of all pictures, those of the operator too.
    pub fn pictures(&self) -> impl Iterator<Item = &str> {
        self.pictures.iter().map(String::as_str)
    }
}

/// What became of the messages of a board whose bucket was brought in step with its ledger.
#[derive(Debug, Default)]
pub struct Republished {
    /// How many were published before.
    pub already_there: u64,
    /// How many are published now, as the ledger has them.
    pub published: u64,
    /// How many were published and have a row now.
    pub adopted: u64,
    /// How many were published, and were deleted by the ledger: they are not published any more.
    pub withdrawn: u64,
    /// The messages that were deleted after the ledger was saved: their object has no bytes. Their deletes are to be
    /// [finished](Protocol::delete).
    pub deleted: Vec<MessageId>,
    /// The messages that are not published and whose picture is gone: deleted after the ledger was saved, unless the
    /// bucket is damaged.
    pub missing: Vec<MessageId>,
    /// The messages that are published and whose picture is gone. No delete leaves that: the bucket is damaged.
    pub without_picture: Vec<MessageId>,
    /// How many rows cannot be read.
    pub unreadable: u64,
}

/// What became of one message.
enum One {
    AlreadyThere,
    Published,
    Deleted,
    Missing,
    WithoutPicture,
}

impl Board {
    /// What is in the bucket.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn list(&self) -> Result<Listed, Error> {
        let mut listed = Listed::default();
        let mut from: Option<String> = None;
        loop {
            let (messages, next) = self.bucket().messages(from.as_deref(), None).await?;
            let messages = messages.iter();
            listed
                .messages
                .extend(messages.map(|published| (published.name, published.size)));
            from = next;
            if from.is_none() {
                break;
            }
        }
        listed.pictures = self.bucket().image_keys().await?.into_iter().collect();
        Ok(listed)
    }

    /// Whether ledger and bucket belong together, as far as their newest messages tell.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails.
    pub async fn is_in_step(&self, deadline: Deadline) -> Result<bool, Error> {
        let protocol = self.protocol(deadline);
        let newest = deadline.bucket(self.bucket().messages(None, Some(FEW)));
        let (newest, _) = newest.await?;
        // Zero bytes are what is left of a deleted message, which may have no row any more.
        if let Some(newest) = newest.iter().find(|newest| newest.size > 0)
            && protocol.store.entry(newest.name.id).await?.is_none()
        {
            return Ok(false);
        }
        match protocol.store.newest().await? {
            Some(newest) => {
                let found = protocol.published_message(newest).await?;
                Ok(found.is_some())
            }
            None => Ok(true),
        }
    }

    /// Publishes all messages of an earlier release, which published nothing, and says how many they were. Meanwhile
    /// `told` is called with how many are done, and with 0, since it is not known of how many.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails.
    pub async fn publish_all(&self, mut told: impl FnMut(u64, u64)) -> Result<u64, Error> {
        let mut published = 0;
        loop {
            let some = self.protocol(deadline()).publish_some(UNPUBLISHED).await?;
            if some == 0 {
                return Ok(published);
            }
            published += some as u64;
            told(published, 0);
        }
    }

    /// Brings the bucket in step with the ledger: publishes what the ledger has and the bucket lacks, or has otherwise, and
    /// writes the rows that messages of the bucket lack. Of what is gone nothing is changed. As it goes on, `told` is
    /// called with how many messages are done, of how many as far as is known.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails; it can be called again.
    pub async fn republish(&self, mut told: impl FnMut(u64, u64)) -> Result<Republished, Error> {
        let earlier = self.publish_all(&mut told).await?;
        let listed = self.list().await?;
        let published = listed.published().count();
        let (mut done, mut seen, mut after) = (Republished::default(), HashSet::new(), None);
        loop {
            let deadline = deadline();
            let page = self.store(deadline).page_after(PAGE, after).await?;
            let messages: Vec<_> = page.iter().flatten().collect();
            done.unreadable += (page.len() - messages.len()) as u64;
            let protocol = self.protocol(deadline);
            for messages in messages.chunks(AT_ONCE) {
                let republished = messages.iter().map(|it| protocol.republish(it, &listed));
                for (message, republished) in messages.iter().zip(join_all(republished).await) {
                    seen.insert(message.name());
                    match republished? {
                        One::AlreadyThere => done.already_there += 1,
                        One::Published => done.published += 1,
                        One::Deleted => done.deleted.push(message.id),
                        One::Missing => done.missing.push(message.id),
                        One::WithoutPicture => done.without_picture.push(message.id),
                    }
                }
            }
            told(seen.len() as u64, seen.len().max(published) as u64);
            if messages.len() < PAGE as usize {
                break;
            }
            after = messages.last().map(|message| message.id);
        }
        for name in listed.published().filter(|name| !seen.contains(name)) {
            let protocol = self.protocol(deadline());
            match protocol.store.entry(name.id).await? {
                None => done.adopted += u64::from(protocol.adopt(name).await?),
                Some(entry) if protocol.follow(name, &entry).await? => done.adopted += 1,
                Some(entry) => done.withdrawn += u64::from(protocol.withdraw(name, entry).await?),
            }
        }
        done.already_there = done.already_there.saturating_sub(earlier);
        done.published += earlier;
        Ok(done)
    }
}

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + STEPS)
}

impl Protocol<'_> {
    /// Publishes some messages of an earlier release, which published nothing, and says how many; 0 means that none are
    /// left.
    ///
    /// A message whose picture is gone is published, too: it was on the board like that.
    ///
    /// # Errors
    /// Where the ledger or the bucket fails.
    pub async fn publish_some(&self, most: u32) -> Result<usize, Error> {
        let messages = self.store.unpublished(most).await?;
        if messages.is_empty() {
            return Ok(0);
        }
        let readable: Vec<_> = messages.iter().flatten().collect();
        for messages in readable.chunks(AT_ONCE) {
            let published = messages.iter().map(|message| self.publish(message));
            for published in join_all(published).await {
                published?;
            }
        }
        self.store.mark_published(&messages).await?;
        Ok(messages.len())
    }

    /// Publishes a message of a row that was read after the bucket was `listed`.
    async fn republish(&self, message: &Message, listed: &Listed) -> Result<One, Error> {
        let name = message.name();
        let bytes = listed.bytes_of(name);
        if bytes == Some(0) {
            // The message was deleted, or it was taken down and restored after the ledger was saved.
            let Some(later) = listed.later_than(name) else {
                return Ok(One::Deleted);
            };
            let row = self.store.entry(name.id).await?;
            return Ok(match row {
                Some(row) if self.follow(later, &row).await? => One::Published,
                // A moderator decides on the message at this moment.
                _ => One::AlreadyThere,
            });
        }
        if !self.has_picture(message, listed).await? {
            return Ok(match bytes {
                None => One::Missing,
                Some(_) if self.is_published(name).await? => One::WithoutPicture,
                // The message was deleted meanwhile.
                Some(_) => One::Deleted,
            });
        }
        if bytes.is_some() {
            if self.is_as_listed(message, listed).await? {
                return Ok(One::AlreadyThere);
            }
            self.publish_as(message).await?;
            return Ok(One::Published);
        }
        if self.publish(message).await? != Put::PreconditionFailed {
            return Ok(One::Published);
        }
        Ok(if self.is_published(name).await? {
            One::AlreadyThere
        } else {
            One::Deleted
        })
    }

    /// Whether what was `listed` of a published message is what its row says. Where its length differs, the object is
    /// read.
    ///
    /// # Errors
    /// Where the bucket fails.
    pub async fn is_as_listed(&self, message: &Message, listed: &Listed) -> Result<bool, Error> {
        let expected = published::body(message)?.len() as u64;
        Ok(listed.bytes_of(message.name()) == Some(expected)
            || self.is_published_as(message).await?)
    }

    async fn has_picture(&self, message: &Message, listed: &Listed) -> Result<bool, Error> {
        let Some(picture) = &message.picture else {
            return Ok(true);
        };
        let key = media::Bucket::picture_key(message.name(), picture.format);
        if listed.pictures.contains(&key) {
            return Ok(true);
        }
        // The picture may have been put since the listing.
        let there = self.bucket.has_picture(message.name(), picture.format);
        Ok(self.deadline.bucket(there).await?)
    }

    /// Takes a message from readers that is not on the board as the ledger has it, and says whether it did: code that knew
    /// nothing of published messages may have deleted it, or the ledger is older than what a moderator decided.
    async fn withdraw(&self, name: Name, entry: Entry) -> Result<bool, Error> {
        let Entry {
            status,
            generation,
            picture,
            ..
        } = entry;
        let is_its_own = name.generation == generation;
        let is_coming = matches!(
            status,
            Status::Pending | Status::Posted | Status::Approved | Status::Restored
        );
        if (is_coming && is_its_own) || !self.is_published(name).await? {
            return Ok(false);
        }
        match status {
            Status::Clearing if is_its_own => self.finish_clearing(name, picture).await?,
            Status::Deleting if is_its_own => self.finish_deleting(name, picture).await?,
            Status::Removing if is_its_own => {
                self.finish_taking_down(name, picture, None).await?;
            }
            _ => self.overwrite(name, picture).await?,
        }
        Ok(true)
    }

    /// Has a row follow what moderators decided after the ledger was saved, by which the message is published under
    /// this `name`; and says whether it did. That is one step, so that nobody finishes a decision in between.
    async fn follow(&self, name: Name, row: &Entry) -> Result<bool, Error> {
        let is_behind = match row.status {
            Status::Posted
            | Status::Pending
            | Status::Rejected
            | Status::Removing
            | Status::Removed => row.generation < name.generation,
            Status::Arriving | Status::Held | Status::Approved | Status::Restored => {
                row.generation <= name.generation
            }
            Status::Deleting | Status::Deleted | Status::Clearing => false,
        };
        if !is_behind {
            return Ok(false);
        }
        if self.store.follow(name, row, SystemTime::now()).await? {
            return Ok(true);
        }
        // An earlier try may have changed the row, whose answer was lost.
        let now = self.store.entry(name.id).await?;
        let is_it = |now: &Entry| now.status == Status::Posted && now.generation == name.generation;
        Ok(now.as_ref().is_some_and(is_it))
    }

    /// Writes the row of a message that is published and has none, and says whether it did.
    pub(crate) async fn adopt_published(&self, id: MessageId) -> Result<bool, Error> {
        match self.published_message(id).await? {
            Some(message) => self.adopt(message.name()).await,
            None => Ok(false),
        }
    }

    /// Writes the row of a message that is published and has none, since it was posted after the ledger was saved; and
    /// says whether it did.
    async fn adopt(&self, name: Name) -> Result<bool, Error> {
        let found = self.deadline.bucket(self.bucket.message(name)).await?;
        let message = found.and_then(|(body, _)| published::message(name, &body));
        let Some(message) = message else {
            return Ok(false);
        };
        let (status, now) = (Status::Pending, SystemTime::now());
        let inserted = self.store.insert(&message, status, None, None, now);
        if inserted.await? != Inserted::First {
            return Ok(false);
        }
        // A moderator may have deleted the message before there was a row.
        if self.is_published(name).await? {
            let mark = self.store.mark(name, Mark::Posted, SystemTime::now());
            return Ok(mark.await?);
        }
        match self.delete(name.id).await {
            Ok(()) | Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
