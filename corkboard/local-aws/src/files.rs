//! What is done with files in several places.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Success also where a file that was to be removed or moved is not there.
pub(crate) fn if_found(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Forces the names in a folder through the drive's cache.
///
/// # Errors
///
/// Where the folder cannot be read, or the drive fails.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // On other systems a folder cannot be opened like a file.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The logs of an `SQLite` database.
pub(crate) fn logs_of(database: &Path) -> [PathBuf; 2] {
    ["-wal", "-shm"].map(|end| PathBuf::from(format!("{}{end}", database.display())))
}
