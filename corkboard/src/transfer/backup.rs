use std::fs;
use std::io;
use std::path::Path;

use local_aws::backup::{self, Place};
use settings::{environment, optional};

use crate::data_dir::DataDir;
use crate::options::Options;
use crate::progress::Progress;

/// Copies the board in the data directory to `to`, which becomes a data directory itself, also while the board runs.
pub fn run(options: &Options, to: &Path) -> Result<(), String> {
    if options.database.is_some() || optional(&environment, "DATABASE_URL").is_some() {
        return Err("the messages are in a MySQL: use corkboard export, or back the MySQL up by its own means \
                    and run corkboard backup without it"
            .into());
    }
    let secret = DataDir::kept_secret(&options.data_dir)?;
    let from = DataDir::open_to_read(&options.data_dir)?;
    if !from.is_of_this_version() {
        return Err(format!(
            "the board in {} was not started by this version yet: start it once",
            options.data_dir.display()
        ));
    }
    if is_within(to, &options.data_dir) {
        return Err(format!("{} is in the board's own folder", to.display()));
    }
    let target = DataDir::open_for_backup(to)?;
    target.keep_secret(&secret)?;
    let mut progress = Progress::of("bodies of objects", 0);
    let copied = backup::run(
        &place(&from),
        &place(&target),
        || target.mark_backup(false),
        &mut |done, all| {
            progress.expect_in_all(all);
            progress.reach(done);
        },
    )
    .map_err(|error| format!("the backup failed: {error} (the same command can be run again)"))?;
    let unwritable = |error: io::Error| format!("{} cannot be written: {error}", to.display());
    target.mark_backup(true).map_err(unwritable)?;
    progress.say(&format!(
        "{} holds the board: both databases, and {} larger bodies, {} of them new; {} of before are gone",
        to.display(),
        copied.bodies,
        copied.new,
        copied.removed
    ));
    progress.finish();
    Ok(())
}

fn place(data_dir: &DataDir) -> Place {
    Place {
        database: data_dir.database(),
        objects: data_dir.objects(),
    }
}

fn is_within(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(folder) else {
        return false;
    };
    // What does not exist yet is where its first folder is that does.
    let existing = path.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        fs::canonicalize(path).ok()
    });
    existing.is_some_and(|path| path.starts_with(folder))
}
