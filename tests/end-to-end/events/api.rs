//! API Gateway's events through message-board.

use std::sync::Arc;

use lambda_http::Service as _;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, LambdaEvent};
use media::Bucket;
use message_board::{Settings, app, function};
use serde_json::{Value, json};

use super::event;
use crate::answer::{API, SHARED_FOR_A_SECOND, shown};
use crate::board::{BUCKET, Board};
use crate::outage::setting;

pub const EVENTS: [&str; 3] = [
    "api-get-messages.json",
    "api-post-json.json",
    "api-post-multipart.json",
];

/// The answer that Lambda would hand to API Gateway.
async fn answer(board: &Board, event: Value) -> Value {
    let client = board.s3();
    let bucket = Bucket::new(|| client, BUCKET);
    let settings = Settings::from_lookup(&setting).ok().unwrap();
    let app = app(settings, board.database(), bucket);
    let event: LambdaRequest = serde_json::from_value(event).unwrap();
    let event = LambdaEvent::new(event, Context::default());
    let answer = function(app).call(event).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

/// Checks everything of an answer but the body, and gives that.
fn body_of(answer: &Value, status: u16, headers: &Value) -> Value {
    let mut rest = answer.clone();
    let body = rest.as_object_mut().unwrap().remove("body").unwrap();
    let body = body.as_str().unwrap();
    let mut headers = headers.clone();
    headers["content-type"] = "application/json".into();
    headers["content-length"] = body.len().to_string().into();
    for (name, value) in API {
        headers[name] = value.into();
    }
    let expected = json!({
        "statusCode": status,
        "headers": headers,
        "multiValueHeaders": {},
        "isBase64Encoded": false,
        "cookies": [],
    });
    assert_eq!(rest, expected);
    serde_json::from_str(body).unwrap()
}

/// Checks the answer to a post, and gives the message as everybody sees it.
async fn posted(board: &Arc<Board>, file: &str) -> Value {
    let answer = answer(board, event(file)).await;
    let id = serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap()["id"].clone();
    let location = format!("/api/messages/{}", id.as_str().unwrap());
    let headers = json!({"location": location, "cache-control": "no-store"});
    let created = body_of(&answer, 201, &headers);
    assert_eq!(created["deleteToken"].as_str().unwrap().len(), 43);
    shown(&created)
}

#[tokio::test]
async fn what_no_uri_can_have_is_no_end_of_the_function() {
    let board = Board::start();
    let id = board.post_text("here").await["id"].clone();
    let id = id.as_str().unwrap();
    let ask = async |path: &str, query: &str| {
        let mut event = event("api-get-messages.json");
        event["rawPath"] = path.into();
        event["rawQueryString"] = query.into();
        event["requestContext"]["http"]["path"] = path.into();
        let answer = answer(&board, event).await;
        let content_type = answer["headers"]["content-type"].as_str().unwrap();
        let status = answer["statusCode"].as_u64().unwrap();
        (status, content_type.to_owned())
    };
    let (page, problem) = ("text/html; charset=utf-8", "application/problem+json");
    for query in [
        "a=<b>", "a=\"b\"", "a=b c", "a=\tb", "a=\u{7f}", "a=é", "a=#b",
    ] {
        assert_eq!(
            ask("/api/messages", query).await,
            (200, "application/json".to_owned()),
            "{query}"
        );
    }
    for (path, status, content_type) in [
        (format!("/m/{id}"), 200, page),
        (format!("/m/{id}#x"), 404, page),
        (format!("/m/{id}?x"), 404, page),
        (format!("/m/{id}/x"), 404, page),
        ("/m/#".into(), 404, page),
        ("/m/".into(), 404, page),
        ("/m/\0 \t<>\"\\^`é".into(), 404, page),
        ("/api/messages#".into(), 404, problem),
        ("/<nothing> here".into(), 404, problem),
    ] {
        let expected = (status, content_type.to_owned());
        assert_eq!(ask(&path, "").await, expected, "{path}");
    }
}

#[tokio::test]
async fn the_events_of_api_gateway_post_and_read() {
    let board = Arc::new(Board::start());
    for number in 0..4 {
        board.post_text(&format!("message {number}")).await;
    }
    let text = posted(&board, "api-post-json.json").await;
    assert_eq!(text["text"], "hello from the harbour 🌉 你好");
    assert_eq!(
        (&text["author"], &text["picture"]),
        (&json!("Ada"), &Value::Null)
    );

    let picture = posted(&board, "api-post-multipart.json").await;
    assert_eq!(
        (&picture["text"], &picture["author"]),
        (&json!("红桥 🌉"), &json!("Ada"))
    );
    let url = format!("/images/{}.jpg", picture["id"].as_str().unwrap());
    let expected = json!({"url": format!("https://board.example{url}"), "alt": "Berge vor blauem Himmel",
        "width": 48, "height": 32, "type": "image/jpeg", "small": [], "animated": false});
    assert_eq!(picture["picture"], expected);
    assert!(board.get(&url).await.body.starts_with(&[0xff, 0xd8, 0xff]));

    let answer = answer(&board, event("api-get-messages.json")).await;
    let tag = &answer["headers"]["etag"];
    let headers = json!({"etag": tag, "cache-control": SHARED_FOR_A_SECOND});
    let page = body_of(&answer, 200, &headers);
    let newest = page["messages"].as_array().unwrap();
    assert_eq!((newest.len(), &page["next"]), (5, &newest[4]["id"]));
    assert_eq!(newest[..2], [picture, text]);
}
