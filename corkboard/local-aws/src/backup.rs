//! A copy of the embedded database and of the media bucket, as they were at one moment, while they are in use.
//!
//! For that moment nobody writes to either: both are locked, a state of each is held fast, and the locks are let go.
//! What is copied then are those states. Bodies never change, so one that is in an earlier backup is not copied again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use crate::s3;

/// How long one is waited for that writes at the moment. It is less than those have who wait for the other database
/// meanwhile.
const FILE_LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// Pages of a database that are copied at once.
const PAGES: i32 = 1_000;
/// How often it is begun anew because somebody wrote all the time, or deleted objects before they could be copied.
const ROUNDS: usize = 20;

/// Where a database and a media bucket are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The database's file.
    pub database: PathBuf,
    /// The folder of the objects.
    pub objects: PathBuf,
}

/// What was copied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Bodies that are in files.
    pub bodies: u64,
    /// Those of them that were not in the earlier backup.
    pub new: u64,
    /// Files of the earlier backup that belong to no object any more, and went.
    pub removed: u64,
}

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum Error {
    /// A file or folder fails.
    #[error("{}: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// How.
        error: io::Error,
    },
    /// A database fails.
    #[error("{}: {error}", path.display())]
    Database {
        /// Which one.
        path: PathBuf,
        /// How.
        error: rusqlite::Error,
    },
    /// More is written or deleted than can be waited for.
    #[error("too much changes at the moment")]
    Restless,
}

/// Copies `from` to `to`, where an earlier backup may be. `in_place` is called before the databases of that one are
/// replaced, and may note that it is in two minds until this returns. `progress` is told how many bodies are done, and
/// of how many.
///
/// # Errors
///
/// Whatever fails; the earlier backup is whole if `in_place` was not called.
pub fn run(
    from: &Place,
    to: &Place,
    in_place: impl FnOnce() -> io::Result<()>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, Error> {
    let folders = [&from.objects, &to.objects].map(|objects| s3::bodies_of(objects));
    let [bodies, kept] = &folders;
    fs::create_dir_all(kept).map_err(|error| of_file(kept, error))?;
    let mut copied = Copied::default();
    for _ in 0..ROUNDS {
        let Some(moment) = Moment::of(from)? else {
            continue;
        };
        let names = moment.bodies(from)?;
        if !copy_bodies(&names, bodies, kept, &mut copied, progress)? {
            continue;
        }
        copied.bodies = names.len() as u64;
        sync_folder(kept)?;
        let databases = [
            (&moment.database, &to.database),
            (&moment.index, &s3::index_of(&to.objects)),
        ];
        for (database, path) in databases {
            copy_database(database, &draft(path))?;
        }
        in_place().map_err(|error| of_file(&to.database, error))?;
        for (_, path) in databases {
            fs::rename(draft(path), path).map_err(|error| of_file(path, error))?;
            sync_folder(path.parent().unwrap_or(path))?;
        }
        copied.removed = remove_others(&names, kept)?;
        return Ok(copied);
    }
    Err(Error::Restless)
}

/// One state of both.
struct Moment {
    database: Connection,
    index: Connection,
}

impl Moment {
    /// `None` where somebody writes all the time.
    fn of(place: &Place) -> Result<Option<Self>, Error> {
        let paths = [place.database.clone(), s3::index_of(&place.objects)];
        let mut locked = Vec::new();
        for path in &paths {
            let connection = open(path)?;
            match connection.execute_batch("BEGIN IMMEDIATE") {
                Ok(()) => locked.push(connection),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                    return Ok(None);
                }
                Err(error) => return Err(of_database(path, error)),
            }
        }
        let hold = |path| {
            let connection = open(path)?;
            connection
                .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")
                .map_err(|error| of_database(path, error))?;
            Ok(connection)
        };
        let [database, index] = &paths;
        Ok(Some(Self {
            database: hold(database)?,
            index: hold(index)?,
        }))
    }

    /// The files of all bodies.
    fn bodies(&self, place: &Place) -> Result<BTreeSet<String>, Error> {
        let sql = "SELECT file FROM object WHERE file IS NOT NULL UNION SELECT file FROM part";
        let read = || {
            let mut statement = self.index.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect::<rusqlite::Result<BTreeSet<String>>>()
        };
        read().map_err(|error| of_database(&s3::index_of(&place.objects), error))
    }
}

fn open(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(FILE_LOCK_PATIENCE)?;
        Ok(connection)
    });
    opened.map_err(|error| of_database(path, error))
}

/// Answers whether none of them went in between.
fn copy_bodies(
    names: &BTreeSet<String>,
    from: &Path,
    to: &Path,
    copied: &mut Copied,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<bool, Error> {
    let mut all_there = true;
    for (done, name) in (1..).zip(names) {
        let kept = to.join(name);
        if !kept.exists() {
            let body = from.join(name);
            let draft = draft(&kept);
            match fs::copy(&body, &draft) {
                Ok(_) => {
                    let lasting = File::open(&draft)
                        .and_then(|file| file.sync_all())
                        .and_then(|()| fs::rename(&draft, &kept));
                    lasting.map_err(|error| of_file(&kept, error))?;
                    copied.new += 1;
                }
                Err(error) if error.kind() == ErrorKind::NotFound && !body.exists() => {
                    all_there = false;
                }
                Err(error) => return Err(of_file(&body, error)),
            }
        }
        progress(done, names.len() as u64);
    }
    Ok(all_there)
}

fn copy_database(from: &Connection, path: &Path) -> Result<(), Error> {
    let failed = |error| of_database(path, error);
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(of_file(path, error)),
        _ => {}
    }
    let mut to = Connection::open(path).map_err(failed)?;
    {
        let backup = Backup::new(from, &mut to).map_err(failed)?;
        while backup.step(PAGES).map_err(failed)? != StepResult::Done {}
    }
    // What is in its log goes into the file.
    to.close().map_err(|(_, error)| failed(error))?;
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| of_file(path, error))
}

fn remove_others(names: &BTreeSet<String>, folder: &Path) -> Result<u64, Error> {
    let mut removed = 0;
    for entry in fs::read_dir(folder).map_err(|error| of_file(folder, error))? {
        let name = entry.map_err(|error| of_file(folder, error))?.file_name();
        if name.to_str().is_none_or(|name| !names.contains(name)) {
            let path = folder.join(name);
            fs::remove_file(&path).map_err(|error| of_file(&path, error))?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn draft(path: &Path) -> PathBuf {
    path.with_added_extension("new")
}

fn sync_folder(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let synced = File::open(path).and_then(|folder| folder.sync_all());
        synced.map_err(|error| of_file(path, error))?;
    }
    Ok(())
}

fn of_file(path: &Path, error: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        error,
    }
}

fn of_database(path: &Path, error: rusqlite::Error) -> Error {
    Error::Database {
        path: path.to_owned(),
        error,
    }
}
