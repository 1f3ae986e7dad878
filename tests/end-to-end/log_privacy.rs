//! What no log may have, at any level: texts, tokens, keys, addresses and secrets. Whatever the tests send of
//! these is planted here, and every board's log is searched when the board ends.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::MessageText;
use reqwest::multipart::Form;
use serde_json::json;

use crate::answer::ask;
use crate::board::{eventually, file, http, picture};
use crate::limit;

/// Too short, and it would be found by chance.
const LEAST: usize = 10;

fn planted() -> MutexGuard<'static, BTreeSet<String>> {
    static PLANTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks for this in every log from here on.
pub fn plant(words: &str) {
    if words.len() >= LEAST {
        planted().insert(words.to_owned());
    }
}

/// The log of a board, searched at its end.
pub struct Log(PathBuf);

impl Log {
    pub fn of(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let found = found_in(&self.0);
            assert!(found.is_empty(), "in the log: {found:?}");
        }
    }
}

/// What was planted and stands in a log, with the line.
fn found_in(log: &Path) -> Vec<String> {
    // The networks that are kept for documentation: all addresses of the tests are of them.
    const ADDRESSES: [&str; 4] = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
    const SECRETS: [&str; 2] = ["corkboard-local", "X-Amz-Signature"];
    let log = fs::read_to_string(log).unwrap();
    let planted = planted();
    let words = planted.iter().map(String::as_str);
    let words: Vec<_> = words.chain(ADDRESSES).chain(SECRETS).collect();
    let lines = log
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)));
    lines.map(|line| line.chars().take(500).collect()).collect()
}

#[test]
fn what_is_planted_is_found() {
    let log = tempfile::NamedTempFile::new().unwrap();
    plant("a planted text of this test alone");
    for (line, expected) in [
        ("INFO answered status=200", 0),
        (
            "INFO answered text=\"a planted text of this test alone\"",
            1,
        ),
        ("INFO answered client=192.0.2.7", 1),
        ("DEBUG signing with corkboard-local", 1),
    ] {
        fs::write(log.path(), line).unwrap();
        assert_eq!(found_in(log.path()).len(), expected, "{line}");
    }
}

/// Everything that may go wrong with what somebody sends.
#[tokio::test]
async fn what_is_refused_is_not_logged_either() {
    let board = limit::board("3");
    let secret = fs::read_to_string(board.folder().path().join("data/secret")).unwrap();
    let token = board.moderator_token();
    for words in [secret.trim(), &token] {
        plant(words);
    }
    let (text, author, alt, key, bearer) = (
        "planted text that nobody may read",
        "planted author",
        "planted description",
        "planted-idempotency-key",
        "planted-bearer-token",
    );
    for words in [
        text,
        author,
        alt,
        key,
        bearer,
        "planted-cookie",
        "planted-agent",
        "planted-query",
    ] {
        plant(words);
    }
    let from = |request: reqwest::RequestBuilder| {
        request
            .header("x-forwarded-for", "192.0.2.77")
            .header("cookie", "a=planted-cookie")
            .header("user-agent", "planted-agent")
    };
    let messages = board.url("/api/messages");
    let long = format!("{text}{}", "x".repeat(MessageText::LIMIT));
    for body in [
        json!({"text": text, "author": author}),
        json!({"text": long, "author": author}),
        json!({"text": format!("{text}\u{0}"), "author": format!("{author}\n")}),
        json!([text]),
    ] {
        for _ in 0..2 {
            ask(from(http().post(&messages))
                .header("idempotency-key", key)
                .json(&body))
            .await;
        }
    }
    let broken = format!("{{\"text\": \"{text}\", \"author\": {author}");
    ask(from(http().post(&messages))
        .header("content-type", "application/json")
        .body(broken))
    .await;
    for name in ["small.jpg", "rle.bmp"] {
        let form = Form::new().text("text", text).text("alt", alt);
        let form = form.part("picture", file(picture(name), "planted-file-name.jpg"));
        ask(from(http().post(&messages)).multipart(form)).await;
    }
    plant("planted-file-name");
    for path in [
        "/api/messages?before=planted-query",
        "/api/messages?limit=planted-query",
    ] {
        ask(from(http().get(board.url(path)))).await;
    }
    for path in [
        "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/api/moderation/remove-sender",
    ] {
        for bearer in [bearer, &token] {
            ask(from(http().delete(board.url(path))).bearer_auth(bearer)).await;
            ask(from(http().post(board.url(path)))
                .bearer_auth(bearer)
                .json(&json!({"messageId": text})))
            .await;
        }
    }
    // The bucket and the database fail, each with what it was asked.
    board.run("DROP TABLE sender").await;
    ask(from(http().post(&messages)).json(&json!({"text": text}))).await;
    let stderr = board.folder().path().join("stderr");
    eventually("both are in the log", async || {
        let said = fs::read_to_string(&stderr).unwrap();
        (said.contains("answered") && said.contains("the request failed")).then_some(())
    })
    .await;
}
