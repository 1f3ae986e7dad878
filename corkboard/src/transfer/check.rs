use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId, Picture};
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
    // Those of posted pictures, and the messages that are published, each gone when its row has come.
    let mut pictures: BTreeMap<String, MessageId> = listed
        .pictures()
        .filter_map(|key| posted(key).map(|(id, _)| (key.to_owned(), id)))
        .collect();
    let mut published: BTreeSet<MessageId> = listed.published().collect();
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
                    let fault = if published.remove(&message.id) {
                        picture(board, &message, &mut pictures).await?
                    } else {
                        pictures.retain(|_, id| *id != message.id);
                        is_unpublished(board, message.id)
                            .await?
                            .then_some("it is not published: corkboard republish")
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
    for (key, id) in pictures {
        if id < newest && is_stray(board, &key, id).await? {
            faults += 1;
            progress.say(&format!("{key}: no message has this picture"));
        }
    }
    for id in published {
        if id < newest && is_without_row(board, id).await? {
            faults += 1;
            progress.say(&format!(
                "message {id}: it is published and not in the database: corkboard republish"
            ));
        }
    }
    progress.finish();
    Ok(faults)
}

/// Whether a message is on the board and not published, asked again since the board goes on.
async fn is_unpublished(board: &Board, id: MessageId) -> Result<bool, String> {
    let there = board.bucket().has_message(id).await.map_err(failed)?;
    Ok(there != Some(true) && is_posted(board, id).await?)
}

async fn is_without_row(board: &Board, id: MessageId) -> Result<bool, String> {
    let entry = board.store().entry(id).await.map_err(failed)?;
    let there = board.bucket().has_message(id).await.map_err(failed)?;
    Ok(entry.is_none() && there == Some(true))
}

async fn is_posted(board: &Board, id: MessageId) -> Result<bool, String> {
    let entry = board.store().entry(id).await.map_err(failed)?;
    Ok(entry.is_some_and(|entry| entry.status == Status::Posted))
}

/// Whether a picture is there and its message is not, asked again since the board goes on.
async fn is_stray(board: &Board, key: &str, id: MessageId) -> Result<bool, String> {
    let entry = board.store().entry(id).await.map_err(failed)?;
    let picture = board.bucket().object(key).await.map_err(failed)?;
    Ok(entry.is_none() && picture.is_some())
}

/// What is wrong with a message's picture.
async fn picture(
    board: &Board,
    message: &Message,
    pictures: &mut BTreeMap<String, MessageId>,
) -> Result<Option<&'static str>, String> {
    let Some(stated) = &message.picture else {
        return Ok(None);
    };
    let key = Bucket::picture_key(message.id, stated.format);
    pictures.remove(&key);
    let cannot_be_read = Ok(Some("its picture cannot be read"));
    let Ok(object) = board.bucket().object(&key).await else {
        return cannot_be_read;
    };
    let Some(object) = object else {
        // It may have been deleted with its message since.
        let is_there = is_posted(board, message.id).await?;
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
