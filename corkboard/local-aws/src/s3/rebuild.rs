//! A new index in place of one that is damaged, made of what can still be read of it and of what stands behind the
//! bytes of each file.
//!
//! What is lost for certain are small objects, whose bytes are in the index alone, where it cannot be read. The
//! damaged one is kept beside the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction};

use super::bodies::{Bodies, Epilogue, epilogue};
use super::digest::md5_hex;
use super::failure::{damage_note, is_damage};
use super::index::{self, Effects};
use super::object::{Attributes, Object};
use super::rows::{self, NewBody, insert};
use crate::files::{if_found, logs_of, sync_folder};

/// What is there after a rebuild.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Objects that could be kept.
    pub kept: usize,
    /// Keys that the damaged index still had, and whose bytes are gone.
    pub lost: Vec<String>,
}

/// Opens the index in this file, rebuilt where it is damaged or missing.
///
/// The new one is made beside it and takes its place when it is whole; until then the note stays, so that an
/// interrupted rebuild is begun again from the same source.
pub fn connect(path: &Path, bodies: &Bodies) -> io::Result<Connection> {
    let unusable = |error| io::Error::other(format!("{}: {error}", path.display()));
    if !damage_note(path).exists() {
        let is_there = fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        if is_there || bodies.names()?.is_empty() {
            match index::connect(path) {
                Err(error) if is_damage(&error) => {}
                other => return other.map_err(unusable),
            }
        }
    }
    let source = set_aside(path)?;
    let draft = path.with_extension("rebuilt.sqlite");
    remove(&draft)?;
    let mut connection = index::connect(&draft).map_err(unusable)?;
    let rebuilt = rebuild(&mut connection, &source, bodies)?;
    // This empties the log of the draft into it.
    connection.close().map_err(|(_, error)| unusable(error))?;
    File::open(&draft)?.sync_all()?;
    remove(path)?;
    fs::rename(&draft, path)?;
    sync_parent(path)?;
    fs::remove_file(damage_note(path))?;
    tracing::warn!(
        path = %path.display(),
        source = %source.display(),
        kept = rebuilt.kept,
        lost = rebuilt.lost.len(),
        "the index of the objects was damaged and is rebuilt: small objects that it does not name are lost, too"
    );
    for key in &rebuilt.lost {
        tracing::warn!(key, "an object is lost");
    }
    index::connect(path).map_err(unusable)
}

/// A database and its logs.
fn files(path: &Path) -> [PathBuf; 3] {
    let [log, shared] = logs_of(path);
    [log, shared, path.to_owned()]
}

fn remove(path: &Path) -> io::Result<()> {
    files(path)
        .iter()
        .try_for_each(|file| if_found(fs::remove_file(file)))
}

/// Copies the damaged index to where nothing is yet, unless that was done before, and says so in the note.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let named = fs::read_to_string(damage_note(path)).unwrap_or_default();
    if !named.is_empty() {
        return Ok(path.with_file_name(named));
    }
    let mut number = 0;
    let name = |number| format!("index.damaged-{number}.sqlite");
    while path.with_file_name(name(number)).exists() {
        number += 1;
    }
    let aside = path.with_file_name(name(number));
    for (from, to) in files(path).iter().zip(files(&aside)) {
        if_found(fs::copy(from, &to).and_then(|_| File::open(&to)?.sync_all()))?;
    }
    let draft = damage_note(path).with_extension("new");
    fs::write(&draft, name(number))?;
    File::open(&draft)?.sync_all()?;
    fs::rename(draft, damage_note(path))?;
    sync_parent(path)?;
    Ok(aside)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// The index that is made.
struct New<'a> {
    transaction: Transaction<'a>,
    kept: BTreeSet<String>,
}

impl New<'_> {
    fn keep(&mut self, epilogue: Epilogue, body: NewBody) -> io::Result<()> {
        let Epilogue {
            key,
            object,
            attributes,
        } = epilogue;
        // The files of replaced objects stay for now: the next sweep removes those that nothing refers to.
        let mut effects = Effects::default();
        insert(
            &self.transaction,
            &mut effects,
            &key,
            &object,
            &attributes,
            body,
        )
        .map_err(io::Error::other)?;
        self.kept.insert(key);
        Ok(())
    }

    fn finish(self, lost: Vec<String>) -> io::Result<Rebuilt> {
        self.transaction.commit().map_err(io::Error::other)?;
        Ok(Rebuilt {
            kept: self.kept.len(),
            lost,
        })
    }
}

