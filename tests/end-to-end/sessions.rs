//! Moderators by name, sign-in links and sessions.

use serde_json::{Value, json};

use crate::answer::{Answer, ask};
use crate::board::{Board, http};
use crate::log_privacy::plant;
use crate::moderation::moderator_token;

impl Board {
    /// What `corkboard moderator-token` prints with these arguments.
    fn token_with(&self, arguments: &[&str]) -> String {
        let data = self.folder().path().join("data");
        moderator_token(|command| {
            command.env("CORKBOARD_DATA_DIR", data).args(arguments);
        })
        .unwrap()
    }

    async fn sign_in(&self, body: &Value, bearer: Option<&str>) -> Answer {
        let post = http().post(self.url("/api/moderation/session")).json(body);
        let post = match bearer {
            Some(token) => post.bearer_auth(token),
            None => post,
        };
        ask(post).await
    }

    async fn moderation(&self, token: &str) -> Answer {
        ask(http().get(self.url("/api/moderation")).bearer_auth(token)).await
    }
}

fn code_of(link: &str) -> &str {
    let code = link.split_once("/#moderate=").unwrap().1;
    plant(code);
    code
}

#[tokio::test]
async fn the_board_says_who_a_moderator_is() {
    let board = Board::start();
    for (arguments, name) in [(vec![], json!(null)), (vec!["--name", "Ada"], json!("Ada"))] {
        let token = board.token_with(&arguments);
        let told = board.moderation(&token).await.json();
        assert_eq!(
            (&told["moderator"], &told["expiresAt"]),
            (&name, &json!(null))
        );
    }
}

#[tokio::test]
async fn a_link_signs_in_for_a_week() {
    let board = Board::start();
    for (arguments, name) in [
        (vec!["--link"], json!(null)),
        (vec!["--link", "--name", "Ada"], json!("Ada")),
    ] {
        let link = board.token_with(&arguments);
        let code = code_of(&link);
        let answer = board.sign_in(&json!({ "code": code }), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        let session = answer.json();
        let token = session["token"].as_str().unwrap();
        plant(token);
        assert_eq!(session["moderator"], name);
        let told = board.moderation(token).await.json();
        assert_eq!(told["moderator"], name);
        assert_eq!(told["expiresAt"], session["expiresAt"]);
        // A code is no token, and neither it nor a session prolongs itself.
        assert_eq!(board.moderation(code).await.status, 403);
        assert_eq!(board.sign_in(&json!({}), Some(token)).await.status, 403);
        let wrong = json!({ "code": token });
        assert_eq!(board.sign_in(&wrong, None).await.status, 403);
    }
}

#[tokio::test]
async fn a_token_that_lasts_is_exchanged_for_one_of_a_week() {
    let board = Board::start();
    let token = board.token_with(&["--name", "Ada"]);
    let session = board.sign_in(&json!({}), Some(&token)).await.json();
    let session = session["token"].as_str().unwrap().to_owned();
    plant(&session);
    assert_eq!(board.moderation(&session).await.json()["moderator"], "Ada");
    for (body, bearer, status) in [
        (json!({}), None, 401),
        (json!({}), Some("wrong"), 403),
        (json!({ "code": "wrong" }), Some(token.as_str()), 403),
        (json!({ "code": 1 }), None, 422),
        (json!({ "code": null }), Some(token.as_str()), 200),
        (json!([]), None, 400),
    ] {
        let answer = board.sign_in(&body, bearer).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let foreign = http().post(board.url("/api/moderation/session"));
    let foreign = foreign.header("origin", "https://other.example");
    let foreign = foreign.bearer_auth(&token).json(&json!({}));
    assert_eq!(ask(foreign).await.status, 403);
}

#[tokio::test]
async fn who_is_revoked_moderates_no_more_and_others_do() {
    let board = Board::start_with(|command| {
        command.env("MODERATORS_REVOKED", "ada, -");
    });
    for (arguments, status) in [
        (vec![], 403),
        (vec!["--name", "Ada"], 403),
        (vec!["--name", "Bo"], 200),
    ] {
        let token = board.token_with(&arguments);
        assert_eq!(board.moderation(&token).await.status, status);
        assert_eq!(board.sign_in(&json!({}), Some(&token)).await.status, status);
        let link = board.token_with(&[&arguments[..], &["--link"]].concat());
        let code = json!({ "code": code_of(&link) });
        assert_eq!(board.sign_in(&code, None).await.status, status);
    }
}

/// What the log says: who, what, and of which message.
async fn logged(board: &Board) -> Vec<(Value, Value, Value)> {
    let answer = board.get_as_moderator("/log").await.json();
    let entries = answer["entries"].as_array().unwrap().clone();
    let of = |entry: &Value| {
        let [who, what, which] = ["moderator", "action", "messageId"].map(|it| entry[it].clone());
        (who, what, which)
    };
    entries.iter().map(of).collect()
}

#[tokio::test]
async fn the_log_says_who_did_what_and_nothing_of_what_was_not_done() {
    let board = crate::moderators::reviewed();
    let ada = board.token_with(&["--name", "Ada"]);
    let (one, two) = (
        board.post_held("one", None).await,
        board.post_held("two", None).await,
    );
    let (one, two) = (one["id"].clone(), two["id"].clone());
    let unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let decide = async |decision: &str, ids: &[&Value]| {
        let post = http().post(board.url(&format!("/api/moderation/{decision}")));
        let body = json!({ "messageIds": ids });
        assert_eq!(ask(post.bearer_auth(&ada).json(&body)).await.status, 200);
    };
    decide("approve", &[&one, &json!(unknown)]).await;
    decide("reject", &[&one, &two]).await;
    let take_down = async |id: &str, token: &str| {
        let delete = http().delete(board.url(&format!("/api/messages/{id}")));
        ask(delete.bearer_auth(token)).await.status
    };
    let nameless = board.moderator_token();
    assert_eq!(take_down(one.as_str().unwrap(), &nameless).await, 204);
    assert_eq!(take_down(unknown, &nameless).await, 404);
    assert_eq!(board.set_posting("closed").await.status, 200);
    // It stays reviewed, and nobody was refused.
    assert_eq!(board.set_posting("open").await.status, 200);
    let let_in = http().post(board.url("/api/moderation/let-in"));
    let let_in = let_in.bearer_auth(&nameless);
    let let_in = ask(let_in.json(&json!({ "messageId": one }))).await;
    assert_eq!(let_in.json()["letIn"], false);
    let expected = [
        (json!(null), json!("posting-reviewed"), json!(null)),
        (json!(null), json!("posting-closed"), json!(null)),
        (json!(null), json!("take-down"), one.clone()),
        (json!("Ada"), json!("reject"), two),
        (json!("Ada"), json!("approve"), one),
    ];
    assert_eq!(logged(&board).await, expected);

    let page = board.get_as_moderator("/log?limit=3").await.json();
    assert_eq!(page["entries"].as_array().unwrap().len(), 3);
    let next = page["next"].as_str().unwrap();
    let rest = board
        .get_as_moderator(&format!("/log?after={next}"))
        .await
        .json();
    assert_eq!(
        (rest["entries"].as_array().unwrap().len(), &rest["next"]),
        (2, &json!(null))
    );
}
