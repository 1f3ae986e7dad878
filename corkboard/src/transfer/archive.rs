//! A whole board in one file: a plain tar with
//!
//! | entry | what |
//! |---|---|
//! | `corkboard.json` | `{"format":"corkboard","version":3}` |
//! | `messages.jsonl` | a [`Line`] for each message, oldest first; behind those on the board those that wait for a moderator, which versions up to 2 had not |
//! | `moderation-log.jsonl` | a [`LogLine`] for each act of a moderator, newest first; may be missing, as in versions up to 2 |
//! | `images/…` | the pictures under their keys: those of messages and those that the operator put there |
//! | `held/…` | the pictures of messages that wait |
//! | `SHA256SUMS` | the SHA-256 of each entry before, as `sha256sum` writes and checks them; version 1 had none |
//!
//! Whoever reads one trusts nothing in it. It is looked through from end to end before anything is taken,
//! and refused as a whole where it is not what `corkboard export` writes; what a single message or picture
//! has that the board does not take is told when its turn comes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use domain::{Format, MessageId, ModeratorName};
use local_aws::s3::hex;
use media::{Bucket, IMAGES};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::LogEntry;
use tar::EntryType;

use crate::progress::Progress;

pub const HEADER: &str = "corkboard.json";
pub const MESSAGES: &str = "messages.jsonl";
pub const LOG: &str = "moderation-log.jsonl";
pub const FORMAT: &str = "corkboard";
pub const SUMS: &str = "SHA256SUMS";
pub const VERSION: u32 = 3;
/// Without messages that wait, and without [`LOG`].
const WITHOUT_HELD: u32 = 2;
/// Without [`SUMS`], too.
const WITHOUT_SUMS: u32 = 1;
/// Where the pictures of messages are that wait.
const HELD: &str = "held/";

/// Bytes of a message's line, at most: every character of it written as `\u…`.
const LINE_LIMIT: u64 = 64 * 1024;
/// Bytes of the name of what a moderator did, at most.
const ACTION_LIMIT: usize = 24;
/// Bytes of [`HEADER`], at most.
const HEADER_LIMIT: u64 = 4 * 1024;
/// Bytes of a line of [`SUMS`], at most: a digest, two spaces, a key.
const SUM_LIMIT: u64 = 64 + 2 + KEY_LIMIT + 1;
/// Bytes that are digested at once.
const PIECE: usize = 64 * 1024;
/// Bytes of a key, at most.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
const KEY_LIMIT: u64 = 1024;
/// Bytes that tar rounds everything up to.
const BLOCK: u64 = 512;

const NO_ARCHIVE: &str = "it is not an archive of corkboard";

/// What [`HEADER`] says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u32,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    pub id: String,
    /// The id's time, for people.
    pub created_at: String,
    pub author: Option<String>,
    pub text: String,
    pub picture: Option<LinePicture>,
    /// Whether the message waits for a moderator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// What a message knows of its picture.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePicture {
    /// `images/<id>.<extension>`, or `held/<id>.<extension>`.
    pub key: String,
    pub width: u32,
    pub height: u32,
    pub alt: Option<String>,
}

/// What a moderator did.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogLine {
    pub id: String,
    /// The id's time, for people.
    pub at: String,
    pub moderator: Option<String>,
    pub action: String,
    pub message_id: Option<String>,
    /// The key of a picture of the operator's.
    pub picture: Option<String>,
}

/// Where something is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u64,
    pub size: u64,
}

/// An archive that has been looked through.
#[derive(Debug)]
pub struct Archive {
    pub path: PathBuf,
    messages: Span,
    log: Option<Span>,
    /// How many messages there are.
    pub message_count: u64,
    /// The pictures of messages, by their keys.
    pub posted: BTreeMap<String, Span>,
    /// All other pictures, by their keys.
    pub others: BTreeMap<String, Span>,
}

