//! Reading messages: pages, and what caches may keep.

use serde_json::{Value, json};

use crate::answer::{Answer, SHARED_FOR_A_SECOND, SHARED_FOR_TEN, ask, shown};
use crate::board::{Board, http};

async fn get_if_none_match(board: &Board, path: &str, tags: &str) -> Answer {
    ask(http().get(board.url(path)).header("if-none-match", tags)).await
}

#[tokio::test]
async fn forty_five_messages_are_read_page_by_page_without_gap_or_repeat() {
    let board = Board::start();
    board
        .get("/api/messages")
        .await
        .is_cacheable(&json!({"messages": [], "next": null}));
    let mut posted = Vec::new();
    for number in 0..45 {
        posted.push(shown(&board.post_text(&format!("message {number}")).await));
    }
    posted.sort_by_key(|message| message["id"].as_str().unwrap().to_owned());
    posted.reverse();

    for (limit, sizes) in [
        ("", vec![20, 20, 5]),
        ("limit=20&", vec![20, 20, 5]),
        ("limit=50&", vec![45]),
        ("limit=45&", vec![45]),
        ("limit=44&", vec![44, 1]),
        ("limit=15&", vec![15, 15, 15]),
        ("limit=1&", vec![1; 45]),
    ] {
        let mut rest = posted.as_slice();
        let mut before = String::new();
        for size in sizes {
            let (page, older) = rest.split_at(size);
            rest = older;
            let next = match rest.first() {
                None => &Value::Null,
                Some(_) => &page.last().unwrap()["id"],
            };
            let path = format!("/api/messages?{limit}{before}");
            let answer = board.get(&path).await;
            let cached = if before.is_empty() {
                SHARED_FOR_A_SECOND
            } else {
                SHARED_FOR_TEN
            };
            answer.is_cacheable_as(cached, &json!({"messages": page, "next": next}));
            before = format!("before={}", next.as_str().unwrap_or_default());
        }
        assert!(rest.is_empty());
    }

    // Whatever lies before the first is an empty page, and an id need not be there to be a place.
    let empty = json!({"messages": [], "next": null});
    let first = posted.last().unwrap()["id"].as_str().unwrap();
    for before in [first, "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let path = format!("/api/messages?before={before}");
        board
            .get(&path)
            .await
            .is_cacheable_as(SHARED_FOR_TEN, &empty);
    }
    let path = "/api/messages?limit=1&before=7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    let newest = json!({"messages": [posted[0]], "next": posted[0]["id"]});
    board
        .get(path)
        .await
        .is_cacheable_as(SHARED_FOR_TEN, &newest);
}

#[tokio::test]
async fn a_parameter_out_of_range_is_named() {
    let board = Board::shared();
    let wrong =
        |field: &str, detail: &str| json!([{"field": field, "code": "invalid", "detail": detail}]);
    for limit in [
        "0",
        "51",
        "-1",
        "",
        "abc",
        "1.5",
        "1e1",
        "0x10",
        "%201",
        "4294967297",
        "99999999999999999999",
    ] {
        let answer = board.get(&format!("/api/messages?limit={limit}")).await;
        let errors = wrong("limit", "must be a whole number from 1 to 50");
        answer.is_problem(400, "invalid-parameter", &errors);
    }
    for before in [
        "",
        "x",
        "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
        "%00",
    ] {
        let answer = board.get(&format!("/api/messages?before={before}")).await;
        let errors = wrong("before", "must be a message's id");
        answer.is_problem(400, "invalid-parameter", &errors);
    }
    let answer = board.get("/api/messages?limit=1&limit=2").await;
    let errors = wrong("query", "must give each parameter once");
    answer.is_problem(400, "invalid-parameter", &errors);
    // What is not known is not looked at.
    assert_eq!(board.get("/api/messages?limit=50&page=2").await.status, 200);
}

#[tokio::test]
async fn a_message_is_read_by_its_id() {
    let board = Board::shared();
    let created = board.post(&json!({"text": "one", "author": "Ada"})).await;
    let created = created.created();
    let path = format!("/api/messages/{}", created["id"].as_str().unwrap());
    let read = async || {
        board
            .get(&path)
            .await
            .is_cacheable_as(SHARED_FOR_TEN, &shown(&created))
    };
    let tag = read().await;
    assert_eq!(read().await, tag);
    get_if_none_match(&board, &path, &tag)
        .await
        .is_not_modified_as(SHARED_FOR_TEN, &tag);
}

#[tokio::test]
async fn what_is_no_message_is_not_found() {
    let board = Board::shared();
    let id = board.post_text("here").await["id"].clone();
    for id in [
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        &id.as_str().unwrap().to_lowercase(),
        "x",
        "%FF",
        "a%2520b",
    ] {
        let answer = board.get(&format!("/api/messages/{id}")).await;
        answer.is_problem(404, "message-not-found", &json!([]));
    }
}

#[tokio::test]
async fn a_path_that_changes_when_it_is_decoded_is_the_one_that_it_becomes() {
    let board = Board::shared();
    let answer = board.get("/api/messages/%00").await;
    answer.is_problem(404, "message-not-found", &json!([]));
    let other = board.get("/api/messages/..%2Fboard").await;
    assert_eq!(other.body, board.get("/api/board").await.body);
    let answer = board.get("/api/messages/x%3Flimit=1").await;
    answer.is_problem(404, "message-not-found", &json!([]));
}

#[tokio::test]
async fn what_a_cache_has_already_is_not_sent_again() {
    let board = Board::start();
    let created = board.post_text("first").await;
    let list = json!({"messages": [shown(&created)], "next": null});
    let tag = board.get("/api/messages").await.is_cacheable(&list);

    let strong = tag.trim_start_matches("W/");
    let several = format!("\"other\", {tag}");
    for tags in [&tag, strong, &several, "*"] {
        let answer = get_if_none_match(&board, "/api/messages", tags).await;
        answer.is_not_modified(&tag);
    }
    for tags in ["\"other\"", "W/\"other\"", "nonsense", ""] {
        let answer = get_if_none_match(&board, "/api/messages", tags).await;
        assert_eq!(answer.is_cacheable(&list), tag);
    }

    let second = board.post_text("second").await;
    let list = json!({"messages": [shown(&second), shown(&created)], "next": null});
    let answer = get_if_none_match(&board, "/api/messages", &tag).await;
    assert_ne!(answer.is_cacheable(&list), tag);
}
