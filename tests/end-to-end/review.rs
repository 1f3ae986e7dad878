//! What moderators review: what waits is shown to nobody else, and what was taken down comes back as it was.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::answer::{JSON, NO_STORE, ask, shown};
use crate::board::{Board, eventually, http, picture};
use crate::limit;
use crate::moderators::reviewed;
use crate::repeats::new_key;

#[tokio::test]
async fn what_waits_is_shown_to_moderators_alone_until_it_is_approved() {
    let board = reviewed();
    let message = board.post_held("a red bridge", Some("photo.webp")).await;
    let id = message["id"].as_str().unwrap();
    assert!(!board.is_public(&message).await);
    let held = board.held_keys().await;
    assert_eq!(held.len(), 2);
    for key in board.media().keys().await {
        let is_public = ["images/", "small/", "board/messages/"];
        assert!(!is_public.iter().any(|it| key.starts_with(it)), "{key}");
    }
    for key in held {
        // No public address leads there.
        for path in [
            format!("/{key}"),
            format!("//{key}"),
            format!("/images/..%2f{key}"),
            format!("/images/%2e%2e%2f{key}"),
            format!("/carrousel/..%2f{key}"),
            format!("/small/640/..%2f..%2f{key}.webp"),
        ] {
            let found = board.get(&path).await.status;
            assert!([400, 403, 404].contains(&found), "{path}: {found}");
        }
    }
    let url = message["picture"]["url"].as_str().unwrap();
    assert_eq!(board.get(url).await.status, 404);
    for small in message["picture"]["small"].as_array().unwrap() {
        let small = board.get(small["url"].as_str().unwrap()).await;
        assert_eq!(small.status, 404);
    }

    let waiting = board.get_as_moderator("").await;
    let expected = json!({
        "moderator": null, "expiresAt": null, "held": 1, "removed": 0, "refused": 0, "posting": "reviewed",
        "mostPosting": "reviewed",
    });
    waiting.is(200, &[JSON, NO_STORE], &expected);
    let held = board.get_as_moderator("/held").await.json();
    assert_eq!(held["next"], Value::Null);
    let first = &held["messages"][0];
    assert_eq!(
        (&first["id"], &first["text"]),
        (&message["id"], &message["text"])
    );
    assert_eq!(
        (&first["status"], &first["picture"]["width"]),
        (&json!("held"), &message["picture"]["width"])
    );
    let path = first["picture"]["url"].as_str().unwrap();
    assert_eq!(path, format!("/api/moderation/picture/{id}"));
    let seen = board
        .get_as_moderator(path.strip_prefix("/api/moderation").unwrap())
        .await;
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (200, "image/webp")
    );
    assert_eq!(seen.header("cache-control"), "no-store");
    assert_eq!(board.get(path).await.status, 401);

    assert_eq!(board.decide("approve", &[id]).await, ["done"]);
    let listed = board.messages().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["text"]),
        (&message["id"], &message["text"])
    );
    let public = board.get(url).await;
    assert_eq!((public.status, &public.body), (200, &seen.body));
    assert_eq!(board.held_keys().await, BTreeSet::new());
    eventually("the carrousel has it", async || {
        (board.carrousel().await.len() == 1).then_some(())
    })
    .await;
    // Once more is the same.
    assert_eq!(board.decide("approve", &[id]).await, ["done"]);
    assert_eq!(board.decide("reject", &[id]).await, ["changed"]);
}

