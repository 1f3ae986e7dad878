//! Bucket and database are brought in step: messages of an earlier version, and after one of the two was restored.

use std::fs;
use std::process::Command;
use std::time::Duration;

use media::Bucket;
use serde_json::Value;

use crate::answer::shown;
use crate::board::{Board, command, eventually, picture};
use crate::environment::MESSAGES;

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

fn object(message: &Value) -> String {
    Bucket::message_key(id(message).parse::<domain::Name>().unwrap())
}

/// A board with three messages, oldest first.
async fn board() -> (Board, [Value; 3]) {
    let board = Board::start();
    let messages = [
        board.post_text("first").await,
        board.post_picture("second", picture("small.jpg")).await,
        board.post_text("third").await,
    ];
    (board, messages)
}

impl Board {
    /// As an earlier version left it: nothing is published, and no row says since when.
    async fn is_of_an_earlier_version(&self) {
        let mut keys = self.media().keys().await;
        keys.retain(|key| key.starts_with("board/"));
        self.media().delete_all(&keys).await;
        self.run("UPDATE message SET since = NULL, cleared_at = NULL")
            .await;
    }

    /// The messages, newest first.
    async fn has(&self, messages: &[&Value]) {
        let expected: Vec<_> = messages.iter().map(|message| shown(message)).collect();
        assert_eq!(self.messages().await, expected);
    }
}

/// Runs the command on the board, which is stopped, and gives what it says.
fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> (bool, String) {
    let mut command: Command = command(folder);
    let output = command.args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

#[tokio::test]
async fn messages_of_an_earlier_version_are_published_at_the_start() {
    let (board, [first, second, third]) = board().await;
    board.is_of_an_earlier_version().await;
    let insert = "INSERT INTO message (id, status, text, picture_format) VALUES (:id, ";
    for (id, rest) in [
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "'deleted', '', 'jpg')"),
        (
            "01ARZ3NDEKTSV4RRFFQ69G5FAW",
            "'pending', 'interrupted', NULL)",
        ),
    ] {
        board.sql(&format!("{insert}{rest}"), id).await;
    }
    // What it wrote for readers has deleted messages in it.
    for key in [
        "board/front-page.json",
        "board/changes/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        board.media().put(key, b"{}".to_vec()).await;
    }
    let board = Board::start_on(board.kill(), |_| {});
    board.has(&[&third, &second, &first]).await;
    let mut keys = board.media().keys().await;
    keys.retain(|key| key.starts_with("board/") && !key.starts_with(MESSAGES));
    assert_eq!(keys, [] as [String; 0]);
    // The others are so old from now on.
    board.is_cleared_up().await;
    board.is_at_rest().await;
    board.has(&[&third, &second, &first]).await;
}

#[tokio::test]
async fn what_an_earlier_version_posts_and_deletes_during_the_switch_is_not_missed() {
    let (board, [first, second, third]) = board().await;
    // It posts a text and a picture, which nobody sees yet; and deletes what was published when the schema was brought
    // up to date.
    let unpublished = "UPDATE message SET since = NULL WHERE id = :id";
    for message in [&first, &second] {
        board.sql(unpublished, id(message)).await;
        board.media().delete(&object(message)).await;
    }
    let deleted = "UPDATE message SET since = 0, status = 'deleted', text = '' WHERE id = :id";
    board.sql(deleted, id(&third)).await;
    board.has(&[&third]).await;
    board.is_cleared_up().await;
    board.is_cleared_up().await;
    board.has(&[&second, &first]).await;
    board.is_at_rest().await;
}

#[tokio::test]
async fn messages_whose_picture_is_gone_are_published_by_an_upgrade() {
    let (board, [first, second, third]) = board().await;
    board.is_of_an_earlier_version().await;
    let key = format!("images/{}.jpg", id(&second));
    board.media().delete(&key).await;
    let board = Board::start_on(board.kill(), |_| {});
    board.has(&[&third, &second, &first]).await;
}

