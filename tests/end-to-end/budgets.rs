//! However many come and however much they send, the process takes no more memory and no more files than it may.

use std::convert::Infallible;
use std::fs;
use std::process::Command;

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::multipart::Form;
use serde_json::json;
use support::corkboard::alone;
use support::png;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::answer::ask;
use crate::board::{Board, file, http, picture};

const MIB: usize = 1024 * 1024;

/// The most memory that the process has had, in MiB.
fn peak(board: &Board) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", board.process_id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<usize>().unwrap() / 1024
}

#[tokio::test]
async fn bodies_without_a_length_take_no_more_memory_than_all_may() {
    let board = Board::start_with(|command| {
        command.env("CORKBOARD_BODY_MEMORY", "32");
        // What it says at this level of each byte takes memory of its own.
        command.env("RUST_LOG", "warn");
    });
    board.post_text("once everything is loaded").await;
    let before = peak(&board);
    let answers = join_all((0..60).map(|_| {
        let pieces =
            (0..10).map(|_| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; MIB]))));
        let body = reqwest::Body::wrap(StreamBody::new(futures_util::stream::iter(pieces)));
        let post = http().post(board.url("/api/messages"));
        ask(post.header("content-type", "image/png").body(body))
    }));
    for answer in answers.await {
        assert!([413, 503].contains(&answer.status), "{}", answer.status);
        assert_eq!(
            answer.headers.contains_key("retry-after"),
            answer.status == 503
        );
    }
    let grown = peak(&board) - before;
    assert!(grown < 64, "{grown} MiB");
    board.post_text("it goes on").await;
}

#[tokio::test]
async fn a_body_that_is_too_long_by_its_length_is_refused_before_it_comes() {
    let board = Board::shared();
    let [site, ..] = board.addresses();
    for expect in ["", "Expect: 100-continue\r\n"] {
        let mut stream = TcpStream::connect(site).await.unwrap();
        let head = format!(
            "POST /api/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n{expect}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    // Whoever sends all of it first sees the answer, too.
    let post = http().post(board.url("/api/messages"));
    let answer = ask(post.body(vec![b'x'; 20 * MIB])).await;
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn one_address_does_not_keep_the_others_from_posting() {
    let board = Board::start_with(|command| {
        command.env("CORKBOARD_TRUSTED_PROXY", "127.0.0.0/8");
    });
    let [site, ..] = board.addresses();
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(site).await.unwrap();
        let head = "POST /api/messages HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\n\
                    Content-Type: image/png\r\nContent-Length: 4000000\r\n\r\nx";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    // A small one would have memory of its own.
    let form = Form::new().text("text", "meanwhile");
    let form = form.part("picture", file(png::noise(200, 1), "a.png"));
    let post = http().post(board.url("/api/messages")).multipart(form);
    ask(post.header("x-forwarded-for", "203.0.113.9"))
        .await
        .created();
}

#[tokio::test]
async fn more_idle_connections_than_files_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let board = Board::start_on(folder, |command| {
        let mut limited = Command::new("prlimit");
        limited.args(["--nofile=256:256", env!("CARGO_BIN_EXE_corkboard")]);
        alone(&mut limited, &path).env("RUST_LOG", "trace");
        *command = limited;
    });
    let mut idle = Vec::new();
    for address in board.addresses() {
        for _ in 0..150 {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
    }
    let posted = board
        .post_picture("meanwhile", picture("orientation-1.jpg"))
        .await;
    let url = posted["picture"]["url"].as_str().unwrap();
    assert_eq!(board.get(url).await.status, 200);
    let list = board.get("/api/messages").await.json();
    assert_eq!(list["messages"][0]["text"], json!("meanwhile"));
    let bucket = board.s3().list_objects_v2().bucket(crate::board::BUCKET);
    assert!(bucket.send().await.unwrap().contents().len() > 1);
}
