//! An archive of a whole board, as it is read: [`format`] is what stands in it, and [`entries`] where.
//!
//! Whoever reads one trusts nothing in it. It is looked through from end to end before anything is taken,
//! and refused as a whole where it is not what `corkboard export` writes; what a single message or picture
//! has that the board does not take is told when its turn comes.

mod entries;
mod format;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use domain::MessageId;
use local_aws::s3::hex;
use sha2::{Digest as _, Sha256};
use store::LogEntry;

use crate::progress::Progress;
use entries::entries;
use format::{HELD, KEY_LIMIT, check, check_log};

pub use entries::Span;
pub use format::{
    FORMAT, HEADER, Header, LOG, Line, LinePicture, LogLine, MESSAGES, SUMS, VERSION, is_image,
    key_of,
};

/// Bytes of a message's line, at most: every character of it written as `\u…`.
const LINE_LIMIT: u64 = 64 * 1024;
/// Bytes of a line of [`SUMS`], at most: a digest, two spaces, a key.
const SUM_LIMIT: u64 = 64 + 2 + KEY_LIMIT + 1;
/// Bytes that are digested at once.
const PIECE: usize = 64 * 1024;

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
            // Messages that wait follow all others.
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

/// The next line without its line feed; a line over the limit is cut off, and so is no JSON.
fn next_line(lines: &mut impl io::BufRead, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    lines
        .take(limit)
        .read_until(b'\n', &mut line)
        .map(|read| (read > 0).then_some(line))
}
