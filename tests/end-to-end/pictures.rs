//! Pictures: each format that is taken, and what is refused.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use reqwest::multipart::Form;

use crate::answer::{Answer, SHARED_FOR_TEN, ask, shown};
use crate::board::{Board, file, http, picture};

const LIMIT: usize = 4 * 1024 * 1024;

async fn post(board: &Board, bytes: Vec<u8>, name: &str) -> Answer {
    let part = file(bytes, name).mime_str("image/jpeg").unwrap();
    board.post_form(Form::new().part("picture", part)).await
}

#[tokio::test]
async fn every_format_is_taken_measured_stored_and_served() {
    let board = Board::shared();
    let media = board.media();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures");
    let expected = fs::read(format!("{folder}/expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if let Some("jpg" | "png" | "gif" | "webp" | "bmp") = extension {
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    names.sort();
    assert_eq!(names, expected.keys().cloned().collect::<Vec<_>>());

    for (name, expected) in expected {
        let sent = picture(&name);
        // The declared name and type are another's.
        let answer = post(&board, sent.clone(), "picture.html").await;
        if let Some(status) = expected["refused"].as_u64() {
            assert_eq!(status, 415, "{name}");
            answer.is_problem(415, "unsupported-picture", &json!([]));
            continue;
        }
        let media_type = match expected["type"].as_str().unwrap() {
            "image/bmp" => "image/png",
            other => other,
        };
        let created = answer
            .is_created(&json!({"text": "", "author": null, "picture": {"alt": null,
            "width": expected["width"], "height": expected["height"], "type": media_type}}));
        let path = format!("/api/messages/{}", created["id"].as_str().unwrap());
        board
            .get(&path)
            .await
            .is_cacheable_as(SHARED_FOR_TEN, &shown(&created));

        let url = created["picture"]["url"].as_str().unwrap();
        let served = board.get(url).await;
        served.has(
            200,
            &[
                ("content-type", media_type),
                ("cache-control", "public, max-age=86400, s-maxage=300"),
                ("accept-ranges", "bytes"),
                ("content-security-policy", "default-src 'none'; sandbox"),
                ("x-content-type-options", "nosniff"),
                ("etag", served.header("etag")),
                ("last-modified", served.header("last-modified")),
            ],
        );
        assert_eq!(media.get(&url[1..]).await.unwrap(), served.body, "{name}");
        if expected["type"] == "image/bmp" {
            assert!(served.body.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
            assert_eq!(served.body[16..24], [0, 0, 0, 48, 0, 0, 0, 32], "{name}");
        } else {
            // Only these are made with metadata, of which the board keeps none.
            let metadata = ["everything", "orientation-", "photo.webp"];
            let has_metadata = metadata.iter().any(|kind| name.starts_with(kind));
            assert_eq!(served.body != sent, has_metadata, "{name}");
        }
    }
}

#[tokio::test]
async fn what_browsers_show_whole_is_taken_and_the_rest_refused() {
    let board = Board::shared();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures/odd");
    let expected = fs::read(format!("{folder}/expected.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_slice(&expected).unwrap();
    assert!(expected.len() > 100);
    for (name, expected) in expected {
        let answer = post(&board, picture(&format!("odd/{name}")), &name).await;
        match expected["refused"].as_u64() {
            None => {
                let size = json!({"alt": null, "width": expected["width"],
                    "height": expected["height"], "type": expected["type"]});
                answer.is_created(&json!({"text": "", "author": null, "picture": size}));
            }
            Some(415) => answer.is_problem(415, "unsupported-picture", &json!([])),
            Some(_) => assert_eq!(answer.json()["errors"][0]["code"], "malformed", "{name}"),
        }
    }
}

#[tokio::test]
async fn a_picture_of_four_mebibytes_is_taken_and_a_larger_one_refused() {
    let board = Board::shared();
    let mut bytes = picture("small.jpg");
    bytes.resize(LIMIT, 0);
    let expected = json!({"text": "", "author": null, "picture":
        {"alt": null, "width": 48, "height": 32, "type": "image/jpeg"}});
    let taken = post(&board, bytes.clone(), "a.jpg").await;
    let url = taken.is_created(&expected)["picture"]["url"].clone();
    // What follows the end of the picture is not part of it.
    let served = board.get(url.as_str().unwrap()).await;
    assert_eq!(served.body, picture("small.jpg"));

    bytes.push(0);
    let refused = post(&board, bytes, "a.jpg").await;
    refused.is_problem(413, "picture-too-large", &json!([]));
}

#[tokio::test]
async fn a_body_that_lambda_would_not_take_is_too_large() {
    let board = Board::shared();
    let refusal = json!({"message": "Request Entity Too Large"});
    // In base64 it is over Lambda's limit of 6,291,556 bytes; the last is over API Gateway's of 10 MB.
    for length in [4_800_000, 6_500_000, 12_000_000] {
        let answer = post(&board, vec![0xff; length], "a.jpg").await;
        assert_eq!(answer.json(), refusal);
        answer.has(413, &[crate::answer::JSON]);
    }
    let answer = ask(http()
        .post(board.url("/api/messages"))
        .header("content-type", "application/json")
        .body(format!("{{\"text\":\"{}\"}}", "x".repeat(6_500_000))))
    .await;
    assert_eq!(answer.json(), refusal);
    answer.has(413, &[crate::answer::JSON]);
}

#[tokio::test]
async fn a_picture_that_is_really_something_else_is_refused() {
    let board = Board::shared();
    for bytes in [
        b"<!doctype html><script>alert(1)</script>".as_slice(),
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"%PDF-1.7",
        b"\0\0\0\x20ftypheic",
        b"RIFF\0\0\0\0WAVE",
        b"GIF88a",
        b"\0",
    ] {
        let answer = post(&board, bytes.to_vec(), "holiday.jpg").await;
        answer.is_problem(415, "unsupported-picture", &json!([]));
    }
}

#[tokio::test]
async fn a_damaged_picture_is_refused() {
    let board = Board::shared();
    let malformed = |what: &str| {
        let detail = format!("the picture is damaged: {what}");
        json!([{"field": "picture", "code": "malformed", "detail": detail}])
    };
    for (name, missing) in [
        ("small.jpg", 4),
        ("drawing.png", 16),
        ("still.gif", 4),
        ("photo.webp", 4),
        ("drawing.bmp", 4),
    ] {
        let mut cut = picture(name);
        cut.truncate(cut.len() - missing);
        let answer = post(&board, cut, name).await;
        answer.is_problem(422, "invalid-fields", &malformed("it is cut short"));
    }
    let mut flipped = picture("drawing.png");
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let answer = post(&board, flipped, "drawing.png").await;
    answer.is_problem(422, "invalid-fields", &malformed("a checksum is wrong"));
}

#[tokio::test]
async fn a_picture_with_too_many_pixels_is_refused() {
    let board = Board::shared();
    for (width, height, status) in [
        (16_384, 1, 201),
        (1, 16_384, 201),
        (16_385, 1, 422),
        (1, 16_385, 422),
        (10_000, 5_000, 201),
        (10_000, 5_001, 422),
        (u32::MAX / 2, u32::MAX / 2, 422),
    ] {
        let answer = post(&board, png_of(width, height), "a.png").await;
        if status == 201 {
            answer.is_created(&json!({"text": "", "author": null, "picture":
                {"alt": null, "width": width, "height": height, "type": "image/png"}}));
        } else {
            let detail = "the picture has more than 16384 pixels a side or 50 megapixels";
            let error = json!([{"field": "picture", "code": "too-many-pixels", "detail": detail}]);
            answer.is_problem(422, "invalid-fields", &error);
        }
    }
    let answer = post(&board, bmp_of(2_000, 2_001), "a.bmp").await;
    let detail = "the picture has more than 16384 pixels a side or 4 megapixels";
    let error = json!([{"field": "picture", "code": "too-many-pixels", "detail": detail}]);
    answer.is_problem(422, "invalid-fields", &error);
}

/// A black PNG of this size, of one bit a pixel; if it is not too large, with all of them.
pub fn png_of(width: u32, height: u32) -> Vec<u8> {
    let is_whole = u64::from(width) * u64::from(height) <= 50_000_000;
    let row = vec![0; 1 + width.div_ceil(8) as usize];
    let rows = (0..if is_whole { height } else { 0 }).map(|_| row.clone());
    support::png::grey(width, height, 1, rows)
}

/// A black bitmap of one bit a pixel.
fn bmp_of(width: u32, height: u32) -> Vec<u8> {
    let rows = width.div_ceil(32) * 4 * height;
    let mut bmp = b"BM".to_vec();
    for number in [
        62 + rows,
        0,
        62,
        40,
        width,
        height,
        1 | 1 << 16,
        0,
        rows,
        0,
        0,
        2,
        0,
        0,
        0xff_ffff,
    ] {
        bmp.extend(number.to_le_bytes());
    }
    bmp.resize(62 + usize::try_from(rows).unwrap(), 0);
    bmp
}