#[tokio::test]
async fn a_bucket_that_lost_its_messages_is_mended_at_the_start() {
    let (board, [first, second, third]) = board().await;
    for message in [&first, &third] {
        board.media().delete(&object(message)).await;
    }
    let board = Board::start_on(board.kill(), |_| {});
    board.has(&[&third, &second, &first]).await;
    board.is_at_rest().await;
}

#[tokio::test]
async fn after_an_older_database_was_put_back_messages_get_their_rows_and_deletes_are_finished() {
    let (board, [first, second, third]) = board().await;
    let folder = board.kill();
    let database = folder.path().join("data/corkboard.sqlite");
    let saved = fs::read(&database).unwrap();
    let board = Board::start_on(folder, |_| {});
    let later = board.post_picture("later", picture("drawing.png")).await;
    let token = |message: &Value| message["deleteToken"].as_str().unwrap().to_owned();
    assert_eq!(board.delete(id(&second), &token(&second)).await.status, 204);
    // So long ago that nothing of it is in the bucket.
    board.media().delete(&object(&second)).await;
    board
        .media()
        .delete(&format!("images/{}.jpg", id(&second)))
        .await;
    let folder = board.kill();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", database.display()));
    }
    fs::write(&database, saved).unwrap();

    let (is_done, told) = run(&folder, &["republish"]);
    assert!(is_done, "{told}");
    let board = Board::start_on(folder, |_| {});
    board.has(&[&later, &third, &first]).await;
    board.is_at_rest().await;
    // Its author deletes it as before.
    assert_eq!(board.delete(id(&later), &token(&later)).await.status, 204);
    board.has(&[&third, &first]).await;
    let (is_done, told) = run(&board.kill(), &["check"]);
    assert!(is_done, "{told}");
}

#[tokio::test]
async fn after_an_older_database_was_put_back_it_follows_what_moderators_decided_since() {
    let (board, [first, second, third]) = board().await;
    board.set_posting("reviewed").await;
    let held = board.post_held("held", Some("small.jpg")).await;
    let waits = board.post_held("waits", None).await;
    board.set_posting("open").await;
    let folder = board.kill();
    let files = ["", "-wal"].map(|it| folder.path().join(format!("data/corkboard.sqlite{it}")));
    let saved = files.each_ref().map(|file| fs::read(file).unwrap());
    let board = Board::start_on(folder, |_| {});
    for _ in 0..2 {
        assert_eq!(board.delete_as_moderator(&second, "").await, 204);
        board.is_decided("restore", &second).await;
    }
    assert_eq!(board.delete_as_moderator(&first, "").await, 204);
    board.is_decided("approve", &held).await;
    let expected = board.messages().await;
    let ids: Vec<_> = expected.iter().map(id).collect();
    assert_eq!(ids, [id(&held), id(&third), id(&second)]);
    let folder = board.kill();
    let _ = fs::remove_file(folder.path().join("data/corkboard.sqlite-shm"));
    for (file, saved) in files.iter().zip(saved) {
        fs::write(file, saved).unwrap();
    }

    let (is_done, told) = run(&folder, &["republish"]);
    assert!(is_done, "{told}");
    let board = Board::start_on(folder, |_| {});
    assert_eq!(board.messages().await, expected);
    // What nobody decided waits as before.
    assert_eq!(board.listed("/held").await, ["waits"]);
    board.is_decided("reject", &waits).await;
    board.is_at_rest().await;
    // And each can be decided on as before.
    for message in [&second, &held] {
        assert_eq!(board.delete_as_moderator(message, "").await, 204);
        board.is_decided("restore", message).await;
    }
    let (is_done, told) = run(&board.kill(), &["check"]);
    assert!(is_done, "{told}");
}

