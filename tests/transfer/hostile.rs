//! Archives from strangers.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tar::EntryType;

use crate::parts::corkboard::Board;
use crate::parts::forged::Forged;
use crate::parts::pictures;

const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const TIME: &str = "2016-07-30T23:54:10.259Z";
const LATER_ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

fn message(id: &str) -> Value {
    json!({"id": id, "createdAt": TIME, "author": null, "text": "a", "picture": null})
}

fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

fn picture(key: &str) -> Value {
    json!({"key": key, "width": 48, "height": 32, "alt": null})
}

fn file(board: &Board, bytes: &[u8]) -> PathBuf {
    let path = board.data.path().join("forged.tar");
    fs::write(&path, bytes).unwrap();
    path
}

/// It is refused as a whole, before anything is begun.
#[track_caller]
fn assert_refused(bytes: &[u8], why: &str) {
    let board = Board::new();
    let line = board.import(&file(&board, bytes)).refused();
    assert!(line.contains(why), "{line}");
    assert!(!board.data.path().join("data").exists());
}

#[test]
fn what_is_not_an_archive_of_corkboard_is_refused() {
    let not_ours = "it is not an archive of corkboard";
    assert_refused(b"", "it is cut short");
    assert_refused(&[0; 1024], not_ours);
    assert_refused(&pictures::read("small.jpg"), "it is not a whole archive");
    assert_refused(&Forged::empty().with("a.txt", b"").bytes(), not_ours);
    assert_refused(
        &Forged::empty().with("messages.jsonl", b"").bytes(),
        not_ours,
    );
    for header in [
        "",
        "{}",
        "[",
        r#"{"format":"other","version":1}"#,
        r#"{"format":"corkboard"}"#,
    ] {
        let forged = Forged::empty().with("corkboard.json", header.as_bytes());
        assert_refused(&forged.bytes(), not_ours);
    }
    let endless = vec![b' '; 1_000_000];
    assert_refused(
        &Forged::empty().with("corkboard.json", &endless).bytes(),
        not_ours,
    );
    let newer = Forged::empty().with("corkboard.json", br#"{"format":"corkboard","version":4}"#);
    assert_refused(
        &newer.bytes(),
        "it has version 4 of the format, and this corkboard knows 3",
    );
}

#[test]
fn a_file_that_is_not_there_is_one_clear_line() {
    let board = Board::new();
    let line = board.import(&board.data.path().join("none.tar")).refused();
    assert!(
        line.contains("none.tar cannot be imported: No such file"),
        "{line}"
    );
}

#[test]
fn a_log_is_read_as_carefully_as_messages() {
    // What is older than 90 days is forgotten.
    let id = domain::MessageId::generate();
    let entry = json!({
        "id": id.to_string(), "at": id.created_at(), "moderator": "Ada", "action": "approve", "messageId": LATER_ID,
        "picture": null,
    });
    let forged = |version: u8, lines: &str| {
        let header = format!(r#"{{"format":"corkboard","version":{version}}}"#);
        let entries = [
            ("corkboard.json", header.as_bytes()),
            ("messages.jsonl", b""),
            ("moderation-log.jsonl", lines.as_bytes()),
        ];
        Forged::empty().with_sums(&entries).bytes()
    };
    let right = format!("{entry}\n");
    // Also of pictures that no archive has, since their names are no paths.
    for picture in [
        json!(null),
        json!("images/a//b.png"),
        json!("images/a\\b\t.png"),
    ] {
        let board = Board::new();
        let entry = with(entry.clone(), "picture", picture);
        for fate in ["1 taken, 0", "0 taken, 1"] {
            let archive = file(&board, &forged(3, &format!("{entry}\n")));
            let said = board.import(&archive).done();
            let sums =
                format!("entries of the moderators' log: {fate} already there, 0 not taken\n");
            assert!(said.ends_with(&sums), "{said}");
            assert_eq!(board.content().log, std::slice::from_ref(&entry));
        }
    }
    assert_refused(
        &forged(2, &right),
        "moderation-log.jsonl does not belong there",
    );
    for (wrong, why) in [
        (with(entry.clone(), "id", json!("1")), "has no id"),
        (
            with(entry.clone(), "at", json!("2016")),
            "has a time that is not its id's",
        ),
        (
            with(entry.clone(), "moderator", json!("Ada B")),
            "has no moderator's name",
        ),
        (
            with(entry.clone(), "moderator", json!("-")),
            "has no moderator's name",
        ),
        (with(entry.clone(), "action", json!("")), "has no action"),
        (with(entry.clone(), "action", json!("a'b")), "has no action"),
        (
            with(entry.clone(), "action", json!("a".repeat(25))),
            "has no action",
        ),
        (
            with(entry.clone(), "messageId", json!("1")),
            "has no message id",
        ),
        (
            with(entry.clone(), "picture", json!("held/waiting/a.png")),
            "has a picture that is none",
        ),
        (
            with(entry.clone(), "other", json!(1)),
            "is no entry of the log",
        ),
    ] {
        assert_refused(
            &forged(3, &wrong.to_string()),
            &format!("line 1 of moderation-log.jsonl {why}"),
        );
    }
    assert_refused(
        &forged(3, &right.repeat(2)),
        "is there twice, or not in its place",
    );
    let endless = "[".repeat(100_000);
    assert_refused(&forged(3, &endless), "is no entry of the log");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "../a.png",
        "/images/a.png",
        "images/../../a.png",
        "images/./a.png",
        "images//a.png",
        "images/",
        "images/a.png/",
        "images",
        "images\\a.png",
        "images/a\\..\\b.png",
        "images/a\n.png",
        "images/\u{1b}[2J.png",
        "carrousel/carrousel.json",
        "board/newest.json",
        "held/a.png",
        "held/waiting/a.png",
        "corkboard.json",
        "messages.jsonl",
        "moderation-log.jsonl",
    ] {
        let forged = Forged::new(&[message(ID)]).with(name, &pictures::read("small.jpg"));
        let line = format!("{} does not belong there", name.escape_debug());
        assert_refused(&forged.bytes(), &line);
    }
    let forged = Forged::new(&[])
        .with("images/a.png", b"")
        .with("images/a.png", b"");
    assert_refused(&forged.bytes(), "images/a.png is there twice");
}

#[test]
fn long_names_are_checked_like_short_ones() {
    let forged = |name: &[u8]| {
        Forged::new(&[])
            .with_entry(
                "././@LongLink",
                EntryType::GNULongName,
                name.len() as u64,
                name,
            )
            .with("images/a.png", &pictures::read("palette.png"))
            .bytes()
    };
    assert_refused(
        &forged(b"images/../../a.png\0"),
        "images/../../a.png does not belong there",
    );
    assert_refused(
        &forged(b"images/\xff.png"),
        "it has a name that is not UTF-8",
    );
    assert_refused(&forged(&[b'a'; 2_000]), "it has a name that is too long");
}

#[test]
fn links_folders_and_devices_are_refused() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Char,
        EntryType::Fifo,
        EntryType::GNUSparse,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
        EntryType::GNULongLink,
    ] {
        let forged = Forged::new(&[]).with_entry("images/a.png", kind, 0, b"");
        assert_refused(&forged.bytes(), "it has something else than files");
    }
}

