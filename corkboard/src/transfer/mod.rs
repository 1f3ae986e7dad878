//! The commands that carry a board from and to another place.
//!
//! In reading order:
//!
//! - [`board`]: the board that a command works on, and how it takes a message, so that a command that was
//!   killed can be run again;
//! - [`old_board`]: an old board's table is taken over, with [`old_table`] to read it, [`time`] for ids
//!   that keep its order, and [`fetch`] for pictures from anywhere that `public_address` lets it reach;
//! - [`archive`]: what a whole board looks like in one file, and how one from a stranger is read;
//! - [`export`] and [`import`]: such a file is written, and taken over;
//! - [`backup`]: a copy of a data directory; [`check`]: whether everything on a board fits; [`republish`]: the bucket is
//!   brought in step with the database;
//! - [`report`]: what became of everything, told to a person.

mod archive;
pub mod backup;
mod board;
mod check;
mod export;
mod fetch;
mod import;
mod old_board;
mod old_table;
mod report;
mod republish;
mod time;

use std::path::Path;

use self::board::Board;
use crate::options::{Import, Options};
use crate::services::Access;
use archive::Archive;
use old_board::OldBoard;
use report::Report;

/// Messages that are taken at once; most of the time goes into waiting for pictures.
const AT_ONCE: usize = 4;

/// Writes the board into an archive. One that has not all messages is there, but is no success.
pub async fn export(options: &Options, file: &Path) -> Result<(), String> {
    match on_board(options, Access::Read, async |board| {
        export::run(board, file).await
    })
    .await?
    {
        0 => Ok(()),
        missing => Err(format!(
            "{} lacks messages that cannot be read ({missing}): mend or delete their rows, and export again",
            file.display()
        )),
    }
}

/// Says what on the board does not fit.
pub async fn check(options: &Options) -> Result<(), String> {
    let board = Board::open(options, Access::Read).await?;
    let checked = check::run(&board).await;
    board.close().await;
    match checked? {
        0 => {
            eprintln!("Everything fits.");
            Ok(())
        }
        faults => Err(format!("{faults} things do not fit")),
    }
}

/// Brings the bucket in step with the database.
pub async fn republish(options: &Options, accept_missing: bool) -> Result<(), String> {
    let board = Board::open(options, Access::Republish).await?;
    let done = republish::run(&board, accept_missing).await;
    board.close().await;
    done
}

/// Takes a board over. What can be refused is refused before the board is opened.
pub async fn import(options: &Options, import: &Import) -> Result<(), String> {
    match (&import.from, &import.file) {
        (Some(url), _) => {
            let old = OldBoard::open(url, import).await?;
            on_board(options, Access::Write, async |board| {
                old.take_over(board).await
            })
            .await?;
        }
        (None, Some(file)) => {
            let archive = Archive::open(file)?;
            on_board(options, Access::Write, async |board| {
                import::run(board, &archive).await
            })
            .await?;
        }
        (None, None) => return Err("nothing to import: give a FILE, or --from".into()),
    }
    Ok(())
}

/// Tells what became of everything, and how many messages were not taken.
async fn on_board(
    options: &Options,
    access: Access,
    work: impl AsyncFnOnce(&Board) -> Result<Report, String>,
) -> Result<u64, String> {
    let board = Board::open(options, access).await?;
    let report = work(&board).await;
    board.close().await;
    let report = report?;
    let missing = report.messages_not_taken();
    report.print();
    Ok(missing)
}
