//! Rows that the code never writes, but somebody with the database in hand.

use std::fs;

use serde_json::{Value, json};

use crate::answer::shown;
use crate::board::{Board, eventually};
use crate::front_page::sandbox::{FILE, Sandbox, get};

/// One that no reader can make a message of: newer than all others, and without end.
const BAD_ID: &str = "zzz, put in by hand";

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// A board with bad rows among 25 messages, which it gives newest first.
async fn board_with_bad_rows() -> (Board, Vec<Value>, Vec<Value>) {
    let board = Board::start();
    let (mut good, mut bad) = (vec![], vec![]);
    let sets = [
        "picture_format = 'bmp', picture_width = 1, picture_height = 1",
        "picture_format = 'png', picture_width = -1, picture_height = 1",
        "picture_format = 'png', picture_width = 1",
        "picture_format = 'png', picture_width = 1.5, picture_height = 'wide'",
        "picture_format = x'00'",
    ];
    for number in 0..25 {
        good.insert(
            0,
            shown(&board.post_text(&format!("message {number}")).await),
        );
        // Twice where a page of 20 ends, and a few at its beginning.
        if let Some(set) = [3, 4, 5, 22, 23].iter().position(|place| *place == number) {
            let post = board.post_text("bad").await;
            let sql = format!("UPDATE message SET {} WHERE id = :id", sets[set]);
            board.sql(&sql, id(&post)).await;
            bad.push(post);
        }
    }
    let sql = "INSERT INTO message (id, status, text) VALUES (:id, 'posted', 'bad')";
    for id in [BAD_ID, "", "01arz3ndektsv4rrffq69g5fav"] {
        board.sql(sql, id).await;
    }
    (board, good, bad)
}

#[tokio::test]
async fn what_cannot_be_read_is_left_out_and_told_in_the_log() {
    let (board, good, bad) = board_with_bad_rows().await;
    assert_eq!(board.messages().await, good);
    for limit in [1, 3, 20, 21] {
        let mut listed = vec![];
        let mut path = format!("/api/messages?limit={limit}");
        loop {
            let page = board.get(&path).await.json();
            let messages = page["messages"].as_array().unwrap();
            listed.extend(messages.iter().cloned());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            assert_eq!(messages.len(), limit, "{path}");
            path = format!("/api/messages?limit={limit}&before={next}");
        }
        assert_eq!(listed, good, "{limit}");
    }
    for message in &bad {
        let path = format!("/api/messages/{}", id(message));
        let answer = board.get(&path).await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }
    let log = || fs::read_to_string(board.folder().path().join("stderr")).unwrap();
    for row in bad.iter().map(id).chain([BAD_ID]) {
        eventually("the row is in the log", async || {
            let log = log();
            let mut lines = log.lines();
            lines
                .any(|line| line.contains("a row cannot be read") && line.contains(row))
                .then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn the_front_page_s_file_has_what_can_be_read() {
    let (board, good, _) = board_with_bad_rows().await;
    board.media().delete(FILE).await;
    let sandbox = Sandbox::on(&board);
    for _ in 0..2 {
        let (status, page) = sandbox.ask(get("/api/messages")).await;
        assert_eq!(status, 200);
        assert_eq!(page["messages"], json!(good[..20]));
        assert_eq!(page["next"], good[19]["id"]);
    }
    let newest = shown(&board.post_text("newest").await);
    let page = board.get("/api/messages").await.json();
    assert_eq!(page["messages"][0], newest);
    assert_eq!(page["messages"][1], good[0]);
}

#[tokio::test]
async fn a_moderator_removes_what_cannot_be_read_and_a_post_clears_it_away() {
    let (board, good, bad) = board_with_bad_rows().await;
    let token = board.moderator_token();
    for message in &bad[1..] {
        assert_eq!(board.delete(id(message), &token).await.status, 204);
        assert_eq!(board.delete(id(message), &token).await.status, 404);
    }
    // Its sender's go as well, as many as are told.
    let told = board
        .sender(&token, &format!("?messageId={}", id(&bad[0])))
        .await;
    let told = told.json()["messages"].as_u64().unwrap();
    assert_eq!(told, 1 + good.len() as u64);
    let removed = board.remove_sender(&token, id(&bad[0])).await;
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
    let again = board.remove_sender(&token, id(&bad)).await;
    again.is_problem(404, "message-not-found", &json!([]));
}

#[tokio::test]
async fn what_cannot_be_read_holds_up_no_clearing() {
    let board = Board::start();
    let insert =
        "INSERT INTO message (id, status, text, picture_format) VALUES (:id, 'deleted', '', 'bmp')";
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