fn rebuild(connection: &mut Connection, damaged: &Path, bodies: &Bodies) -> io::Result<Rebuilt> {
    let mut new = New {
        transaction: connection.transaction().map_err(io::Error::other)?,
        kept: BTreeSet::new(),
    };
    let source = open_damaged(damaged);
    let mut rows = BTreeMap::new();
    let is_complete = source
        .as_ref()
        .is_some_and(|source| from_both_ends(|order| read_rows(source, order, &mut rows)));
    let mut keys = BTreeMap::new();
    // The files are read in the order of their names, which is that of their making: the newest of a key counts.
    for name in bodies.names()? {
        let found = bodies.read(&name).and_then(|mut file| epilogue(&mut file));
        let epilogue = match found {
            Ok(Some(epilogue)) => epilogue,
            // A file without an epilogue is a part of an upload, which has to begin anew.
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(path = %bodies.path(&name).display(), %error, "this file cannot be read");
                continue;
            }
        };
        keys.insert(name.clone(), epilogue.key.clone());
        let is_named = |(_, _, file): &Row| file.as_ref() == Some(&name);
        // Where the index could be read whole, a file that it does not name was deleted, or never acknowledged.
        if !is_complete || rows.get(&epilogue.key).is_some_and(is_named) {
            new.keep(epilogue, NewBody::Kept(name))?;
        }
    }
    for (key, (object, attributes, file)) in &rows {
        let is_its = |file: &&String| {
            is_whole(bodies, file, object) && keys.get(*file).is_none_or(|of| of == key)
        };
        if let Some(file) = file.as_ref().filter(is_its) {
            let epilogue = Epilogue {
                key: key.clone(),
                object: object.clone(),
                attributes: attributes.clone(),
            };
            new.keep(epilogue, NewBody::Kept(file.clone()))?;
        }
    }
    let Some(source) = source else {
        return new.finish(Vec::new());
    };
    let mut failed = Ok(());
    let _ = from_both_ends(|order| {
        read_small_bodies(&source, order, |key, bytes| {
            let size = bytes.len() as u64;
            let row = rows
                .get(&key)
                .filter(|(object, _, file)| file.is_none() && object.size == size);
            let (object, attributes) = match row {
                Some((object, attributes, _)) => (object.clone(), attributes.clone()),
                // The object's row is lost, and so are its headers.
                None => (Object::now(size, md5_hex(&bytes)), Attributes::default()),
            };
            let epilogue = Epilogue {
                key,
                object,
                attributes,
            };
            if failed.is_ok() {
                failed = new.keep(epilogue, NewBody::Small(bytes));
            }
        })
    });
    failed?;
    let lost = rows.into_keys().filter(|key| !new.kept.contains(key));
    let lost = lost.collect();
    new.finish(lost)
}

/// A connection to the damaged index; `None` where it cannot be opened.
fn open_damaged(path: &Path) -> Option<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()
}

/// Reads a table from either end as far as the damage, and says whether there was no damage.
fn from_both_ends(mut read: impl FnMut(&str) -> rusqlite::Result<()>) -> bool {
    read("ASC").is_ok() || {
        // An error ends what can be read from this end, too.
        let _ = read("DESC");
        false
    }
}

type Row = (Object, Attributes, Option<String>);

fn read_rows(
    damaged: &Connection,
    order: &str,
    into: &mut BTreeMap<String, Row>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT key, size, e_tag, modified, attributes, file FROM object ORDER BY key {order}"
    );
    let mut statement = damaged.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(key) = String::from_utf8(row.get(0)?) {
            let of_key = (
                rows::object(row, 1)?,
                rows::attributes(row, 4)?,
                row.get(5)?,
            );
            into.insert(key, of_key);
        }
    }
    Ok(())
}

fn read_small_bodies(
    damaged: &Connection,
    order: &str,
    mut each: impl FnMut(String, Vec<u8>),
) -> rusqlite::Result<()> {
    let sql = format!("SELECT key, bytes FROM small_body NOT INDEXED ORDER BY rowid {order}");
    let mut statement = damaged.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(key) = String::from_utf8(row.get(0)?) {
            each(key, row.get(1)?);
        }
    }
    Ok(())
}

fn is_whole(bodies: &Bodies, file: &str, object: &Object) -> bool {
    let size = bodies.read(file).and_then(|file| file.metadata());
    size.is_ok_and(|metadata| metadata.len() >= object.size)
}