#[test]
fn absurd_sizes_are_refused() {
    for size in [1 << 20, 1 << 40, u64::MAX >> 1, u64::MAX - 511, u64::MAX] {
        let forged = Forged::new(&[]).with_entry("images/a.png", EntryType::Regular, size, b"");
        let board = Board::new();
        let line = board.import(&file(&board, &forged.bytes())).refused();
        assert!(
            line.contains("it is cut short") || line.contains("not a whole archive"),
            "{line}"
        );
    }
}

#[test]
fn an_archive_that_was_cut_short_is_refused_wherever_it_was_cut() {
    let small = pictures::read("small.jpg");
    let whole = Forged::new(&[message(ID)])
        .with("images/a.jpg", &small)
        .bytes();
    let board = Board::new();
    for length in (0..whole.len()).step_by(256) {
        let line = board.import(&file(&board, &whole[..length])).refused();
        assert!(
            line.contains("it is cut short") || line.contains("it is not a"),
            "{length}: {line}"
        );
    }
    assert!(!board.data.path().join("data").exists());
    board.import(&file(&board, &whole)).done();
}

#[test]
fn lines_that_are_no_messages_are_refused() {
    let not = "line 1 of messages.jsonl is not a message";
    for (message, why) in [
        (json!({}), not),
        (json!([]), not),
        (with(message(ID), "extra", json!(1)), not),
        (with(message(ID), "text", json!(null)), not),
        (with(message(ID), "picture", json!("images/a.png")), not),
        (with(message(ID), "text", json!("a".repeat(100_000))), not),
        (message("../../etc/passwd"), "has no message id"),
        (message(&ID.to_lowercase()), "has no message id"),
        (
            with(message(ID), "createdAt", json!("2016-07-30T23:54:10.258Z")),
            "a time that is not its id's",
        ),
        (
            with(message(ID), "picture", picture("images/a.png")),
            "a picture that is not its own",
        ),
        (
            with(message(ID), "picture", picture(&format!("images/{ID}.svg"))),
            "a picture that is not its own",
        ),
        (
            with(
                message(ID),
                "picture",
                picture(&format!("images/{LATER_ID}.png")),
            ),
            "a picture that is not its own",
        ),
    ] {
        assert_refused(&Forged::new(&[message]).bytes(), why);
    }
    let twice = format!("message {ID} is there twice, or not in its place");
    assert_refused(&Forged::new(&[message(ID), message(ID)]).bytes(), &twice);
    assert_refused(
        &Forged::new(&[message(LATER_ID), message(ID)]).bytes(),
        &twice,
    );
}

