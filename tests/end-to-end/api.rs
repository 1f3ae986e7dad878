//! The board itself, its health, and what holds for every route.

use reqwest::Method;
use serde_json::json;

use crate::answer::{JSON, NO_STORE};
use crate::board::{Board, picture};

#[tokio::test]
async fn health_says_that_the_function_runs() {
    let board = Board::shared();
    let body = json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")});
    let health = board.get("/api/health").await;
    health.is(200, &[JSON, NO_STORE], &body);
}

#[tokio::test]
async fn readiness_says_that_database_and_media_answer() {
    let board = Board::shared();
    let body = json!({"database": "ok", "media": "ok", "viewers": "named"});
    let ready = board.get("/api/health/ready").await;
    ready.is(200, &[JSON, NO_STORE], &body);
}

#[tokio::test]
async fn the_board_describes_itself_by_its_settings() {
    const BRIEFLY: (&str, &str) = ("cache-control", "public, max-age=10");
    let limits = |posts_per_minute: u32| json!({"textCharacters": 2000, "authorCharacters": 40, "altCharacters": 500, "pictureBytes": 4_194_304, "postsPerMinute": posts_per_minute});

    let board = Board::start_with(|command| {
        command.env_remove("POSTS_PER_MINUTE");
    });
    let body = json!({"name": "Corkboard", "description": null, "accent": null, "head": null, "posting": "open", "contactUrl": null, "limits": limits(10)});
    let description = board.get("/api/board").await;
    description.is(200, &[JSON, BRIEFLY], &body);
    drop(board);

    let board = Board::start_with(|command| {
        command
            .env("BOARD_NAME", "橋の板")
            .env(
                "BOARD_DESCRIPTION",
                "Of the bridge.\\nhttps://bridge.example",
            )
            .env("BOARD_ACCENT", "#0f6b63")
            .env("BOARD_HEAD", "images/a bridge.jpg")
            .env("CONTACT_URL", "mailto:ada@board.example")
            .env("POSTS_PER_MINUTE", "3")
            .env("POSTING", "closed");
    });
    let head = board.url("/images/a%20bridge.jpg");
    let body = json!({"name": "橋の板", "description": "Of the bridge.\nhttps://bridge.example",
        "accent": {"light": "#0f6b63", "dark": "#68a29d"}, "head": head, "posting": "closed", "contactUrl": "mailto:ada@board.example", "limits": limits(3)});
    let description = board.get("/api/board").await;
    description.is(200, &[JSON, BRIEFLY], &body);

    // Closed is closed, whatever is posted.
    let none = json!([]);
    let text = board.post(&json!({"text": "hello"})).await;
    text.is_problem(403, "posting-closed", &none);
    let form = reqwest::multipart::Form::new().text("text", "hello");
    let form = form.part("picture", crate::board::file(picture("small.jpg"), "a.jpg"));
    let form = board.post_form(form).await;
    form.is_problem(403, "posting-closed", &none);
    let list = json!({"messages": [], "next": null});
    board.get("/api/messages").await.is_cacheable(&list);
    let keys = board.media().keys().await;
    assert!(
        !keys.iter().any(|key| key.starts_with("images/")),
        "{keys:?}"
    );
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let board = Board::shared();
    let created = board.post_picture("", picture("still.gif")).await;
    let message = format!("/api/messages/{}", created["id"].as_str().unwrap());
    for path in [
        "/",
        "/app.js",
        "/api/health",
        "/api/health/ready",
        "/api/board",
        "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/api/messages?limit=0",
        "/api/nothing",
        "/nothing",
        "/images/nothing.png",
        &message,
        created["picture"]["url"].as_str().unwrap(),
    ] {
        let got = board.get(path).await;
        let head = board.request(Method::HEAD, path).await;
        assert_eq!((head.status, head.text()), (got.status, ""), "{path}");
        let without_date = |mut headers: http::HeaderMap| {
            headers.remove("date");
            headers
        };
        assert_eq!(
            without_date(head.headers),
            without_date(got.headers),
            "{path}"
        );
    }
    // These change while other tests post.
    for path in ["/api/messages", "/api/carrousel.json"] {
        let head = board.request(Method::HEAD, path).await;
        assert_eq!((head.status, head.text()), (200, ""), "{path}");
        assert_ne!(head.header("content-length"), "0", "{path}");
        assert!(head.header("etag").starts_with("W/"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    let board = Board::shared();
    for path in [
        "/api/",
        "/api/nothing",
        "/api/health/",
        "/api/messages/",
        "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV/picture",
        "/api/%00",
        "/api//messages",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = board.request(method, path).await;
            answer.is_problem(404, "not-found", &json!([]));
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let board = Board::shared();
    let message = "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (path, allowed, wrong) in [
        ("/api/health", "GET,HEAD", Method::POST),
        ("/api/health/ready", "GET,HEAD", Method::DELETE),
        ("/api/board", "GET,HEAD", Method::PUT),
        ("/api/carrousel.json", "GET,HEAD", Method::DELETE),
        ("/api/messages", "GET,HEAD,POST", Method::DELETE),
        ("/api/messages", "GET,HEAD,POST", Method::PATCH),
        (message, "GET,HEAD,DELETE", Method::POST),
        (message, "GET,HEAD,DELETE", Method::PUT),
    ] {
        let answer = board.request(wrong, path).await;
        let allow = [("allow", allowed)];
        answer.is_problem_with(405, "method-not-allowed", &json!([]), &allow);
    }
}
