//! Bringing the bucket in step with the database, after one of them was restored or changed for another one.

use board::Republished;

use super::board::Board;

/// So many messages may be gone without anybody being asked, and such a part of all.
const FEW: u64 = 10;
const PART: u64 = 10;

/// Brings the bucket in step, and says what became of the messages. Those that are gone, as if they were deleted after
/// the database was saved, are deleted if they are few: otherwise it may be the bucket that is damaged.
pub async fn run(board: &Board, accept_missing: bool) -> Result<(), String> {
    let Republished {
        already_there,
        published,
        adopted,
        gone,
        unreadable,
    } = board.republish().await?;
    println!("{already_there} messages were published");
    println!("{published} messages are published now");
    println!("{adopted} messages were published and not in the database: they are now");
    if unreadable > 0 {
        println!("{unreadable} messages cannot be read: mend or delete their rows");
    }
    let missing = gone.len() as u64;
    let all = already_there + published + missing;
    if !accept_missing && missing > FEW && missing * PART > all {
        return Err(format!(
            "the pictures of {missing} of {all} messages are missing: bring them back first, or delete these messages with \
             --accept-missing (the others are published)"
        ));
    }
    for id in gone {
        board.delete(id).await?;
    }
    println!(
        "{missing} messages were deleted after the database was saved: they are deleted again"
    );
    Ok(())
}
