//! A copy of the embedded database and of the media bucket, as they were at one moment, while they are in use.
//!
//! Bodies never change, so those that there are are copied first, and one that is in an earlier backup is not copied again.
//! Then, for one moment, nobody writes to either: both are locked, a state of each is held fast, the bodies that are new
//! since are opened, so that they can be read whatever becomes of their names, and the locks are let go. The states are
//! copied, and these bodies.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

use crate::files::{if_found, logs_of, sync_folder};
use crate::s3;

/// How long to wait for a process that is writing to a database. It is less time than the writers have that wait for
/// the other database, which is locked meanwhile.
const FILE_LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// Pages of a database that are copied at once.
const PAGES: i32 = 1_000;
/// The most bodies that are open at once.
const OPEN: usize = 512;
/// How often a backup is begun anew because somebody wrote all the time, or more bodies came than can be open at once.
const ROUNDS: usize = 20;

/// Where a database and a media bucket are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The database's file; `None` where messages are elsewhere.
    pub database: Option<PathBuf>,
    /// The folder of the objects.
    pub objects: PathBuf,
}

/// What was copied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Bodies that are in files.
    pub bodies: u64,
    /// How many of these bodies were not in the earlier backup.
    pub new: u64,
    /// Files of the earlier backup that belong to no object any more, and went.
    pub removed: u64,
}

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
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
    /// A database that is to be copied is damaged.
    #[error("{} is damaged ({_1}); the backup of before stays as it is", _0.display())]
    Damaged(PathBuf, String),
    /// More is written or deleted than can be waited for.
    #[error("too much changes at the moment")]
    Restless,
}

