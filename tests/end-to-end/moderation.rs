//! What moderators can do.

use std::process::Command;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, JSON, NO_STORE, ask, shown};
use crate::board::{Board, eventually, file, http, picture};
use crate::limit;
use crate::log_privacy::plant;
use crate::repeats::new_key;

const SECRET: &str = "the secret of this board, long enough";
const BEFORE: &str = "the secret of this board before that";

/// What `corkboard moderator-token` prints.
pub fn moderator_token(configure: impl FnOnce(&mut Command)) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = crate::board::command(&folder);
    command.arg("moderator-token");
    configure(&mut command);
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if done.status.success() {
        let token = text(done.stdout).trim_end().to_owned();
        for secret in [SECRET, BEFORE, &token] {
            plant(secret);
        }
        Ok(token)
    } else {
        Err(text(done.stderr))
    }
}

fn token_of(secret: &str) -> String {
    moderator_token(|command| {
        command.env("BOARD_SECRET", secret);
    })
    .unwrap()
}

impl Board {
    pub fn moderator_token(&self) -> String {
        let data = self.folder().path().join("data");
        moderator_token(|command| {
            command.env("CORKBOARD_DATA_DIR", data);
        })
        .unwrap()
    }

    pub async fn remove_sender(&self, token: &str, id: &str) -> Answer {
        let post = http().post(self.url("/api/moderation/remove-sender"));
        ask(post.bearer_auth(token).json(&json!({ "messageId": id }))).await
    }

    pub async fn sender(&self, token: &str, query: &str) -> Answer {
        let get = http().get(self.url(&format!("/api/moderation/sender{query}")));
        ask(get.bearer_auth(token)).await
    }

    /// That what is told of a message's sender is this, and that removing it removes as many.
    async fn removal_is(&self, id: &str, told: &Value) {
        let token = self.moderator_token();
        let query = format!("?messageId={id}");
        let answer = self.sender(&token, &query).await;
        answer.is(200, &[JSON, NO_STORE], told);
        let removed = self.remove_sender(&token, id).await;
        removed.is(
            200,
            &[JSON, NO_STORE],
            &json!({"removed": told["messages"]}),
        );
    }

    async fn post_as(&self, author: &str, address: &str) -> Value {
        let post = http().post(self.url("/api/messages"));
        let post = post.json(&json!({ "text": "hello", "author": author }));
        ask(post.header("x-forwarded-for", address)).await.created()
    }

    async fn post_picture_from(&self, address: &str) -> Value {
        let form = reqwest::multipart::Form::new().part("picture", file(picture("small.jpg"), "a"));
        let post = http().post(self.url("/api/messages")).multipart(form);
        ask(post.header("x-forwarded-for", address)).await.created()
    }
}

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

