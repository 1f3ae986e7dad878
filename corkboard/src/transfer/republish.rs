//! Bringing the bucket in step with the database, after one of them was restored or changed for another one.

use board::Republished;

use super::board::Board;

/// How many messages may be missing without anybody being asked.
const FEW: u64 = 10;
/// Where more are missing, one in how many of all may be.
const PART: u64 = 10;

/// Brings the bucket in step, and says what became of the messages. Those that are missing as if they were deleted after
/// the database was saved are deleted if they are few: otherwise it may be the bucket that is damaged.
pub async fn run(board: &Board, accept_missing: bool) -> Result<(), String> {
    let Republished {
        already_there,
        published,
        adopted,
        withdrawn,
        deleted,
        missing,
        without_picture,
        unreadable,
    } = board.republish().await?;
    println!("{already_there} messages were published");
    println!("{published} messages are published now");
    println!("{adopted} messages were published and not in the database: they are now");
    println!(
        "{withdrawn} messages were published and deleted in the database: they are no longer published"
    );
    if unreadable > 0 {
        println!("{unreadable} messages cannot be read: mend or delete their rows");
    }
    let count = |messages: &[_]| messages.len() as u64;
    let absent = count(&missing);
    let all = already_there + published + absent + count(&without_picture);
    if !accept_missing && absent > FEW && absent * PART > all {
        return Err(format!(
            "{absent} of {all} messages and their pictures are missing: bring the pictures back first, or delete these \
             messages with --accept-missing (the others are published)"
        ));
    }
    let gone = count(&deleted) + absent;
    for id in deleted.into_iter().chain(missing) {
        board.delete(id).await?;
    }
    println!("{gone} messages were deleted after the database was saved: they are deleted again");
    let lacking = count(&without_picture);
    if accept_missing {
        for id in without_picture {
            board.delete(id).await?;
        }
        println!("{lacking} messages are deleted whose pictures are missing");
    } else if lacking > 0 {
        return Err(format!(
            "the pictures of {lacking} messages are missing: bring them back, or delete these messages with \
             --accept-missing (all else is done)"
        ));
    }
    Ok(())
}
