//! Rows that the code never writes, but somebody with the database in hand.

use std::fs;

use serde_json::{Value, json};

use crate::answer::shown;
use crate::board::{Board, eventually};

/// One that no reader can make a message of: newer than all others, and without end.
const BAD_ID: &str = "zzz, put in by hand";

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// A board with bad rows among 5 messages of a sender, which it gives newest first; and the bad rows' ids.
async fn board_with_bad_rows() -> (Board, Vec<Value>, Vec<String>) {
    let board = Board::start();
    let (mut good, mut bad) = (vec![], vec![]);
    let sets = [
        "picture_format = 'bmp', picture_width = 1, picture_height = 1",
        "picture_format = 'png', picture_width = -1, picture_height = 1",
        "picture_format = 'png', picture_width = 1",
        "picture_format = 'png', picture_width = 1.5, picture_height = 'wide'",
        "picture_format = x'00'",
    ];
    for set in sets {
        good.insert(0, shown(&board.post_text("good").await));
        let post = id(&good[0]).to_owned();
        // The same again under another id, as code of before would have posted it.
        let bad_id = ulid::Ulid::generate().to_string();
        board
            .sql(
                &format!(
                    "INSERT INTO message (id, status, text, sender) \
                     SELECT '{bad_id}', 'posted', 'bad', sender FROM message WHERE id = :id"
                ),
                &post,
            )
            .await;
        let sql = format!("UPDATE message SET {set} WHERE id = :id");
        board.sql(&sql, &bad_id).await;
        bad.push(bad_id);
    }
    let sql = "INSERT INTO message (id, status, text) VALUES (:id, 'posted', 'bad')";
    for id in [BAD_ID, "", "01arz3ndektsv4rrffq69g5fav"] {
        board.sql(sql, id).await;
    }
    let board = Board::start_on(board.kill(), |_| {});
    (board, good, bad)
}

#[tokio::test]
async fn what_cannot_be_read_is_not_published_and_told_in_the_log() {
    let (board, good, bad) = board_with_bad_rows().await;
    assert_eq!(board.messages().await, good);
    for id in &bad {
        let answer = board.get(&format!("/api/messages/{id}")).await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }
    let log = || fs::read_to_string(board.folder().path().join("stderr")).unwrap();
    for row in bad.iter().map(String::as_str).chain([BAD_ID]) {
        eventually("the row is in the log", async || {
            let log = log();
            let mut lines = log.lines();
            lines
                .any(|line| line.contains("a row cannot be read") && line.contains(row))
                .then_some(())
        })
        .await;
    }
    // It is looked at once.
    let unpublished =
        "SELECT id FROM message WHERE status = 'posted' AND since IS NULL AND id <> :id";
    assert!(board.sql(unpublished, "none").await.is_empty());
}

#[tokio::test]
async fn a_moderator_removes_what_cannot_be_read_and_a_post_clears_it_away() {
    let (board, good, bad) = board_with_bad_rows().await;
    let token = board.moderator_token();
    for id in &bad[1..] {
        assert_eq!(board.delete(id, &token).await.status, 204);
        // Once more is the same.
        assert_eq!(board.delete(id, &token).await.status, 204);
    }
    // Its sender's go as well, as many as are told.
    let told = board
        .sender(&token, &format!("?messageId={}", bad[0]))
        .await;
    let told = told.json()["messages"].as_u64().unwrap();
    assert_eq!(told, 1 + good.len() as u64);
    let removed = board.remove_sender(&token, &bad[0]).await;
    assert_eq!(removed.json(), json!({ "removed": told }));
    assert_eq!(board.messages().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_moderator_removes_what_cannot_be_read_and_nobody_knows_who_sent() {
    let board = Board::start();
    let token = board.moderator_token();
    let bad = board.post_text("bad").await;
    let sql = "UPDATE message SET picture_format = 'bmp', sender = NULL WHERE id = :id";
    board.sql(sql, id(&bad)).await;
    let query = format!("?messageId={}", id(&bad));
    let told = board.sender(&token, &query).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.json()["messages"], 1);
    assert_eq!(told.json()["known"], false);
    let removed = board.remove_sender(&token, id(&bad)).await;
    assert_eq!(removed.json(), json!({ "removed": 1 }));
    // Once more is the same.
    let again = board.remove_sender(&token, id(&bad)).await;
    assert_eq!(again.json(), json!({ "removed": 1 }));
    assert_eq!(board.messages().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_cannot_be_read_holds_up_no_clearing() {
    let board = Board::start();
    let insert = "INSERT INTO message (id, status, since, cleared_at, text, picture_format) \
                  VALUES (:id, 'deleted', 1, 1, '', 'bmp')";
    // Of 2016; the second is no id.
    for id in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav"] {
        board.sql(insert, id).await;
    }
    board.post_text("a post").await;
    let left = board
        .sql(
            "SELECT id FROM message WHERE picture_format = 'bmp' AND id <> :id",
            "",
        )
        .await;
    let lower = aws_sdk_rdsdata::types::Field::StringValue("01arz3ndektsv4rrffq69g5fav".into());
    assert_eq!(left, [[lower]]);
}
