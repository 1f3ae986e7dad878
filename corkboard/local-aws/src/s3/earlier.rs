//! What an earlier version left: objects as files at `<bucket>/<key>`, with two sidecars each.
//!
//! They are taken over at the first start, and so is whatever else lies in that folder at a start. A file is
//! removed once its object is in the index and on the drive, so that this can be ended at any moment.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use md5::{Digest as _, Md5};
use rusqlite::Connection;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bodies::{self, Bodies, CHUNK, Epilogue, SMALL};
use super::digest::hex;
use super::index::Effects;
use super::object::{Attributes, BUCKET, Checksums, Object, check_key, unix_seconds};
use super::rows::{NewBody, insert};
use crate::files::if_found;

/// Objects that are committed at once.
const BATCH: usize = 200;
/// The folder of writes that were not finished.
const STAGED: &str = ".staged";

/// One of the sidecars: what the earlier version knew besides the headers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Internal {
    e_tag: Option<String>,
    #[serde(flatten)]
    checksums: Checksums,
}

/// Takes all objects over that are kept as files under `root`. `progress` is told how many are done, and of how
/// many.
pub fn take_over(
    root: &Path,
    bodies: &Arc<Bodies>,
    connection: &mut Connection,
    progress: &mut dyn FnMut(usize, usize),
) -> io::Result<()> {
    let bucket = root.join(BUCKET);
    if !bucket.exists() {
        return Ok(());
    }
    finish_writes(root)?;
    let mut keys = Vec::new();
    find_keys(&bucket, "", &mut keys)?;
    let total = keys.len();
    let mut done = 0;
    for keys in keys.chunks(BATCH) {
        let transaction = connection.transaction().map_err(io::Error::other)?;
        let mut effects = Effects::default();
        for key in keys {
            let (epilogue, body) = read(root, bodies, key)?;
            insert(
                &transaction,
                &mut effects,
                key,
                &epilogue.object,
                &epilogue.attributes,
                body,
            )
            .map_err(io::Error::other)?;
        }
        bodies.sync()?;
        transaction.commit().map_err(io::Error::other)?;
        effects.settle(bodies, &|_| {});
        for path in keys.iter().flat_map(|key| files(root, BUCKET, key)) {
            if_found(fs::remove_file(path))?;
        }
        done += keys.len();
        progress(done, total);
    }
    clear_away(root)?;
    Ok(())
}

/// An object's data and its two sidecars.
fn files(root: &Path, bucket: &str, key: &str) -> [PathBuf; 3] {
    let encode = |name| BASE64_URL_SAFE_NO_PAD.encode(name);
    let sidecar = |kind| {
        let name = format!(
            ".bucket-{}.object-{}.{kind}.json",
            encode(bucket),
            encode(key)
        );
        root.join(name)
    };
    [
        root.join(bucket).join(key),
        sidecar("metadata"),
        sidecar("internal"),
    ]
}

/// Finishes the writes that counted: those beside which the key that they were for had been recorded.
fn finish_writes(root: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(root.join(STAGED)) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "commit")
            && let Some(key) = fs::read_to_string(&path)?.strip_suffix('\n')
            && let Some(staged) = path.file_stem().and_then(|name| name.to_str())
        {
            let [data, ..] = files(root, BUCKET, key);
            if let Some(folder) = data.parent() {
                fs::create_dir_all(folder)?;
            }
            let [from_data, from_sidecars @ ..] = files(root, STAGED, staged);
            let [to_data, to_sidecars @ ..] = files(root, BUCKET, key);
            // The data are moved last, as by the version that began the write.
            for (from, to) in from_sidecars.iter().zip(to_sidecars) {
                if_found(fs::rename(from, to))?;
            }
            if_found(fs::rename(from_data, to_data))?;
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn find_keys(folder: &Path, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        let key = name.to_str().map(|name| format!("{prefix}{name}"));
        match key {
            Some(key) if kind.is_dir() => {
                find_keys(&entry.path(), &format!("{key}/"), keys)?;
            }
            Some(key) if kind.is_file() && check_key(&key).is_ok() => keys.push(key),
            _ => {
                let path = entry.path();
                tracing::warn!(path = %path.display(), "this file cannot be an object: it is left where it is");
            }
        }
    }
    Ok(())
}

fn read(root: &Path, bodies: &Arc<Bodies>, key: &str) -> io::Result<(Epilogue, NewBody)> {
    let [data, metadata, internal] = files(root, BUCKET, key);
    let mut file = File::open(&data)?;
    let on_disk = file.metadata()?;
    let mut attributes: Attributes = sidecar(&metadata);
    let internal: Internal = sidecar(&internal);
    attributes.checksums = internal.checksums;
    let mut object = Object {
        size: on_disk.len(),
        e_tag: String::new(),
        modified: unix_seconds(on_disk.modified()?),
    };
    if object.size <= SMALL as u64 {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        object.e_tag = internal.e_tag.unwrap_or_else(|| super::md5_hex(&bytes));
        let epilogue = Epilogue {
            key: key.to_owned(),
            object,
            attributes,
        };
        return Ok((epilogue, NewBody::Small(bytes)));
    }
    let (new, mut copy) = bodies.create()?;
    let mut md5 = Md5::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        md5.update(&chunk[..read]);
        copy.write_all(&chunk[..read])?;
    }
    object.e_tag = internal.e_tag.unwrap_or_else(|| hex(&md5.finalize()));
    let epilogue = Epilogue {
        key: key.to_owned(),
        object,
        attributes,
    };
    bodies::finish(copy, &epilogue)?;
    Ok((epilogue, NewBody::File(new)))
}

/// A sidecar that is missing or damaged is made up for: the object is worth more than its headers.
fn sidecar<T: DeserializeOwned + Default>(path: &Path) -> T {
    let json = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

/// Removes what is left in the folder: uploads and writes that were never finished, and sidecars of objects that are
/// gone.
fn clear_away(root: &Path) -> io::Result<()> {
    if_found(fs::remove_dir_all(root.join(STAGED)))?;
    if_found(fs::remove_dir_all(root.join(".uploads")))?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_left = [".bucket-", ".upload-", ".upload_id-", ".tmp."]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if is_left && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    // This folder goes last: by it a start sees that there is something to take over.
    remove_empty(&root.join(BUCKET))?;
    // The removals are forced to the drive, so that no removed file comes back over what is written from now on.
    File::open(root)?.sync_all()
}

fn remove_empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_empty(&entry.path())?;
        }
    }
    // A folder with something in it stays.
    let _ = fs::remove_dir(folder);
    Ok(())
}
