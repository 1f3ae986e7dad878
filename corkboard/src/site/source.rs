//! The files of the site as they were written: carried by a release build, or in a folder.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../static-site"]
struct Embedded;

/// Where the site comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// This program.
    Embedded,
    /// A folder, which may change at any time.
    Folder(PathBuf),
}

impl Source {
    /// The site that belongs to this build. For a debug build, that is the repository's folder.
    pub fn builtin() -> Self {
        if cfg!(debug_assertions) {
            Self::Folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../static-site").into())
        } else {
            Self::Embedded
        }
    }

    /// The one in `folder`, or that of this build.
    pub fn of(folder: Option<&Path>) -> Self {
        folder.map_or_else(Self::builtin, |folder| Self::Folder(folder.to_owned()))
    }

    /// A number that changes when the files do, made without reading them.
    pub fn version(&self) -> Result<u64, String> {
        let Self::Folder(folder) = self else {
            return Ok(0);
        };
        let mut hasher = DefaultHasher::new();
        for (name, path) in files_of(folder)? {
            let metadata = path.metadata().map_err(|error| unreadable(&path, &error))?;
            let modified = metadata
                .modified()
                .map_err(|error| unreadable(&path, &error))?;
            (name, metadata.len(), modified).hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    /// All files by their names.
    pub fn read(&self) -> Result<BTreeMap<String, Bytes>, String> {
        match self {
            Self::Embedded => {
                let names = Embedded::iter();
                let files = names.filter_map(|name| {
                    let file = Embedded::get(&name)?;
                    Some((name.into_owned(), Bytes::from(file.data.into_owned())))
                });
                Ok(files.collect())
            }
            Self::Folder(folder) => {
                let files = files_of(folder)?.into_iter().map(|(name, path)| {
                    let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
                    Ok((name, Bytes::from(bytes)))
                });
                files.collect()
            }
        }
    }
}

/// The site has no folders, and what begins with a dot is no part of it.
fn files_of(folder: &Path) -> Result<BTreeMap<String, PathBuf>, String> {
    let entries = folder
        .read_dir()
        .map_err(|error| unreadable(folder, &error))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or(".");
        if path.is_file() && !name.starts_with('.') {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} of the site cannot be read: {error}", path.display())
}
