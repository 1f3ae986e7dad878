//! The embedded database.
//!
//! SQLite has one writer at a time. Whoever writes, a call or a transaction, waits for its turn in this
//! process, first come first served, before it takes SQLite's own lock, so that no client sees
//! "database is locked". Readers (write-ahead log) never wait.
//!
//! What was written is taken out of the log within seconds, so that what was deleted is gone.
//!
//! A statement runs on a blocking thread that owns the connection. If the client goes away meanwhile,
//! the statement is interrupted and the connection closed, which rolls back whatever was open.

mod error;
mod execute;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::call::{Call, StatementResult};
use super::error::Error;

use execute::execute;

/// Calls outside transactions that run at the same time; the others queue.
const CONNECTIONS: usize = 4;
/// How long a writer waits for its turn: less than the callers' own patience (a function has 25 s).
const WRITER_PATIENCE: Duration = Duration::from_secs(20);
/// How long what was written stays in the write-ahead log.
const LOG_KEPT: Duration = Duration::from_secs(1);
/// How long to wait for the lock of another program that has the file open.
const FILE_LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// After how many steps of SQLite's virtual machine a statement looks whether it was abandoned: well under a
/// millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

pub struct Sqlite {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    connections: Arc<Semaphore>,
    writer: Arc<Semaphore>,
    written: Arc<Notify>,
    _log: AbortOnDropHandle<()>,
}

/// An open transaction. Dropped, it rolls back and then lets the next writer in.
pub struct Session {
    connection: Connection,
    written: Arc<Notify>,
    _writer: OwnedSemaphorePermit,
}

impl Sqlite {
    /// Opens the database in the file, which is made where it does not exist.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let (writer, written) = (Arc::new(Semaphore::new(1)), Arc::<Notify>::default());
        let emptied = empty_log(path.to_owned(), Arc::clone(&written), Arc::clone(&writer));
        let this = Self {
            path: path.to_owned(),
            idle: Mutex::default(),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            writer,
            written,
            _log: AbortOnDropHandle::new(tokio::spawn(emptied)),
        };
        let connection = this.connect().await?;
        this.keep(connection);
        Ok(this)
    }

    pub async fn execute(&self, call: Call) -> Result<Vec<StatementResult>, Error> {
        let writer = if call.statement.reads {
            None
        } else {
            self.written.notify_one();
            Some(self.writer().await?)
        };
        let place = Arc::clone(&self.connections)
            .acquire_owned()
            .await
            .map_err(closed)?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let (connection, outcomes) = on_thread(move |abandoned| {
            let outcomes = execute_unless(&abandoned, &mut connection, &call);
            drop((writer, place));
            (connection, outcomes)
        })
        .await?;
        self.keep(connection);
        outcomes
    }

    pub async fn begin(&self) -> Result<Session, Error> {
        let writer = self.writer().await?;
        let connection = self.connect().await?;
        let written = Arc::clone(&self.written);
        on_thread(move |_| {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok(Session {
                connection,
                written,
                _writer: writer,
            })
        })
        .await?
    }

    async fn writer(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = Arc::clone(&self.writer).acquire_owned();
        timeout(WRITER_PATIENCE, turn)
            .await
            .map_err(|_| Error::lock_wait_timeout())?
            .map_err(closed)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let path = self.path.clone();
        let opened = on_thread(move |_| open(&path)).await?;
        opened.map_err(|error| {
            let path = self.path.display();
            Error::database_unavailable(format!("the database {path} cannot be opened: {error}"))
        })
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < CONNECTIONS {
            idle.push(connection);
        }
    }
}

impl Session {
    /// Gives the session back unless the failure ended the transaction.
    pub async fn execute(
        mut self,
        call: Call,
    ) -> (Option<Self>, Result<Vec<StatementResult>, Error>) {
        let done = on_thread(move |abandoned| {
            // As in MySQL, DDL commits first, and what follows it commits by itself.
            let committed = if call.statement.is_ddl() {
                self.end("COMMIT")
            } else {
                Ok(())
            };
            let was_open = !self.connection.is_autocommit();
            let outcomes =
                committed.and_then(|()| execute_unless(&abandoned, &mut self.connection, &call));
            let is_over = was_open && self.connection.is_autocommit();
            ((!is_over).then_some(self), outcomes)
        });
        done.await.unwrap_or_else(|error| (None, Err(error)))
    }

    pub async fn commit(self) -> Result<(), Error> {
        on_thread(move |_| self.end("COMMIT")).await?
    }

    pub async fn rollback(self) -> Result<(), Error> {
        on_thread(move |_| self.end("ROLLBACK")).await?
    }

    fn end(&self, how: &str) -> Result<(), Error> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch(how)?;
            self.written.notify_one();
        }
        Ok(())
    }
}

/// Empties the write-ahead log a moment after each write, for as long as the endpoint runs.
async fn empty_log(path: PathBuf, written: Arc<Notify>, writer: Arc<Semaphore>) {
    loop {
        written.notified().await;
        sleep(LOG_KEPT).await;
        let Ok(turn) = Arc::clone(&writer).acquire_owned().await else {
            return;
        };
        let path = path.clone();
        let emptied = on_thread(move |_| {
            let _turn = turn;
            let connection = open(&path)?;
            // Without a wait: writers shall not wait until readers have done with the log.
            connection.busy_timeout(Duration::ZERO)?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        });
        match emptied.await {
            // A reader still uses the log, so it is emptied later.
            Ok(Ok(true)) => written.notify_one(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the log of the database could not be emptied");
            }
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(FILE_LOCK_PATIENCE)?;
    // FULL: what was acknowledged survives a power cut, not only the end of the process. What is deleted is
    // overwritten.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;",
    )?;
    // Calls share connections, and a temporary table would hide the table of the same name from other calls. Whatever
    // is temporary is denied by denying its first row in the temporary schema.
    connection.authorizer(Some(|context: AuthContext<'_>| {
        match (context.action, context.database_name) {
            (AuthAction::Insert { .. }, Some("temp")) => Authorization::Deny,
            _ => Authorization::Allow,
        }
    }))?;
    Ok(connection)
}

fn closed<E>(_: E) -> Error {
    Error::internal("the endpoint is shutting down")
}

/// Becomes true when nobody waits for the work any more.
type Abandoned = Arc<AtomicBool>;

struct AbandonOnDrop(Abandoned);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn on_thread<T: Send + 'static>(
    work: impl FnOnce(Abandoned) -> T + Send + 'static,
) -> Result<T, Error> {
    let abandoned = Abandoned::default();
    let _guard = AbandonOnDrop(Arc::clone(&abandoned));
    let done = tokio::task::spawn_blocking(move || work(abandoned)).await;
    done.map_err(|_| Error::internal("the statement's thread has failed"))
}

/// Executes a call, which is interrupted once it is abandoned, also if that was before it began (which SQLite's own
/// interrupt would miss).
fn execute_unless(
    abandoned: &Abandoned,
    connection: &mut Connection,
    call: &Call,
) -> Result<Vec<StatementResult>, Error> {
    if call.continue_after_timeout {
        return execute(connection, call);
    }
    let abandoned = Arc::clone(abandoned);
    let is_abandoned = move || abandoned.load(Ordering::Relaxed);
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_abandoned))?;
    let outcomes = execute(connection, call);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    outcomes
}
