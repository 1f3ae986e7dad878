use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde_json::Value;
use support::corkboard::Addresses;
use tempfile::TempDir;

/// A board's data directory.
pub struct Board {
    pub data: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command said, and whether it succeeded.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Said {
    /// What a command that succeeded said on standard output.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The one line of a command that failed.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let told = self.told();
        let line = told.strip_prefix("corkboard: ").unwrap();
        assert_eq!(line.matches('\n').count(), 1, "{self:?}");
        line.trim_end().to_owned()
    }

    /// What it said on standard error, without how far it was.
    pub fn told(&self) -> String {
        let lines = self.stderr.split_inclusive('\n');
        lines.filter(|line| !line.ends_with(" to go\n")).collect()
    }
}

impl Board {
    pub fn new() -> Self {
        Self {
            data: tempfile::tempdir().unwrap(),
            environment: vec![],
        }
    }

    /// One that was started once.
    pub fn started() -> Self {
        let board = Self::new();
        drop(board.open());
        board
    }

    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.environment.push((variable.into(), value.into()));
        self
    }

    /// `corkboard` on this board, with nothing else in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corkboard"));
        command
            .args(arguments)
            .env_clear()
            .env("CORKBOARD_DATA_DIR", self.data.path().join("data"))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    pub fn import(&self, archive: &Path) -> Said {
        self.run(&["import", archive.to_str().unwrap()])
    }

    pub fn export(&self) -> PathBuf {
        let file = self.data.path().join("board.tar");
        self.run(&["export", file.to_str().unwrap()]).done();
        file
    }

    /// All that is on the board.
    pub fn content(&self) -> Content {
        Content::of(&self.export())
    }

    fn index(&self) -> rusqlite::Result<Connection> {
        let path = self.data.path().join("data/s3/index.sqlite");
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// What lies in this folder is taken in as objects at the next start.
    pub fn inbox(&self) -> PathBuf {
        self.data.path().join("data/s3/corkboard-media")
    }

    /// The bytes of an object, without a running board.
    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        let sql =
            "SELECT size, file, bytes FROM object LEFT JOIN small_body USING (key) WHERE key = ?1";
        let index = self.index().unwrap();
        let found = index.query_row(sql, [key.as_bytes()], |row| {
            let (size, file): (usize, Option<String>) = (row.get(0)?, row.get(1)?);
            let Some(file) = file else {
                return row.get(2);
            };
            let path = self.data.path().join("data/s3/bodies").join(file);
            Ok(fs::read(path).unwrap()[..size].to_vec())
        });
        found.optional().unwrap()
    }

    /// The file that a larger object is in.
    pub fn file_of(&self, key: &str) -> String {
        let sql = "SELECT file FROM object WHERE key = ?1";
        let index = self.index().unwrap();
        index
            .query_row(sql, [key.as_bytes()], |row| row.get(0))
            .unwrap()
    }

    /// How many objects have keys that begin so, as far as there is an index.
    pub fn objects(&self, prefix: &str) -> usize {
        let sql = "SELECT count(*) FROM object WHERE substr(key, 1, length(?1)) = ?1";
        let count = |index: Connection| index.query_row(sql, [prefix.as_bytes()], |row| row.get(0));
        self.index().and_then(count).unwrap_or_default()
    }

    pub fn remove_object(&self, key: &str) {
        let index = self.index().unwrap();
        let removed = index.execute("DELETE FROM object WHERE key = ?1", [key.as_bytes()]);
        assert_eq!(removed.unwrap(), 1);
    }

    /// The keys that the carrousel shows.
    pub fn carrousel(&self) -> Vec<String> {
        let json = self.object("carrousel/carrousel.json").unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        let urls = json.as_array().unwrap().iter();
        urls.map(|entry| entry["url"].as_str().unwrap()[1..].to_owned())
            .collect()
    }

    /// The board open to visitors.
    pub fn open(&self) -> Running {
        let mut command = self.command(&[
            "--listen=127.0.0.1:0",
            "--s3-listen=127.0.0.1:0",
            "--data-api-listen=127.0.0.1:0",
        ]);
        let is_direct = self
            .environment
            .iter()
            .any(|(name, _)| name == "DATABASE_URL");
        Running::new(&mut command, &self.data.path().join("stderr"), !is_direct)
    }
}

/// What an archive has.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    pub messages: Vec<Value>,
    pub log: Vec<Value>,
    pub images: BTreeMap<String, Vec<u8>>,
}

impl Content {
    pub fn of(archive: &Path) -> Self {
        let mut archive = tar::Archive::new(fs::File::open(archive).unwrap());
        let (mut messages, mut log, mut images) = (vec![], vec![], BTreeMap::new());
        let lines = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            lines.collect::<Vec<Value>>()
        };
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = vec![];
            entry.read_to_end(&mut bytes).unwrap();
            match path.as_str() {
                "corkboard.json" | "SHA256SUMS" => {}
                "messages.jsonl" => messages = lines(bytes),
                "moderation-log.jsonl" => log = lines(bytes),
                _ => assert!(images.insert(path, bytes).is_none()),
            }
        }
        Self {
            messages,
            log,
            images,
        }
    }

    pub fn texts(&self) -> Vec<&str> {
        self.of_each("text")
    }

    pub fn of_each(&self, field: &str) -> Vec<&str> {
        let messages = self.messages.iter();
        messages.map(|it| it[field].as_str().unwrap()).collect()
    }

    /// Every message's picture is there, and every picture is a message's.
    #[track_caller]
    pub fn assert_whole(&self) {
        let pictures = self
            .messages
            .iter()
            .filter_map(|it| it["picture"]["key"].as_str());
        let images: Vec<_> = self.images.keys().map(String::as_str).collect();
        assert_eq!(pictures.collect::<Vec<_>>(), images);
    }
}

/// A running board; it ends with the value.
pub struct Running {
    child: Child,
    /// Where it can be reached.
    pub addresses: Addresses,
}

impl Running {
    fn new(command: &mut Command, errors: &Path, has_data_api: bool) -> Self {
        let stderr = File::create(errors).unwrap();
        let mut child = command.stderr(stderr).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        Self {
            child,
            addresses: Addresses::told(stdout, errors, has_data_api),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.addresses.site)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
