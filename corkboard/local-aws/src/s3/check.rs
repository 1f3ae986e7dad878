//! Whether every object is what its index says.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use md5::{Digest as _, Md5};
use rusqlite::Error::FromSqlConversionFailure;
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags};
use s3s::checksum::ChecksumHasher;

use super::bodies::{CHUNK, epilogue};
use super::digest::hex;
use super::object::{Attributes, Checksums, Object};
use super::rows;
use super::{bodies_of, index_of};

/// What is looked at.
struct Entry {
    key: String,
    object: Object,
    attributes: Attributes,
    file: Option<String>,
}

/// Compares every object under `root` with its digests, also while it is in use. `fault` is told of each that does not
/// fit: which, and why. `progress` is told how many are done, and of how many.
///
/// # Errors
///
/// Where the index cannot be read.
pub fn check(
    root: &Path,
    fault: &mut dyn FnMut(&str, &str),
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<()> {
    let index = open(root).map_err(io::Error::other)?;
    let all: u64 = index
        .query_row("SELECT count(*) FROM object", [], |row| row.get(0))
        .map_err(io::Error::other)?;
    let (mut done, mut after) = (0, Vec::new());
    loop {
        let entries = entries(&index, &after).map_err(io::Error::other)?;
        let Some(last) = entries.last() else {
            return Ok(());
        };
        after = last.key.clone().into_bytes();
        for entry in &entries {
            // The object may have been replaced or deleted since.
            if let Some(why) = difference(root, &index, entry)
                && is_unchanged(&index, entry)
            {
                fault(&entry.key, &why);
            }
            done += 1;
            progress(done, all.max(done));
        }
    }
}

fn open(root: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(index_of(root), flags)
}

/// The next 1,000 objects behind a key, in the order of their keys.
fn entries(index: &Connection, after: &[u8]) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT key, size, e_tag, modified, attributes, file FROM object \
               WHERE key > ?1 ORDER BY key LIMIT 1000";
    let mut statement = index.prepare_cached(sql)?;
    let entries = statement.query_map([after], |row| {
        let key = String::from_utf8(row.get(0)?)
            .map_err(|error| FromSqlConversionFailure(0, Type::Blob, Box::new(error)))?;
        Ok(Entry {
            key,
            object: rows::object(row, 1)?,
            attributes: rows::attributes(row, 4)?,
            file: row.get(5)?,
        })
    })?;
    entries.collect()
}

fn is_unchanged(index: &Connection, entry: &Entry) -> bool {
    rows::find(index, &entry.key).is_ok_and(|now| {
        now.is_some_and(|now| now.object == entry.object && now.file == entry.file)
    })
}

/// What of an object is not as the index says; `None` where all is.
fn difference(root: &Path, index: &Connection, entry: &Entry) -> Option<String> {
    let digests = match &entry.file {
        None => match rows::small_body(index, &entry.key) {
            Ok(bytes) => Digests::of(entry, &mut &bytes[..]),
            Err(_) => return Some("its bytes are not in the index".into()),
        },
        Some(name) => {
            let path = bodies_of(root).join(name);
            let digests = File::open(&path).and_then(|mut file| {
                let stated = epilogue(&mut file)?;
                if stated.is_none_or(|stated| stated.key != entry.key) {
                    return Err(io::Error::other("it is not whole, or another object's"));
                }
                io::Seek::rewind(&mut file)?;
                Digests::of(entry, &mut file.take(entry.object.size))
            });
            digests.map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
        }
    };
    match digests {
        Ok(digests) => digests.difference(entry),
        Err(error) => Some(error.to_string()),
    }
}

/// What an object's bytes come to.
struct Digests {
    size: u64,
    md5: String,
    checksums: Checksums,
}

impl Digests {
    /// The digests of an object's bytes, with the kinds of checksums that are known of it.
    fn of(entry: &Entry, bytes: &mut dyn io::Read) -> io::Result<Self> {
        let known = &entry.attributes.checksums;
        // The checksum of an upload in parts may be one of its parts' checksums; then it ends in their number.
        let is_of_bytes =
            |checksum: &Option<String>| checksum.as_ref().is_some_and(|it| !it.contains('-'));
        let mut hasher = ChecksumHasher {
            crc32: is_of_bytes(&known.checksum_crc32).then(Default::default),
            crc32c: is_of_bytes(&known.checksum_crc32c).then(Default::default),
            crc64nvme: is_of_bytes(&known.checksum_crc64nvme).then(Default::default),
            sha1: is_of_bytes(&known.checksum_sha1).then(Default::default),
            sha256: is_of_bytes(&known.checksum_sha256).then(Default::default),
        };
        let mut md5 = Md5::new();
        let mut size = 0;
        let mut piece = vec![0; CHUNK];
        loop {
            let read = bytes.read(&mut piece)?;
            if read == 0 {
                break;
            }
            md5.update(&piece[..read]);
            hasher.update(&piece[..read]);
            size += read as u64;
        }
        Ok(Self {
            size,
            md5: hex(&md5.finalize()),
            checksums: hasher.finalize().into(),
        })
    }

    fn difference(&self, entry: &Entry) -> Option<String> {
        let Object { size, e_tag, .. } = &entry.object;
        let known = &entry.attributes.checksums;
        let differs = |computed: &Option<String>, known: &Option<String>| {
            computed.is_some() && computed != known
        };
        if self.size != *size {
            Some(format!("it has {} bytes instead of {size}", self.size))
        // The ETag of an upload in parts is one of their digests, and ends in their number.
        } else if !e_tag.contains('-') && self.md5 != *e_tag
            || differs(&self.checksums.checksum_crc32, &known.checksum_crc32)
            || differs(&self.checksums.checksum_crc32c, &known.checksum_crc32c)
            || differs(
                &self.checksums.checksum_crc64nvme,
                &known.checksum_crc64nvme,
            )
            || differs(&self.checksums.checksum_sha1, &known.checksum_sha1)
            || differs(&self.checksums.checksum_sha256, &known.checksum_sha256)
        {
            Some("its bytes are not those that were put".into())
        } else {
            None
        }
    }
}
