//! The same post again, by its `Idempotency-Key`.

use futures_util::future::join_all;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::{Answer, ask, shown, until_not_late};
use crate::board::{Board, file, http, picture};
use crate::log_privacy::plant;

pub fn new_key() -> String {
    let key = Uuid::new_v4().to_string();
    plant(&key);
    key
}

impl Board {
    pub async fn post_with(&self, key: &str, message: &Value) -> Answer {
        let post = http().post(self.url("/api/messages")).json(message);
        ask(post.header("idempotency-key", key)).await
    }

    pub async fn post_picture_with(&self, key: &str, text: &str, name: &str) -> Answer {
        let form = Form::new().text("text", text.to_owned());
        let form = form.part("picture", file(picture(name), "a"));
        let post = http().post(self.url("/api/messages")).multipart(form);
        ask(post.header("idempotency-key", key)).await
    }

    async fn pictures(&self) -> Vec<String> {
        let mut keys = self.media().keys().await;
        keys.retain(|key| key.starts_with("images/"));
        keys
    }
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time() {
    let board = Board::start();
    let key = new_key();
    let message = json!({"text": "hello", "author": "Ada"});
    let first = board.post_with(&key, &message).await.created();
    // As it is understood, not as it is written.
    let spaced = json!({"text": " hello\r\n", "author": "Ada "});
    for again in [&message, &spaced] {
        assert_eq!(board.post_with(&key, again).await.created(), first);
    }
    assert_eq!(board.messages().await, [shown(&first)]);

    let key = new_key();
    let first = board
        .post_picture_with(&key, "a bridge", "drawing.bmp")
        .await
        .created();
    let again = board
        .post_picture_with(&key, "a bridge", "drawing.bmp")
        .await
        .created();
    assert_eq!(again, first);
    assert_eq!(board.pictures().await.len(), 1);
}

#[tokio::test]
async fn without_a_key_the_same_twice_is_two_messages() {
    let board = Board::start();
    let (one, other) = (
        board.post_text("hello").await,
        board.post_text("hello").await,
    );
    assert_ne!(one["id"], other["id"]);
    let (one, other) = (
        board
            .post_with(&new_key(), &json!({"text": "hello"}))
            .await
            .created(),
        board
            .post_with(&new_key(), &json!({"text": "hello"}))
            .await
            .created(),
    );
    assert_ne!(one["id"], other["id"]);
    assert_eq!(board.messages().await.len(), 4);
}

#[tokio::test]
async fn a_line_break_is_the_same_however_it_is_written() {
    let board = Board::start();
    let key = new_key();
    let first = board.post_with(&key, &json!({"text": "a\nb"})).await;
    for same in ["a\r\nb", "a\u{b}b", "a\u{85}b", " a\u{2028}b\u{c}"] {
        let repeated = board.post_with(&key, &json!({"text": same})).await;
        assert_eq!(repeated.created(), first.created(), "{same:?}");
    }
    assert_eq!(board.messages().await.len(), 1);
}

#[tokio::test]
async fn something_else_with_the_same_key_is_refused() {
    let board = Board::start();
    let (text_key, picture_key) = (new_key(), new_key());
    let text = board
        .post_with(&text_key, &json!({"text": "hello", "author": "Ada"}))
        .await
        .created();
    let with = board
        .post_picture_with(&picture_key, "hello", "small.jpg")
        .await
        .created();
    for other in [
        json!({"text": "hello"}),
        json!({"text": "hello", "author": "Bob"}),
        json!({"text": "hellO", "author": "Ada"}),
    ] {
        let answer = board.post_with(&text_key, &other).await;
        answer.is_problem(422, "idempotency-key-reused", &json!([]));
    }
    for (text, name) in [("hello", "gray.jpg"), ("hallo", "small.jpg")] {
        let answer = board.post_picture_with(&picture_key, text, name).await;
        answer.is_problem(422, "idempotency-key-reused", &json!([]));
    }
    let answer = board
        .post_with(&picture_key, &json!({"text": "hello"}))
        .await;
    answer.is_problem(422, "idempotency-key-reused", &json!([]));
    assert_eq!(board.messages().await, [shown(&with), shown(&text)]);
    assert_eq!(board.pictures().await.len(), 1);
}

#[tokio::test]
async fn a_repeat_of_what_was_deleted_says_so() {
    let board = Board::start();
    let key = new_key();
    let posted = board
        .post_picture_with(&key, "mine", "small.jpg")
        .await
        .created();
    let (id, token) = (
        posted["id"].as_str().unwrap(),
        posted["deleteToken"].as_str().unwrap(),
    );
    assert_eq!(board.delete(id, token).await.status, 204);
    let answer = board.post_picture_with(&key, "mine", "small.jpg").await;
    answer.is_problem(410, "message-deleted", &json!([]));
    assert_eq!(board.messages().await, [] as [Value; 0]);
    assert_eq!(board.pictures().await, [] as [String; 0]);
}

#[tokio::test]
async fn a_key_is_16_to_64_visible_characters() {
    let board = Board::shared();
    let long = "k".repeat(65);
    for key in [
        "",
        "short",
        "0123456789 abcdef",
        "clé-clé-clé-clé-clé",
        &long,
    ] {
        let answer = board.post_with(key, &json!({"text": "hello"})).await;
        answer.is_problem(400, "invalid-idempotency-key", &json!([]));
    }
    for key in ["0123456789abcdef", &long[1..]] {
        board
            .post_with(key, &json!({"text": "hello"}))
            .await
            .created();
    }
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_corrected() {
    let board = Board::start();
    let key = new_key();
    assert_eq!(
        board.post_with(&key, &json!({"text": ""})).await.status,
        422
    );
    board
        .post_with(&key, &json!({"text": "hello"}))
        .await
        .created();
}

#[tokio::test]
async fn two_hundred_at_once_are_one_message_one_picture_and_equal_answers() {
    // With the limit that a board has unless told otherwise: repeats are no further posts.
    let board = Board::start_with(|command| {
        command.env_remove("POSTS_PER_MINUTE");
    });
    for _ in 0..2 {
        let key = new_key();
        let answers = join_all((0..100).map(|_| post_until_taken(&board, &key))).await;
        let first = answers[0].created();
        for answer in &answers {
            assert_eq!(answer.created(), first);
        }
        let more = join_all((0..100).map(|_| post_until_taken(&board, &key))).await;
        assert!(more.iter().all(|answer| answer.created() == first));
    }
    assert_eq!(board.messages().await.len(), 2);
    assert_eq!(board.pictures().await.len(), 2);
}

/// Posts a picture, again where a busy machine did not get to it before the function's deadline, as clients do.
async fn post_until_taken(board: &Board, key: &str) -> Answer {
    until_not_late(async || board.post_picture_with(key, "one", "small.jpg").await).await
}
