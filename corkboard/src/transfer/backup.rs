use std::fs;
use std::io;
use std::path::Path;

use local_aws::backup;
use settings::{environment, optional};

use crate::data_dir::DataDir;
use crate::options::Options;
use crate::progress::Progress;

/// Copies the board in the data directory to `to`, which becomes a data directory itself, also while the board runs.
pub fn run(options: &Options, to: &Path) -> Result<(), String> {
    let secret = DataDir::kept_secret(&options.data_dir)?;
    let from = DataDir::open_to_read(&options.data_dir)?;
    if !from.is_of_this_version() {
        return Err(format!(
            "the board in {} was not started by this version yet: start it once",
            options.data_dir.display()
        ));
    }
    refuse_own_folder(to, &options.data_dir)?;
    let target = DataDir::open_for_backup(to, &secret)?;
    let mut place = from.place();
    let is_elsewhere =
        options.database.is_some() || optional(&environment, "DATABASE_URL").is_some();
    if is_elsewhere || !from.database().exists() {
        place.database = None;
    }
    let mut progress = Progress::of("bodies of objects", 0);
    let copied = backup::run(
        &place,
        &target.place(),
        || target.mark_backup(false),
        &mut |done, all| {
            progress.expect_in_all(all);
            progress.reach(done);
        },
    )
    .map_err(|error| format!("there is no new backup: {error}"))?;
    let unwritable = |error: io::Error| format!("{} cannot be written: {error}", to.display());
    target.mark_backup(true).map_err(unwritable)?;
    let what = match place.database {
        Some(_) => "the board: both databases, and",
        None => "the objects, without the messages, which are in a MySQL:",
    };
    progress.say(&format!(
        "{} holds {what} {} larger bodies, {} of them new; {} of before are gone",
        to.display(),
        copied.bodies,
        copied.new,
        copied.removed
    ));
    progress.finish();
    Ok(())
}

/// Refuses a backup into the board's own folder. The folder is made first: only then it is known where its path leads.
fn refuse_own_folder(to: &Path, board: &Path) -> Result<(), String> {
    let unusable = |error: io::Error| format!("{} cannot be used: {error}", to.display());
    let is_new = !to.exists();
    fs::create_dir_all(to).map_err(unusable)?;
    let board = fs::canonicalize(board).map_err(unusable)?;
    if fs::canonicalize(to).map_err(unusable)?.starts_with(board) {
        if is_new {
            let _ = fs::remove_dir(to);
        }
        return Err(format!("{} is in the board's own folder", to.display()));
    }
    Ok(())
}
