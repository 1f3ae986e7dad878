use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use board::Listed;
use domain::{Message, MessageId, Name, Picture};
use local_aws::{backup, s3};
use media::Bucket;
use store::Status;

use super::board::{Board, failed};
use super::export::posted;
use crate::progress::Progress;

/// Messages that are read at once.
const PAGE: u32 = 200;
/// A picture without its message may belong to a post that is under way.
const UNDER_WAY: Duration = Duration::from_hours(1);

/// Compares every object with its digests where the objects are here, and every message with its picture. Says what
/// does not fit, and answers how much that is.
pub async fn run(board: &Board) -> Result<u64, String> {
    let mut faults = 0;
    if let Some(place) = board.place() {
        let mut told = Vec::new();
        let mut progress = Progress::of("objects", 0);
        let databases = place.database.into_iter();
        let databases = databases.chain([s3::index_of(&place.objects)]);
        told.extend(databases.filter_map(|path| backup::damage_of(&path)));
        let checked = s3::check(
            &place.objects,
            &mut |which, why| told.push(format!("{}: {why}", which.escape_debug())),
            &mut |done, all| {
                progress.expect_in_all(all);
                progress.reach(done);
            },
        );
        checked.map_err(|error| format!("the index of the objects cannot be read: {error}"))?;
        for line in &told {
            progress.say(line);
        }
        faults += told.len() as u64;
        progress.finish();
    }
    Ok(faults + messages(board).await?)
}

async fn messages(board: &Board) -> Result<u64, String> {
    let listed = board.list().await?;
    // The keys of posted pictures and the messages that are published: what is left when all rows were read has no row.
    let mut pictures: BTreeMap<String, Name> = listed
        .pictures()
        .filter_map(|key| posted(key).map(|(name, _)| (key.to_owned(), name)))
        .collect();
    let mut published: BTreeSet<Name> = listed.published().collect();
    let mut progress = Progress::of("messages", 0);
    let (mut faults, mut after) = (0, None);
    loop {
        let page = board
            .store()
            .page_after(PAGE, after)
            .await
            .map_err(failed)?;
        let last = page.iter().flatten().last().map(|message| message.id);
        let is_last = page.iter().flatten().count() < PAGE as usize;
        progress.expect(page.len() as u64);
        for row in page {
            let fault = match row {
                Ok(message) => {
                    let fault = if published.remove(&message.name()) {
                        match object(board, &message, &listed).await? {
                            None => picture(board, &message, &mut pictures).await?,
                            fault => fault,
                        }
                    } else {
                        pictures.retain(|_, name| *name != message.name());
                        unpublished(board, message.name()).await?
                    };
                    fault.map(|why| format!("message {}: {why}", message.id))
                }
                Err(id) => Some(format!(
                    "message {}: its row cannot be read",
                    id.escape_debug()
                )),
            };
            if let Some(fault) = fault {
                faults += 1;
                progress.say(&fault);
            }
            progress.step();
        }
        if is_last {
            break;
        }
        after = last;
    }
    let newest = MessageId::least_of(SystemTime::now(), UNDER_WAY);
    for (key, name) in pictures {
        if name.id < newest && is_stray(board, &key, name).await? {
            faults += 1;
            progress.say(&format!("{key}: no message has this picture"));
        }
    }
    for name in published {
        if let Some(why) = not_in_the_database(board, name, name.id < newest).await? {
            faults += 1;
            progress.say(&format!(
                "message {}: it is published and {why}: corkboard republish",
                name.id
            ));
        }
    }
    progress.finish();
    Ok(faults)
}

/// Why a message that is on the board is not published, asked again since the board goes on.
async fn unpublished(board: &Board, name: Name) -> Result<Option<&'static str>, String> {
    let there = board.bucket().has_message(name).await.map_err(failed)?;
    let why = match there {
        Some(true) => return Ok(None),
        Some(false) => "it was deleted after the database was saved: corkboard republish",
        None => "it is not published: corkboard republish",
    };
    Ok(is_posted(board, name).await?.then_some(why))
}

/// What is wrong with what is published of a message.
async fn object(
    board: &Board,
    message: &Message,
    listed: &Listed,
) -> Result<Option<&'static str>, String> {
    let is_right = board.is_as_listed(message, listed).await?;
    let is_wrong = !is_right && is_posted(board, message.name()).await?;
    Ok(is_wrong
        .then_some("what is published is another one than its row says: corkboard republish"))
}

/// Why a message that is published should not be, asked again since the board goes on. One that is not old may be on its
/// way.
async fn not_in_the_database(
    board: &Board,
    name: Name,
    is_old: bool,
) -> Result<Option<&'static str>, String> {
    let entry = board.store().entry(name.id).await.map_err(failed)?;
    let there = board.bucket().has_message(name).await.map_err(failed)?;
    let is_other = entry
        .as_ref()
        .is_some_and(|entry| entry.generation != name.generation);
    Ok(match entry.map(|entry| entry.status) {
        _ if there != Some(true) => None,
        // A row becomes a tombstone only when nothing is published of the message any more.
        Some(Status::Deleted) => Some("deleted in the database"),
        _ if !is_old => None,
        None => Some("not in the database"),
        Some(_) if is_other => Some("in the database otherwise"),
        Some(Status::Pending | Status::Posted | Status::Approved | Status::Restored) => None,
        Some(Status::Arriving | Status::Held) => Some("waiting in the database"),
        Some(Status::Rejected | Status::Removing | Status::Removed) => {
            Some("taken down in the database")
        }
        Some(Status::Deleting | Status::Clearing) => Some("deleted in the database"),
    })
}

async fn is_posted(board: &Board, name: Name) -> Result<bool, String> {
    let entry = board.store().entry(name.id).await.map_err(failed)?;
    Ok(entry
        .is_some_and(|entry| entry.status == Status::Posted && entry.generation == name.generation))
}

/// Whether a picture is there and its message is not, asked again since the board goes on.
async fn is_stray(board: &Board, key: &str, name: Name) -> Result<bool, String> {
    let entry = board.store().entry(name.id).await.map_err(failed)?;
    let picture = board.bucket().object(key).await.map_err(failed)?;
    Ok(entry.is_none() && picture.is_some())
}

/// What is wrong with a message's picture.
async fn picture(
    board: &Board,
    message: &Message,
    pictures: &mut BTreeMap<String, Name>,
) -> Result<Option<&'static str>, String> {
    let Some(stated) = &message.picture else {
        return Ok(None);
    };
    let key = Bucket::picture_key(message.name(), stated.format);
    pictures.remove(&key);
    let cannot_be_read = Ok(Some("its picture cannot be read"));
    let Ok(object) = board.bucket().object(&key).await else {
        return cannot_be_read;
    };
    let Some(object) = object else {
        // The picture may have been deleted with its message since.
        let is_there = is_posted(board, message.name()).await?;
        return Ok(is_there.then_some("its picture is missing"));
    };
    let Ok(bytes) = object.body.collect().await else {
        return cannot_be_read;
    };
    let bytes = bytes.into_bytes();
    // A picture that is no longer taken is one all the same.
    let differs = Picture::parse(&bytes).is_ok_and(|picture| {
        (picture.format(), picture.width(), picture.height())
            != (stated.format, stated.width, stated.height)
    });
    Ok(differs.then_some("its picture is another one than it says"))
}
