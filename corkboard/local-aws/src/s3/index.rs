//! The index of the objects, in `SQLite`: what there is, and one change after the other.
//!
//! A change is committed with those that wait beside it, so that many writers share one wait for the drive.
//! What was acknowledged survives the end of the process and of the machine: the files that a change refers to,
//! and their names, are on the drive before it is committed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use s3s::{S3Error, S3Result, s3_error};
use tokio::sync::oneshot;

use super::ObjectEvent;
use super::bodies::{Bodies, NewFile};
use super::failure::{Failure, fault, mark_damage_met, shared_fault};

const SCHEMA: &str = "
CREATE TABLE object (
    -- UTF-8, so that the order is S3's.
    key BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    e_tag TEXT NOT NULL,
    -- Seconds since 1970.
    modified INTEGER NOT NULL,
    -- JSON: headers, metadata, checksums.
    attributes TEXT NOT NULL,
    -- In the folder of bodies; NULL for one in small_body.
    file TEXT UNIQUE
) STRICT, WITHOUT ROWID;
CREATE TABLE small_body (
    key BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    key BLOB NOT NULL,
    attributes TEXT NOT NULL,
    -- Seconds since 1970.
    begun INTEGER NOT NULL,
    -- The ETag of the object that it became.
    completed TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE part (
    upload TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    e_tag TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
";
const VERSION: u32 = 1;

/// Changes that are committed at once, at most.
const BATCH: usize = 128;
/// How long what was changed stays in the write-ahead log.
const LOG_KEPT: Duration = Duration::from_secs(1);
/// Connections that are kept for reading.
const READERS: usize = 8;
/// How long to wait for the lock of another program that has the file open.
const FILE_LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// What is done after a change, once it is committed.
#[derive(Default)]
pub struct Effects {
    events: Vec<ObjectEvent>,
    kept: Vec<NewFile>,
    freed: Vec<String>,
}

impl Effects {
    pub fn tell(&mut self, event: ObjectEvent) {
        self.events.push(event);
    }

    pub fn keep(&mut self, file: NewFile) {
        self.kept.push(file);
    }

    pub fn free(&mut self, file: impl IntoIterator<Item = String>) {
        self.freed.extend(file);
    }

    /// Does what a committed change has brought about.
    pub fn settle(self, bodies: &Bodies, events: &dyn Fn(ObjectEvent)) {
        self.kept.into_iter().for_each(NewFile::keep);
        self.freed.iter().for_each(|name| bodies.remove(name));
        self.events.into_iter().for_each(events);
    }

    fn append(&mut self, other: Self) {
        self.events.extend(other.events);
        self.kept.extend(other.kept);
        self.freed.extend(other.freed);
    }
}

/// A change of the index. It returns whether it is to be committed, and what answers its caller once the commit is
/// over.
type Change = Box<dyn FnOnce(&Connection, &mut Effects) -> (bool, Answer) + Send>;
type Answer = Box<dyn FnOnce(Result<(), S3Error>) + Send>;

pub struct Index {
    path: PathBuf,
    readers: Arc<Mutex<Vec<Connection>>>,
    /// Where changes are sent; `None` at the end, and where another process writes the index.
    changes: Option<mpsc::Sender<Change>>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Index {
    /// Waits for the changes under way.
    fn drop(&mut self) {
        self.changes.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Index {
    /// Serves the index in this file, to which `writer` is connected. `events` is called on a thread of its own,
    /// after the commit.
    pub fn open(
        path: PathBuf,
        writer: Connection,
        bodies: Arc<Bodies>,
        events: impl Fn(ObjectEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let (changes, received) = mpsc::channel();
        let marked = path.clone();
        let writer = thread::Builder::new()
            .name("s3-index".into())
            .spawn(move || write(&marked, writer, &received, &bodies, &events))?;
        Ok(Self {
            path,
            readers: Arc::default(),
            changes: Some(changes),
            writer: Some(writer),
        })
    }

    /// Reads the index in this file, which another process writes to.
    pub fn open_to_read(path: PathBuf) -> Self {
        Self {
            path,
            readers: Arc::default(),
            changes: None,
            writer: None,
        }
    }

    /// Runs `read` on a state of the index.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let idle = Arc::clone(&self.readers);
        let path = self.path.clone();
        let done = tokio::task::spawn_blocking(move || {
            let popped = lock(&idle).pop();
            let connection = match popped {
                Some(connection) => connection,
                None => connect(&path).map_err(fault)?,
            };
            let outcome = read(&connection);
            mark_damage_met(&path, &outcome);
            let mut idle = lock(&idle);
            if idle.len() < READERS {
                idle.push(connection);
            }
            outcome
        });
        done.await.map_err(S3Error::internal_error)?
    }

    /// Makes a change, and ends when it is on the drive. What `change` answers as an error leaves no trace.
    pub async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection, &mut Effects) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let (answer, answered) = oneshot::channel();
        let path = self.path.clone();
        let change: Change = Box::new(move |connection, effects| {
            let outcome = change(connection, effects);
            mark_damage_met(&path, &outcome);
            let is_good = outcome.is_ok();
            let answer: Answer = Box::new(move |committed| {
                // The caller may have gone away.
                let _ = answer.send(outcome.and_then(|value| committed.map(|()| value)));
            });
            (is_good, answer)
        });
        let failed = || s3_error!(InternalError, "The index cannot be written to");
        let changes = self.changes.as_ref().ok_or_else(failed)?;
        changes.send(change).map_err(|_| failed())?;
        answered.await.map_err(|_| failed())?
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the index in this file, which is made where it does not exist.
pub fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(FILE_LOCK_PATIENCE)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
    )?;
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} COMMIT;"))?;
    } else if version > VERSION {
        return Err(rusqlite::Error::InvalidParameterName(format!(
            "it is of a newer corkboard (version {version}, not {VERSION})"
        )));
    }
    Ok(connection)
}

/// Commits changes until nobody can make any more.
fn write(
    path: &Path,
    mut connection: Connection,
    changes: &mpsc::Receiver<Change>,
    bodies: &Bodies,
    events: &dyn Fn(ObjectEvent),
) {
    // When the write-ahead log is to be emptied, if there is something in it.
    let mut to_empty: Option<Instant> = None;
    loop {
        let first = match to_empty {
            None => changes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(then) => changes.recv_timeout(then.saturating_duration_since(Instant::now())),
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                let is_in_use = empty_log(&connection);
                to_empty = is_in_use.then(|| Instant::now() + LOG_KEPT);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let _ = to_empty.get_or_insert_with(|| Instant::now() + LOG_KEPT);
        let batch = std::iter::once(first).chain(changes.try_iter()).take(BATCH);
        let mut answers = Vec::new();
        match commit(&mut connection, batch, bodies, &mut answers) {
            Ok(effects) => {
                effects.settle(bodies, events);
                for answer in answers {
                    answer(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "a change of the objects cannot be written");
                error.mark_damage(path);
                let error = Arc::new(error);
                for answer in answers {
                    answer(Err(shared_fault(&error)));
                }
            }
        }
    }
    empty_log(&connection);
}

/// Empties the write-ahead log, unless a reader still uses it, and says whether one does.
fn empty_log(connection: &Connection) -> bool {
    // Without a wait: changes shall not wait until readers have done with the log.
    let emptied = connection.busy_timeout(Duration::ZERO).and_then(|()| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
    });
    let patient = connection.busy_timeout(FILE_LOCK_PATIENCE);
    let emptied = emptied.and_then(|is_in_use| patient.map(|()| is_in_use));
    emptied.unwrap_or_else(|error| {
        tracing::warn!(%error, "the log of the index could not be emptied");
        false
    })
}

fn commit(
    connection: &mut Connection,
    batch: impl Iterator<Item = Change>,
    bodies: &Bodies,
    answers: &mut Vec<Answer>,
) -> Result<Effects, Failure> {
    let mut all = Effects::default();
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in batch {
        let savepoint = transaction.savepoint()?;
        let mut effects = Effects::default();
        let (is_good, answer) = change(&savepoint, &mut effects);
        answers.push(answer);
        if savepoint.is_autocommit() {
            // SQLite rolls everything back where the drive is full, for instance.
            return Err(Failure::RolledBack);
        }
        if is_good {
            savepoint.commit()?;
            all.append(effects);
        }
    }
    if !all.kept.is_empty() {
        bodies.sync()?;
    }
    if let Err(error) = transaction.commit() {
        // The change may be in the log all the same: the next start knows, so its files stay.
        all.kept.into_iter().for_each(NewFile::leave);
        return Err(error.into());
    }
    Ok(all)
}
