//! What is taken down takes all that was made of its picture along, and comes back whole; also what the operator put there
//! by hand, which has no row.

use std::collections::BTreeSet;

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::answer::{Answer, JSON, NO_STORE, ask};
use crate::board::{Board, eventually, file, http};
use crate::moderators::reviewed;
use crate::small::{is_missing, photo, small_of, url_of};

impl Board {
    async fn ask_of_picture(&self, what: &str, url: &str) -> Answer {
        let post = http().post(self.url(&format!("/api/moderation/pictures/{what}")));
        let post = post.bearer_auth(self.moderator_token());
        ask(post.json(&json!({ "url": url }))).await
    }

    /// The operator's pictures that can be restored.
    async fn removed_pictures(&self) -> Vec<String> {
        let answer = self.get_as_moderator("/pictures").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let pictures = answer.json()["pictures"].as_array().unwrap().clone();
        let url = |picture: &Value| picture["url"].as_str().unwrap().to_owned();
        pictures.iter().map(url).collect()
    }

    async fn small_keys(&self) -> Vec<String> {
        let mut keys = self.media().keys().await;
        keys.retain(|key| key.starts_with("small"));
        keys
    }

    async fn carrousel_is(&self, urls: &[&str]) {
        eventually("the carrousel is so", async || {
            (self.carrousel().await == urls).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_taken_down_has_no_small_versions_and_gets_them_anew() {
    let board = reviewed();
    let form = Form::new().part("picture", file(photo(), "a"));
    let held = board.post_form(form).await.json();
    let url = url_of(&held).to_owned();
    for small in small_of(&url) {
        is_missing(&board.get(&small).await);
    }
    let shown = async |url: &str| {
        for small in small_of(url) {
            assert_eq!(board.made(&small).await.status, 200, "{small}");
        }
    };
    board.is_decided("approve", &held).await;
    shown(&url).await;
    assert_eq!(board.delete_as_moderator(&held, "").await, 204);
    assert_eq!(board.small_keys().await, [""; 0]);
    for small in small_of(&url) {
        is_missing(&board.get(&small).await);
    }
    board.is_decided("restore", &held).await;
    let restored = &board.messages().await[0];
    assert_ne!(url_of(restored), url);
    for small in restored["picture"]["small"].as_array().unwrap() {
        let small = small["url"].as_str().unwrap();
        assert_eq!(board.made(small).await.status, 200, "{small}");
    }
    shown(url_of(restored)).await;
}

#[tokio::test]
async fn an_operators_picture_is_taken_down_and_restored_under_a_name_of_its_own() {
    let board = Board::start();
    let media = board.media();
    let (key, url) = ("images/summer/a b.png", "/images/summer/a%20b.png");
    for key in ["images/other.png", key] {
        media.put_as(key, "image/png", b"a picture").await;
    }
    let mut before = url.to_owned();
    board.carrousel_is(&["/images/other.png", url]).await;
    for _ in 0..2 {
        assert_eq!(board.ask_of_picture("take-down", &before).await.status, 204);
        // Once more is the same.
        assert_eq!(board.ask_of_picture("take-down", &before).await.status, 204);
        board.carrousel_is(&["/images/other.png"]).await;
        assert_eq!(board.get(&before).await.text(), "");
        assert_eq!(board.removed_pictures().await, [before.as_str()]);
        let held = board.held_keys().await;
        assert_eq!(held.len(), 1);
        for key in held {
            let address = format!("/{}", key.replace(' ', "%20"));
            assert_eq!(board.get(&address).await.status, 404, "{address}");
        }
        let content = format!("/pictures/content?url={}", before.replace('%', "%25"));
        let content = board.get_as_moderator(&content).await;
        assert_eq!(
            (content.status, &content.body[..]),
            (200, &b"a picture"[..])
        );

        let restored = board.ask_of_picture("restore", &before).await;
        assert_eq!(restored.status, 200, "{}", restored.text());
        let after = restored.json()["url"].as_str().unwrap().to_owned();
        assert!(after != before && after.len() == url.len() + "-01ARZ3NDEKTSV4RRFFQ69G5FAV".len());
        let shown = board.get(&after).await;
        assert_eq!((shown.status, &shown.body[..]), (200, &b"a picture"[..]));
        assert_eq!(shown.header("content-type"), "image/png");
        board.carrousel_is(&["/images/other.png", &after]).await;
        assert_eq!(board.held_keys().await, BTreeSet::new());
        let again = board.ask_of_picture("restore", &before).await;
        again.is_problem(404, "picture-not-found", &json!([]));
        before = after;
    }
}

#[tokio::test]
async fn only_a_moderator_takes_the_operators_pictures_down_and_no_messages() {
    let board = Board::start();
    let message = board.post_picture("a bridge", photo()).await;
    let own = [
        json!({"field": "url", "code": "invalid", "detail": "must be the URL of a picture that the operator put there, and of no message's"}),
    ];
    for url in [
        url_of(&message),
        "https://elsewhere.example/images/a.png",
        "/carrousel/carrousel.json",
        "images/a.png",
    ] {
        let answer = board.ask_of_picture("take-down", url).await;
        answer.is_problem(422, "invalid-fields", &json!(own));
    }
    for what in ["take-down", "restore"] {
        let unknown = board.ask_of_picture(what, "/images/none.png").await;
        unknown.is_problem(404, "picture-not-found", &json!([]));
        let post = http().post(board.url(&format!("/api/moderation/pictures/{what}")));
        let nobody = ask(post.json(&json!({ "url": "/images/none.png" }))).await;
        assert_eq!(nobody.status, 401);
    }
    let removed = board.get_as_moderator("/pictures").await;
    removed.is(200, &[JSON, NO_STORE], &json!({"pictures": []}));
    assert_eq!(board.get(url_of(&message)).await.status, 200);
}