/// Copies `from` to `to`, where an earlier backup may be. `in_place` is called before the databases of the earlier
/// backup are replaced, and may note that the backup is not whole until this returns. `progress` is told how many
/// bodies are done, and of how many.
///
/// # Errors
///
/// Whatever fails, and what is damaged; the earlier backup is whole if `in_place` was not called.
pub fn run(
    from: &Place,
    to: &Place,
    in_place: impl FnOnce() -> io::Result<()>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, Error> {
    let [bodies, kept] = [&from.objects, &to.objects].map(|objects| s3::bodies_of(objects));
    fs::create_dir_all(&kept).map_err(|error| of_file(&kept, error))?;
    let index = s3::index_of(&from.objects);
    if s3::damage_note_of(&from.objects).exists() {
        let what = "the next start of the board rebuilds it".to_owned();
        return Err(Error::Damaged(index, what));
    }
    let mut databases = vec![(index.clone(), s3::index_of(&to.objects))];
    if let (Some(from), Some(to)) = (&from.database, &to.database) {
        databases.insert(0, (from.clone(), to.clone()));
    }
    let mut copied = Copied::default();
    for _ in 0..ROUNDS {
        let names = bodies_named_in(&open(&index)?, &index)?;
        for (done, name) in (1..).zip(&names) {
            let place = kept.join(name);
            if !place.exists()
                && let Some(body) = open_body(&bodies.join(name))?
            {
                copy_body(body, &place)?;
                copied.new += 1;
            }
            progress(done, names.len() as u64);
        }
        let Some(moment) = moment(&databases, &bodies, &kept)? else {
            continue;
        };
        for (name, body) in moment.new {
            copy_body(body, &kept.join(name))?;
            copied.new += 1;
        }
        for ((from, to), state) in databases.iter().zip(&moment.states) {
            copy_database(from, state, &draft(to))?;
        }
        let names = moment.names;
        copied.bodies = names.len() as u64;
        sync_folder(&kept).map_err(|error| of_file(&kept, error))?;
        in_place().map_err(|error| of_file(&to.objects, error))?;
        for (_, path) in &databases {
            remove_logs(path)?;
            fs::rename(draft(path), path)
                .and_then(|()| sync_folder(path.parent().unwrap_or(path)))
                .map_err(|error| of_file(path, error))?;
        }
        copied.removed = remove_others(&names, &kept)?;
        return Ok(copied);
    }
    Err(Error::Restless)
}

/// What is damaged of the database in this file, if the file is there.
pub fn damage_of(database: &Path) -> Option<String> {
    if !database.exists() {
        return None;
    }
    match open(database) {
        Ok(connection) => {
            let damage = quick_check(&connection)?;
            Some(format!("{}: {damage}", database.display()))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// What SQLite finds damaged, in one line, without the head that names the database.
fn quick_check(connection: &Connection) -> Option<String> {
    let found: rusqlite::Result<String> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match found {
        Ok(found) if found == "ok" => None,
        Ok(found) => {
            let lines = found.lines().filter(|line| !line.starts_with("***"));
            Some(lines.collect::<Vec<_>>().join("; "))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Makes a backup that was copied into this place what is there, whatever was there before: the logs of databases that
/// were replaced would be taken for the logs of these.
///
/// # Errors
///
/// Where that cannot be removed.
pub fn take_place(place: &Place) -> Result<(), Error> {
    let index = s3::index_of(&place.objects);
    remove(&s3::damage_note_of(&place.objects))?;
    remove_logs(&index)?;
    place.database.as_deref().map_or(Ok(()), remove_logs)
}

fn remove_logs(database: &Path) -> Result<(), Error> {
    logs_of(database).iter().try_for_each(|path| remove(path))
}

fn remove(path: &Path) -> Result<(), Error> {
    if_found(fs::remove_file(path)).map_err(|error| of_file(path, error))
}

/// How everything was at one moment.
struct Moment {
    /// The state of each database, held fast by an open transaction.
    states: Vec<Connection>,
    /// The files of all bodies.
    names: BTreeSet<String>,
    /// The bodies that are not in the backup yet, opened, by their files' names.
    new: Vec<(String, File)>,
}

/// The state of all these databases, the index last; `None` where somebody writes all the time, or too much came.
fn moment(
    databases: &[(PathBuf, PathBuf)],
    bodies: &Path,
    kept: &Path,
) -> Result<Option<Moment>, Error> {
    let paths = databases.iter().map(|(from, _)| from);
    let mut locked = Vec::new();
    for path in paths.clone() {
        let connection = open(path)?;
        match connection.execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => locked.push(connection),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                return Ok(None);
            }
            Err(error) => return Err(of_database(path, error)),
        }
    }
    let held = paths.map(|path| {
        let connection = open(path)?;
        connection
            .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")
            .map_err(|error| of_database(path, error))?;
        Ok(connection)
    });
    let states = held.collect::<Result<Vec<_>, _>>()?;
    let (Some(index), Some((path, _))) = (states.last(), databases.last()) else {
        return Ok(None);
    };
    let names = bodies_named_in(index, path)?;
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !kept.join(name).exists())
        .collect();
    if missing.len() > OPEN {
        return Ok(None);
    }
    let mut new = Vec::new();
    for name in missing {
        // A body that is lost on the board is missing in the backup, too.
        if let Some(body) = open_body(&bodies.join(name))? {
            new.push((name.clone(), body));
        }
    }
    Ok(Some(Moment { states, names, new }))
}

/// The files of all bodies, as this connection to the index sees it.
fn bodies_named_in(connection: &Connection, index: &Path) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT file FROM object WHERE file IS NOT NULL UNION SELECT file FROM part";
    let read = || {
        let mut statement = connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get(0))?;
        names.collect::<rusqlite::Result<BTreeSet<String>>>()
    };
    read().map_err(|error| of_database(index, error))
}

fn open(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(FILE_LOCK_PATIENCE)?;
        Ok(connection)
    });
    opened.map_err(|error| of_database(path, error))
}

/// A body, if it is there.
fn open_body(path: &Path) -> Result<Option<File>, Error> {
    match File::open(path) {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(of_file(path, error)),
    }
}

fn copy_body(mut body: File, to: &Path) -> Result<(), Error> {
    let draft = draft(to);
    let lasting = File::create(&draft).and_then(|mut copy| {
        io::copy(&mut body, &mut copy)?;
        copy.sync_all()?;
        fs::rename(&draft, to)
    });
    lasting.map_err(|error| of_file(to, error))
}

/// A copy of a state of `source`, which is refused if it is damaged: no good copy is to go for it.
fn copy_database(source: &Path, state: &Connection, path: &Path) -> Result<(), Error> {
    let failed = |error| of_database(path, error);
    remove(path)?;
    remove_logs(path)?;
    let mut to = Connection::open(path).map_err(failed)?;
    {
        let backup = Backup::new(state, &mut to).map_err(failed)?;
        while backup.step(PAGES).map_err(failed)? != StepResult::Done {}
    }
    // A log beside the copy would have to be kept with it.
    let without_log = to.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
    let damage = match without_log {
        Ok(()) => quick_check(&to),
        Err(error) => Some(error.to_string()),
    };
    if let Some(damage) = damage {
        return Err(Error::Damaged(source.to_owned(), damage));
    }
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
