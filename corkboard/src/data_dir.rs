//! The folder with everything that the local cloud keeps.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_aws::backup::{self, Place};
use local_aws::s3;

/// The file with the board's secret.
const SECRET: &str = "secret";
/// The file that says that the folder is a backup, and whether it is whole.
const BACKUP: &str = "backup";
const INCOMPLETE: &str = "incomplete\n";

/// A data directory that belongs to this process until it ends, or that is only read.
pub struct DataDir {
    path: PathBuf,
    /// Released by the system when the process ends, however it ends. `None` where another process has it.
    lock: Option<File>,
    is_read_only: bool,
}

impl DataDir {
    /// Makes the folder where it does not exist, and takes it. A backup becomes a board's folder by that.
    pub fn open(path: &Path) -> Result<Self, String> {
        let this = Self::take(path)?;
        if this.is_backup()? {
            backup::take_place(&this.place()).map_err(|error| error.to_string())?;
            let mark = path.join(BACKUP);
            fs::remove_file(&mark).map_err(|error| unusable(&mark, &error))?;
        }
        Ok(this)
    }

    /// The folder of a board for what only reads it: whether it runs or starts meanwhile, it stays that board's, and a
    /// backup a backup. Only one that an earlier version left is taken, since it has to be brought to today's form.
    pub fn open_to_read(path: &Path) -> Result<Self, String> {
        Self::kept_secret(path)?;
        let mut this = Self::lock(path)?;
        this.is_read_only = this.is_backup()? || this.lock.is_none() || this.is_of_this_version();
        if this.is_read_only {
            this.lock = None;
        }
        Ok(this)
    }

    /// The folder of a backup: one with nothing in it, or with an earlier backup of the board with this secret.
    pub fn open_for_backup(path: &Path, secret: &str) -> Result<Self, String> {
        // Nothing is put into a folder that may not become a backup.
        if path.exists() && !path.join(BACKUP).exists() && has_others(path)? {
            return Err(format!(
                "{} has something else in it than a backup: choose an empty folder",
                path.display()
            ));
        }
        let this = Self::take(path)?;
        if !path.join(BACKUP).exists() {
            this.mark_backup(false)
                .map_err(|error| unusable(&path.join(BACKUP), &error))?;
        }
        match read_secret(path)? {
            Some(other) if other != secret => Err(format!(
                "{} is a backup of another board: choose another folder",
                path.display()
            )),
            Some(_) => Ok(this),
            None => this.keep_secret(secret).map(|()| this),
        }
    }

    /// Where a backup finds and puts what is kept.
    pub fn place(&self) -> Place {
        Place {
            database: Some(self.database()),
            objects: self.objects(),
        }
    }

    fn take(path: &Path) -> Result<Self, String> {
        let this = Self::lock(path)?;
        if this.lock.is_none() {
            return Err(format!(
                "the data directory {} is in use by another corkboard: stop it first, or choose another with --data-dir",
                path.display()
            ));
        }
        Ok(this)
    }

