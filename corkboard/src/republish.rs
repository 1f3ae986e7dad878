//! Publishing what the database has and the bucket lacks, after one of them was restored, changed for another one, or
//! written by an earlier version.

use std::collections::HashSet;
use std::fmt::Display;
use std::time::Duration;

use board::{Board, Deadline, Error, Republished};
use domain::MessageId;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::progress::Progress;

/// How long the steps for one page of messages may take, from a database that sleeps on. It must end within 15 minutes of
/// reading a row.
const STEPS: Duration = Duration::from_mins(10);
/// Messages that are read at once.
const PAGE: u32 = 100;
/// So many messages may be gone without anybody being asked, and such a part of all.
const FEW: u64 = 10;
const PART: u64 = 10;

/// What is done with messages that are gone: their picture is missing, or their object has no bytes, as if they were
/// deleted after the database was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// They are left as they are.
    Leave,
    /// They are deleted, if they are few: otherwise it may be the bucket that is damaged.
    DeleteFew,
    /// They are deleted.
    Delete,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    pub already_there: u64,
    pub published: u64,
    pub adopted: u64,
    pub gone: u64,
    pub unreadable: u64,
}

/// Publishes all that an earlier version posted, and says how much that was.
pub async fn publish_all(board: &Board) -> Result<u64, String> {
    let mut progress = None;
    let mut published = 0;
    loop {
        let some = board.protocol(deadline()).publish_some(PAGE).await;
        let some = some.map_err(failed)? as u64;
        if some == 0 {
            return Ok(published);
        }
        published += some;
        let progress =
            progress.get_or_insert_with(|| Progress::of("messages of an earlier version", 0));
        progress.expect(some);
        progress.reach(published);
    }
}

/// Brings the bucket in step with the database, and writes the rows that messages of the bucket lack.
pub async fn run(board: &Board, with_gone: Gone) -> Result<Done, String> {
    publish_all(board).await?;
    let listed = board.list().await.map_err(failed)?;
    let mut progress = Progress::of("messages", 0);
    let (mut done, mut gone) = (Done::default(), Vec::new());
    let mut seen = HashSet::new();
    let mut after = None;
    loop {
        let deadline = deadline();
        let page = board.store(deadline).page_after(PAGE, after).await;
        let page = page.map_err(failed)?;
        progress.expect(page.len() as u64);
        let messages: Vec<_> = page.iter().flatten().collect();
        done.unreadable += (page.len() - messages.len()) as u64;
        let protocol = board.protocol(deadline);
        let republished = messages
            .iter()
            .map(|message| protocol.republish(message, &listed));
        for (message, republished) in messages.iter().zip(join_all(republished).await) {
            seen.insert(message.id);
            match republished.map_err(failed)? {
                Republished::AlreadyThere => done.already_there += 1,
                Republished::New => done.published += 1,
                Republished::Gone => gone.push(message.id),
            }
            progress.step();
        }
        if messages.len() < PAGE as usize {
            break;
        }
        after = messages.last().map(|message| message.id);
    }
    let all = done.already_there + done.published + gone.len() as u64;
    for id in listed.published().filter(|id| !seen.contains(id)) {
        let adopted = board.protocol(deadline()).adopt(id).await;
        done.adopted += u64::from(adopted.map_err(failed)?);
    }
    done.gone = gone.len() as u64;
    let is_many = done.gone > FEW && done.gone * PART > all;
    if with_gone == Gone::DeleteFew && is_many {
        return Err(format!(
            "the pictures of {} of {all} messages are missing: bring them back first, or delete these messages with \
             --accept-missing (the others are published)",
            done.gone
        ));
    }
    if with_gone != Gone::Leave {
        delete(board, gone).await?;
    }
    progress.finish();
    Ok(done)
}

/// Whoever else deletes a message of these is welcome.
async fn delete(board: &Board, gone: Vec<MessageId>) -> Result<(), String> {
    for id in gone {
        match board.protocol(deadline()).delete(id).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + STEPS)
}

fn failed(cause: impl Display) -> String {
    format!("{cause} (the same command can be run again)")
}
