//! Posting: every row of the table of limits.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::answer::{Answer, SHARED_FOR_TEN, ask, shown};
use crate::board::{Board, file, http, picture};

pub fn wrong(field: &str, code: &str, detail: &str) -> Value {
    json!({"field": field, "code": code, "detail": detail})
}

pub async fn post_raw(
    board: &Board,
    content_type: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> Answer {
    let post = http().post(board.url("/api/messages")).body(body.into());
    let post = match content_type {
        Some(content_type) => post.header("content-type", content_type),
        None => post,
    };
    ask(post).await
}

#[tokio::test]
async fn a_text_is_posted_as_json() {
    let board = Board::shared();
    for (sent, posted) in [
        (
            json!({"text": "hello"}),
            json!({"text": "hello", "author": null}),
        ),
        (
            json!({"text": " 你好 🌉👩‍🚀\tthere\r\nand\rhere \n", "author": "  Ada  "}),
            json!({"text": "你好 🌉👩‍🚀\tthere\nand\nhere", "author": "Ada"}),
        ),
        // As slides and PDFs have it, and as long as may be once its line breaks are of one character.
        (
            json!({"text": "a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f\u{b}\r\ng\u{c}"}),
            json!({"text": "a\nb\nc\nd\ne\nf\n\ng", "author": null}),
        ),
        (
            json!({"text": "a\r\nb\u{2028}".repeat(500)}),
            json!({"text": "a\nb\n".repeat(500).trim_end(), "author": null}),
        ),
        (
            json!({"text": "x", "author": null, "alt": null, "picture": null, "other": 1}),
            json!({"text": "x", "author": null}),
        ),
        (
            json!({"text": "'; DROP TABLE message; -- :id", "author": " \u{200b}"}),
            json!({"text": "'; DROP TABLE message; -- :id", "author": null}),
        ),
        (
            json!({"text": "𝒳".repeat(2_000), "author": "字".repeat(40), "alt": " "}),
            json!({"text": "𝒳".repeat(2_000), "author": "字".repeat(40)}),
        ),
    ] {
        let mut expected = posted;
        expected["picture"] = Value::Null;
        let created = board.post(&sent).await.is_created(&expected);
        let path = format!("/api/messages/{}", created["id"].as_str().unwrap());
        board
            .get(&path)
            .await
            .is_cacheable_as(SHARED_FOR_TEN, &shown(&created));
    }
}

#[tokio::test]
async fn a_text_is_posted_by_a_form_with_and_without_a_picture() {
    let board = Board::shared();
    let form = Form::new().text("text", "line\r\nline").text("author", "");
    // What a browser sends where no file was chosen.
    let form = form.part("picture", file(vec![], ""));
    let expected = json!({"text": "line\nline", "author": null, "picture": null});
    board.post_form(form).await.is_created(&expected);

    let form = Form::new()
        .text("alt", format!("  {} ", "ö".repeat(500)))
        .text("unknown", "is not looked at")
        .part("picture", file(picture("drawing.png"), "dräwing.txt"))
        .text("author", "Ada");
    let expected = json!({"text": "", "author": "Ada", "picture":
        {"alt": "ö".repeat(500), "width": 48, "height": 32, "type": "image/png"}});
    board.post_form(form).await.is_created(&expected);
}

#[tokio::test]
async fn a_field_that_breaks_its_rules_is_named() {
    let board = Board::shared();
    let too_long = |field, limit| {
        let most = format!("must have at most {limit} characters");
        wrong(field, "too-long", &most)
    };
    let required = wrong("text", "required", "must not be empty without a picture");
    let no_controls = "must not contain control characters";
    let control = |field| wrong(field, "control-character", no_controls);
    let lines = |field| wrong(field, "several-lines", "must be a single line");
    let no_turning = "must not contain bidirectional control characters";
    let bidirectional = |field| wrong(field, "bidirectional-control", no_turning);
    let alone = "describes a picture, but there is none";
    let without_picture = wrong("alt", "without-picture", alone);
    let no_string = |field| wrong(field, "not-a-string", "must be a string");
    for (sent, errors) in [
        (json!({}), json!([required])),
        (json!({"text": null}), json!([required])),
        (json!({"text": " \n\t"}), json!([required])),
        (
            json!({"text": "\u{200b}\u{3164}\u{2800}"}),
            json!([required]),
        ),
        (
            json!({"text": "x".repeat(2_001)}),
            json!([too_long("text", 2000)]),
        ),
        (json!({"text": "a\u{0}b"}), json!([control("text")])),
        (json!({"text": "a\u{1b}[2J"}), json!([control("text")])),
        (json!({"text": 1}), json!([no_string("text")])),
        (
            json!({"text": "x", "author": "字".repeat(41)}),
            json!([too_long("author", 40)]),
        ),
        (
            json!({"text": "x", "author": "A\nB"}),
            json!([lines("author")]),
        ),
        (
            json!({"text": "x", "author": "A\u{b}B"}),
            json!([lines("author")]),
        ),
        (
            json!({"text": "x", "author": "A\u{85}B"}),
            json!([lines("author")]),
        ),
        (json!({"text": "\u{b}\u{85}\u{2028}"}), json!([required])),
        (json!({"text": "a\u{80}b"}), json!([control("text")])),
        (
            json!({"text": "x", "author": "A\tB"}),
            json!([control("author")]),
        ),
        (
            json!({"text": "x", "author": "A\u{202e}B"}),
            json!([bidirectional("author")]),
        ),
        (
            json!({"text": "x", "author": ["Ada"]}),
            json!([no_string("author")]),
        ),
        (
            json!({"text": "x", "alt": "a bridge"}),
            json!([without_picture]),
        ),
        (
            json!({"text": "x", "picture": "data:image/png;base64,AAAA"}),
            json!([wrong(
                "picture",
                "not-a-file",
                "must be sent as a file of multipart/form-data"
            )]),
        ),
        (
            json!({"text": "", "author": "A\nB", "alt": "\u{2066}"}),
            json!([required, lines("author"), bidirectional("alt")]),
        ),
    ] {
        let answer = board.post(&sent).await;
        answer.is_problem(422, "invalid-fields", &errors);
    }

    for (alt, error) in [
        ("x".repeat(501), too_long("alt", 500)),
        ("a\nb".into(), lines("alt")),
        ("a\u{c}b".into(), lines("alt")),
        ("a\u{7}b".into(), control("alt")),
        ("a\u{200f}b".into(), bidirectional("alt")),
    ] {
        let form = Form::new().text("alt", alt);
        let form = form.part("picture", file(picture("small.jpg"), "a.jpg"));
        let answer = board.post_form(form).await;
        answer.is_problem(422, "invalid-fields", &json!([error]));
    }
}

#[tokio::test]
async fn a_field_that_is_given_twice_is_named() {
    let board = Board::shared();
    let form = Form::new().text("text", "one").text("text", "two");
    let answer = board.post_form(form).await;
    let several = wrong("text", "several", "must be given once");
    answer.is_problem(422, "invalid-fields", &json!([several]));
    for twice in [
        r#"{"text": "one", "text": "two"}"#,
        r#"{"text": "one", "x": 1, "text": null, "x": 2}"#,
    ] {
        let answer = post_raw(&board, Some("application/json"), twice).await;
        answer.is_problem(422, "invalid-fields", &json!([several]));
    }
}

#[tokio::test]
async fn a_form_has_one_picture_and_no_other_file() {
    let board = Board::shared();
    let small = || file(picture("small.jpg"), "small.jpg");
    let form = Form::new()
        .part("picture", small())
        .part("picture", small());
    let answer = board.post_form(form).await;
    let several = wrong("picture", "several", "must be a single picture");
    answer.is_problem(422, "invalid-fields", &json!([several]));

    let unknown = wrong("picture", "unknown-file", "must be the only file");
    let form = Form::new()
        .text("text", "x")
        .part("attachment", small())
        .part("picture", small());
    let answer = board.post_form(form).await;
    answer.is_problem(422, "invalid-fields", &json!([unknown]));
    let form = Form::new().part("text", file(b"x".to_vec(), "text.txt"));
    let answer = board.post_form(form).await;
    let required = wrong("text", "required", "must not be empty without a picture");
    answer.is_problem(422, "invalid-fields", &json!([unknown, required]));
}

#[tokio::test]
async fn a_malformed_body_is_refused() {
    let board = Board::shared();
    let form = "multipart/form-data; boundary=b";
    let whole = "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--b--\r\n";
    let whole_form = post_raw(&board, Some(form), whole).await;
    whole_form.is_created(&json!({"text": "hello", "author": null, "picture": null}));

    let not_utf_8 = [
        b"--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n".as_slice(),
        b"\xff\r\n--b--\r\n",
    ]
    .concat();
    for (content_type, body, detail) in [
        (
            "application/json",
            b"{\"text\": \"hel".to_vec(),
            "The body is not JSON: EOF while parsing a string at line 1 column 13.",
        ),
        (
            "application/json",
            b"".to_vec(),
            "The body is not JSON: EOF while parsing a value at line 1 column 0.",
        ),
        (
            "application/json",
            b"{\"text\": \"\xff\"}".to_vec(),
            "The body is not JSON: invalid unicode code point at line 1 column 11.",
        ),
        (
            "application/json; charset=utf-8",
            b"[]".to_vec(),
            "The body is not a JSON object.",
        ),
        (
            "Application/JSON",
            b"\"text\"".to_vec(),
            "The body is not a JSON object.",
        ),
        (
            "multipart/form-data",
            whole.into(),
            "The body is not a well-formed multipart form.",
        ),
        (
            "multipart/form-data; boundary=c",
            whole.into(),
            "The body is not a well-formed multipart form.",
        ),
        (
            form,
            whole[..whole.len() - 6].into(),
            "The body is not a well-formed multipart form.",
        ),
        (
            form,
            b"text=hello".to_vec(),
            "The body is not a well-formed multipart form.",
        ),
        (
            form,
            b"".to_vec(),
            "The body is not a well-formed multipart form.",
        ),
        (form, not_utf_8, "A field of the form is not UTF-8."),
    ] {
        let answer = post_raw(&board, Some(content_type), body).await;
        let headers = [
            ("content-type", "application/problem+json"),
            crate::answer::NO_STORE,
        ];
        let problem = json!({"type": "urn:corkboard:problem:malformed-body", "title": "Malformed body", "status": 400, "detail": detail});
        answer.is(400, &headers, &problem);
    }
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let board = Board::shared();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
        Some("multipart/mixed; boundary=b"),
        Some("image/png"),
        Some(""),
    ] {
        let answer = post_raw(&board, content_type, "{\"text\":\"hello\"}").await;
        answer.is_problem(415, "unsupported-media-type", &json!([]));
    }
}