#[tokio::test]
async fn what_is_published_otherwise_than_its_row_says_is_mended() {
    let (board, [first, second, third]) = board().await;
    let media = board.media();
    media.put(&object(&first), b"garbage".to_vec()).await;
    media.put(&object(&third), vec![b' '; 1 << 20]).await;
    let gone = board.get(&format!("/api/messages/{}", id(&third))).await;
    assert_eq!(gone.status, 404);
    let folder = board.kill();
    let (is_whole, told) = run(&folder, &["check"]);
    assert!(!is_whole && told.contains("2 things do not fit"), "{told}");
    let (is_done, told) = run(&folder, &["republish"]);
    assert!(is_done, "{told}");
    assert!(
        told.contains("1 messages were published\n2 messages are"),
        "{told}"
    );
    let board = Board::start_on(folder, |_| {});
    board.has(&[&third, &second, &first]).await;
    board.is_at_rest().await;
    let (is_whole, told) = run(&board.kill(), &["check"]);
    assert!(is_whole, "{told}");
}

#[tokio::test]
async fn what_the_database_deleted_is_published_no_longer() {
    let (board, [first, second, third]) = board().await;
    // As a version does that knows nothing of published messages.
    let deleted = "UPDATE message SET status = 'deleted', text = '' WHERE id = :id";
    board.sql(deleted, id(&second)).await;
    board
        .sql(
            "UPDATE message SET status = 'deleting' WHERE id = :id",
            id(&first),
        )
        .await;
    let folder = board.kill();
    let (is_whole, told) = run(&folder, &["check"]);
    // A picture's message is none, either.
    assert!(
        !is_whole && told.contains("deleted in the database"),
        "{told}"
    );
    let (is_done, told) = run(&folder, &["republish"]);
    assert!(
        is_done && told.contains("2 messages were published and deleted"),
        "{told}"
    );
    let board = Board::start_on(folder, |_| {});
    board.has(&[&third]).await;
    board.is_at_rest().await;
}

#[tokio::test]
async fn a_message_that_lost_its_picture_alone_stays_unless_its_end_is_accepted() {
    let (board, [first, second, third]) = board().await;
    let key = format!("images/{}.jpg", id(&second));
    board.media().delete(&key).await;
    let folder = board.kill();
    let (is_done, told) = run(&folder, &["republish"]);
    assert!(
        !is_done && told.contains("the pictures of 1 messages are missing"),
        "{told}"
    );
    let board = Board::start_on(folder, |_| {});
    board.has(&[&third, &second, &first]).await;
    let folder = board.kill();
    let (is_done, told) = run(&folder, &["republish", "--accept-missing"]);
    assert!(is_done, "{told}");
    let board = Board::start_on(folder, |_| {});
    board.has(&[&third, &first]).await;
    board.is_at_rest().await;
}

#[tokio::test]
async fn no_board_is_made_to_be_brought_in_step() {
    let folder = tempfile::tempdir().unwrap();
    let (is_done, told) = run(&folder, &["republish"]);
    assert!(!is_done && told.contains("there is no board in"), "{told}");
}

#[tokio::test]
async fn a_bucket_that_lost_its_pictures_takes_no_message_along_unless_that_is_accepted() {
    let board = Board::start();
    let text = board.post_text("a text").await;
    for n in 0..11 {
        let message = board
            .post_picture(&format!("picture {n}"), picture("small.jpg"))
            .await;
        let media = board.media();
        media.delete(&format!("images/{}.jpg", id(&message))).await;
        media.delete(&object(&message)).await;
    }
    let folder = board.kill();
    let (is_done, told) = run(&folder, &["republish"]);
    assert!(!is_done && told.contains("11 of 12 messages"), "{told}");
    let board = Board::start_on(folder, |_| {});
    board.has(&[&text]).await;
    let folder = board.kill();
    let (is_done, told) = run(&folder, &["republish", "--accept-missing"]);
    assert!(is_done, "{told}");
    let board = Board::start_on(folder, |_| {});
    board.has(&[&text]).await;
    board.ages(Duration::from_mins(16)).await;
    board.is_cleared_up().await;
    eventually("nothing is left of them", async || {
        let mut keys = board.media().keys().await;
        keys.retain(|key| key.starts_with(MESSAGES));
        (keys == [object(&text)]).then_some(())
    })
    .await;
}
