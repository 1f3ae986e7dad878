//! Changes that died before the file showed them, and failures of S3.

use std::time::Duration;

use http::StatusCode;

use super::PAGE;
use super::sandbox::{FILE, Sandbox, get, later};
use crate::board::Board;
use crate::steps::{delete, text};

const STATEMENT: &str = "POST ";

#[tokio::test]
async fn a_reader_asks_the_database_only_of_changes_that_have_died() {
    let board = Board::start();
    board.post_text("hello").await;
    for (age, asks, stays) in [
        // Its request may still be at work.
        (Duration::from_secs(20), false, true),
        // It is dead, but what it asked the database may still be done.
        (Duration::from_secs(40), true, true),
        (Duration::from_secs(100), true, true),
        (Duration::from_secs(130), true, false),
    ] {
        let key = board.leave_mark(age).await;
        let sandbox = Sandbox::on(&board);
        assert_eq!(sandbox.ask(get(PAGE)).await.0, StatusCode::OK);
        assert_eq!(!sandbox.data_api.requests().is_empty(), asks, "{age:?}");
        assert_eq!(board.marks().await.contains(&key), stays, "{age:?}");
        // A sandbox looks once a minute.
        let asked = sandbox.data_api.requests().len();
        later(Duration::from_secs(58)).await;
        sandbox.ask(get(PAGE)).await;
        assert_eq!(sandbox.data_api.requests().len(), asked, "{age:?}");
        later(Duration::from_secs(2)).await;
        sandbox.ask(get(PAGE)).await;
        assert_eq!(
            sandbox.data_api.requests().len() > asked,
            asks && stays,
            "{age:?}"
        );
        for key in board.marks().await {
            board.media().delete(&key).await;
        }
    }
}

#[tokio::test]
async fn a_mark_does_not_keep_the_page_from_opening_while_the_database_is_away() {
    let board = Board::start();
    board.post_text("hello").await;
    let key = board.leave_mark(Duration::from_mins(3)).await;
    let sandbox = Sandbox::on(&board);
    sandbox.data_api.cut();
    let (status, page) = sandbox.ask(get(PAGE)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(page["messages"][0]["text"], "hello");
    assert_eq!(board.marks().await, [key]);
    sandbox.data_api.mend();
    later(Duration::from_mins(1)).await;
    sandbox.ask(get(PAGE)).await;
    assert_eq!(board.marks().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_change_that_was_refused_leaves_no_mark_and_one_that_failed_does() {
    let board = Board::start();
    let sandbox = Sandbox::on(&board);
    let (_, message) = sandbox.ask(text("hello")).await;
    sandbox.ask(delete(&message)).await;
    let (status, _) = sandbox.ask(delete(&message)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(sandbox.s3.count("PUT board/changes/"), 3);
    assert_eq!(board.marks().await, [] as [String; 0]);
    sandbox.data_api.cut();
    let (status, _) = sandbox.ask(delete(&message)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(board.marks().await.len(), 1);
}

#[tokio::test]
async fn without_s3_a_text_is_posted_and_its_sandbox_makes_up_for_the_file() {
    let board = Board::start();
    board.post_text("hello").await;
    let (sandbox, other) = (Sandbox::on(&board), Sandbox::on(&board));
    sandbox.ask(get(PAGE)).await;
    sandbox.s3.cut();
    let (status, message) = sandbox.ask(text("later")).await;
    assert_eq!(status, StatusCode::CREATED);
    // It is not in the file, and the database is asked for the page.
    assert_eq!(other.ask(get(PAGE)).await.1["messages"][0]["text"], "hello");
    let (status, page) = sandbox.ask(get(PAGE)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(page["messages"][0]["id"], message["id"]);

    sandbox.s3.mend();
    later(Duration::from_mins(1)).await;
    sandbox.ask(get(PAGE)).await;
    assert_eq!(other.ask(get(PAGE)).await.1, page);
    board.shows_what_it_has().await;
    let asked = sandbox.data_api.count(STATEMENT);
    later(Duration::from_mins(1)).await;
    sandbox.ask(get(PAGE)).await;
    assert_eq!(
        sandbox.data_api.count(STATEMENT),
        asked,
        "it is made up for"
    );
    assert!(board.media().get(FILE).await.is_some());
}
