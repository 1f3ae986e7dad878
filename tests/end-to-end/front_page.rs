//! The first page without the database: what it answers, what it asks, and what becomes of its file.
//!
//! - [`sandbox`]: a sandbox of the function, its ways to the services counted and cut;
//! - [`healing`]: changes that died, and what S3 lost;
//! - [`rest`]: many changes at once.

mod healing;
mod rest;
pub mod sandbox;

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::board::{Board, picture};
use crate::steps::{delete, text};
use sandbox::{FILE, Sandbox, get, later};

const PAGE: &str = "/api/messages";

#[tokio::test]
async fn the_first_page_is_the_same_from_the_file_as_from_the_database() {
    let board = Board::start();
    for messages in 0..=22 {
        if messages == 3 {
            board.post_picture("a picture", picture("small.jpg")).await;
        } else if messages > 0 {
            board
                .post_text(&format!("message {messages} <\"你好\">\n"))
                .await;
        }
        if ![0, 1, 4, 19, 20, 21, 22].contains(&messages) {
            continue;
        }
        let (file, database) = (Sandbox::on(&board), Sandbox::on(&board));
        database.s3.cut();
        // Whoever comes first makes the file.
        file.ask(get(PAGE)).await;
        for path in [PAGE.to_owned()]
            .into_iter()
            .chain((1..=20).map(|limit| format!("{PAGE}?limit={limit}")))
        {
            let (from_file, from_database) =
                tokio::join!(file.whole(get(&path)), database.whole(get(&path)));
            assert_eq!(from_file, from_database, "{messages} {path}");
            assert_eq!(from_file.0, StatusCode::OK);
            let mut known = get(&path);
            let tag = from_file.1["etag"].clone();
            known.headers_mut().insert("if-none-match", tag);
            assert_eq!(file.whole(known).await.0, StatusCode::NOT_MODIFIED);
        }
        assert!(file.data_api.requests().len() <= 3, "made by one");
        assert!(database.data_api.requests().len() > 20, "asked each time");
    }
}