#[test]
fn what_the_board_does_not_take_is_told_with_why_and_the_rest_is_taken() {
    let id = |last: u32| format!("01ARZ3NDEKTSV4RRFFQ69G5F{last:02}");
    let key = |last: u32| format!("images/{}.png", id(last));
    let pictured = |last: u32| with(message(&id(last)), "picture", picture(&key(last)));
    let png = pictures::read("palette.png");
    let mut damaged = png.clone();
    damaged.truncate(100);
    let mut large = png.clone();
    large.resize(5 << 20, 0);
    let future = with(
        message("7ZZZZZZZZZ0000000000000000"),
        "createdAt",
        json!("+10889-08-02T05:31:50.655Z"),
    );
    let future_time = {
        // The last millisecond that an id can tell; chrono writes it so.
        let id: domain::MessageId = "7ZZZZZZZZZ0000000000000000".parse().unwrap();
        id.created_at()
    };
    let forged = Forged::new(&[
        with(message(&id(10)), "text", json!("a".repeat(2_001))),
        with(message(&id(11)), "text", json!("  ")),
        with(message(&id(12)), "author", json!("two\nlines")),
        pictured(13),
        pictured(14),
        pictured(15),
        with(pictured(16), "text", json!("")),
        with(
            pictured(17),
            "picture",
            json!({"key": key(17), "width": 1, "height": 1, "alt": null}),
        ),
        with(
            pictured(18),
            "picture",
            json!({"key": key(18), "width": 48, "height": 32, "alt": "a\u{202e}b"}),
        ),
        pictured(19),
        pictured(20),
        with(future, "createdAt", json!(future_time)),
    ])
    .with(&key(14), b"<html>")
    .with(&key(15), &damaged)
    .with(&key(17), &png)
    .with(&key(18), &png)
    .with(&key(19), &large)
    .with(&key(20), &pictures::read("small.jpg"))
    .with("images/01ARZ3NDEKTSV4RRFFQ69G5FZZ.png", &png)
    .with("images/page.png", b"<html>")
    .with("images/page.html", &png)
    .with(&format!("images/{}.png", "a".repeat(80)), &png)
    .bytes();
    let board = Board::new();
    let said = board.import(&file(&board, &forged)).done();
    let expected = format!(
        "message {} was not taken: its text must have at most 2000 characters
message {} was not taken: it has neither text nor picture
message {} was not taken: its author must be a single line
the picture of message {} was not taken: it is not in the archive
the picture of message {} was not taken: the picture is not a JPEG, PNG, GIF, WebP or uncompressed BMP
the picture of message {} was not taken: the picture is damaged: the data end too early
message {} was not taken: it has no text, and of its picture: it is not in the archive
the picture of message {} was not taken: it is another one than its message says
the picture of message {} was not taken: its description must not contain bidirectional control characters
the picture of message {} was not taken: the picture is larger than 4 MiB
the picture of message {} was not taken: it is another one than its message says
message 7ZZZZZZZZZ0000000000000000 was not taken: its time lies in the future
images/01ARZ3NDEKTSV4RRFFQ69G5FZZ.png was not taken: it belongs to no message of the archive
images/page.html was not taken: its name is not a picture's
images/page.png was not taken: it is not a picture
messages: 7 taken, 0 already there, 5 not taken
pictures: 1 taken, 0 already there, 10 not taken
",
        id(10), id(11), id(12), id(13), id(14), id(15), id(16), id(17), id(18), id(19), id(20)
    );
    let damage = |text: &str| {
        let lines = text
            .lines()
            .map(|line| line.split(" is damaged: ").next().unwrap());
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(damage(&said), damage(&expected));
    let content = board.content();
    assert_eq!(content.messages.len(), 7);
    assert_eq!(content.images.len(), 1);
}

#[test]
fn what_is_on_the_board_is_never_replaced() {
    let png = pictures::read("palette.png");
    let board = Board::new();
    let first = Forged::new(&[message(ID)])
        .with("images/a.png", &png)
        .bytes();
    board.import(&file(&board, &first)).done();
    let content = board.content();
    let other = Forged::new(&[with(message(ID), "text", json!("b"))])
        .with("images/a.png", &pictures::read("drawing.png"))
        .bytes();
    assert_eq!(
        board.import(&file(&board, &other)).done(),
        format!(
            "message {ID} was not taken: another message has its id\n\
             images/a.png was not taken: another picture has its name\n\
             messages: 0 taken, 0 already there, 1 not taken\n\
             pictures: 0 taken, 0 already there, 1 not taken\n"
        )
    );
    assert_eq!(board.content(), content);
}

#[test]
fn a_key_of_s3s_greatest_length_is_carried() {
    let png = pictures::read("palette.png");
    let key = format!("images/{}.png", "a".repeat(1_024 - "images/.png".len()));
    let forged = Forged::new(&[message(ID)])
        .with_entry(
            "././@LongLink",
            EntryType::GNULongName,
            key.len() as u64,
            key.as_bytes(),
        )
        .with("images/cut-off.png", &png)
        .with("images/b.png", &png)
        .bytes();
    let board = Board::new();
    let said = board.import(&file(&board, &forged)).done();
    assert!(
        said.ends_with("pictures: 2 taken, 0 already there, 0 not taken\n"),
        "{said}"
    );
    assert_eq!(board.object(&key).unwrap(), png);
}
