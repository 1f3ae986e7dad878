//! The files of an object, as `s3s-fs` lays them out: the data at `<bucket>/<key>`, its headers and its
//! checksums in two sidecars beside the buckets.

use std::fmt::Write;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use md5::{Digest, Md5};

use super::object::{BUCKET, Object, Objects, STAGED, check_key};

/// The name under which the upload's headers are kept: short, whatever the key.
pub fn upload_key(key: &str) -> String {
    md5_hex(key.as_bytes())
}

/// The files that `s3s-fs` keeps beside an object: its headers, its checksums.
pub fn sidecars(root: &Path, bucket: &str, key: &str) -> [PathBuf; 2] {
    ["metadata", "internal"]
        .map(|kind| root.join(format!("{}{kind}.json", sidecar_prefix(bucket, key))))
}

pub fn upload_sidecar(root: &Path, bucket: &str, key: &str, upload_id: &str) -> PathBuf {
    root.join(format!(
        "{}upload-{upload_id}.metadata.json",
        sidecar_prefix(bucket, key)
    ))
}

fn sidecar_prefix(bucket: &str, key: &str) -> String {
    let encode = |name| BASE64_URL_SAFE_NO_PAD.encode(name);
    format!(".bucket-{}.object-{}.", encode(bucket), encode(key))
}

/// Can be repeated after a crash at any point.
pub fn move_in_place(root: &Path, staged: &str, key: &str) -> io::Result<()> {
    let sources = sidecars(root, STAGED, staged);
    for (from, to) in sources.iter().zip(sidecars(root, BUCKET, key)) {
        if_found(fs::rename(from, to))?;
    }
    let staged = root.join(STAGED).join(staged);
    if_found(fs::rename(&staged, root.join(BUCKET).join(key)))?;
    fs::remove_file(staged.with_extension("commit"))
}

pub fn remove_files(root: &Path, key: &str) -> io::Result<()> {
    let bucket = root.join(BUCKET);
    let data = bucket.join(key);
    if_found(fs::remove_file(&data))?;
    for path in sidecars(root, BUCKET, key) {
        if_found(fs::remove_file(path))?;
    }
    // An empty directory would stand in the way of an object of its name.
    let parents = data
        .ancestors()
        .skip(1)
        .take_while(|directory| *directory != bucket);
    for directory in parents {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

fn if_found(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| {
        if error.kind() == ErrorKind::NotFound {
            Ok(())
        } else {
            Err(error)
        }
    })
}

pub fn recover(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root.join(STAGED))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "commit")
            && let Some(key) = fs::read_to_string(&path)?.strip_suffix('\n')
            && let Some(staged) = path.file_stem().and_then(|name| name.to_str())
        {
            move_in_place(root, staged, key)?;
        }
    }
    for entry in fs::read_dir(root.join(STAGED))? {
        fs::remove_file(entry?.path())?;
    }
    let sidecar = format!(".bucket-{}.", BASE64_URL_SAFE_NO_PAD.encode(STAGED));
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A part may outlive its upload where the two were under way at once.
        let upload = name
            .strip_prefix(".upload_id-")
            .and_then(|name| name.split_once(".part-"));
        let orphan =
            upload.is_some_and(|(id, _)| !root.join(format!(".upload-{id}.json")).exists());
        if orphan || name.starts_with(&sidecar) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Empty directories are removed on the way.
pub fn read_objects(
    root: &Path,
    directory: &Path,
    prefix: &str,
    objects: &mut Objects,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(key) = name.to_str().map(|name| format!("{prefix}{name}")) else {
            continue;
        };
        if entry.file_type()?.is_dir() {
            read_objects(root, &entry.path(), &format!("{key}/"), objects)?;
            let _ = fs::remove_dir(entry.path());
        } else if entry.file_type()?.is_file() && check_key(&key).is_ok() {
            let object = read_object(root, BUCKET, &key)?;
            objects.insert(key, object);
        }
    }
    Ok(())
}

pub fn read_object(root: &Path, bucket: &str, key: &str) -> io::Result<Object> {
    let path = root.join(bucket).join(key);
    let metadata = fs::metadata(&path)?;
    let [_, checksums] = sidecars(root, bucket, key);
    let e_tag = match fs::read(checksums) {
        Ok(json) => serde_json::from_slice::<serde_json::Value>(&json)?["e_tag"]
            .as_str()
            .map(ToOwned::to_owned),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let e_tag = match e_tag {
        Some(e_tag) => e_tag,
        None => md5_hex(&fs::read(&path)?),
    };
    let since_epoch = metadata
        .modified()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch.as_secs());
    Ok(Object {
        size: metadata.len(),
        e_tag,
        modified: modified.into(),
    })
}

/// As AWS writes digests.
pub fn md5_hex(data: &[u8]) -> String {
    hex(&Md5::digest(data))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
