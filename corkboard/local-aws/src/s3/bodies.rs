//! The files of the objects that are too large for the index.
//!
//! A file has the object's bytes and behind them, for whoever looks into the folder and for an index that is
//! lost, what the index says of the object. Its name is never used again, so a file that is there is complete,
//! or nothing refers to it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::object::{Attributes, Object};
use crate::drive::Drive;
use crate::files::sync_folder;

/// Bytes of the largest body that is kept in the index.
pub const SMALL: usize = 32 * 1024;
/// Bytes that are written to or read from a file at once.
pub const CHUNK: usize = 256 * 1024;

/// Ends a file whose last part is an [`Epilogue`].
const MARK: [u8; 8] = *b"CORKOBJ1";
/// Bytes of an epilogue, so that a file that is none is not taken for one.
const LONGEST_EPILOGUE: u32 = 1024 * 1024;

/// What stands behind an object's bytes: itself as JSON, its length in four bytes (big-endian), and [`MARK`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Epilogue {
    pub key: String,
    #[serde(flatten)]
    pub object: Object,
    pub attributes: Attributes,
}

/// The folder.
#[derive(Debug)]
pub struct Bodies {
    path: PathBuf,
    pub drive: Arc<Drive>,
    /// Names of files that the index may come to refer to.
    being_written: Mutex<HashSet<String>>,
}

impl Bodies {
    /// The folder of this name, on this drive.
    pub fn open(path: PathBuf, drive: Arc<Drive>) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&path).map_err(|error| {
            let message = format!("{}: {error}", path.display());
            io::Error::new(error.kind(), message)
        })?;
        Ok(Arc::new(Self {
            path,
            drive,
            being_written: Mutex::default(),
        }))
    }

    /// A file to write to. It is removed again unless it is [kept](NewFile::keep).
    pub fn create(self: &Arc<Self>) -> io::Result<(NewFile, File)> {
        self.drive.takes_new()?;
        let name = Ulid::generate().to_string();
        self.being_written().insert(name.clone());
        let new = NewFile {
            bodies: Arc::clone(self),
            name,
            kept: false,
        };
        let file = File::create_new(self.path(&new.name))?;
        Ok((new, file))
    }

    pub fn read(&self, name: &str) -> io::Result<File> {
        File::open(self.path(name))
    }

    /// Removes a file that nothing refers to any more. Where that fails, the next start tries again.
    pub fn remove(&self, name: &str) {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "a file of a deleted object stays until the next start");
            }
            _ => {}
        }
    }

    /// Forces the names in the folder through the drive's cache.
    pub fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }

    /// Removes what an earlier process left behind: files to which no index refers.
    pub fn sweep(&self, is_referred_to: impl Fn(&str) -> io::Result<bool>) -> io::Result<()> {
        for name in self.names()? {
            // The order matters: a file that is no longer being written is in the index by now, or will never be.
            let is_new = self.being_written().contains(&name);
            if !is_new && !is_referred_to(&name)? {
                self.remove(&name);
            }
        }
        Ok(())
    }

    /// All files that are of this folder, in the order of their making.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name().into_string().ok();
            names.extend(name.filter(|name| Ulid::from_string(name).is_ok()));
        }
        names.sort_unstable();
        Ok(names)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn being_written(&self) -> MutexGuard<'_, HashSet<String>> {
        self.being_written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that nothing refers to yet.
#[derive(Debug)]
pub struct NewFile {
    bodies: Arc<Bodies>,
    name: String,
    kept: bool,
}

impl NewFile {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Keeps the file, since the index refers to it now.
    pub fn keep(mut self) {
        self.kept = true;
    }

    /// Leaves the file where it is, since it is not known whether the index refers to it.
    pub fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            self.bodies.remove(&self.name);
        }
        self.bodies.being_written().remove(&self.name);
    }
}

/// Ends the file of an object, and forces it through the drive's cache.
pub fn finish(mut file: File, epilogue: &Epilogue) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(epilogue)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    bytes.extend(length.to_be_bytes());
    bytes.extend(MARK);
    file.write_all(&bytes)?;
    file.sync_all()
}

/// What stands behind the bytes of a file, if it was finished.
pub fn epilogue(file: &mut File) -> io::Result<Option<Epilogue>> {
    let end = file.seek(SeekFrom::End(0))?;
    let Some(before_mark) = end.checked_sub(12) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(before_mark))?;
    let (mut length, mut mark) = ([0; 4], [0; 8]);
    file.read_exact(&mut length)?;
    file.read_exact(&mut mark)?;
    let length = u32::from_be_bytes(length);
    if mark != MARK || length > LONGEST_EPILOGUE {
        return Ok(None);
    }
    let Some(start) = before_mark.checked_sub(length.into()) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut json = vec![0; length as usize];
    file.read_exact(&mut json)?;
    let epilogue: Option<Epilogue> = serde_json::from_slice(&json).ok();
    Ok(epilogue.filter(|epilogue| epilogue.object.size == start))
}