#[tokio::test]
async fn the_moderators_token_deletes_every_message() {
    let board = Board::start();
    let token = board.moderator_token();
    let (text, with) = (
        board.post_text("a").await,
        board.post_picture("b", picture("photo.webp")).await,
    );
    for message in [&text, &with] {
        assert_eq!(board.delete(id(message), &token).await.status, 204);
        // Once more is the same; for good is another thing, and is done once.
        assert_eq!(board.delete(id(message), &token).await.status, 204);
        let path = format!("/api/messages/{}?forever=true", id(message));
        let delete = || ask(http().delete(board.url(&path)).bearer_auth(&token));
        assert_eq!(delete().await.status, 204);
        let answer = delete().await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }
    assert_eq!(board.messages().await, [] as [Value; 0]);
    eventually("the carrousel is empty", async || {
        board.carrousel().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_moderators_delete_takes_the_picture_also_where_there_is_no_message() {
    let board = Board::start();
    let orphan = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for key in ["jpg", "png", "gif", "webp"] {
        board
            .media()
            .put(&format!("images/{orphan}.{key}"), picture("small.jpg"))
            .await;
    }
    board
        .media()
        .put("images/by-hand.jpg", picture("small.jpg"))
        .await;
    let answer = board.delete(orphan, &board.moderator_token()).await;
    answer.is_problem(404, "message-not-found", &json!([]));
    assert_eq!(
        board
            .media()
            .keys()
            .await
            .iter()
            .filter(|key| key.starts_with("images/"))
            .collect::<Vec<_>>(),
        ["images/by-hand.jpg"]
    );
}

#[tokio::test]
async fn the_boards_secret_is_no_token_and_tokens_of_the_one_before_delete_but_do_not_moderate() {
    let board = Board::start_with(|command| {
        command.env("BOARD_SECRET", BEFORE);
    });
    let [first, second, third] = [
        board.post_text("1").await,
        board.post_text("2").await,
        board.post_text("3").await,
    ];
    let token = |message: &Value| message["deleteToken"].as_str().unwrap().to_owned();

    let board = Board::start_on(board.kill(), |command| {
        command
            .env("BOARD_SECRET", SECRET)
            .env("BOARD_SECRET_PREVIOUS", BEFORE);
    });
    assert_eq!(board.delete(id(&first), &token(&first)).await.status, 204);
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, SECRET);
    for wrong in [SECRET, BEFORE, &base64, &token_of(BEFORE), &token(&third)] {
        let answer = board.delete(id(&second), wrong).await;
        answer.is_problem(403, "token-wrong", &json!([]));
        let answer = board.remove_sender(wrong, id(&second)).await;
        answer.is_problem(403, "token-wrong", &json!([]));
    }
    assert_eq!(
        board.delete(id(&second), &token_of(SECRET)).await.status,
        204
    );

    // After the next rotation they are void.
    let board = Board::start_on(board.kill(), |command| {
        command.env("BOARD_SECRET", SECRET);
    });
    assert_eq!(board.delete(id(&third), &token(&third)).await.status, 403);
}

#[tokio::test]
async fn remove_sender_takes_all_that_the_sender_posted_and_refuses_more() {
    let board = limit::board("0");
    let token = board.moderator_token();
    let (bad, good) = ("2001:db8:0:1::1", "192.0.2.2");
    let kept = board.post_from(good, "kept").await.created();
    let kept_picture = board.post_picture_from(good).await;
    // More than are looked at together.
    for _ in 0..3 {
        for spam in join_all((0..10).map(|_| board.post_from(bad, "spam"))).await {
            spam.created();
        }
        join_all((0..10).map(|_| board.post_picture_from(bad))).await;
    }
    let last = board
        .post_from("2001:db8:0:1::2", "of the same network")
        .await
        .created();

    let answer = board.remove_sender(&token, id(&last)).await;
    answer.is(200, &[JSON, NO_STORE], &json!({"removed": 61}));
    assert_eq!(board.messages().await, [shown(&kept_picture), shown(&kept)]);
    let keys = board.media().keys().await;
    assert_eq!(
        keys.iter().filter(|key| key.starts_with("images/")).count(),
        1
    );

    let answer = board.post_from(bad, "more").await;
    answer.is_problem(403, "sender-refused", &json!([]));
    board.post_from(good, "goes on").await.created();
    // Once more it finds nothing.
    let answer = board.remove_sender(&token, id(&last)).await;
    answer.is(200, &[JSON, NO_STORE], &json!({"removed": 0}));
}

#[tokio::test]
async fn a_refused_senders_repeat_is_answered_as_before() {
    for limit in ["0", "5"] {
        let board = limit::board(limit);
        let token = board.moderator_token();
        let bad = "192.0.2.1";
        let key = new_key();
        let post = async |text: &str, key: &str| {
            let post = http().post(board.url("/api/messages"));
            let post = post.json(&json!({ "text": text }));
            let post = post.header("x-forwarded-for", bad);
            ask(post.header("idempotency-key", key)).await
        };
        let first = post("said", &key).await.created();
        let refuse = http().post(board.url("/api/moderation/refuse"));
        let refuse = refuse.json(&json!({ "messageId": id(&first) }));
        assert_eq!(ask(refuse.bearer_auth(&token)).await.status, 204);
        assert_eq!(post("said", &key).await.created(), first);
        let answer = post("something else", &new_key()).await;
        answer.is_problem(403, "sender-refused", &json!([]));
        assert_eq!(board.delete(id(&first), &token).await.status, 204);
        let answer = post("said", &key).await;
        answer.is_problem(410, "message-deleted", &json!([]));
    }
}

#[tokio::test]
async fn who_deleted_the_message_before_is_refused_by_it_all_the_same() {
    let board = limit::board("0");
    let bad = "192.0.2.1";
    let first = board.post_from(bad, "bad").await.created();
    board.post_from(bad, "more of it").await.created();
    let own = first["deleteToken"].as_str().unwrap();
    assert_eq!(board.delete(id(&first), own).await.status, 204);
    let answer = board
        .remove_sender(&board.moderator_token(), id(&first))
        .await;
    answer.is(200, &[JSON, NO_STORE], &json!({"removed": 1}));
    let answer = board.post_from(bad, "and more").await;
    answer.is_problem(403, "sender-refused", &json!([]));
}

#[tokio::test]
async fn a_message_whose_sender_is_not_known_any_more_goes_alone() {
    let board = limit::board("0");
    let old = board.post_from("192.0.2.1", "old").await.created();
    let other = board.post_from("192.0.2.1", "other").await.created();
    board
        .sql("UPDATE message SET sender = NULL WHERE id = :id", id(&old))
        .await;
    let answer = board
        .remove_sender(&board.moderator_token(), id(&old))
        .await;
    answer.is(200, &[JSON, NO_STORE], &json!({"removed": 1}));
    assert_eq!(board.messages().await, [shown(&other)]);
    board.post_from("192.0.2.1", "goes on").await.created();
}

#[tokio::test]
async fn what_removing_a_sender_removes_is_told_before() {
    let board = limit::board("0");
    let (school, other) = ("192.0.2.1", "192.0.2.2");
    let first = board.post_picture_from(school).await;
    for author in ["Ada", "Bob", "", "Bob", "字", "Eve"] {
        board.post_as(author, school).await;
    }
    board.post_as("Ann", other).await;
    // One that is about to be posted goes, too; one that is deleted is gone.
    let pending = board.post_as("Cem", school).await;
    let sql = "UPDATE message SET status = 'pending' WHERE id = :id";
    board.sql(sql, id(&pending)).await;
    let gone = board.post_as("Dan", school).await;
    let own = gone["deleteToken"].as_str().unwrap();
    assert_eq!(board.delete(id(&gone), own).await.status, 204);

    let told = json!({
        "known": true, "messages": 8, "authors": ["Bob", "Ada", "字", "Eve", "Cem"], "otherAuthors": 0,
        "anonymous": 2, "since": first["createdAt"],
    });
    board.removal_is(id(&gone), &told).await;
    let left = board.messages().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["author"], "Ann");
    let nothing = json!({
        "known": true, "messages": 0, "authors": [], "otherAuthors": 0, "anonymous": 0, "since": null,
    });
    board.removal_is(id(&gone), &nothing).await;
}

#[tokio::test]
async fn of_many_names_the_most_frequent_are_told() {
    let board = limit::board("0");
    let names: Vec<_> = (0..25).map(|number| format!("number {number}")).collect();
    join_all(names.iter().map(|name| board.post_as(name, "192.0.2.1"))).await;
    let last = board.post_as("number 24", "192.0.2.1").await;
    let answer = board
        .sender(
            &board.moderator_token(),
            &format!("?messageId={}", id(&last)),
        )
        .await
        .json();
    assert_eq!(
        (&answer["messages"], &answer["otherAuthors"]),
        (&json!(26), &json!(5))
    );
    let names = answer["authors"].as_array().unwrap();
    assert_eq!((names.len(), &names[0]), (20, &json!("number 24")));
}

#[tokio::test]
async fn of_a_sender_who_is_not_known_any_more_only_the_message_is_told() {
    let board = limit::board("0");
    let [named, nameless, _] = [
        board.post_as("Ada", "192.0.2.1").await,
        board.post_as("", "192.0.2.1").await,
        board.post_as("Bob", "192.0.2.1").await,
    ];
    for (message, authors, anonymous) in [(named, json!(["Ada"]), 0), (nameless, json!([]), 1)] {
        let sql = "UPDATE message SET sender = NULL WHERE id = :id";
        board.sql(sql, id(&message)).await;
        let told = json!({
            "known": false, "messages": 1, "authors": authors, "otherAuthors": 0,
            "anonymous": anonymous, "since": message["createdAt"],
        });
        board.removal_is(id(&message), &told).await;
    }
    assert_eq!(board.messages().await.len(), 1);
}

#[tokio::test]
async fn of_a_sender_moderators_are_told_and_nobody_else() {
    let board = Board::start();
    let message = board.post_text("mine").await;
    let path = format!("/api/moderation/sender?messageId={}", id(&message));
    let answer = board.get(&path).await;
    let bearer = [("www-authenticate", "Bearer")];
    answer.is_problem_with(401, "token-missing", &json!([]), &bearer);
    // Before it is said what is asked for, and whether it is there.
    let own = message["deleteToken"].as_str().unwrap();
    for query in [
        &path["/api/moderation/sender".len()..],
        "",
        "?messageId=x",
        "?messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        let answer = board.sender(own, query).await;
        answer.is_problem(403, "token-wrong", &json!([]));
    }

    let token = board.moderator_token();
    for (query, field, code, detail) in [
        ("", "messageId", "required", "must be a message's id"),
        (
            "?messageId=",
            "messageId",
            "invalid",
            "must be a message's id",
        ),
        (
            "?messageId=01arz3ndektsv4rrffq69g5fav",
            "messageId",
            "invalid",
            "must be a message's id",
        ),
        (
            "?messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV&messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "query",
            "invalid",
            "must give each parameter once",
        ),
    ] {
        let answer = board.sender(&token, query).await;
        let error = json!([{"field": field, "code": code, "detail": detail}]);
        answer.is_problem(400, "invalid-parameter", &error);
    }
    let answer = board
        .sender(&token, "?messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .await;
    answer.is_problem(404, "message-not-found", &json!([]));

    let head = http().head(board.url(&path)).bearer_auth(&token);
    let mut head = ask(head).await;
    let length = head.headers.remove("content-length").unwrap();
    assert_eq!((head.text(), length == "0"), ("", false));
    head.is_of_the_api(200, &[JSON, NO_STORE]);
    let answer = board.request(Method::POST, &path).await;
    let allowed = [("allow", "GET,HEAD")];
    answer.is_problem_with(405, "method-not-allowed", &json!([]), &allowed);
    assert_eq!(board.messages().await.len(), 1);
}

#[tokio::test]
async fn who_may_is_asked_before_what_and_whether_it_is_there() {
    let board = Board::start();
    let message = board.post_text("mine").await;
    let path = "/api/moderation/remove-sender";
    let post = || http().post(board.url(path));
    let body = json!({"messageId": id(&message)});
    let bearer = [("www-authenticate", "Bearer")];
    ask(post().json(&body))
        .await
        .is_problem_with(401, "token-missing", &json!([]), &bearer);
    ask(post().body("{"))
        .await
        .is_problem_with(401, "token-missing", &json!([]), &bearer);
    let own = message["deleteToken"].as_str().unwrap();
    ask(post().bearer_auth(own).json(&body))
        .await
        .is_problem(403, "token-wrong", &json!([]));
    ask(post().bearer_auth(own).body("{"))
        .await
        .is_problem(403, "token-wrong", &json!([]));
    let token = board.moderator_token();
    let answer = ask(post().bearer_auth(&token).body("{}")).await;
    assert_eq!(
        (answer.status, &answer.json()["detail"]),
        (415, &json!("Send application/json."))
    );
    let answer = ask(post()
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body("{"))
    .await;
    assert_eq!(
        (answer.status, answer.json()["type"].as_str()),
        (400, Some("urn:corkboard:problem:malformed-body"))
    );
    for (value, code, detail) in [
        (json!({}), "required", "must be a message's id"),
        (
            json!({"messageId": null}),
            "required",
            "must be a message's id",
        ),
        (json!({"messageId": 1}), "not-a-string", "must be a string"),
        (
            json!({"messageId": "x"}),
            "invalid",
            "must be a message's id",
        ),
    ] {
        let answer = ask(post().bearer_auth(&token).json(&value)).await;
        answer.is_problem(
            422,
            "invalid-fields",
            &json!([{"field": "messageId", "code": code, "detail": detail}]),
        );
    }
    board
        .remove_sender(&token, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .await
        .is_problem(404, "message-not-found", &json!([]));
    let answer = board.request(Method::GET, path).await;
    answer.is_problem_with(405, "method-not-allowed", &json!([]), &[("allow", "POST")]);
    assert_eq!(board.messages().await.len(), 1);
}

#[test]
fn the_token_is_told_for_a_board_that_is_there() {
    let error = moderator_token(|_| {}).unwrap_err();
    assert!(
        error.contains("there is no board in") && error.contains("--data-dir"),
        "{error}"
    );
    let error = moderator_token(|command| {
        command.env("BOARD_SECRET", "short");
    });
    assert_eq!(
        error.unwrap_err(),
        "corkboard: BOARD_SECRET is malformed: expected at least 32 characters\n"
    );
    assert_eq!(token_of(SECRET).len(), 43);
    assert_ne!(token_of(SECRET), token_of(BEFORE));
}
