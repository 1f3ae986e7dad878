//! What was answered is on the drive. There is no drive here whose power could be cut; what the kernel is asked to
//! force through it, and when, is seen by strace.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

use crate::board::{Board, http};

/// A system call that is over, in the order of their ends.
#[derive(Debug)]
struct Call {
    name: String,
    /// Its arguments, with the paths of files.
    arguments: String,
}

/// strace on a board.
struct Trace {
    strace: Child,
    /// Without a reader it would end when it tells of another thread.
    _told: Lines<BufReader<ChildStderr>>,
    folder: TempDir,
}

impl Trace {
    /// `None` where a process may not look at another, which is said.
    fn of(board: &Board) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut strace = Command::new("strace")
            .args(["-f", "-yy", "-s", "64", "-e"])
            .arg("trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,unlink,unlinkat")
            .arg("-o")
            .arg(folder.path().join("calls"))
            .args(["-p", &board.process_id().to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests/tools/install installs strace");
        let mut lines = BufReader::new(strace.stderr.take().unwrap()).lines();
        let told = lines.next().and_then(Result::ok).unwrap_or_default();
        if told.contains("attached") {
            return Some(Self {
                strace,
                _told: lines,
                folder,
            });
        }
        eprintln!("NOT TESTED: strace may not look at processes here: {told}");
        let _ = strace.wait();
        None
    }

    fn calls(mut self) -> Vec<Call> {
        kill_process(Pid::from_child(&self.strace), Signal::INT).unwrap();
        self.strace.wait().unwrap();
        let mut begun = HashMap::new();
        let mut ended = Vec::new();
        let written = fs::read_to_string(self.folder.path().join("calls")).unwrap();
        for (thread, call) in written.lines().filter_map(|line| line.split_once(' ')) {
            let call = call.trim();
            if let Some(start) = call.strip_suffix(" <unfinished ...>") {
                begun.insert(thread, start);
            } else if call.starts_with("<...") {
                ended.extend(begun.remove(thread));
            } else {
                ended.push(call);
            }
        }
        // An answer may have come before its call was over.
        ended.extend(begun.into_values());
        let call = |call: &str| {
            let (name, arguments) = call.split_once('(')?;
            Some(Call {
                name: name.to_owned(),
                arguments: arguments.to_owned(),
            })
        };
        ended.into_iter().filter_map(call).collect()
    }
}

impl Board {
    fn object_path(&self, name: &str) -> PathBuf {
        self.folder().path().join("data/s3").join(name)
    }
}

/// The place of the last call among `calls` that is one of `names` and has all of `with` among its arguments.
fn last(calls: &[Call], names: &[&str], with: &[&str]) -> usize {
    let found = calls.iter().rposition(|call| {
        names.contains(&call.name.as_str()) && with.iter().all(|it| call.arguments.contains(it))
    });
    found.unwrap_or_else(|| panic!("no {names:?} with {with:?} in {calls:#?}"))
}

/// The place at which all that was written to a file before the call at `before` had been forced to the drive.
fn synced(calls: &[Call], before: usize, file: &str) -> usize {
    let calls = &calls[..before];
    let written = last(calls, &["write", "pwrite64"], &[file]);
    let synced = last(calls, SYNC, &[file]);
    assert!(written < synced, "{file}: {calls:#?}");
    synced
}

const SYNC: &[&str] = &["fsync", "fdatasync"];
const SEND: &[&str] = &["write", "writev", "sendto", "sendmsg"];

#[tokio::test]
async fn a_large_object_is_on_the_drive_before_its_index_and_that_before_the_answer() {
    let board = Board::start();
    let [_, s3, _] = board.addresses();
    let media = board.media();
    let Some(trace) = Trace::of(&board) else {
        return;
    };
    media.put("images/a.jpg", vec![7; 600_000]).await;
    let file = fs::read_dir(board.object_path("bodies")).unwrap().next();
    let file = format!("{}>", file.unwrap().unwrap().path().display());
    let calls = trace.calls();

    // The first answer: what follows it, the picture's event brings about.
    let is_answer = |call: &Call| {
        SEND.contains(&call.name.as_str())
            && call.arguments.contains(&format!("TCP:[{s3}->"))
            && call.arguments.contains("HTTP/1.1 200 OK")
    };
    let answered = calls.iter().position(is_answer).unwrap();
    let index = format!("{}>", board.object_path("index.sqlite-wal").display());
    let committed = synced(&calls, answered, &index);
    let folder = format!("{}>", board.object_path("bodies").display());
    let folder_synced = last(&calls[..committed], SYNC, &[&folder]);
    assert!(synced(&calls, folder_synced, &file) < folder_synced);
}

#[tokio::test]
async fn a_message_and_its_removal_are_on_the_drive_before_they_are_answered() {
    let board = Board::start();
    let [site, ..] = board.addresses();
    let database = board.folder().path().join("data/corkboard.sqlite-wal");
    let database = format!("{}>", database.display());
    let posted = board.post(&json!({ "text": "a message" })).await.json();
    let url = board.url(&format!("/api/messages/{}", posted["id"].as_str().unwrap()));
    let token = posted["deleteToken"].as_str().unwrap();
    let another = json!({ "text": "another" });
    let requests = [
        (
            "201",
            http().post(board.url("/api/messages")).json(&another),
        ),
        (
            "204",
            http().request(Method::DELETE, url).bearer_auth(token),
        ),
    ];
    for (status, request) in requests {
        let Some(trace) = Trace::of(&board) else {
            return;
        };
        assert_eq!(request.send().await.unwrap().status().as_str(), status);
        let calls = trace.calls();
        let (from, answer) = (format!("TCP:[{site}->"), format!("HTTP/1.1 {status}"));
        let answered = last(&calls, SEND, &[&from, &answer]);
        synced(&calls, answered, &database);
    }
}
