//! The site as it is served: stamped with what is the board's own, its modules joined. The same of the same files and
//! settings, whether `corkboard` serves it or `corkboard site` writes it for an upload.
//!
//! - [`modules`]: those that a page always needs, joined;
//! - [`stamp`]: what is the board's own;
//! - [`source`]: the files as they were written.

mod modules;
mod source;
mod stamp;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use local_aws::s3::hex;
use media::PublicBaseUrl;
use message_board::Appearance;
use settings::{Lookup, SettingError, optional, parsed};
use sha2::{Digest as _, Sha256};

use self::modules::strip;
pub use self::source::Source;
use self::stamp::Board;

const PAGE: &str = "index.html";
const MANIFEST: &str = "manifest.webmanifest";
const SERVICE_WORKER: &str = "sw.js";
const STYLE: &str = "style.css";

/// The files of the site by their names, as they are served.
pub type Files = BTreeMap<String, File>;

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Bytes,
    pub sha256: [u8; 32],
}

impl File {
    fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let sha256 = Sha256::digest(&bytes).into();
        Self { bytes, sha256 }
    }

    /// The beginning of its digest.
    fn digest(&self) -> String {
        hex(&self.sha256[..8])
    }
}

/// The site of one board.
pub struct Site {
    source: Source,
    board: Board,
    built: Mutex<Option<(u64, Arc<Files>)>>,
}

impl Site {
    /// Reads the settings, and builds the site.
    ///
    /// # Errors
    /// Where a setting is malformed, or a file of the site has not the form that is needed here.
    pub fn new(source: Source, lookup: Lookup<'_>) -> Result<Self, String> {
        let site = Self {
            source,
            board: board(lookup).map_err(|error| error.to_string())?,
            built: Mutex::new(None),
        };
        site.files()?;
        Ok(site)
    }

    /// The site's files as they are now, built anew where the source has changed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn files(&self) -> Result<Arc<Files>, String> {
        let version = self.source.version()?;
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, files)) = built.as_ref()
            && *of == version
        {
            return Ok(Arc::clone(files));
        }
        let files = Arc::new(build(self.source.read()?, &self.board)?);
        *built = Some((version, Arc::clone(&files)));
        Ok(files)
    }
}

/// `corkboard site --out FOLDER`: writes the site for an upload.
pub fn write(source: Source, folder: &Path, lookup: Lookup<'_>) -> Result<(), String> {
    let failed = |error| format!("{} cannot be written: {error}", folder.display());
    if folder
        .read_dir()
        .is_ok_and(|mut files| files.next().is_some())
    {
        return Err(format!("{} is not empty", folder.display()));
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, file) in Site::new(source, lookup)?.files()?.iter() {
        std::fs::write(folder.join(name), &file.bytes).map_err(failed)?;
    }
    Ok(())
}