    fn lock(path: &Path) -> Result<Self, String> {
        let unusable = |error: io::Error| {
            format!(
                "the data directory {} cannot be used: {error}: choose another with --data-dir",
                path.display()
            )
        };
        fs::create_dir_all(path).map_err(unusable)?;
        make_private(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(unusable)?;
        let lock = match lock.try_lock() {
            Ok(()) => Some(lock),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        };
        Ok(Self {
            path: path.to_owned(),
            lock,
            is_read_only: false,
        })
    }

    /// Whether nothing in the folder is to be changed.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Whether the folder is a whole backup. A backup that is not whole is of no use, and an error.
    fn is_backup(&self) -> Result<bool, String> {
        let path = self.path.join(BACKUP);
        match fs::read_to_string(&path) {
            Ok(state) if state == INCOMPLETE => Err(format!(
                "{} says that this backup is not whole: make it again, or take another",
                path.display()
            )),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Notes whether the backup in the folder is whole.
    pub fn mark_backup(&self, is_whole: bool) -> io::Result<()> {
        let state = if is_whole { "whole\n" } else { INCOMPLETE };
        self.write(BACKUP, state)
    }

    /// Whether what is in it was brought to the form that this version has.
    pub fn is_of_this_version(&self) -> bool {
        s3::is_taken_over(&self.objects())
    }

    /// Where the embedded database is.
    pub fn database(&self) -> PathBuf {
        self.path.join("corkboard.sqlite")
    }

    /// Where objects are.
    pub fn objects(&self) -> PathBuf {
        self.path.join("s3")
    }

    /// The board's secret, made on the first start.
    pub fn secret(&self) -> Result<String, String> {
        if let Some(secret) = read_secret(&self.path)? {
            return Ok(secret);
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| format!("no secret can be made: {error}"))?;
        let secret = URL_SAFE_NO_PAD.encode(bytes);
        self.keep_secret(&secret)?;
        Ok(secret)
    }

    /// Keeps another board's secret, or one that was made.
    pub fn keep_secret(&self, secret: &str) -> Result<(), String> {
        self.write(SECRET, secret)
            .map_err(|error| unusable(&self.path.join(SECRET), &error))
    }

    /// The secret of the board in this folder, whether or not it runs.
    pub fn kept_secret(path: &Path) -> Result<String, String> {
        read_secret(path)?.ok_or_else(|| {
            format!(
                "there is no board in {}: start it once, or choose another with --data-dir",
                path.display()
            )
        })
    }

    /// Writes a file whole or not at all: half a secret would make other tokens after the next start.
    fn write(&self, name: &str, content: &str) -> io::Result<()> {
        let draft = self.path.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(draft, self.path.join(name))
    }
}

/// Nobody else on this machine reads what is in the folder: earlier versions let them.
#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = fs::metadata(folder)?.permissions().mode();
    if mode & 0o077 != 0 {
        let private = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
        if let Err(error) = private {
            // The folder is somebody else's, as the volume of a container may be.
            tracing::warn!(folder = %folder.display(), %error, "others may read the data directory");
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn read_secret(folder: &Path) -> Result<Option<String>, String> {
    let path = folder.join(SECRET);
    match fs::read_to_string(&path) {
        Ok(secret) if secret.trim().len() >= 32 => Ok(Some(secret.trim().to_owned())),
        Ok(_) => Err(format!(
            "{} is damaged: put the board's secret back, or remove it to have a new one, \
             after which nobody can delete what was posted before",
            path.display()
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(&path, &error)),
    }
}

/// Whether a folder has more in it than what a backup that was begun leaves, or a file system by itself.
fn has_others(path: &Path) -> Result<bool, String> {
    const OURS: [&str; 3] = ["lock", "backup.new", "lost+found"];
    let mut entries = fs::read_dir(path).map_err(|error| unusable(path, &error))?;
    Ok(entries.any(|entry| entry.is_ok_and(|it| OURS.iter().all(|ours| it.file_name() != *ours))))
}

fn unusable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be used: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap().secret().unwrap();
        assert!(first.len() >= 32);
        assert_eq!(
            DataDir::open(folder.path()).unwrap().secret().unwrap(),
            first
        );
    }

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let owner = DataDir::open(folder.path()).unwrap();
        assert!(
            DataDir::open(folder.path())
                .err()
                .unwrap()
                .contains("in use by another corkboard")
        );
        drop(owner);
        assert!(DataDir::open(folder.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        for (path, before) in [
            (folder.path().to_owned(), 0o755),
            (folder.path().join("new"), 0o700),
        ] {
            if path.exists() {
                fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
            }
            DataDir::open(&path).unwrap().secret().unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o700);
            assert_eq!(mode(&path.join(SECRET)), 0o600);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDir::open(&file.path().join("below")).err().unwrap();
        assert!(
            error.contains("below") && error.contains("--data-dir"),
            "{error}"
        );
    }
}
