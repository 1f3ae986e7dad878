//! Deleting a message: in which order what is looked at, and what is left.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, NO_STORE, ask};
use crate::board::{Board, eventually, http, picture};

async fn delete_with(board: &Board, id: &str, authorization: &str) -> Answer {
    let delete = http().delete(board.url(&format!("/api/messages/{id}")));
    ask(delete.header("authorization", authorization)).await
}

#[tokio::test]
async fn what_is_no_id_is_not_found_before_a_token_is_asked_for() {
    let board = Board::shared();
    for id in ["x", "01arz3ndektsv4rrffq69g5fav", "%FF", "a%2520b"] {
        let path = format!("/api/messages/{id}");
        let answer = board.request(Method::DELETE, &path).await;
        answer.is_problem(404, "message-not-found", &json!([]));
        let answer = board.delete(id, "wrong").await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }
}

#[tokio::test]
async fn without_a_bearer_token_one_is_asked_for() {
    let board = Board::shared();
    let created = board.post_text("mine").await;
    let id = created["id"].as_str().unwrap();
    let token = created["deleteToken"].as_str().unwrap();
    for id in [id, "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let path = format!("/api/messages/{id}");
        let ask_for_it = [("www-authenticate", "Bearer")];
        let answer = board.request(Method::DELETE, &path).await;
        answer.is_problem_with(401, "token-missing", &json!([]), &ask_for_it);
        for other in ["Basic bWU6bWluZQ==", token, ""] {
            let answer = delete_with(&board, id, other).await;
            answer.is_problem_with(401, "token-missing", &json!([]), &ask_for_it);
        }
    }
    let path = format!("/api/messages/{id}?deleteToken={token}");
    assert_eq!(board.request(Method::DELETE, &path).await.status, 401);
    let path = format!("/api/messages/{id}");
    assert_eq!(board.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_wrong_token_is_refused_whether_or_not_the_message_exists() {
    let board = Board::shared();
    let mine = board.post_text("mine").await;
    let other = board.post_text("another's").await;
    let id = mine["id"].as_str().unwrap();
    let token = other["deleteToken"].as_str().unwrap();
    for id in [id, "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        for wrong in [token, "wrong", &token[1..], "%00"] {
            let answer = board.delete(id, wrong).await;
            answer.is_problem(403, "token-wrong", &json!([]));
        }
    }
    let path = format!("/api/messages/{id}");
    assert_eq!(board.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_deleted_message_is_gone_with_its_picture() {
    let board = Board::shared();
    let media = board.media();
    let kept = board.post_picture("kept", picture("still.gif")).await;
    let created = board.post_picture("mine", picture("small.jpg")).await;
    let id = created["id"].as_str().unwrap();
    let token = created["deleteToken"].as_str().unwrap();
    let url = created["picture"]["url"].as_str().unwrap();
    let kept_url = kept["picture"]["url"].as_str().unwrap();
    eventually("both pictures in the carrousel", async || {
        let carrousel = board.carrousel().await;
        [url, kept_url]
            .iter()
            .all(|url| carrousel.iter().any(|listed| listed == url))
            .then_some(())
    })
    .await;
    assert!(media.get(&url[1..]).await.is_some());

    let answer = delete_with(&board, id, &format!("bearer {token}")).await;
    answer.is_of_the_api(204, &[NO_STORE]);
    assert_eq!(answer.text(), "");

    // What keeps late ones from putting it again is of no bytes, and goes later.
    assert_eq!(media.get(&url[1..]).await.as_deref(), Some(&[][..]));
    let served = board.get(url).await;
    assert_eq!((served.status, served.body.len()), (200, 0));
    assert_eq!(served.header("cache-control"), "no-store");
    let gone = board.get(&format!("/api/messages/{id}")).await;
    gone.is_problem(404, "message-not-found", &json!([]));
    let listed = board.messages().await;
    let is_listed = |id: &Value| listed.iter().any(|message| &message["id"] == id);
    assert_eq!(
        (is_listed(&created["id"]), is_listed(&kept["id"])),
        (false, true)
    );
    eventually("the picture out of the carrousel", async || {
        let carrousel = board.carrousel().await;
        (!carrousel.iter().any(|listed| listed == url)).then_some(())
    })
    .await;
    assert_eq!(board.get(kept_url).await.status, 200);

    let again = board.delete(id, token).await;
    again.is_problem(404, "message-not-found", &json!([]));
}
