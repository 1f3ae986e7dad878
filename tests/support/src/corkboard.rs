//! How `corkboard` is started by tests, and where it says that it can be reached.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a start may take before it counts as not happening.
const PATIENCE: Duration = Duration::from_mins(1);

/// Has a `corkboard` run on free ports with its data in `folder`, with nothing from the environment of the tests and
/// without a rate limit, since all tests come from one address.
pub fn alone<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command
        .env_clear()
        .env("CORKBOARD_LISTEN", "127.0.0.1:0")
        .env("CORKBOARD_S3_LISTEN", "127.0.0.1:0")
        .env("CORKBOARD_DATA_API_LISTEN", "127.0.0.1:0")
        .env("CORKBOARD_DATA_DIR", folder.join("data"))
        .env("POSTS_PER_MINUTE", "0")
        .current_dir(folder)
}

/// The URLs of a running `corkboard`, without a trailing slash.
#[derive(Debug)]
pub struct Addresses {
    /// The site.
    pub site: String,
    /// The S3 endpoint.
    pub s3: String,
    /// The Data API, where there is one: not where the functions reach a MySQL directly.
    pub data_api: Option<String>,
}

impl Addresses {
    /// Waits until a `corkboard` says on standard output where it can be reached. Fails with what it says on standard
    /// error, which goes to the file `errors`.
    pub fn told(stdout: impl Read + Send + 'static, errors: &Path, has_data_api: bool) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines();
            lines
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let line = || {
            let line = lines.recv_timeout(PATIENCE);
            line.unwrap_or_else(|_| panic!("not ready: {}", fs::read_to_string(errors).unwrap()))
        };
        assert_eq!(line(), "Corkboard is ready.");
        let url = |label: &str| {
            let line = line();
            let url = line.trim_start().strip_prefix(label);
            let url = url.unwrap_or_else(|| panic!("{line} is not the address of {label}"));
            url.trim().trim_end_matches('/').to_owned()
        };
        Self {
            site: url("site"),
            s3: url("S3"),
            data_api: has_data_api.then(|| url("Data API")),
        }
    }
}
