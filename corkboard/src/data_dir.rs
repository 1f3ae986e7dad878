//! The folder with everything that the local cloud keeps.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The file with the board's secret.
const SECRET: &str = "secret";

/// A data directory that belongs to this process until it ends.
pub struct DataDir {
    path: PathBuf,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

impl DataDir {
    /// Makes the folder where it does not exist, and takes it.
    pub fn open(path: &Path) -> Result<Self, String> {
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
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(format!(
                "the data directory {} is in use by another corkboard: stop it first, or choose another with --data-dir",
                path.display()
            )),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
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
        let path = self.path.join(SECRET);
        self.write_secret(&path, &secret)
            .map_err(|error| unusable(&path, &error))?;
        Ok(secret)
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

    /// Whole or not at all: half a secret would make other tokens after the next start.
    fn write_secret(&self, path: &Path, secret: &str) -> io::Result<()> {
        let draft = self.path.join("secret.new");
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        fs::rename(draft, path)
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
            // It is somebody else's, as the volume of a container may be.
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