fn board(lookup: Lookup<'_>) -> Result<Board, SettingError> {
    // Where there is no `PUBLIC_BASE_URL` it is empty, as `corkboard` has it.
    let base = |name: &str| lookup(name).or_else(|| (name == "PUBLIC_BASE_URL").then(String::new));
    let public_base_url = PublicBaseUrl::from_lookup(&base)?;
    Ok(Board {
        appearance: Appearance::from_lookup(lookup, &public_base_url)?,
        public_base_url,
        has_service_worker: parsed(
            "SERVICE_WORKER",
            &optional(lookup, "SERVICE_WORKER").unwrap_or_else(|| "on".into()),
            "on or off",
            |value| match value {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
        )?,
    })
}

fn build(written: BTreeMap<String, Bytes>, board: &Board) -> Result<Files, String> {
    let text = |name: &str| {
        let bytes = written.get(name);
        let bytes = bytes.ok_or_else(|| format!("the site has no {name}"))?;
        String::from_utf8(bytes.to_vec()).map_err(|_| format!("{name} of the site is no UTF-8"))
    };
    let page = stamp::page(&text(PAGE)?, board)?;
    let worker = strip(&text(SERVICE_WORKER)?);
    let manifest = stamp::manifest(&text(MANIFEST)?, board)?;
    let style = stamp::style(&text(STYLE)?, board);
    let scripts = written
        .keys()
        .filter(|name| has_extension(name, "js") && *name != SERVICE_WORKER);
    let scripts = scripts.map(|name| Ok((name.clone(), text(name)?)));
    let joined = modules::join(&scripts.collect::<Result<_, String>>()?, &entries(&page))?;

    let mut served = written;
    served.insert(PAGE.into(), page.into());
    served.insert(MANIFEST.into(), manifest.into());
    served.insert(STYLE.into(), style.into());
    let scripts = joined.files.into_iter();
    served.extend(scripts.map(|(name, script)| (name, script.into())));
    for (name, bytes) in &mut served {
        if has_extension(name, "css") {
            let stripped = std::str::from_utf8(bytes).map(strip);
            *bytes = stripped
                .map_err(|_| format!("{name} of the site is no UTF-8"))?
                .into();
        }
    }
    let mut files: Files = served
        .into_iter()
        .map(|(name, bytes)| (name, File::new(bytes)))
        .collect();
    let worker = if board.has_service_worker {
        service_worker(&worker, &files, &joined.within)?
    } else {
        worker
    };
    files.insert(SERVICE_WORKER.into(), File::new(worker));
    Ok(files)
}

/// The service worker of these files. It keeps those that the page is made of.
fn service_worker(
    worker: &str,
    files: &Files,
    within: &BTreeSet<String>,
) -> Result<String, String> {
    let kept = files.iter().filter(|(name, _)| {
        let is_of_page = ["html", "css", "js", "svg"]
            .iter()
            .any(|kind| has_extension(name, kind));
        is_of_page && *name != SERVICE_WORKER && !within.contains(*name)
    });
    let kept: BTreeMap<_, _> = kept
        .map(|(name, file)| (name.as_str(), file.digest()))
        .collect();
    let mut version = Sha256::new();
    version.update(worker);
    for (name, digest) in &kept {
        version.update(format!("\n{name} {digest}"));
    }
    let version: [u8; 32] = version.finalize().into();
    stamp::service_worker(worker, &hex(&version[..8]), &kept)
}

/// The scripts that the page names, in their order.
fn entries(page: &str) -> Vec<&str> {
    let scripts = page.split("<script type=\"module\" src=\"").skip(1);
    scripts.filter_map(|rest| rest.split('"').next()).collect()
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, found)| found == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(settings: &'static [(&str, &str)]) -> Arc<Files> {
        let lookup = |name: &str| {
            let given = settings.iter().find(|(variable, _)| *variable == name);
            given.map(|(_, value)| (*value).to_owned())
        };
        let site = Site::new(Source::builtin(), &lookup);
        site.and_then(|site| site.files()).unwrap()
    }

    fn text(files: &Files, name: &str) -> String {
        String::from_utf8(files[name].bytes.to_vec()).unwrap()
    }

    #[test]
    fn the_site_of_this_repository_is_built() {
        let files = site(&[
            ("BOARD_NAME", "Ada's board"),
            ("PUBLIC_BASE_URL", "https://board.example"),
        ]);
        assert!(text(&files, PAGE).contains("<title>Ada&#39;s board</title>"));
        assert!(text(&files, MANIFEST).contains("\"name\":\"Ada's board\""));
        assert!(text(&files, "app.js").starts_with("import { $"));
        assert!(text(&files, SERVICE_WORKER).contains("\"app.js\":\""));
        let preloads = text(&files, PAGE).matches("modulepreload").count();
        assert_eq!(preloads, 0, "what is joined is not asked for");
    }

    #[test]
    fn every_change_is_another_version_and_no_change_is_none() {
        let worker = |settings| text(&site(settings), SERVICE_WORKER);
        let version =
            |worker: &str| worker.rsplit_once("\"version\":\"").unwrap().1[..16].to_owned();
        assert_eq!(worker(&[]), worker(&[("BOARD_NAME", "Corkboard")]));
        assert_ne!(
            version(&worker(&[])),
            version(&worker(&[("BOARD_NAME", "Another")]))
        );
        assert_ne!(
            version(&worker(&[])),
            version(&worker(&[("BOARD_ACCENT", "#8a2be2")]))
        );
    }

    #[test]
    fn a_service_worker_that_is_switched_off_keeps_nothing() {
        let worker = text(&site(&[("SERVICE_WORKER", "off")]), SERVICE_WORKER);
        assert!(worker.contains("version: ''"));
        assert!(!worker.contains("app.js"));
    }

    #[test]
    fn a_setting_that_is_malformed_is_named() {
        for (variable, expected) in [
            ("SERVICE_WORKER", "on or off"),
            ("BOARD_ACCENT", "a colour such as #0f6b63"),
        ] {
            let site = Site::new(Source::builtin(), &|name| {
                (name == variable).then(|| "nonsense".into())
            });
            assert_eq!(
                site.err().unwrap(),
                format!("{variable} is malformed: expected {expected}")
            );
        }
    }
}