#[tokio::test]
async fn a_thousand_reads_ask_the_database_nothing_and_s3_once_a_second() {
    let board = Board::start();
    board.post_text("hello").await;
    let sandbox = Sandbox::on(&board);
    let began = Instant::now();
    for _ in 0..10 {
        let answers = join_all((0..100).map(|_| sandbox.ask(get(PAGE)))).await;
        for (status, page) in answers {
            assert_eq!(status, StatusCode::OK);
            assert_eq!(page["messages"][0]["text"], "hello");
        }
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert_eq!(sandbox.data_api.requests(), [] as [String; 0]);
    let reads = sandbox.s3.count(&format!("GET {FILE}"));
    assert!((1..=1 + seconds).contains(&reads), "{reads} in {seconds} s");
    let looks = sandbox.s3.count("LIST board/changes/");
    assert!((1..=1 + seconds / 60).contains(&looks), "{looks}");
}

#[tokio::test]
async fn what_needs_the_database_still_asks_it() {
    let board = Board::start();
    let id = board.post_text("hello").await["id"].clone();
    let id = id.as_str().unwrap();
    for path in [
        format!("{PAGE}?limit=21"),
        format!("{PAGE}?before={id}"),
        format!("{PAGE}/{id}"),
    ] {
        let sandbox = Sandbox::on(&board);
        sandbox.ask(get(&path)).await;
        assert!(!sandbox.data_api.requests().is_empty(), "{path}");
        assert_eq!(sandbox.s3.requests(), [] as [String; 0]);
    }
}

#[tokio::test]
async fn a_change_is_seen_by_another_sandbox_when_its_second_is_over() {
    let board = Board::start();
    let (writer, reader) = (Sandbox::on(&board), Sandbox::on(&board));
    let seen = async |sandbox: &Sandbox| {
        let (status, page) = sandbox.ask(get(PAGE)).await;
        assert_eq!(status, StatusCode::OK);
        page["messages"].as_array().unwrap().len()
    };
    assert_eq!(seen(&reader).await, 0);
    assert_eq!(seen(&writer).await, 0);
    let asked = reader.data_api.requests().len();
    let (status, message) = writer.ask(text("hello")).await;
    assert_eq!(status, StatusCode::CREATED);
    // Its own, at once and from memory.
    let reads = writer.s3.count(&format!("GET {FILE}"));
    assert_eq!(seen(&writer).await, 1);
    assert!(writer.s3.count(&format!("GET {FILE}")) <= reads + 1);
    later(Duration::from_secs(1)).await;
    assert_eq!(seen(&reader).await, 1);

    let (status, _) = writer.ask(delete(&message)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(seen(&writer).await, 0);
    later(Duration::from_secs(1)).await;
    assert_eq!(seen(&reader).await, 0);
    assert_eq!(reader.data_api.requests().len(), asked);
    // Nothing is left of it but the file.
    let mut keys = board.media().keys().await;
    keys.retain(|key| key.starts_with("board/"));
    assert_eq!(keys, [FILE]);
}

#[tokio::test]
async fn without_the_database_the_first_page_opens_and_the_rest_recovers_by_itself() {
    let board = Board::start();
    let message = board.post_picture("hello", picture("small.jpg")).await;
    let sandbox = Sandbox::on(&board);
    sandbox.data_api.cut();
    for _ in 0..3 {
        let (status, page) = sandbox.ask(get(PAGE)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(page["messages"][0]["picture"], message["picture"]);
        for rest in [
            get(&format!("{PAGE}?limit=50")),
            get(&format!("{PAGE}/{}", message["id"].as_str().unwrap())),
            text("later"),
        ] {
            let (status, problem) = sandbox.ask(rest).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(
                problem["type"],
                "urn:corkboard:problem:database-unavailable"
            );
        }
        later(Duration::from_mins(2)).await;
    }
    sandbox.data_api.mend();
    assert_eq!(sandbox.ask(text("later")).await.0, StatusCode::CREATED);
    assert_eq!(
        sandbox.ask(get(PAGE)).await.1["messages"][0]["text"],
        "later"
    );
}

#[tokio::test]
async fn a_file_that_is_missing_or_of_another_shape_is_made_by_whoever_meets_it() {
    let board = Board::start();
    let message = board.post_text("hello").await;
    let written = board.media().get(FILE).await.unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    let mut of_another_shape = written.clone();
    of_another_shape["shape"] = json!(0);
    let mut with_another_id = written.clone();
    with_another_id["messages"][0]["id"] = json!("none");
    for instead in [
        None,
        Some(String::new()),
        Some("not json".into()),
        Some(of_another_shape.to_string()),
        Some(with_another_id.to_string()),
    ] {
        match &instead {
            None => board.media().delete(FILE).await,
            Some(bytes) => board.media().put(FILE, bytes.clone().into_bytes()).await,
        }
        // Not by one that has no database.
        let without = Sandbox::on(&board);
        without.data_api.cut();
        let (status, _) = without.ask(get(PAGE)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{instead:?}");

        let sandbox = Sandbox::on(&board);
        let (status, page) = sandbox.ask(get(PAGE)).await;
        assert_eq!(status, StatusCode::OK, "{instead:?}");
        assert_eq!(page["messages"][0]["id"], message["id"]);
        assert_eq!(without.ask(get(PAGE)).await.1, page, "{instead:?}");
        let now: Value = serde_json::from_slice(&board.media().get(FILE).await.unwrap()).unwrap();
        assert_eq!(now["messages"], written["messages"]);
    }
}

/// Another database may have been given, or the one of before changed by hand.
#[tokio::test]
async fn corkboard_begins_with_what_the_database_has() {
    let board = Board::start();
    let message = board.post_text("hello").await;
    board.run("UPDATE message SET text = 'good day'").await;
    let board = Board::start_on(board.kill(), |_| {});
    let page = board.get(PAGE).await.json();
    assert_eq!(page["messages"][0]["id"], message["id"]);
    assert_eq!(page["messages"][0]["text"], "good day");
}

#[tokio::test]
async fn the_file_is_served_to_nobody() {
    let board = Board::start();
    board.post_text("hello").await;
    assert!(board.media().get(FILE).await.is_some());
    for path in [FILE, "board/changes/"] {
        assert_eq!(board.get(&format!("/{path}")).await.status, 404);
    }
}
