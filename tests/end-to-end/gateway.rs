//! API Gateway between the front door and a function, seen from the function.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::answer::ask;
use crate::board::{Board, http};
use crate::lambda::Lambda;

#[tokio::test]
async fn a_function_behind_lambda_gets_the_event_of_api_gateway() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let post = http()
        .post(board.url("/api/messages/a%20b?limit=1&limit=2&x=%C3%A9+"))
        .header("content-type", "text/plain; charset=utf-8")
        .header("user-agent", "test")
        .header("cookie", "a=1; b=2")
        .header("x-many", "one")
        .header("x-many", "two")
        .header("x-forwarded-for", "203.0.113.9")
        .header("forwarded", "for=203.0.113.9")
        .body("你好");
    let answer = ask(post).await;
    answer.has(418, &[("content-type", "text/plain")]);
    assert_eq!(answer.text(), "hello");

    let host = board.addresses()[0].to_string();
    let mut event = lambda.events("message-board").remove(0);
    let context = event["requestContext"].as_object_mut().unwrap();
    for (field, is_right) in [
        ("requestId", context["requestId"].is_string()),
        ("time", context["time"].is_string()),
        ("timeEpoch", context["timeEpoch"].is_i64()),
        ("domainPrefix", context["domainPrefix"].is_string()),
    ] {
        assert!(is_right, "{field}");
        context.remove(field);
    }
    let expected = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/api/messages/a b",
        "rawQueryString": "limit=1&limit=2&x=%C3%A9+",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "accept": "*/*",
            "content-length": "6",
            "content-type": "text/plain; charset=utf-8",
            "forwarded": "for=203.0.113.9",
            "host": host,
            "user-agent": "test",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "http",
            "x-many": "one,two",
        },
        "queryStringParameters": {"limit": "1,2", "x": "é "},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "corkboard",
            "domainName": host,
            "http": {
                "method": "POST",
                "path": "/api/messages/a b",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": "你好",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);

    let post = http().post(board.url("/api/messages")).body(vec![0xff, 0]);
    ask(post.header("content-type", "image/png")).await;
    let event = lambda.events("message-board").remove(1);
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("/wA="), &Value::Bool(true))
    );
}

#[tokio::test]
async fn a_forwarded_address_is_believed_from_a_trusted_proxy_only() {
    let lambda = Lambda::start().await;
    for (proxy, client) in [("127.0.0.0/8", "198.51.100.7"), ("10.0.0.0/8", "127.0.0.1")] {
        let board = behind(proxy, &lambda);
        let forwarded = "203.0.113.9, 198.51.100.7, 127.0.0.2";
        let get = http().get(board.url("/api/health"));
        ask(get.header("x-forwarded-for", forwarded)).await;
        let event = lambda.events("message-board").pop().unwrap();
        let source = &event["requestContext"]["http"]["sourceIp"];
        assert_eq!(
            (source, &event["headers"]["x-forwarded-for"]),
            (&json!(client), &json!(client))
        );
    }
}

#[tokio::test]
async fn a_forwarded_scheme_is_believed_from_a_trusted_proxy_only() {
    let lambda = Lambda::start().await;
    for (proxy, forwarded, scheme) in [
        ("127.0.0.0/8", &["https"][..], "https"),
        ("127.0.0.0/8", &["HTTPS"], "https"),
        ("127.0.0.0/8", &["http"], "http"),
        ("127.0.0.0/8", &[], "http"),
        // What a visitor sent stands before what the proxy says.
        ("127.0.0.0/8", &["https", "http"], "http"),
        ("127.0.0.0/8", &["https, http"], "http"),
        ("127.0.0.0/8", &["http, https"], "https"),
        ("10.0.0.0/8", &["https"], "http"),
    ] {
        let board = behind(proxy, &lambda);
        let mut get = http().get(board.url("/api/health"));
        for entry in forwarded {
            get = get.header("x-forwarded-proto", *entry);
        }
        ask(get).await;
        let event = lambda.events("message-board").pop().unwrap();
        let told = &event["headers"]["x-forwarded-proto"];
        assert_eq!(told, scheme, "{proxy} {forwarded:?}");
    }
}

/// A board whose functions run at `lambda`, behind this proxy.
fn behind(proxy: &str, lambda: &Lambda) -> Board {
    Board::start_with(|command| {
        command.args(["--lambda", &lambda.url, "--trusted-proxy", proxy]);
    })
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_of_once() {
    for (proxy, header, times) in [
        ("10.0.0.0/8", "x-forwarded-for", 1),
        ("10.0.0.0/8", "forwarded", 1),
        ("10.0.0.0/8", "x-unrelated", 0),
        ("127.0.0.0/8", "x-forwarded-for", 0),
    ] {
        let board = Board::start_with(|command| {
            command
                .args(["--trusted-proxy", proxy])
                .env_remove("RUST_LOG");
        });
        for _ in 0..3 {
            let get = http().get(board.url("/api/health"));
            assert_eq!(ask(get.header(header, "203.0.113.9")).await.status, 200);
        }
        let (_, errors, _) = board.stop(Signal::TERM);
        assert_eq!(errors.matches("--trusted-proxy").count(), times, "{errors}");
    }
}