impl Archive {
    /// Looks through the archive at `path`.
    pub fn open(path: &Path) -> Result<Self, String> {
        let refused = |why: String| format!("{} cannot be imported: {why}", path.display());
        let file = File::open(path).map_err(|error| refused(error.to_string()))?;
        let entries = entries(file).map_err(refused)?;
        let mut archive = Self {
            path: path.to_owned(),
            messages: entries.messages,
            log: entries.log,
            message_count: 0,
            posted: BTreeMap::new(),
            others: BTreeMap::new(),
        };
        if let Some(sums) = entries.sums {
            let mut expected = archive
                .sums(sums, entries.images.len() + 3)
                .map_err(refused)?;
            let mut progress = Progress::of("parts of the archive", expected.len() as u64);
            let parts = [(HEADER, entries.header), (MESSAGES, entries.messages)];
            let images = entries.images.iter().map(|(name, span)| (&**name, *span));
            let log = entries.log.map(|span| (LOG, span));
            for (name, span) in parts.into_iter().chain(log).chain(images) {
                let actual = archive
                    .digest(span)
                    .map_err(|error| refused(error.to_string()))?;
                if expected.remove(name).as_ref() != Some(&actual) {
                    let name = name.escape_debug();
                    return Err(refused(format!("{name} is not what was written")));
                }
                progress.step();
            }
            if let Some((name, _)) = expected.pop_first() {
                return Err(refused(format!("{} is missing", name.escape_debug())));
            }
            progress.finish();
        }
        archive.others = entries.images;
        archive.look_through_messages().map_err(refused)?;
        archive.look_through_log().map_err(refused)?;
        Ok(archive)
    }

    /// What the archive says that the digests of its entries are, in hexadecimal.
    fn sums(&self, span: Span, parts: usize) -> Result<BTreeMap<String, String>, String> {
        let sums = self.section(span).map_err(|error| error.to_string())?;
        let mut sums = BufReader::new(sums);
        let mut by_name = BTreeMap::new();
        let none = || format!("{SUMS} has a line that is none");
        while let Some(line) = next_line(&mut sums, SUM_LIMIT).map_err(|e| e.to_string())? {
            let line = String::from_utf8(line).map_err(|_| none())?;
            let (digest, name) = line.trim_end().split_once("  ").ok_or_else(none)?;
            if by_name.len() > parts || by_name.insert(name.to_owned(), digest.to_owned()).is_some()
            {
                return Err(none());
            }
        }
        Ok(by_name)
    }

    fn digest(&self, span: Span) -> io::Result<String> {
        let mut section = self.section(span)?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; PIECE];
        loop {
            match section.read(&mut piece)? {
                0 => return Ok(hex(&digest.finalize())),
                read => digest.update(&piece[..read]),
            }
        }
    }

    fn look_through_messages(&mut self) -> Result<(), String> {
        let mut last = None;
        for line in self.lines()? {
            let (id, line) = line?;
            // Those that wait follow all others.
            let place = (line.held, id);
            if last.is_some_and(|last| last >= place) {
                return Err(format!("message {id} is there twice, or not in its place"));
            }
            last = Some(place);
            self.message_count += 1;
            if let Some(picture) = line.picture
                && let Some(span) = self.others.remove(&picture.key)
            {
                self.posted.insert(picture.key, span);
            }
        }
        match self.others.keys().find(|key| key.starts_with(HELD)) {
            Some(key) => Err(format!("{} is no message's", key.escape_debug())),
            None => Ok(()),
        }
    }

    fn look_through_log(&self) -> Result<(), String> {
        let mut last = None;
        for entry in self.log()? {
            let LogEntry { id, .. } = entry?;
            if last.is_some_and(|last| last <= id) {
                return Err(format!(
                    "the log's entry {id} is there twice, or not in its place"
                ));
            }
            last = Some(id);
        }
        Ok(())
    }

    /// The messages, oldest first, each with its id.
    pub fn lines(
        &self,
    ) -> Result<impl Iterator<Item = Result<(MessageId, Line), String>> + use<>, String> {
        self.checked(MESSAGES, Some(self.messages), check)
    }

    /// What moderators did, newest first.
    pub fn log(&self) -> Result<impl Iterator<Item = Result<LogEntry, String>> + use<>, String> {
        self.checked(LOG, self.log, check_log)
    }

    /// What `check` makes of each line of `name`, which is at `span`.
    fn checked<T, Check: Fn(&[u8]) -> Result<T, &'static str>>(
        &self,
        name: &'static str,
        span: Option<Span>,
        check: Check,
    ) -> Result<impl Iterator<Item = Result<T, String>> + use<T, Check>, String> {
        let nothing = Span { start: 0, size: 0 };
        let lines = self.section(span.unwrap_or(nothing));
        let mut lines = BufReader::new(lines.map_err(|e| e.to_string())?);
        let mut number = 0;
        Ok(std::iter::from_fn(move || {
            number += 1;
            let line = match next_line(&mut lines, LINE_LIMIT) {
                Ok(line) => line?,
                Err(error) => return Some(Err(error.to_string())),
            };
            let checked = check(&line);
            Some(checked.map_err(|why| format!("line {number} of {name} {why}")))
        }))
    }

    /// The bytes of `span`.
    pub fn section(&self, span: Span) -> io::Result<impl Read + use<>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(span.start))?;
        Ok(file.take(span.size))
    }
}

