//! What was answered is on the drive. There is no drive here whose power could be cut; what the kernel is asked to
//! force through it, and when, is seen by strace.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

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
    folder: TempDir,
}

impl Trace {
    /// `None` where a process may not look at another, which is said.
    fn of(board: &Board) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut strace = Command::new("strace")
            .args(["-f", "-y", "-s", "64", "-e"])
            .arg("trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,unlink,unlinkat")
            .arg("-o")
            .arg(folder.path().join("calls"))
            .args(["-p", &board.process_id().to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("tests/tools/install installs strace");
        let told = BufReader::new(strace.stderr.take().unwrap()).lines().next();
        let told = told.and_then(Result::ok).unwrap_or_default();
        if told.contains("attached") {
            return Some(Self { strace, folder });
        }
        eprintln!("NOT TESTED: strace may not look at processes here: {told}");
        let _ = strace.wait();
        None
    }

    fn calls(mut self) -> Vec<Call> {
        kill_process(Pid::from_child(&self.strace), Signal::INT).unwrap();
        self.strace.wait().unwrap();
        let mut begun = HashMap::new();
        let mut calls = Vec::new();
        for line in fs::read_to_string(self.folder.path().join("calls"))
            .unwrap()
            .lines()
        {
            let Some((thread, call)) = line.split_once(' ') else {
                continue;
            };
            let call = call.trim();
            let whole = if let Some(start) = call.strip_suffix(" <unfinished ...>") {
                begun.insert(thread.to_owned(), start.to_owned());
                continue;
            } else if call.starts_with("<...") {
                let Some(start) = begun.remove(thread) else {
                    continue;
                };
                start
            } else {
                call.to_owned()
            };
            if let Some((name, arguments)) = whole.split_once('(') {
                calls.push(Call {
                    name: name.to_owned(),
                    arguments: arguments.to_owned(),
                });
            }
        }
        calls
    }
}

impl Board {
    fn object_path(&self, name: &str) -> PathBuf {
        self.folder().path().join("data/s3").join(name)
    }
}

/// The place of the first call after `from` that is one of `names` and has `with` among its arguments.
fn first(calls: &[Call], from: usize, names: &[&str], with: &str) -> usize {
    let found = calls[from..]
        .iter()
        .position(|call| names.contains(&call.name.as_str()) && call.arguments.contains(with));
    found.map_or_else(
        || panic!("no {names:?} of {with} after {from} in {calls:#?}"),
        |place| from + place,
    )
}

const SYNC: &[&str] = &["fsync", "fdatasync"];
const SEND: &[&str] = &["write", "writev", "sendto", "sendmsg"];

#[tokio::test]
async fn a_large_object_is_on_the_drive_before_its_index_and_that_before_the_answer() {
    let board = Board::start();
    let media = board.media();
    let Some(trace) = Trace::of(&board) else {
        return;
    };
    media.put("images/a.jpg", vec![7; 600_000]).await;
    let file = fs::read_dir(board.object_path("bodies"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let calls = trace.calls();

    let file = format!("{}>", file.path().display());
    let written = calls
        .iter()
        .rposition(|call| call.name == "write" && call.arguments.contains(&file));
    let synced = first(&calls, written.unwrap(), SYNC, &file);
    let folder = format!("{}>", board.object_path("bodies").display());
    let folder_synced = first(&calls, synced, SYNC, &folder);
    let index = format!("{}>", board.object_path("index.sqlite-wal").display());
    let committed = first(&calls, folder_synced, SYNC, &index);
    let answered = first(&calls, 0, SEND, "HTTP/1.1 200 OK");
    assert!(committed < answered, "{calls:#?}");
}

#[tokio::test]
async fn a_message_and_its_removal_are_on_the_drive_before_they_are_answered() {
    let board = Board::start();
    let database = board.folder().path().join("data/corkboard.sqlite-wal");
    let database = format!("{}>", database.display());
    let posted = board.post(&json!({ "text": "a message" })).await.json();
    let url = board.url(&format!("/api/messages/{}", posted["id"].as_str().unwrap()));
    let token = posted["deleteToken"].as_str().unwrap();
    let requests = [
        (
            "201",
            http()
                .post(board.url("/api/messages"))
                .json(&json!({ "text": "another" })),
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
        let answered = first(&calls, 0, SEND, &format!("HTTP/1.1 {status}"));
        let synced = first(&calls, 0, SYNC, &database);
        assert!(synced < answered, "{calls:#?}");
    }
}
