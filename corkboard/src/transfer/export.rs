use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use domain::{Format, Message, MessageId, Name, PostedPicture};
use local_aws::files::sync_folder;
use local_aws::s3::hex;
use media::{Bucket, HeldPicture, IMAGES, Object, is_picture};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{ReviewedMessage, Waiting};
use tar::{Builder, EntryWriter};

use super::archive::{
    self, FORMAT, HEADER, LOG, Line, LinePicture, LogLine, MESSAGES, SUMS, VERSION, is_image,
    key_of,
};
use super::board::{Board, failed};
use super::report::{Fate, Report, Transferred};

/// Messages that are read at once.
const PAGE: u32 = 200;
/// The time of every entry, so that equal boards make equal archives: 2026 began. Some tars complain of
/// the year 1970.
const TIME: u64 = 1_767_225_600;

/// Writes the board into `path`. There is a whole archive or none: it is written beside it, and then renamed.
pub async fn run(board: &Board, path: &Path) -> Result<Report, String> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let unwritable = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(&partial).map_err(unwritable)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            format!("{} is being written by another export", path.display())
        }
        TryLockError::Error(error) => unwritable(error),
    })?;
    // An export that was killed may have left something behind.
    if file.metadata().is_ok_and(|left| left.len() > 0) {
        file.set_len(0).map_err(unwritable)?;
    }
    // The lock is kept until the archive has its name.
    let lock = file.try_clone().map_err(unwritable)?;
    if !is_in_place(&file, &partial).map_err(unwritable)? {
        return Err(format!(
            "{} was just written by another export",
            path.display()
        ));
    }
    let written = write(board, file).await.map_err(|error| match error {
        Error::File(error) => unwritable(error),
        Error::Board(error) => error,
    });
    let done = written.and_then(|report| {
        fs::rename(&partial, path).map_err(unwritable)?;
        sync_folder_of(path).map_err(unwritable)?;
        Ok(report)
    });
    if done.is_err() {
        // An archive that is not whole is of no use to anybody.
        let _ = fs::remove_file(&partial);
    }
    drop(lock);
    done
}