/// Without its line feed; a line over the limit is cut off, and so is no JSON.
fn next_line(lines: &mut impl io::BufRead, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    lines
        .take(limit)
        .read_until(b'\n', &mut line)
        .map(|read| (read > 0).then_some(line))
}

/// What makes a line one of this format; the values are checked when the message is taken.
fn check(line: &[u8]) -> Result<(MessageId, Line), &'static str> {
    let line: Line = serde_json::from_slice(line).map_err(|_| "is not a message")?;
    let id: MessageId = line.id.parse().map_err(|_| "has no message id")?;
    if id.created_at() != line.created_at {
        return Err("has a time that is not its id's");
    }
    if let Some(picture) = &line.picture
        && !Format::ALL
            .iter()
            .any(|&format| key_of(id, format, line.held) == picture.key)
    {
        return Err("has a picture that is not its own");
    }
    Ok((id, line))
}

/// What makes a line an entry of the log.
fn check_log(line: &[u8]) -> Result<LogEntry, &'static str> {
    let line: LogLine = serde_json::from_slice(line).map_err(|_| "is no entry of the log")?;
    let id: MessageId = line.id.parse().map_err(|_| "has no id")?;
    if id.created_at() != line.at {
        return Err("has a time that is not its id's");
    }
    let name = line.moderator.as_deref().map(str::parse::<ModeratorName>);
    name.transpose().map_err(|_| "has no moderator's name")?;
    let is_action = (1..=ACTION_LIMIT).contains(&line.action.len())
        && line
            .action
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !is_action {
        return Err("has no action");
    }
    let message = line.message_id.as_deref().map(str::parse);
    let message = message.transpose().map_err(|_| "has no message id")?;
    // It is said, and never a path: keys are logged that no archive has as files.
    let is_key = |key: &str| key.starts_with(IMAGES) && key.len() as u64 <= KEY_LIMIT;
    if line.picture.as_deref().is_some_and(|key| !is_key(key)) {
        return Err("has a picture that is none of the operator's");
    }
    Ok(LogEntry {
        id,
        moderator: line.moderator,
        action: line.action,
        message,
        picture: line.picture,
    })
}

/// The key of a message's picture in an archive: where it is imported, it was never restored.
pub fn key_of(id: MessageId, format: Format, is_held: bool) -> String {
    if is_held {
        format!("{HELD}{id}.{}", format.extension())
    } else {
        Bucket::picture_key(id, format)
    }
}

/// Where everything is.
struct Entries {
    header: Span,
    messages: Span,
    log: Option<Span>,
    images: BTreeMap<String, Span>,
    /// `None` in an archive that has none.
    sums: Option<Span>,
}