#[tokio::test]
async fn many_are_decided_at_once_and_a_rejection_can_be_undone() {
    let board = reviewed();
    let mut messages = Vec::new();
    for number in 0..3 {
        messages.push(board.post_held(&number.to_string(), None).await);
    }
    let ids: Vec<_> = messages
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    // Oldest first, a page at a time.
    assert_eq!(board.listed("/held?limit=2").await, ["0", "1"]);
    let next = board.get_as_moderator("/held?limit=2").await.json()["next"].clone();
    let next = format!("/held?limit=2&after={}", next.as_str().unwrap());
    assert_eq!(board.listed(&next).await, ["2"]);

    let unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let outcomes = board.decide("reject", &[ids[0], unknown, ids[1]]).await;
    assert_eq!(outcomes, ["done", "not-found", "done"]);
    assert_eq!(board.listed("/held").await, ["2"]);
    assert_eq!(board.listed("/removed").await, ["1", "0"]);
    assert_eq!(board.decide("approve", &[ids[0]]).await, ["changed"]);
    assert_eq!(board.decide("restore", &[ids[1]]).await, ["done"]);
    assert_eq!(board.listed("/held").await, ["1", "2"]);
    assert_eq!(board.messages().await, [] as [Value; 0]);
    // What was held again is published as any other.
    assert_eq!(board.decide("approve", &ids[1..]).await, ["done", "done"]);
    let expected = [&messages[2], &messages[1]].map(|it| it["id"].clone());
    let listed: Vec<_> = board
        .messages()
        .await
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(listed, expected);
    assert!(board.is_public(&messages[1]).await && !board.is_public(&messages[0]).await);
}

