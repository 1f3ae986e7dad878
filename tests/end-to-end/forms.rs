//! Bodies as clients of many kinds write them: forms part by part, and JSON.

use serde_json::json;

use crate::answer::{Answer, JSON, NO_STORE};
use crate::board::{Board, picture};
use crate::post::{post_raw, wrong};

const FORM: &str = "multipart/form-data; boundary=b";
const SMALL: &str = "small.jpg";

/// Posts a form of parts, each as its headers and its bytes.
async fn post_parts(board: &Board, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = vec![];
    for (headers, bytes) in parts {
        let head = format!("--b\r\nContent-Disposition: form-data; {headers}\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--b--\r\n");
    post_raw(board, Some(FORM), body).await
}

fn is_malformed(answer: &Answer, detail: &str) {
    let problem = json!({"type": "urn:corkboard:problem:malformed-body", "title": "Malformed body", "status": 400, "detail": detail});
    let headers = [("content-type", "application/problem+json"), NO_STORE];
    answer.is(400, &headers, &problem);
}

#[tokio::test]
async fn a_part_is_the_field_whose_name_it_has_whatever_its_file_is_called() {
    let board = Board::shared();
    let small = picture(SMALL);
    let shown = json!({"text": "", "author": null, "picture":
        {"alt": null, "width": 48, "height": 32, "type": "image/jpeg", "small": [], "animated": false}});
    for headers in [
        "filename=\"a.jpg\"; name=\"picture\"",
        "filename=\"x; name=text.jpg\"; name=\"picture\"",
        "filename=\"; name=\\\"text\\\"\"; name=\"picture\"",
        "filename=\" name=author\"; name=picture",
        "name=\"picture\"; filename=\"name=%22text%22.jpg\"",
        "name=\"picture\"; filename=\"a\\\"b.jpg\"",
        "name=\"picture\"; filename=\"C:\\pictures\\\"",
        "name=\"picture\"; filename=\"橋 🌉.jpg\"",
        "name=\"picture\"; filename*=UTF-8\'\'%E6%A9%8B.jpg",
        "NAME = picture ; FileName = a.jpg ;",
        "name=\"picture\"; filename=\"a.jpg\"\r\nContent-Type: text/plain",
        // Of a program that does not name its file.
        "name=\"picture\"",
        "name=\"picture\"; filename=\"\"",
    ] {
        let answer = post_parts(&board, &[(headers, &small)]).await;
        let created = answer.created();
        let mut found = crate::answer::shown(&created);
        for known_to_the_server_alone in ["id", "createdAt"] {
            found
                .as_object_mut()
                .unwrap()
                .remove(known_to_the_server_alone);
        }
        found["picture"].as_object_mut().unwrap().remove("url");
        assert_eq!(found, shown, "{headers}");
    }
    // And a text with a file's name is a file, whatever it says of a field.
    let unknown = wrong("picture", "unknown-file", "must be the only file");
    for headers in [
        "name=\"text\"; filename=\"name=picture\"",
        "filename=\"name=text\"; name=\"other\"",
        "name=\"text\"; filename*=UTF-8\'\'a",
    ] {
        let parts = [(headers, &b"x"[..]), ("name=\"text\"", b"hello")];
        let answer = post_parts(&board, &parts).await;
        answer.is_problem(422, "invalid-fields", &json!([unknown]));
    }
}

#[tokio::test]
async fn a_file_without_a_byte_is_a_picture_that_is_damaged_and_no_file_is_none() {
    let board = Board::shared();
    let empty = wrong(
        "picture",
        "malformed",
        "the picture is damaged: it is empty",
    );
    for headers in [
        "name=\"picture\"; filename=\"a.jpg\"",
        "name=\"picture\"; filename*=UTF-8\'\'a.jpg",
        "filename=\"name=text\"; name=\"picture\"",
    ] {
        for text in ["", "hello"] {
            let parts = [("name=\"text\"", text.as_bytes()), (headers, b"")];
            let answer = post_parts(&board, &parts).await;
            answer.is_problem(422, "invalid-fields", &json!([empty]));
        }
    }
    let hello = json!({"text": "hello", "author": null, "picture": null});
    for headers in [
        "name=\"picture\"; filename=\"\"",
        "filename=\"\"; name=\"picture\"",
        "name=\"picture\"; filename*=UTF-8\'\'",
        "name=\"picture\"",
        "name=\"other\"; filename=\"\"",
    ] {
        let parts = [(headers, &b""[..]), ("name=\"text\"", b"hello")];
        post_parts(&board, &parts).await.is_created(&hello);
    }
    // One that is empty is one of two all the same.
    let several = wrong("picture", "several", "must be a single picture");
    let small = picture(SMALL);
    let one = "name=\"picture\"; filename=\"a.jpg\"";
    let answer = post_parts(&board, &[(one, &small), (one, b"")]).await;
    answer.is_problem(422, "invalid-fields", &json!([several]));
    let none = "name=\"picture\"; filename=\"\"";
    let answer = post_parts(&board, &[(one, &small), (none, b"")]).await;
    answer.created();
}

#[tokio::test]
async fn a_part_that_does_not_say_which_field_it_is_is_no_part() {
    let board = Board::shared();
    for headers in [
        "filename=\"a\"",
        "nam=\"text\"",
        "name=\"text\"; name=\"author\"",
        "name=\"text",
    ] {
        let answer = post_parts(&board, &[(headers, b"hello")]).await;
        is_malformed(
            &answer,
            "A part of the form does not say which field it is.",
        );
    }
    for head in [
        "Content-Type: text/plain\r\n",
        "Content-Disposition: attachment; name=text\r\n",
    ] {
        let body = format!("--b\r\n{head}\r\nhello\r\n--b--\r\n");
        let answer = post_raw(&board, Some(FORM), body).await;
        is_malformed(
            &answer,
            "A part of the form does not say which field it is.",
        );
    }
    // A header in two lines, as no client has written it for long.
    let folded =
        "--b\r\nContent-Disposition: form-data;\r\n name=\"text\"\r\n\r\nhello\r\n--b--\r\n";
    let answer = post_raw(&board, Some(FORM), folded).await;
    is_malformed(&answer, "The body is not a well-formed multipart form.");
}

#[tokio::test]
async fn a_field_is_in_utf_8_whatever_it_is_called() {
    let board = Board::shared();
    let posted = |text: &str| json!({"text": text, "author": null, "picture": null});
    for (content_type, text) in [
        ("text/plain; charset=utf-8", "橋"),
        ("text/plain;Charset=\"UTF8\"", "橋"),
        ("text/plain", "橋"),
        ("nonsense", "橋"),
        // What every character set writes alike.
        ("text/plain; charset=ISO-8859-1", "bridge"),
        ("text/plain; charset=us-ascii; format=flowed", "bridge"),
    ] {
        let headers = format!("name=\"text\"\r\nContent-Type: {content_type}");
        let answer = post_parts(&board, &[(&headers, text.as_bytes())]).await;
        answer.is_created(&posted(text));
    }
    for (content_type, text) in [
        ("text/plain; charset=ISO-8859-1", &b"br\xfccke"[..]),
        ("text/plain; charset=ISO-8859-1", "brücke".as_bytes()),
        ("text/plain; charset=utf-8", b"br\xfccke"),
    ] {
        let headers = format!("name=\"text\"\r\nContent-Type: {content_type}");
        let answer = post_parts(&board, &[(&headers, text)]).await;
        is_malformed(&answer, "A field of the form is not UTF-8.");
    }
}

#[tokio::test]
async fn a_mark_of_byte_order_before_json_is_not_looked_at() {
    let board = Board::start();
    let answer = post_raw(
        &board,
        Some("application/json"),
        "\u{feff}{\"text\": \"hello\"}",
    )
    .await;
    answer.is_created(&json!({"text": "hello", "author": null, "picture": null}));
    for (body, detail) in [
        (
            "\u{feff}",
            "The body is not JSON: EOF while parsing a value at line 1 column 0.",
        ),
        ("\u{feff}[]", "The body is not a JSON object."),
        (
            "\u{feff}\u{feff}{}",
            "The body is not JSON: expected value at line 1 column 1.",
        ),
    ] {
        let answer = post_raw(&board, Some("application/json"), body).await;
        is_malformed(&answer, detail);
    }

    let id = board.post_text("bad").await["id"].clone();
    let remove = crate::board::http().post(board.url("/api/moderation/remove-sender"));
    let body = format!("\u{feff}{}", json!({"messageId": id}));
    let remove = remove
        .bearer_auth(board.moderator_token())
        .header("content-type", "application/json")
        .body(body);
    let answer = crate::answer::ask(remove).await;
    answer.is(200, &[JSON, NO_STORE], &json!({"removed": 2}));
}
