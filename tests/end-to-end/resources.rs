//! What costs memory or time is refused with a clear answer, and the board goes on. How much memory the
//! function needs at most is measured under `tests/pictures`.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::answer::{Answer, ask};
use crate::board::{Board, PATIENCE, http};

async fn post(board: &Board, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let post = http().post(board.url("/api/messages"));
    ask(post.header("content-type", content_type).body(body.into())).await
}

/// That it is this status with a problem, whatever it says of the place.
fn is_refused(answer: &Answer, status: u16, code: &str) {
    let problem = answer.json();
    assert_eq!(answer.status, status, "{problem}");
    assert_eq!(problem["type"], format!("urn:corkboard:problem:{code}"));
}

#[tokio::test]
async fn six_megabytes_of_anything_are_refused() {
    let board = Board::start();
    let full = 6_200_000;
    // A quotation mark in an event is two bytes.
    let quoted = 4_000_000;
    let form = "multipart/form-data; boundary=b";
    let part = b"--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n".as_slice();
    for (content_type, body, status, code) in [
        ("application/json", vec![b' '; full], 400, "malformed-body"),
        ("application/json", vec![b'['; full], 400, "malformed-body"),
        (
            "application/json",
            [b"{\"a\":".repeat(quoted / 5)].concat(),
            400,
            "malformed-body",
        ),
        (
            "application/json",
            [b"{\"text\":", &b"[],".repeat(full / 3)[..]].concat(),
            400,
            "malformed-body",
        ),
        (
            "application/json",
            [b"{\"text\":[", &b"[],".repeat(full / 3)[..], b"[]]}"].concat(),
            422,
            "invalid-fields",
        ),
        (
            "application/json",
            [b"{", &b"\"a\":1,".repeat(quoted / 6)[..], b"\"a\":1}"].concat(),
            422,
            "invalid-fields",
        ),
        (
            "application/json",
            [b"{\"text\":\"", &vec![b'x'; full][..], b"\"}"].concat(),
            422,
            "invalid-fields",
        ),
        (
            "text/plain",
            vec![b'x'; full],
            415,
            "unsupported-media-type",
        ),
        (
            "application/x-www-form-urlencoded",
            b"a=1&".repeat(1_000_000),
            415,
            "unsupported-media-type",
        ),
        (form, vec![b'-'; 4_500_000], 400, "malformed-body"),
        (form, part.repeat(60_000), 400, "malformed-body"),
        (
            form,
            [part, &vec![b'x'; 4_500_000][..], b"\r\n--b--\r\n"].concat(),
            422,
            "invalid-fields",
        ),
        (
            form,
            [&part[..20], &b"x: y\r\n".repeat(700_000)[..]].concat(),
            400,
            "malformed-body",
        ),
    ] {
        is_refused(&post(&board, content_type, body).await, status, code);
    }
    board.post_text("it goes on").await;
}

#[tokio::test]
async fn thousands_of_fields_are_refused_and_a_hundred_unknown_ones_ignored() {
    let board = Board::shared();
    let form = "multipart/form-data; boundary=b";
    let field =
        |name| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nx\r\n");
    let fields = |unknown| {
        [
            field("x").repeat(unknown),
            field("text"),
            "--b--\r\n".into(),
        ]
        .concat()
    };
    let expected = json!({"text": "x", "author": null, "picture": null});
    post(&board, form, fields(99)).await.is_created(&expected);
    is_refused(
        &post(&board, form, fields(100)).await,
        400,
        "malformed-body",
    );
    is_refused(
        &post(&board, form, fields(5_000)).await,
        400,
        "malformed-body",
    );
}

#[tokio::test]
async fn json_that_is_nested_deeply_is_refused() {
    let board = Board::shared();
    for depth in [200, 1_000_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for body in [
            nested.clone(),
            format!("{{\"text\": {nested}}}"),
            format!("{{\"unknown\": {nested}, \"text\": \"x\"}}"),
        ] {
            let answer = post(&board, "application/json", body).await;
            is_refused(&answer, 400, "malformed-body");
        }
    }
}

/// What is answered to `request`, sent as it is.
async fn raw(board: &Board, request: &[u8]) -> String {
    let [site, ..] = board.addresses();
    let mut stream = TcpStream::connect(site).await.unwrap();
    // It may be answered, and the connection closed, before all is sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("an end");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let board = Board::shared();
    let head = |headers: &str| {
        format!("GET /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
    };
    let answer = raw(&board, head(&"x: y\r\n".repeat(90)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for headers in [
        "x: y\r\n".repeat(200),
        format!("x: {}\r\n", "y".repeat(500_000)),
    ] {
        let answer = raw(&board, head(&headers).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let answer = board
        .get(&format!("/api/messages?{}", "a=&".repeat(20_000)))
        .await;
    assert_eq!(answer.status, 414);
    assert_eq!(answer.json(), json!({"message": "URI Too Long"}));
    // As many parameters as there may be, of one name and of thousands.
    for parameters in [
        "a=&".repeat(10_000),
        (0..5_000)
            .map(|n| format!("{n}="))
            .collect::<Vec<_>>()
            .join("&"),
    ] {
        let answer = board.get(&format!("/api/messages?{parameters}")).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn clients_that_send_nothing_more_hold_up_nobody() {
    let board = Board::shared();
    let [site, ..] = board.addresses();
    let mut slow = Vec::new();
    for beginning in [
        &b""[..],
        b"GET /api/he",
        b"POST /api/messages HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
    ] {
        for _ in 0..50 {
            let mut stream = TcpStream::connect(site).await.unwrap();
            stream.write_all(beginning).await.unwrap();
            slow.push(stream);
        }
    }
    board.post_text("meanwhile").await;
    let (mut finished, mut cut) = (slow.pop().unwrap(), slow.pop().unwrap());
    // One goes on after all; of another the other half is gone.
    finished.write_all(b"\"text\":1}").await.unwrap();
    let mut answer = vec![0; 12];
    finished.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 422");
    cut.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let read = cut.read_to_end(&mut answer);
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("an end");
}
