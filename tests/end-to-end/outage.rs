//! The database or S3 away: a clear answer, which gives nothing away. The app is the function's own, over
//! clients that reach nothing.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request};
use media::Bucket;
use message_board::{Settings, app};
use serde_json::json;
use tower::ServiceExt as _;

use crate::answer::{Answer, JSON, NO_STORE};
use crate::board::{BUCKET, Board, database, s3};

/// Nothing listens on this port.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The function's settings as a deployment might give them.
pub fn setting(variable: &str) -> Option<String> {
    let value = match variable {
        "MEDIA_BUCKET" => BUCKET,
        "PUBLIC_BASE_URL" => "https://board.example",
        "BOARD_SECRET" => "0123456789abcdef0123456789abcdef",
        _ => return None,
    };
    Some(value.to_owned())
}

fn settings() -> Settings {
    Settings::from_lookup(&setting).ok().unwrap()
}

async fn answer(
    app: &Router,
    method: Method,
    path: &str,
    content_type: &str,
    body: &str,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type)
        .body(Body::from(body.to_owned()));
    ask(app, request.unwrap()).await
}

async fn ask(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap(),
    }
}

async fn get(app: &Router, path: &str) -> Answer {
    answer(app, Method::GET, path, "", "").await
}

const PICTURE: &str = "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n\
                       --b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.gif\"\r\n\r\n\
                       GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b\r\n--b--\r\n";
const FORM: &str = "multipart/form-data; boundary=b";

#[tokio::test]
async fn without_database_and_media_the_function_says_so() {
    let bucket = Bucket::new(|| s3(NOWHERE), BUCKET);
    let app = &app(settings(), database(NOWHERE), bucket);
    let (list, one, text, carrousel, ready) = tokio::join!(
        get(app, "/api/messages"),
        get(app, "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        answer(
            app,
            Method::POST,
            "/api/messages",
            "application/json",
            "{\"text\":\"hello\"}"
        ),
        get(app, "/api/carrousel.json"),
        get(app, "/api/health/ready"),
    );
    let later = [("retry-after", "5")];
    // Whether the board is open stands in the bucket, and is read before the database is woken.
    for unavailable in [text, list, one] {
        unavailable.is_problem_with(503, "media-unavailable", &json!([]), &later);
    }
    carrousel.is_problem(502, "carrousel-unavailable", &json!([]));
    let down = json!({"database": "down", "media": "down", "viewers": "unnamed"});
    ready.is(503, &[JSON, NO_STORE], &down);

    let token = settings().tokens.moderator_token(None);
    let sender = Request::get("/api/moderation/sender?messageId=01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty());
    let sender = ask(app, sender.unwrap()).await;
    let later = [("retry-after", "5")];
    sender.is_problem_with(503, "database-unavailable", &json!([]), &later);

    // What needs neither still answers.
    assert_eq!(get(app, "/api/health").await.status, 200);
    // What moderators set is not known, so nobody keeps what is told of it.
    let description = get(app, "/api/board").await;
    assert_eq!(description.status, 200);
    assert_eq!(description.header("cache-control"), "no-store");
    let malformed = get(app, "/api/messages?limit=0").await;
    assert_eq!(malformed.status, 400);
}

#[tokio::test]
async fn without_media_nothing_is_posted_and_a_repeat_posts_it_later() {
    let board = Board::start();
    let without = Bucket::new(|| s3(NOWHERE), BUCKET);
    let app = &app(settings(), board.database(), without);
    let key = crate::repeats::new_key();
    let text = || {
        let post = Request::post("/api/messages").header("content-type", "application/json");
        let post = post.header("idempotency-key", &key);
        post.body(Body::from("{\"text\":\"hello\"}")).unwrap()
    };
    let later = [("retry-after", "5")];
    for refused in [
        answer(app, Method::POST, "/api/messages", FORM, PICTURE).await,
        ask(app, text()).await,
    ] {
        refused.is_problem_with(503, "media-unavailable", &json!([]), &later);
    }
    assert_eq!(board.messages().await.len(), 0);
    let there = s3(&format!("http://{}", board.addresses()[1]));
    let whole = message_board::app(settings(), board.database(), Bucket::new(|| there, BUCKET));
    let id = ask(&whole, text()).await.created()["id"].clone();
    let listed = board.messages().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], id);

    let down = json!({"database": "ok", "media": "down", "viewers": "unnamed"});
    let ready = get(app, "/api/health/ready").await;
    ready.is(503, &[JSON, NO_STORE], &down);
}
