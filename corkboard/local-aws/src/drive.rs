//! Whether the drive takes what is new.
//!
//! Deleting needs room, too: for the logs of the databases. So what is new is refused before the drive is full, and a
//! reserve is kept for when others have filled it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

/// Bytes that have to be free for anything new.
const LEAST: u64 = 16 * 1024 * 1024;
/// Bytes that are given up when others have filled the drive.
const RESERVE: u64 = 8 * 1024 * 1024;

/// The drive on which a folder is.
#[derive(Debug)]
pub struct Drive {
    folder: PathBuf,
    reserve: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    TakesNew,
    Full,
    ReadOnly,
}

impl Drive {
    /// The drive of `folder`, and the reserve in it.
    pub fn of(folder: &Path) -> Arc<Self> {
        let drive = Self {
            folder: folder.to_owned(),
            reserve: folder.join("reserve"),
            state: Mutex::new(State::TakesNew),
        };
        // A drive that takes nothing new is logged, and the start goes on: what is there can be read and deleted.
        let _ = drive.takes_new();
        Arc::new(drive)
    }

    /// Whether there is room for what is new. Gives the reserve up where there is none for deleting either.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::StorageFull`] or [`ErrorKind::ReadOnlyFilesystem`].
    pub fn takes_new(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.look();
        if now != *state {
            *state = now;
            let folder = self.folder.display();
            match now {
                State::TakesNew => info!(%folder, "the drive takes something new again"),
                State::Full => {
                    warn!(%folder, "the drive is full: nothing new is taken until there is room");
                }
                State::ReadOnly => {
                    warn!(%folder, "the folder cannot be written to: nothing new is taken");
                }
            }
        }
        match now {
            State::TakesNew => Ok(()),
            State::Full => Err(ErrorKind::StorageFull.into()),
            State::ReadOnly => Err(ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    fn look(&self) -> State {
        if !is_writable(&self.folder) {
            return State::ReadOnly;
        }
        let Some(free) = free(&self.folder) else {
            return State::TakesNew;
        };
        let has_reserve = self.reserve.exists();
        if has_reserve && free < RESERVE {
            let _ = fs::remove_file(&self.reserve);
        } else if !has_reserve
            && free >= LEAST + RESERVE
            && let Err(error) = set_aside(&self.reserve)
        {
            // A reserve that was written in part would be taken for the whole.
            let _ = fs::remove_file(&self.reserve);
            warn!(path = %self.reserve.display(), %error, "there is no reserve for a full drive");
        }
        if free < LEAST {
            State::Full
        } else {
            State::TakesNew
        }
    }
}

#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn is_writable(_folder: &Path) -> bool {
    true
}

/// How many bytes are free for users other than the administrator, where that is known.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let drive = rustix::fs::statvfs(folder).ok()?;
    // Some file systems do not say how large they are.
    (drive.f_blocks > 0).then(|| drive.f_bavail.saturating_mul(drive.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &Path) -> Option<u64> {
    None
}

fn set_aside(path: &Path) -> io::Result<()> {
    let file = File::create(path)?;
    #[cfg(target_os = "linux")]
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, RESERVE)?;
    #[cfg(not(target_os = "linux"))]
    io::copy(&mut io::Read::take(io::repeat(0), RESERVE), &mut &file)?;
    file.sync_all()
}
