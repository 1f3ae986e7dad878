//! Posting that moderators closed, and what of it was there before.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use crate::board::Board;
use crate::environment::{Environment, later};
use crate::moderators::reviewed;
use crate::repeats::new_key;
use crate::steps::text;

#[tokio::test]
async fn what_was_posted_before_it_was_closed_is_answered_as_before() {
    let board = reviewed();
    let (key, message) = (new_key(), json!({ "text": "before" }));
    let first = board.post_with(&key, &message).await;
    assert_eq!(first.status, 202);
    assert_eq!(board.set_posting("closed").await.status, 200);
    let again = board.post_with(&key, &message).await;
    assert_eq!((again.status, again.json()), (202, first.json()));
    let other = board.post_with(&new_key(), &message).await;
    other.is_problem(403, "posting-closed", &json!([]));

    // So it is where the settings say so.
    let board = Board::start_on(board.kill(), |command| {
        command.env("POSTING", "closed");
    });
    let again = board.post_with(&key, &message).await;
    assert_eq!((again.status, again.json()), (202, first.json()));
    let other = board.post_with(&new_key(), &message).await;
    other.is_problem(403, "posting-closed", &json!([]));
}

#[tokio::test]
async fn who_cannot_post_wakes_no_database() {
    let board = Board::start();
    assert_eq!(board.set_posting("closed").await.status, 200);
    let environment = Environment::on(&board);
    for _ in 0..3 {
        let (status, problem) = environment.ask(text("hello")).await;
        assert_eq!(
            (status, &problem["title"]),
            (StatusCode::FORBIDDEN, &json!("Posting is closed"))
        );
        // It looks again whether that is so still.
        later(Duration::from_secs(11)).await;
    }
    assert_eq!(environment.data_api.requests(), [""; 0]);
    assert_eq!(board.set_posting("open").await.status, 200);
    later(Duration::from_secs(11)).await;
    let (status, _) = environment.ask(text("hello")).await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_held_message_whose_sender_is_forgotten_is_removed_by_its_sender() {
    let board = reviewed();
    let message = board.post_held("waits", None).await;
    let id = message["id"].as_str().unwrap();
    board
        .sql("UPDATE message SET sender = NULL WHERE id = :id", id)
        .await;
    let removed = board.remove_sender(&board.moderator_token(), id).await;
    assert_eq!(
        (removed.status, removed.json()),
        (200, json!({ "removed": 1 }))
    );
    assert_eq!(board.listed("/held").await, [""; 0]);
    assert_eq!(board.listed("/removed").await, ["waits"]);
}
