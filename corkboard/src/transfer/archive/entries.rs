//! Where each entry of an archive is in its file, and whether it belongs there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use tar::EntryType;

use super::format::{
    FORMAT, HEADER, HELD, Header, KEY_LIMIT, LOG, MESSAGES, SUMS, VERSION, WITHOUT_HELD,
    WITHOUT_SUMS, is_image, is_path_under,
};

/// Bytes of [`HEADER`], at most.
const HEADER_LIMIT: u64 = 4 * 1024;
/// Bytes that tar rounds everything up to.
const BLOCK: u64 = 512;

const NO_ARCHIVE: &str = "it is not an archive of corkboard";

/// Where something is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u64,
    pub size: u64,
}

/// Where everything is.
pub struct Entries {
    pub header: Span,
    pub messages: Span,
    pub log: Option<Span>,
    pub images: BTreeMap<String, Span>,
    /// `None` in an archive that has none.
    pub sums: Option<Span>,
}

pub fn entries(file: File) -> Result<Entries, String> {
    let damaged = |error: io::Error| format!("it is not a whole archive: {error}");
    let size = file.metadata().map_err(damaged)?.len();
    let mut tar = tar::Archive::new(file);
    let mut found = Found::default();
    let mut long_name = None;
    let mut end = 0;
    // Entries are read raw, so that no name is read before its length was looked at.
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
    /// Where [`HEADER`] is, with the version of the format.
    header: Option<(u32, Span)>,
    messages: Option<Span>,
    log: Option<Span>,
    images: BTreeMap<String, Span>,
    sums: Option<Span>,
}

impl Found {
    /// Takes the next file, or fails where it does not belong there.
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
