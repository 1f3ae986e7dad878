//! Where the function answers only what comes through CloudFront: the front door stands in CloudFront's place.

use axum::body::Body;
use http::header::ALLOW;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::answer::{Answer, JSON, NO_STORE, ask};
use crate::board::{Board, http};
use crate::environment::Environment;
use crate::lambda::Lambda;
use crate::log_privacy::plant;

const SECRET: &str = "what only CloudFront sends";
const BEFORE: &str = "what CloudFront sent until now";
const REQUIRED: [(&str, &str); 3] = [
    ("ORIGIN_REQUIRED", "true"),
    ("ORIGIN_SECRET", SECRET),
    ("ORIGIN_SECRET_PREVIOUS", BEFORE),
];

fn board() -> Board {
    plant(SECRET);
    plant(BEFORE);
    Board::start_with(|command| {
        command.envs(REQUIRED);
    })
}

/// The function's own address, past everything that stands before it.
async fn past(
    environment: &Environment,
    method: &Method,
    path: &str,
    secret: Option<&str>,
) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = match secret {
        Some(secret) => request.header("x-origin-verify", secret),
        None => request,
    };
    let (status, mut headers, body) = environment
        .whole(request.body(Body::empty()).unwrap())
        .await;
    // Of a method that the path does not take.
    headers.remove(ALLOW);
    Answer {
        status: status.as_u16(),
        headers,
        body,
    }
}

#[tokio::test]
async fn through_the_boards_address_everything_works() {
    let board = board();
    let posted = board.post_text("hello").await;
    assert_eq!(board.messages().await.len(), 1);
    let (id, token) = (&posted["id"], &posted["deleteToken"]);
    let deleted = board.delete(id.as_str().unwrap(), token.as_str().unwrap());
    assert_eq!(deleted.await.status, 204);
    // Whatever a visitor claims, as with CloudFront.
    let ready = json!({"database": "ok", "media": "ok", "viewers": "named"});
    for claimed in [None, Some("a guess"), Some("")] {
        let mut request = http().get(board.url("/api/health/ready"));
        if let Some(claimed) = claimed {
            request = request
                .header("x-origin-verify", claimed)
                .header("cloudfront-viewer-address", "198.51.100.7:46532");
        }
        ask(request).await.is(200, &[JSON, NO_STORE], &ready);
    }
}

#[tokio::test]
async fn past_it_nothing_is_answered_but_that_the_function_runs() {
    let board = board();
    let environment = Environment::with(&REQUIRED, &board);
    let message = "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for secret in [None, Some(""), Some("a guess"), Some(&SECRET[1..])] {
        for (method, path) in [
            (Method::GET, "/api/messages"),
            (Method::POST, "/api/messages"),
            (Method::OPTIONS, "/api/messages"),
            (Method::GET, message),
            (Method::DELETE, message),
            (Method::POST, "/api/moderation/remove-sender"),
            (Method::GET, "/api/board"),
            (Method::GET, "/api/carrousel.json"),
            (Method::GET, "/api/openapi.json"),
            // It would wake a paused database.
            (Method::GET, "/api/health/ready"),
            (Method::GET, "/api/health/"),
            (Method::GET, "/api/nothing"),
        ] {
            let answer = past(&environment, &method, path, secret).await;
            answer.is_problem(403, "origin-required", &json!([]));
        }
        let health = past(&environment, &Method::GET, "/api/health", secret).await;
        assert_eq!(health.status, StatusCode::OK);
    }
    assert_eq!(
        (environment.s3.requests(), environment.data_api.requests()),
        (vec![], vec![])
    );
    for secret in [SECRET, BEFORE] {
        let page = past(&environment, &Method::GET, "/api/messages", Some(secret)).await;
        page.is_cacheable(&json!({"messages": [], "next": null}));
    }
    // Where it is not required, the secret only says whose word is believed.
    let open = Environment::with(&REQUIRED[1..], &board);
    assert_eq!(
        past(&open, &Method::GET, "/api/messages", None)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_front_door_sends_what_cloudfront_would_and_only_where_it_must() {
    let lambda = Lambda::start().await;
    for (settings, expected) in [
        (&REQUIRED[..], (json!(SECRET), "127.0.0.1:")),
        (&REQUIRED[1..], (json!("a visitor's"), "198.51.100.7:")),
    ] {
        let board = Board::start_with(|command| {
            command
                .args(["--lambda", &lambda.url])
                .envs(settings.iter().copied());
        });
        let request = http().get(board.url("/api/messages"));
        let request = request
            .header("x-origin-verify", "a visitor's")
            .header("cloudfront-viewer-address", "198.51.100.7:46532");
        assert_eq!(ask(request).await.status, 418);
        let events = lambda.events("message-board");
        let headers = &events.last().unwrap()["headers"];
        let viewer = headers["cloudfront-viewer-address"].as_str().unwrap();
        assert_eq!(
            (&headers["x-origin-verify"], &viewer[..expected.1.len()]),
            (&expected.0, expected.1)
        );
    }
}

#[test]
fn a_required_origin_without_a_secret_is_refused_at_start() {
    let expected = "ORIGIN_SECRET is missing: expected what CloudFront sends as X-Origin-Verify, or ORIGIN_REQUIRED=false";
    let folder = tempfile::tempdir().unwrap();
    let (code, errors) = crate::refusals::refusal(&folder, |command| {
        command.env("ORIGIN_REQUIRED", "true");
    });
    assert_eq!((code, errors), (1, format!("corkboard: {expected}\n")));
}