fn entries(file: File) -> Result<Entries, String> {
    let damaged = |error: io::Error| format!("it is not a whole archive: {error}");
    let size = file.metadata().map_err(damaged)?.len();
    let mut tar = tar::Archive::new(file);
    let mut found = Found::default();
    let mut long_name = None;
    let mut end = 0;
    // Raw: a name is not read before its length was looked at.
    for entry in tar.entries_with_seek().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let span = Span {
            start: entry.raw_file_position(),
            size: entry.size(),
        };
        end = span.start.saturating_add(span.size);
        if end > size {
            return Err("it is cut short".into());
        }
        if entry.header().entry_type() == EntryType::GNULongName {
            if span.size > KEY_LIMIT + 1 {
                return Err("it has a name that is too long".into());
            }
            let mut name = Vec::new();
            entry.read_to_end(&mut name).map_err(damaged)?;
            name.pop_if(|last| *last == 0);
            if long_name.replace(name).is_some() {
                return Err("it has a name of nothing".into());
            }
            continue;
        }
        if entry.header().entry_type() != EntryType::Regular {
            return Err("it has something else than files".into());
        }
        let name = long_name
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = String::from_utf8(name).map_err(|_| "it has a name that is not UTF-8")?;
        found.add(&name, span, entry)?;
    }
    // Two empty blocks are a tar's end.
    if end.next_multiple_of(BLOCK) + 2 * BLOCK > size {
        return Err("it is cut short".into());
    }
    found.whole()
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// With the version of the format.
    header: Option<(u32, Span)>,
    messages: Option<Span>,
    log: Option<Span>,
    images: BTreeMap<String, Span>,
    sums: Option<Span>,
}

impl Found {
    /// Takes the next file, where it belongs there.
    fn add(&mut self, name: &str, span: Span, file: impl Read) -> Result<(), String> {
        let Some((version, _)) = self.header else {
            if name != HEADER {
                return Err(NO_ARCHIVE.into());
            }
            self.header = Some((check_header(file)?, span));
            return Ok(());
        };
        let is_log = name == LOG && version > WITHOUT_HELD;
        let is_held = is_path_under(HELD, name) && version > WITHOUT_HELD;
        match self {
            Self { messages: None, .. } if name == MESSAGES => self.messages = Some(span),
            Self { messages: None, .. } | Self { sums: Some(_), .. } => {
                return Err(misplaced(name));
            }
            _ if name == SUMS && version >= WITHOUT_HELD => self.sums = Some(span),
            Self { log: None, .. } if is_log && self.images.is_empty() => self.log = Some(span),
            _ if is_image(name) || is_held => {
                if self.images.insert(name.to_owned(), span).is_some() {
                    return Err(format!("{} is there twice", name.escape_debug()));
                }
            }
            _ => return Err(misplaced(name)),
        }
        Ok(())
    }

    fn whole(self) -> Result<Entries, String> {
        let (version, header) = self.header.ok_or(NO_ARCHIVE)?;
        let messages = self.messages.ok_or(NO_ARCHIVE)?;
        if version > WITHOUT_SUMS && self.sums.is_none() {
            return Err(format!("{SUMS} is missing"));
        }
        Ok(Entries {
            header,
            messages,
            log: self.log,
            images: self.images,
            sums: self.sums,
        })
    }
}

fn misplaced(name: &str) -> String {
    format!("{} does not belong there", name.escape_debug())
}

/// The version.
fn check_header(entry: impl Read) -> Result<u32, String> {
    let mut json = Vec::new();
    let _ = entry.take(HEADER_LIMIT).read_to_end(&mut json);
    match serde_json::from_slice(&json) {
        Ok(Header { format, version }) if format == FORMAT => match version {
            WITHOUT_SUMS..=VERSION => Ok(version),
            _ => Err(format!(
                "it has version {version} of the format, and this corkboard knows {VERSION}"
            )),
        },
        _ => Err(NO_ARCHIVE.into()),
    }
}

/// Whether an archive may have a picture of this name: the path of a file under `images/`, in one spelling.
pub fn is_image(name: &str) -> bool {
    is_path_under(IMAGES, name)
}

fn is_path_under(folder: &str, name: &str) -> bool {
    name.starts_with(folder)
        && name.len() as u64 <= KEY_LIMIT
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && name
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | ".."))
}