/// Whether this file is still the one of this name, and its owner's alone.
#[cfg(unix)]
fn is_in_place(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let (opened, named) = (file.metadata()?, fs::metadata(path)?);
    if opened.is_file() {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok((opened.dev(), opened.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
fn is_in_place(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

enum Error {
    File(io::Error),
    Board(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// A rename is lasting once its folder is.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| folder.as_os_str() != "");
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// The archive that is being written, and the digests of what is in it.
struct Tar {
    tar: Builder<File>,
    sums: String,
}

impl Tar {
    fn entry<'a>(
        &'a mut self,
        header: &'a mut tar::Header,
        name: &'a str,
    ) -> io::Result<Entry<'a>> {
        Ok(Entry {
            name,
            writer: self.tar.append_writer(header, name)?,
            digest: Sha256::new(),
            sums: &mut self.sums,
        })
    }
}

/// An entry of it.
struct Entry<'a> {
    name: &'a str,
    writer: EntryWriter<'a>,
    digest: Sha256,
    sums: &'a mut String,
}

impl Entry<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.writer.write_all(bytes)
    }

    fn write_line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        self.write(&line)
    }

    fn finish(self) -> io::Result<()> {
        let digest = hex(&self.digest.finalize());
        // Writing to a string cannot fail.
        let _ = writeln!(self.sums, "{digest}  {}", self.name);
        self.writer.finish()
    }
}

async fn write(board: &Board, file: File) -> Result<Report, Error> {
    let mut tar = Tar {
        tar: Builder::new(file),
        sums: String::new(),
    };
    let header = archive::Header {
        format: FORMAT.into(),
        version: VERSION,
    };
    let header = serde_json::to_vec(&header).map_err(io::Error::from)?;
    let mut of_entry = entry_header();
    let mut entry = tar.entry(&mut of_entry, HEADER)?;
    entry.write(&header)?;
    entry.finish()?;

    let keys = board.bucket().image_keys().await;
    let keys = keys.map_err(|error| Error::Board(failed(error)))?;
    let mut report = Report::of(keys.len() as u64);
    let (mut pictures, held) = messages(board, &mut tar, &mut report).await?;
    log(board, &mut tar).await?;
    for key in keys {
        let fate = match posted(&key) {
            Some((name, format)) if pictures.get(&name) == Some(&format) => {
                pictures.remove(&name);
                picture(board, &mut tar, &key, &key_of(name.id, format, false)).await?
            }
            Some(_) => Fate::NotTaken("its message is not on the board".into()),
            None if !is_picture(&key) => Fate::NotTaken("its name is not a picture's".into()),
            None if !is_image(&key) => Fate::NotTaken("its name is no path".into()),
            None => picture(board, &mut tar, &key, &key).await?,
        };
        report.picture(&key, &fate);
    }
    // Messages may have been posted since the keys were listed.
    report.expect(pictures.len() as u64);
    for (name, format) in pictures {
        let key = Bucket::picture_key(name, format);
        let fate = picture(board, &mut tar, &key, &key_of(name.id, format, false)).await?;
        report.picture(&key, &fate);
    }
    report.expect(held.len() as u64);
    for (id, format) in held {
        let key = key_of(id, format, true);
        let fate = held_picture(board, &mut tar, &key, id, format).await?;
        report.picture(&key, &fate);
    }
    let Tar { mut tar, sums } = tar;
    tar.append_data(&mut sized(sums.len()), SUMS, sums.as_bytes())?;
    tar.into_inner()?.sync_all()?;
    Ok(report)
}

/// The pictures of messages on the board, and of those that wait.
type Pictures = (BTreeMap<Name, Format>, Vec<(MessageId, Format)>);

/// Writes the messages, and gives those that have a picture.
async fn messages(board: &Board, tar: &mut Tar, report: &mut Report) -> Result<Pictures, Error> {
    let mut pictures = BTreeMap::new();
    let mut header = entry_header();
    let mut lines = tar.entry(&mut header, MESSAGES)?;
    let mut after = None;
    loop {
        let page = board.store().page_after(PAGE, after).await;
        let page = page.map_err(|error| Error::Board(failed(error)))?;
        let last = page.iter().flatten().last().map(|message| message.id);
        // A page that is not full has met everything to the end, also rows behind the last message.
        let is_last = page.iter().flatten().count() < PAGE as usize;
        report.expect(page.len() as u64);
        for row in page {
            let message = match row {
                Ok(message) => message,
                Err(id) => {
                    let outcome = Transferred::not_taken("its row cannot be read");
                    report.message(id.escape_debug(), &outcome);
                    continue;
                }
            };
            let id = message.id;
            if let Some(picture) = &message.picture {
                pictures.insert(message.name(), picture.format);
            }
            lines.write_line(&line(message, false))?;
            report.message(id, &TAKEN);
        }
        if is_last {
            break;
        }
        after = last;
    }
    let held = held(board, &mut lines, report).await?;
    lines.finish()?;
    Ok((pictures, held))
}

/// The outcome of a message that is in the archive; its picture has a line of its own in the report.
const TAKEN: Transferred = Transferred {
    message: Fate::Taken,
    picture: None,
};

/// Writes the messages that wait for a moderator, and gives those that have a picture.
async fn held(
    board: &Board,
    lines: &mut Entry<'_>,
    report: &mut Report,
) -> Result<Vec<(MessageId, Format)>, Error> {
    let (mut pictures, mut after) = (Vec::new(), None);
    loop {
        let page = board.store().waiting(Waiting::Held, PAGE, after).await;
        let (page, next) = page.map_err(|error| Error::Board(failed(error)))?;
        report.expect(page.len() as u64);
        for ReviewedMessage { message, .. } in page {
            let id = message.id;
            pictures.extend(message.picture.as_ref().map(|it| (id, it.format)));
            lines.write_line(&line(message, true))?;
            report.message(id, &TAKEN);
        }
        if next.is_none() {
            return Ok(pictures);
        }
        after = next;
    }
}

/// Writes what moderators did.
async fn log(board: &Board, tar: &mut Tar) -> Result<(), Error> {
    let mut header = entry_header();
    let mut lines = tar.entry(&mut header, LOG)?;
    let mut after = None;
    loop {
        let now = SystemTime::now();
        let page = board.store().moderation_log(PAGE, after, now).await;
        let (page, next) = page.map_err(|error| Error::Board(failed(error)))?;
        for entry in page {
            lines.write_line(&LogLine {
                id: entry.id.to_string(),
                at: entry.id.created_at(),
                moderator: entry.moderator,
                action: entry.action,
                message_id: entry.message.map(|id| id.to_string()),
                picture: entry.picture,
            })?;
        }
        if next.is_none() {
            return Ok(lines.finish()?);
        }
        after = next;
    }
}

fn line(message: Message, held: bool) -> Line {
    let Message {
        id,
        generation: _,
        author,
        text,
        picture,
    } = message;
    let picture = picture.map(|picture| {
        let PostedPicture {
            format,
            width,
            height,
            // The picture itself says it.
            animated: _,
            alt,
        } = picture;
        LinePicture {
            key: key_of(id, format, held),
            width,
            height,
            alt,
        }
    });
    Line {
        id: id.to_string(),
        created_at: id.created_at(),
        author,
        text,
        picture,
        held,
    }
}

/// Writes the picture of a message that waits.
async fn held_picture(
    board: &Board,
    tar: &mut Tar,
    key: &str,
    id: MessageId,
    format: Format,
) -> Result<Fate, Error> {
    let picture = board
        .bucket()
        .held_picture(HeldPicture::Waiting(id), format);
    let picture = picture.await.map_err(|error| Error::Board(failed(error)))?;
    let Some(picture) = picture else {
        return Ok(Fate::NotTaken("it is not in the bucket".into()));
    };
    let mut header = entry_header();
    let mut entry = tar.entry(&mut header, key)?;
    entry.write(&picture)?;
    entry.finish()?;
    Ok(Fate::Taken)
}

/// Writes a picture piece by piece, under the key that it has in the archive.
async fn picture(board: &Board, tar: &mut Tar, key: &str, exported: &str) -> Result<Fate, Error> {
    let object = board.bucket().object(key).await;
    let object = object.map_err(|error| Error::Board(failed(error)))?;
    let Some(Object { size, mut body, .. }) = object else {
        return Ok(Fate::NotTaken("it is not in the bucket".into()));
    };
    let mut header = entry_header();
    let mut written = 0;
    let mut entry = tar.entry(&mut header, exported)?;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| Error::Board(failed(error)))?;
        entry.write(&piece)?;
        written += piece.len() as u64;
    }
    entry.finish()?;
    if written == size {
        Ok(Fate::Taken)
    } else {
        Err(Error::Board(failed(format!("{key} came in part"))))
    }
}

/// The message that a key belongs to, if it is one of a posted picture.
pub fn posted(key: &str) -> Option<(Name, Format)> {
    let (name, extension) = key.strip_prefix(IMAGES)?.split_once('.')?;
    Some((name.parse().ok()?, extension.parse().ok()?))
}

fn entry_header() -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_mtime(TIME);
    header
}

fn sized(bytes: usize) -> tar::Header {
    let mut header = entry_header();
    header.set_size(bytes as u64);
    header
}
