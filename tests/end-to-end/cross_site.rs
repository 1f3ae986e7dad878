//! Pages of other origins.

use http::HeaderMap;
use reqwest::Method;
use serde_json::json;

use crate::answer::{Answer, ask};
use crate::board::{Board, http};

async fn send(board: &Board, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = http().request(method.clone(), board.url(path));
    if method == Method::POST {
        request = request.json(&json!({"text": "hello"}));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ask(request).await
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let board = Board::start();
    let mine = board.post_text("mine").await;
    let path = format!("/api/messages/{}", mine["id"].as_str().unwrap());
    let own = board.url("");
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[("origin", "null")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        for (method, path) in [
            (Method::POST, "/api/messages"),
            (Method::DELETE, &path),
            (Method::POST, "/api/moderation/remove-sender"),
            (Method::POST, "/api/nothing"),
        ] {
            let answer = send(&board, method, path, headers).await;
            answer.is_problem(403, "cross-site", &json!([]));
        }
        // Also where there is nothing yet that it could change.
        for (method, path, allowed) in [
            ("PUT", &*path, "GET,HEAD,DELETE"),
            ("PATCH", "/api/messages", "GET,HEAD,POST"),
            ("PROPPATCH", "/api/messages", "GET,HEAD,POST"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = send(&board, method.clone(), path, headers).await;
            let allow = [("allow", allowed)];
            answer.is_problem_with(403, "cross-site", &json!([]), &allow);
            let program = send(&board, method, path, &[]).await;
            program.is_problem_with(405, "method-not-allowed", &json!([]), &allow);
        }
        // Reading is not changing, and its answers stay with the browser.
        let read = send(&board, Method::GET, "/api/messages", headers).await;
        assert_eq!(read.status, 200);
        assert!(!read.headers.contains_key("access-control-allow-origin"));
    }
    assert_eq!(board.messages().await.len(), 1);
    // Preflight requests are for nobody.
    let preflight = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
    ];
    assert_eq!(
        send(&board, Method::OPTIONS, "/api/messages", &preflight)
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn the_boards_own_page_and_programs_may_post() {
    let board = Board::start();
    let own = board.url("");
    for headers in [
        &[][..],
        &[("origin", &*own), ("sec-fetch-site", "same-origin")],
        &[("origin", &own)],
        &[("sec-fetch-site", "none")],
    ] {
        send(&board, Method::POST, "/api/messages", headers)
            .await
            .created();
    }
    let behind = Board::start_with(|command| {
        command.env("PUBLIC_BASE_URL", "https://board.example/below");
    });
    let headers = [
        ("origin", "https://board.example"),
        ("sec-fetch-site", "same-site"),
    ];
    assert_eq!(
        send(&behind, Method::POST, "/api/messages", &headers)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn what_is_no_preflight_request_is_answered_as_any_other() {
    let board = Board::start_with(|command| {
        command.env("ALLOWED_ORIGINS", "https://friend.example");
    });
    let headers = [("origin", "https://friend.example")];
    for (path, status) in [("/api/messages", 405), ("/api/nope", 404)] {
        let answer = send(&board, Method::OPTIONS, path, &headers).await;
        assert_eq!(answer.status, status, "{path}");
    }
}

#[tokio::test]
async fn allowed_origins_are_answered_as_browsers_want_it() {
    let board = Board::start_with(|command| {
        command.env(
            "ALLOWED_ORIGINS",
            "https://friend.example, http://localhost:3000",
        );
    });
    let cors = |headers: &HeaderMap, name: &str| {
        let name = format!("access-control-{name}");
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_lowercase())
    };
    for origin in ["https://friend.example", "http://localhost:3000"] {
        let preflight = send(
            &board,
            Method::OPTIONS,
            "/api/messages",
            &[
                ("origin", origin),
                ("access-control-request-method", "POST"),
                (
                    "access-control-request-headers",
                    "content-type,idempotency-key",
                ),
            ],
        )
        .await;
        assert_eq!(preflight.status, 200);
        assert_eq!(
            cors(&preflight.headers, "allow-origin").as_deref(),
            Some(origin)
        );
        assert_eq!(
            cors(&preflight.headers, "allow-methods").as_deref(),
            Some("get,head,post,put,delete")
        );
        assert_eq!(
            cors(&preflight.headers, "allow-headers").as_deref(),
            Some("authorization,content-type,if-none-match,idempotency-key")
        );
        assert_eq!(cors(&preflight.headers, "allow-credentials"), None);
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
        for method in [Method::POST, Method::GET] {
            let answer = send(&board, method, "/api/messages", &headers).await;
            assert!(answer.status < 300, "{answer:?}");
            assert_eq!(
                cors(&answer.headers, "allow-origin").as_deref(),
                Some(origin)
            );
            assert_eq!(
                cors(&answer.headers, "expose-headers").as_deref(),
                Some("location,etag,retry-after")
            );
            assert_eq!(answer.header("vary"), "origin");
        }
    }
    let evil = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = send(&board, Method::POST, "/api/messages", &evil).await;
    assert_eq!(
        (answer.status, cors(&answer.headers, "allow-origin")),
        (403, None)
    );
    // A cache must not give one origin's answer to another.
    assert_eq!(answer.header("vary"), "origin");
    assert_eq!(
        send(&board, Method::GET, "/api/messages", &[])
            .await
            .header("vary"),
        "origin"
    );
}
