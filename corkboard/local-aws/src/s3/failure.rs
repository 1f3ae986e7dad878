//! What a failure of the index or of a file means: which answer a caller gets, and whether the index is damaged.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;
use s3s::{S3Error, S3Result, s3_error};

/// The index or a file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the index of the objects: {0}")]
    Index(#[from] rusqlite::Error),
    #[error("a file of the objects: {0}")]
    File(#[from] io::Error),
    #[error("the index of the objects has rolled back what was changed along with something else")]
    RolledBack,
}

impl Failure {
    pub fn mark_damage(&self, path: &Path) {
        if let Self::Index(error) = self
            && is_damage(error)
        {
            mark_damaged(path);
        }
    }

    fn is_drives_refusal(&self) -> bool {
        match self {
            Self::Index(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DiskFull | ErrorCode::ReadOnly)
            ),
            Self::File(error) => matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::ReadOnlyFilesystem
            ),
            Self::RolledBack => false,
        }
    }
}

pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Where it is noted that an index is damaged. The note has the name of the file that is to be rebuilt from, once that
/// is there.
pub fn damage_note(path: &Path) -> PathBuf {
    path.with_extension("damaged")
}

/// Has the index rebuilt at the next start.
fn mark_damaged(path: &Path) {
    tracing::error!(path = %path.display(), "the index of the objects is damaged: the next start rebuilds it");
    if !damage_note(path).exists() {
        // Where the note cannot be written, the next start may find the damage by itself.
        let _ = std::fs::write(damage_note(path), "");
    }
}

/// What a caller is answered when the drive fails.
pub fn fault(failure: impl Into<Failure>) -> S3Error {
    shared_fault(&Arc::new(failure.into()))
}

pub fn shared_fault(failure: &Arc<Failure>) -> S3Error {
    if failure.is_drives_refusal() {
        s3_error!(ServiceUnavailable, "The drive takes nothing more")
    } else {
        S3Error::internal_error(Arc::clone(failure))
    }
}

pub fn mark_damage_met<T>(path: &Path, outcome: &S3Result<T>) {
    let source = outcome.as_ref().err().and_then(S3Error::source);
    if let Some(failure) = source.and_then(|source| source.downcast_ref::<Arc<Failure>>()) {
        failure.mark_damage(path);
    }
}
