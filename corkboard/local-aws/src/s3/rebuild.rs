//! A new index in place of one that is damaged, made of what can still be read of it and of what stands behind the
//! bytes of each file.
//!
//! What is lost for certain are small objects, whose bytes are in the index alone, where it cannot be read. The
//! damaged one is kept beside the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction};

use super::bodies::{Bodies, Epilogue, epilogue};
use super::digest::md5_hex;
use super::index::{self, Effects, NewBody, insert, is_damage, mark};
use super::object::{Attributes, Object};

/// What is there after a rebuild.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Objects that could be kept.
    pub kept: usize,
    /// Keys that the damaged index still had, and whose bytes are gone.
    pub lost: Vec<String>,
}

/// Opens the index in this file, rebuilt where it is damaged.
pub fn connect(path: &Path, bodies: &Bodies) -> io::Result<Connection> {
    let unusable = |error| io::Error::other(format!("{}: {error}", path.display()));
    let is_there = fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0);
    if !is_there && bodies.names()?.is_empty() {
        return index::connect(path).map_err(unusable);
    }
    if is_there && !mark(path).exists() {
        match index::connect(path) {
            Err(error) if is_damage(&error) => {}
            other => return other.map_err(unusable),
        }
    }
    let aside = set_aside(path)?;
    let mut connection = index::connect(path).map_err(unusable)?;
    let rebuilt = rebuild(&mut connection, &aside, bodies)?;
    let (path, aside) = (path.display(), aside.display());
    tracing::warn!(
        %path,
        %aside,
        kept = rebuilt.kept,
        lost = rebuilt.lost.len(),
        "the index of the objects was damaged and is rebuilt: small objects that it does not name are lost, too"
    );
    for key in &rebuilt.lost {
        tracing::warn!(key, "an object is lost");
    }
    Ok(connection)
}

/// Moves the damaged index out of the way, with its log, to where nothing is yet.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let mut number = 0;
    let mut aside = path.to_owned();
    while aside.exists() {
        aside = path.with_extension(format!("damaged-{number}.sqlite"));
        number += 1;
    }
    for end in ["-wal", "-shm", ""] {
        let with_end = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        match fs::rename(with_end(path), with_end(&aside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match fs::remove_file(mark(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(aside),
    }
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
        // No file goes: the next sweep sees what is left over.
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
    // In the order of their names, which is that of their making.
    for name in bodies.names()? {
        // What is not an object's is a part's, and its upload has to begin anew.
        if let Some(epilogue) = epilogue(&mut bodies.read(&name)?)? {
            new.keep(epilogue, NewBody::Kept(name))?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let Ok(damaged) = Connection::open_with_flags(damaged, flags) else {
        return new.finish(Vec::new());
    };
    let mut rows = BTreeMap::new();
    from_both_ends(|order| read_rows(&damaged, order, &mut rows));
    for (key, (object, attributes, file)) in &rows {
        if let Some(file) = file.as_ref().filter(|file| is_whole(bodies, file, object)) {
            let epilogue = Epilogue {
                key: key.clone(),
                object: object.clone(),
                attributes: attributes.clone(),
            };
            new.keep(epilogue, NewBody::Kept(file.clone()))?;
        }
    }
    let mut failed = Ok(());
    from_both_ends(|order| {
        read_small_bodies(&damaged, order, |key, bytes| {
            let size = bytes.len() as u64;
            let row = rows
                .get(&key)
                .filter(|(object, _, file)| file.is_none() && object.size == size);
            let (object, attributes) = match row {
                Some((object, attributes, _)) => (object.clone(), attributes.clone()),
                // Its headers are lost.
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

/// Reads a table as far as the damage from either end.
fn from_both_ends(mut read: impl FnMut(&str) -> rusqlite::Result<()>) {
    for order in ["ASC", "DESC"] {
        if read(order).is_ok() {
            break;
        }
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
                index::object(row, 1)?,
                index::attributes(row, 4)?,
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
