//! The index of the objects, and how one of them changes in a single step.
//!
//! `s3s-fs` writes an object's three files one after the other and checks the digests last, so a new
//! object is first written in full under [`STAGED`], where no request can reach it, and then moved in
//! place:
//!
//! 1. a record `<n>.commit` of the key it is for is written beside it; from here on the write counts, and
//!    a start after a crash finishes it;
//! 2. the three files are renamed over the old ones, with no reader in between, and the record goes.
//!
//! Nothing is forced through the drive's cache: this withstands the end of the process, not of the
//! machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use s3s::{S3Error, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::RwLock;

use super::ObjectEvent;
use super::conditions::WriteCondition;
use super::files::{
    move_in_place, read_object, read_objects, recover, remove_files, sidecars, upload_key,
    upload_sidecar,
};
use super::object::{BUCKET, Object, Objects, STAGED, UPLOADS};

pub struct ObjectStore {
    /// Canonical.
    root: PathBuf,
    pub files: FileSystem,
    /// Held for reading while an object's files are opened, for writing while they are replaced.
    pub objects: RwLock<Objects>,
    next_staged: AtomicU64,
    events: Box<dyn Fn(ObjectEvent) + Send + Sync>,
}

impl ObjectStore {
    /// Finishes or clears away what an earlier process left behind, and reads the index.
    pub fn open(root: &Path, events: Box<dyn Fn(ObjectEvent) + Send + Sync>) -> io::Result<Self> {
        fs::create_dir_all(root.join(BUCKET))?;
        fs::create_dir_all(root.join(STAGED))?;
        let root = root.canonicalize()?;
        recover(&root)?;
        let mut objects = Objects::new();
        read_objects(&root, &root.join(BUCKET), "", &mut objects)?;
        let files =
            FileSystem::new(&root).map_err(|error| io::Error::other(S3Error::from(error)))?;
        Ok(Self {
            root,
            files,
            objects: RwLock::new(objects),
            next_staged: AtomicU64::new(0),
            events,
        })
    }

    /// A place to write an object before it is published.
    pub fn stage(&self) -> Staged<'_> {
        let name = self.next_staged.fetch_add(1, Ordering::Relaxed).to_string();
        Staged {
            root: &self.root,
            name,
            committed: false,
        }
    }

    /// Moves a completely written object in place, if `condition` holds.
    pub async fn publish(
        &self,
        staged: Staged<'_>,
        key: &str,
        condition: &WriteCondition,
        event: &'static str,
    ) -> S3Result<()> {
        let mut objects = self.objects.write().await;
        // From here on nothing awaits: a caller that goes away cannot leave this half done.
        condition.check(objects.get(key))?;
        check_place(&objects, key)?;
        let object = staged.commit(key).map_err(S3Error::internal_error)?;
        (self.events)(ObjectEvent {
            name: event,
            bucket: BUCKET.to_owned(),
            key: key.to_owned(),
            size: Some(object.size),
            etag: Some(object.e_tag.clone()),
        });
        objects.insert(key.to_owned(), object);
        Ok(())
    }

    /// Removes the object, if there is one.
    pub async fn remove(&self, key: &str) -> S3Result<()> {
        let mut objects = self.objects.write().await;
        if objects.contains_key(key) {
            remove_files(&self.root, key).map_err(S3Error::internal_error)?;
            objects.remove(key);
        }
        (self.events)(ObjectEvent {
            name: "ObjectRemoved:Delete",
            bucket: BUCKET.to_owned(),
            key: key.to_owned(),
            size: None,
            etag: None,
        });
        Ok(())
    }

    pub fn data(&self, key: &str) -> PathBuf {
        self.root.join(BUCKET).join(key)
    }

    /// The headers of a multipart upload, whose existence under this key shows that the upload is this key's.
    pub fn upload_headers(&self, key: &str, upload_id: &str) -> PathBuf {
        upload_sidecar(&self.root, UPLOADS, &upload_key(key), upload_id)
    }

    pub fn part(&self, upload_id: &str, number: i32) -> PathBuf {
        self.root
            .join(format!(".upload_id-{upload_id}.part-{number}"))
    }
}

/// An object being written; what is not published is removed.
pub struct Staged<'a> {
    root: &'a Path,
    name: String,
    committed: bool,
}

impl Staged<'_> {
    /// The key under [`STAGED`].
    pub fn key(&self) -> &str {
        &self.name
    }

    pub fn data(&self) -> PathBuf {
        self.root.join(STAGED).join(&self.name)
    }

    pub fn upload_headers(&self, upload_id: &str) -> PathBuf {
        upload_sidecar(self.root, STAGED, &self.name, upload_id)
    }

    pub fn object(&self) -> io::Result<Object> {
        read_object(self.root, STAGED, &self.name)
    }

    fn record(&self) -> PathBuf {
        self.root.join(STAGED).join(format!("{}.commit", self.name))
    }

    fn commit(mut self, key: &str) -> io::Result<Object> {
        let object = self.object()?;
        let [headers, _] = sidecars(self.root, STAGED, &self.name);
        if !headers.exists() {
            // The copy of a file that was put into the directory by hand.
            fs::write(headers, "{}")?;
        }
        if let Some(directory) = self.root.join(BUCKET).join(key).parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(self.record(), format!("{key}\n"))?;
        self.committed = true;
        move_in_place(self.root, &self.name, key)?;
        Ok(object)
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if !self.committed {
            let [headers, checksums] = sidecars(self.root, STAGED, &self.name);
            for path in [self.record(), self.data(), headers, checksums] {
                // Most are not there, and the next start tries again.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// A file cannot be a directory at the same time.
fn check_place(objects: &Objects, key: &str) -> S3Result<()> {
    let above = key
        .match_indices('/')
        .any(|(end, _)| objects.contains_key(&key[..end]));
    let inside = format!("{key}/");
    let below = objects
        .range(inside.clone()..)
        .next()
        .is_some_and(|(other, _)| other.starts_with(&inside));
    if above || below {
        return Err(s3_error!(
            NotImplemented,
            "This endpoint keeps objects as files: of {key} and keys under {key}/, only one can exist"
        ));
    }
    Ok(())
}