#[tokio::test]
async fn what_is_taken_down_is_restored_as_it_was_also_several_times() {
    let board = Board::start();
    let before = board.post_text("before").await;
    let with = board.post_picture("a bridge", picture("photo.webp")).await;
    let after = board.post_text("after").await;
    let expected = [&after, &with, &before].map(shown);
    let bytes = board
        .get(with["picture"]["url"].as_str().unwrap())
        .await
        .body;
    for generation in 1..=2 {
        for message in [&with, &after] {
            assert_eq!(board.delete_as_moderator(message, "").await, 204);
            assert!(!board.is_public(message).await);
        }
        assert_eq!(board.messages().await, [shown(&before)]);
        assert_eq!(board.listed("/removed").await, ["after", "a bridge"]);
        let id = with["id"].as_str().unwrap();
        let copy = board.get_as_moderator(&format!("/picture/{id}")).await;
        assert_eq!((copy.status, &copy.body), (200, &bytes));
        for message in [&after, &with] {
            board.is_decided("restore", message).await;
            board.is_decided("restore", message).await;
        }
        let listed = board.messages().await;
        let url = listed[1]["picture"]["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("{id}-{generation}.webp")), "{url}");
        assert_eq!(board.get(url).await.body, bytes);
        let alike = |message: &Value| {
            (
                message["id"].clone(),
                message["text"].clone(),
                message["createdAt"].clone(),
            )
        };
        assert_eq!(
            listed.iter().map(alike).collect::<Vec<_>>(),
            expected.iter().map(alike).collect::<Vec<_>>()
        );
        // The page before leads past all of its generations.
        let page = board
            .get(&format!("/api/messages?before={id}"))
            .await
            .json();
        assert_eq!(page["messages"], json!([shown(&before)]));
        assert_eq!(board.held_keys().await, BTreeSet::new());
    }
    // For good.
    assert_eq!(board.delete_as_moderator(&with, "?forever=true").await, 204);
    let own = after["deleteToken"].as_str().unwrap();
    assert_eq!(
        board
            .delete(after["id"].as_str().unwrap(), own)
            .await
            .status,
        204
    );
    assert_eq!(board.messages().await, [shown(&before)]);
    assert_eq!(
        board
            .decide("restore", &[with["id"].as_str().unwrap()])
            .await,
        ["not-found"]
    );
}

#[tokio::test]
async fn an_author_deletes_what_waits_and_what_was_taken_down_for_good() {
    let board = reviewed();
    let held = board.post_held("held", Some("small.jpg")).await;
    let removed = board.post_held("removed", Some("small.jpg")).await;
    board.is_decided("approve", &removed).await;
    assert_eq!(board.delete_as_moderator(&removed, "").await, 204);
    // What waits is rejected, not taken down.
    assert_eq!(board.delete_as_moderator(&held, "").await, 409);
    assert_eq!(board.held_keys().await.len(), 3);
    for message in [&held, &removed] {
        let (id, own) = (
            message["id"].as_str().unwrap(),
            message["deleteToken"].as_str().unwrap(),
        );
        assert_eq!(board.delete(id, own).await.status, 204);
        for decision in ["approve", "reject", "restore"] {
            assert_eq!(
                board.decide(decision, &[id]).await,
                ["not-found"],
                "{decision}"
            );
        }
    }
    assert_eq!(board.held_keys().await, BTreeSet::new());
    assert_eq!(board.messages().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_removed_senders_messages_are_restored_and_the_sender_is_let_in_again() {
    let board = limit::board("0");
    let token = board.moderator_token();
    let (bad, good) = ("192.0.2.1", "192.0.2.2");
    let kept = board.post_from(good, "kept").await.created();
    let mut posted = Vec::new();
    for number in 0..3 {
        posted.push(board.post_from(bad, &number.to_string()).await.created());
    }
    let first = posted[0]["id"].as_str().unwrap();
    let removed = board.remove_sender(&token, first).await;
    removed.is(200, &[JSON, NO_STORE], &json!({"removed": 3}));
    assert_eq!(board.messages().await, [shown(&kept)]);
    let refused = board.get_as_moderator("/refused").await;
    let last = posted[2]["id"].clone();
    refused.is(
        200,
        &[JSON, NO_STORE],
        &json!({ "messageIds": [last], "next": null }),
    );
    let counts = board.get_as_moderator("").await.json();
    assert_eq!(counts["refused"], 1);
    let others = format!("/sender/messages?messageId={first}");
    let others = board.get_as_moderator(&others).await.json();
    let others = others["messages"].as_array().unwrap().clone();
    let others: Vec<_> = others
        .iter()
        .map(|it| (&it["text"], &it["status"]))
        .collect();
    let removed = json!("removed");
    assert_eq!(others, [(&json!("2"), &removed), (&json!("1"), &removed)]);
    assert_eq!(board.post_from(bad, "more").await.status, 403);

    let of_sender = async |act: &str| {
        let post = http().post(board.url(&format!("/api/moderation/{act}")));
        let body = json!({ "messageId": first });
        ask(post.bearer_auth(&token).json(&body)).await
    };
    for was_refused in [true, false] {
        let let_in = json!({ "letIn": was_refused });
        of_sender("let-in")
            .await
            .is(200, &[JSON, NO_STORE], &let_in);
    }
    board.post_from(bad, "more").await.created();
    // Undone, and again: what the sender posted stays.
    for _ in 0..2 {
        assert_eq!(of_sender("refuse").await.status, 204);
        assert_eq!(board.post_from(bad, "no more").await.status, 403);
    }
    assert_eq!(of_sender("let-in").await.json()["letIn"], true);
    let ids: Vec<_> = posted.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(board.decide("restore", &ids).await, ["done"; 3]);
    assert_eq!(board.messages().await.len(), 5);
}

#[tokio::test]
async fn posting_is_opened_reviewed_and_closed_by_moderators_within_the_setting() {
    let board = Board::start();
    let key = new_key();
    let body = json!({"text": "again"});
    for (posting, status) in [("reviewed", 202), ("closed", 403), ("open", 201)] {
        let set = board.set_posting(posting).await;
        set.is(
            200,
            &[JSON, NO_STORE],
            &json!({"posting": posting, "mostPosting": "open"}),
        );
        assert_eq!(board.get("/api/board").await.json()["posting"], posting);
        let post = http()
            .post(board.url("/api/messages"))
            .json(&json!({"text": posting}));
        assert_eq!(ask(post).await.status, status, "{posting}");
        if posting == "reviewed" {
            assert_eq!(board.post_with(&key, &body).await.status, 202);
        }
    }
    // A repeat follows the message, whatever is to become of new ones.
    let repeat = board.post_with(&key, &body).await;
    assert_eq!(
        (repeat.status, &repeat.json()["status"]),
        (202, &json!("held"))
    );
    let id = repeat.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(board.decide("approve", &[&id]).await, ["done"]);
    let repeat = board.post_with(&key, &body).await;
    assert_eq!(
        (repeat.status, repeat.json()["id"].as_str()),
        (201, Some(&*id))
    );
    board.delete_as_moderator(&repeat.json(), "").await;
    board
        .post_with(&key, &body)
        .await
        .is_problem(410, "message-deleted", &json!([]));

    // A process that begins knows it, and nothing is opened beyond the setting.
    assert_eq!(board.set_posting("reviewed").await.status, 200);
    let board = Board::start_on(board.kill(), |command| {
        command.env("POSTING", "open");
    });
    assert_eq!(board.get("/api/board").await.json()["posting"], "reviewed");
    let board = Board::start_on(board.kill(), |command| {
        command.env("POSTING", "closed");
    });
    let set = board.set_posting("open").await;
    set.is(
        200,
        &[JSON, NO_STORE],
        &json!({"posting": "closed", "mostPosting": "closed"}),
    );
    let post = http()
        .post(board.url("/api/messages"))
        .json(&json!({"text": "x"}));
    ask(post)
        .await
        .is_problem(403, "posting-closed", &json!([]));
}

#[tokio::test]
async fn moderators_are_asked_for_their_token_and_for_what_can_be_decided() {
    let board = Board::start();
    let own = board.post_text("mine").await["deleteToken"].clone();
    for path in [
        "",
        "/held",
        "/removed",
        "/refused",
        "/log",
        "/sender/messages?messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/picture/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        let path = format!("/api/moderation{path}");
        assert_eq!(board.get(&path).await.status, 401, "{path}");
        let get = http()
            .get(board.url(&path))
            .bearer_auth(own.as_str().unwrap());
        ask(get).await.is_problem(403, "token-wrong", &json!([]));
    }
    for path in ["approve", "reject", "restore", "let-in", "refuse"] {
        let post = http().post(board.url(&format!("/api/moderation/{path}")));
        assert_eq!(ask(post.json(&json!({}))).await.status, 401, "{path}");
    }
    let post = |body: Value| {
        let post = http().post(board.url("/api/moderation/approve"));
        ask(post.bearer_auth(board.moderator_token()).json(&body))
    };
    let list = "must be a list of 1 to 100 messages' ids";
    for (body, code, detail) in [
        (json!({}), "required", "must be messages' ids"),
        (
            json!({"messageIds": null}),
            "required",
            "must be messages' ids",
        ),
        (json!({"messageIds": []}), "invalid", list),
        (json!({"messageIds": "x"}), "invalid", list),
        (json!({"messageIds": [1]}), "invalid", list),
        (json!({"messageIds": vec!["x"; 101]}), "invalid", list),
        (
            json!({"messageIds": ["x"]}),
            "invalid",
            "must be messages' ids",
        ),
    ] {
        let errors = json!([{"field": "messageIds", "code": code, "detail": detail}]);
        post(body).await.is_problem(422, "invalid-fields", &errors);
    }
    let answer = board.set_posting("shut").await;
    let errors = json!([{"field": "posting", "code": "invalid", "detail": "must be open, reviewed or closed"}]);
    answer.is_problem(422, "invalid-fields", &errors);
    let answer = board.get_as_moderator("/held?limit=0").await;
    let errors = json!([{"field": "limit", "code": "invalid", "detail": "must be a whole number from 1 to 50"}]);
    answer.is_problem(400, "invalid-parameter", &errors);
    assert_eq!(
        board
            .get_as_moderator("/picture/01ARZ3NDEKTSV4RRFFQ69G5FAV")
            .await
            .status,
        404
    );
}
