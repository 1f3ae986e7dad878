//! Behind CloudFront: whom a post comes from where CloudFront's word is missing, or not believed.

use std::fs;

use aws_sdk_rdsdata::types::Field;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::answer::{JSON, NO_STORE, ask};
use crate::board::{Board, eventually, http};
use crate::log_privacy::plant;

const SECRET: &str = "what CloudFront sends from now on";
const BEFORE: &str = "what CloudFront sent until now";

fn board(limit: &str) -> Board {
    plant(SECRET);
    plant(BEFORE);
    Board::start_with(|command| {
        command
            .env("POSTS_PER_MINUTE", limit)
            .env("ORIGIN_SECRET", SECRET)
            .env("ORIGIN_SECRET_PREVIOUS", BEFORE);
    })
}

/// A request as it comes through CloudFront, which names a viewer.
fn through(secret: &str, viewer: &str, request: RequestBuilder) -> RequestBuilder {
    request
        .header("x-origin-verify", secret)
        .header("cloudfront-viewer-address", format!("{viewer}:46532"))
}

impl Board {
    fn text(&self, text: &str) -> RequestBuilder {
        http()
            .post(self.url("/api/messages"))
            .json(&json!({ "text": text }))
    }

    async fn sender_of(&self, message: &Value) -> Option<String> {
        let sql = "SELECT sender FROM message WHERE id = :id";
        match &self.sql(sql, message["id"].as_str().unwrap()).await[..] {
            [row] => match &row[..] {
                [Field::StringValue(sender)] => Some(sender.clone()),
                [Field::IsNull(true)] => None,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn unnamed_posts(&self) -> usize {
        let log = fs::read_to_string(self.folder().path().join("stderr")).unwrap();
        log.matches("a message has no sender").count()
    }
}

#[tokio::test]
async fn both_headers_are_believed_and_a_viewer_is_the_same_under_both() {
    let board = board("0");
    let posts = [
        through(SECRET, "198.51.100.7", board.text("one")),
        through(BEFORE, "198.51.100.7", board.text("two")),
        through(BEFORE, "198.51.100.8", board.text("three")),
    ];
    let mut senders = vec![];
    for post in posts {
        senders.push(board.sender_of(&ask(post).await.created()).await.unwrap());
    }
    assert_eq!(senders[0], senders[1]);
    assert_ne!(senders[0], senders[2]);
    assert_eq!(board.unnamed_posts(), 0);
    for secret in [SECRET, BEFORE] {
        let ready = http().get(board.url("/api/health/ready"));
        let ready = ask(through(secret, "198.51.100.7", ready)).await;
        let named = json!({"database": "ok", "media": "ok", "viewers": "named"});
        ready.is(200, &[JSON, NO_STORE], &named);
    }
}

#[tokio::test]
async fn who_is_not_named_is_no_sender_and_takes_nobody_else_along() {
    let board = board("0");
    let named = through(SECRET, "198.51.100.7", board.text("named"));
    let named = ask(named).await.created();
    let unnamed = [
        board.text("past CloudFront"),
        through(
            "another secret, or one of long ago",
            "198.51.100.7",
            board.text("not believed"),
        ),
        board.text("no address").header("x-origin-verify", SECRET),
    ];
    let mut messages = vec![];
    for post in unnamed {
        let message = ask(post).await.created();
        assert_eq!(board.sender_of(&message).await, None);
        messages.push(message);
    }
    eventually("such posts are in the log, to be counted", async || {
        (board.unnamed_posts() == 3).then_some(())
    })
    .await;

    let token = board.moderator_token();
    let id = messages[0]["id"].as_str().unwrap();
    let told = board.sender(&token, &format!("?messageId={id}")).await;
    assert_eq!(
        (&told.json()["known"], &told.json()["messages"]),
        (&json!(false), &json!(1))
    );
    let removed = board.remove_sender(&token, id).await;
    removed.is(200, &[JSON, NO_STORE], &json!({"removed": 1}));
    let left: Vec<_> = board
        .messages()
        .await
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(
        left,
        [&messages[2]["id"], &messages[1]["id"], &named["id"]].map(Clone::clone)
    );
    // Nobody is refused by it.
    ask(board.text("another")).await.created();
}

#[tokio::test]
async fn the_posting_limit_counts_the_connection_where_nobody_is_named() {
    let board = board("2");
    for text in ["one", "two"] {
        ask(board.text(text)).await.created();
    }
    assert_eq!(ask(board.text("three")).await.status, 429);
    let claimed = through("a guess", "198.51.100.9", board.text("four"));
    assert_eq!(ask(claimed).await.status, 429);
    for text in ["five", "six"] {
        ask(through(SECRET, "198.51.100.7", board.text(text)))
            .await
            .created();
    }
    let over = through(SECRET, "198.51.100.7", board.text("seven"));
    assert_eq!(ask(over).await.status, 429);
}

#[tokio::test]
async fn readiness_says_whether_viewers_are_named() {
    let board = board("0");
    let ready = || http().get(board.url("/api/health/ready"));
    let unnamed = json!({"database": "ok", "media": "ok", "viewers": "unnamed"});
    for request in [
        ready(),
        through("another secret", "198.51.100.7", ready()),
        ready().header("x-origin-verify", SECRET),
    ] {
        ask(request).await.is(200, &[JSON, NO_STORE], &unnamed);
    }
}
