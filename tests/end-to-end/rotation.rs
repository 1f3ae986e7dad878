//! What was posted before the board's secret was changed, or before the board was brought up to date, and is sent
//! again afterwards.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::answer::{Answer, shown};
use crate::board::{Board, picture};
use crate::repeats::new_key;

const SECRETS: [&str; 2] = [
    "the first secret of this board, long enough",
    "the second secret of this board, long enough",
];

/// A board with one of the secrets, and with the one before.
fn with_secret(number: usize) -> impl FnOnce(&mut Command) {
    move |command| {
        command.env("BOARD_SECRET", SECRETS[number]);
        if number > 0 {
            command.env("BOARD_SECRET_PREVIOUS", SECRETS[number - 1]);
        }
    }
}

/// Posts of both kinds, which are repeated and told from others.
struct Posts {
    text_key: String,
    picture_key: String,
    deleted_key: String,
    /// What the first two were answered.
    answers: [Value; 2],
}

const DELETED: &str = "a text that was taken back";

impl Posts {
    async fn on(board: &Board) -> Self {
        let [text_key, picture_key, deleted_key] = [new_key(), new_key(), new_key()];
        let text = board.post_with(&text_key, &text()).await.created();
        let picture = board
            .post_picture_with(&picture_key, "hello", "small.jpg")
            .await
            .created();
        let deleted = board
            .post_with(&deleted_key, &json!({"text": DELETED}))
            .await;
        let (id, token) = id_and_token(&deleted.created());
        assert_eq!(board.delete(&id, &token).await.status, 204);
        Self {
            text_key,
            picture_key,
            deleted_key,
            answers: [text, picture],
        }
    }

    async fn repeat(&self, board: &Board) -> [Answer; 2] {
        [
            board.post_with(&self.text_key, &text()).await,
            board
                .post_picture_with(&self.picture_key, "hello", "small.jpg")
                .await,
        ]
    }

    /// That the same is answered as the first time, and something else refused.
    async fn are_answered_as_before(&self, board: &Board) {
        let repeated = self.repeat(board).await;
        assert_eq!(repeated.map(|answer| answer.created()), self.answers);
        self.others_are_refused(board).await;
        let deleted = json!({"text": DELETED});
        let answer = board.post_with(&self.deleted_key, &deleted).await;
        answer.is_problem(410, "message-deleted", &json!([]));
    }

    async fn others_are_refused(&self, board: &Board) {
        for (key, other) in [
            (&self.text_key, json!({"text": "hello"})),
            (&self.text_key, json!({"text": "hello", "author": "Bob"})),
            (&self.deleted_key, json!({"text": "another text"})),
            (&self.picture_key, json!({"text": "hello"})),
        ] {
            let answer = board.post_with(key, &other).await;
            answer.is_problem(422, "idempotency-key-reused", &json!([]));
        }
    }
}

fn text() -> Value {
    json!({"text": "hello", "author": "Ada"})
}

fn id_and_token(message: &Value) -> (String, String) {
    let text = |field: &str| message[field].as_str().unwrap().to_owned();
    (text("id"), text("deleteToken"))
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_through_a_rotation() {
    let board = Board::start_with(with_secret(0));
    let posts = Posts::on(&board).await;
    let board = Board::start_on(board.kill(), with_secret(1));
    posts.are_answered_as_before(&board).await;
    // The token that was told deletes.
    for message in &posts.answers {
        let (id, token) = id_and_token(message);
        assert_eq!(board.delete(&id, &token).await.status, 204);
    }
    for answer in posts.repeat(&board).await {
        answer.is_problem(410, "message-deleted", &json!([]));
    }
}

/// What a board of before kept: SHA-256 of each field with its length, and of the picture's.
fn digest(fields: [&str; 3], picture: Option<Vec<u8>>) -> String {
    let mut digest = Sha256::new();
    for field in fields {
        digest.update((field.len() as u64).to_be_bytes());
        digest.update(field);
    }
    if let Some(picture) = picture {
        digest.update(Sha256::digest(picture));
    }
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

#[tokio::test]
async fn a_repeat_is_answered_as_before_through_an_upgrade_and_a_rotation_after_it() {
    let board = Board::start_with(with_secret(0));
    let posts = Posts::on(&board).await;
    let small = picture("small.jpg");
    for (fields, received, condition) in [
        (["hello", "Ada", ""], None, "author = 'Ada'"),
        (["hello", "", ""], Some(small), "picture_format = 'jpg'"),
        ([DELETED, "", ""], None, "status = 'deleted'"),
    ] {
        let digest = digest(fields, received);
        let sql = format!("UPDATE message SET request_digest = '{digest}' WHERE {condition}");
        board.run(&sql).await;
    }
    posts.are_answered_as_before(&board).await;

    let board = Board::start_on(board.kill(), with_secret(1));
    for (repeated, first) in posts.repeat(&board).await.iter().zip(&posts.answers) {
        // Which secret made the first answer is not known of these, so the delete token is a new one.
        assert_eq!(shown(&repeated.created()), shown(first));
    }
    posts.others_are_refused(&board).await;
    for message in &posts.answers {
        let (id, token) = id_and_token(message);
        assert_eq!(board.delete(&id, &token).await.status, 204);
    }
}

#[tokio::test]
async fn of_a_deleted_text_nothing_is_left_that_tells_it_to_whoever_guesses_it() {
    let board = Board::start_with(with_secret(0));
    Posts::on(&board).await;
    let kept = "SELECT COUNT(*) FROM message WHERE status = 'deleted' AND request_digest = :id";
    for guess in [
        digest([DELETED, "", ""], None),
        hex(&Sha256::digest(DELETED)),
    ] {
        let found = board.sql(kept, &guess).await;
        let none = aws_sdk_rdsdata::types::Field::LongValue(0);
        assert_eq!(found, [[none]]);
    }
}
