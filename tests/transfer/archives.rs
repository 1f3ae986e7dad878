use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::parts::corkboard::{Board, Content, Running};
use crate::parts::pictures;

const NO_PICTURES: &str = "pictures: 0 taken, 0 already there, 0 not taken\n";

/// Posts a message as a visitor does.
async fn post(board: &Running, text: &str, picture: Option<&str>) {
    send(board, text, picture, 201).await;
}

async fn send(board: &Running, text: &str, picture: Option<&str>, status: u16) -> Value {
    let mut form = reqwest::multipart::Form::new()
        .text("text", text.to_owned())
        .text("author", "Ada 🌉");
    if let Some(name) = picture {
        let part = reqwest::multipart::Part::bytes(pictures::read(name)).file_name("a");
        form = form
            .part("picture", part)
            .text("alt", format!("\"{name}\""));
    }
    let request = reqwest::Client::new()
        .post(board.url("/api/messages"))
        .multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status, "{text}");
    answer.json().await.unwrap()
}

/// Every format, a text alone, and pictures that the operator put there.
async fn full_board() -> Board {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    {
        let running = board.open();
        post(&running, "你好\n\"quoted\" \u{2028} \\", None).await;
        for name in pictures::names() {
            post(&running, &name, Some(&name)).await;
        }
    }
    let mut large = pictures::read("small.jpg");
    large.resize(6 * 1024 * 1024, 7);
    let long = format!("images/{}/{}.png", "a".repeat(60), "b".repeat(70));
    let avif = b"\0\0\0\x20ftypavif\0\0\0\0and so on".to_vec();
    for (key, bytes) in [
        ("images/large.jpg", large),
        ("images/ü/été 100%+.PNG", pictures::read("palette.png")),
        (&long, pictures::read("drawing.png")),
        ("images/a.avif", avif),
        ("images/z.bmp", pictures::read("rle.bmp")),
    ] {
        put(&board, key, &bytes);
    }
    board
}

/// Puts a file where the operator's pictures are.
fn put(board: &Board, key: &str, bytes: &[u8]) {
    let path = board.inbox().join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_was_carried_over_is_the_same_board() {
    let board = full_board().await;
    let archive = board.export();
    let content = Content::of(&archive);
    let count = pictures::names().len();
    assert_eq!(content.messages.len(), count + 1);
    assert_eq!(content.images.len(), count + 5);

    let other = Board::new();
    let said = other.import(&archive).done();
    assert_eq!(
        said,
        format!(
            "messages: {} taken, 0 already there, 0 not taken\n\
             pictures: {} taken, 0 already there, 0 not taken\n",
            count + 1,
            count + 5
        )
    );
    assert_eq!(other.carrousel().len(), count + 5);
    assert_eq!(other.carrousel(), board.carrousel());
    assert_eq!(
        fs::read(other.export()).unwrap(),
        fs::read(&archive).unwrap()
    );

    let again = other.import(&archive).done();
    assert_eq!(
        again,
        format!(
            "messages: 0 taken, {} already there, 0 not taken\n\
             pictures: 0 taken, {} already there, 0 not taken\n",
            count + 1,
            count + 5
        )
    );
    assert_eq!(
        fs::read(other.export()).unwrap(),
        fs::read(&archive).unwrap()
    );
    assert_same_to_visitors(&board, &other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_moderators_did_is_carried_over() {
    let board = Board::new().with("POSTING", "reviewed");
    {
        let running = board.open();
        let token = board.run(&["moderator-token", "--name", "Ada"]).done();
        let mut ids = vec![];
        for picture in [None, Some("small.jpg"), Some("drawing.png")] {
            let held = send(&running, "waits", picture, 202).await;
            ids.push(held["id"].as_str().unwrap().to_owned());
        }
        let approve = reqwest::Client::new()
            .post(running.url("/api/moderation/approve"))
            .bearer_auth(token.trim())
            .json(&serde_json::json!({"messageIds": [ids[0], ids[1]]}));
        assert_eq!(approve.send().await.unwrap().status(), 200);
    }
    let archive = board.export();
    let content = Content::of(&archive);
    let held = content.messages.iter().map(|it| it["held"] == true);
    assert_eq!(held.collect::<Vec<_>>(), [false, false, true]);
    // Of one act, in no order.
    let logged = content.log.iter().map(|entry| {
        assert_eq!(
            (&entry["moderator"], &entry["action"]),
            (&"Ada".into(), &"approve".into())
        );
        entry["messageId"].as_str().unwrap()
    });
    let approved = content.of_each("id").into_iter().take(2);
    assert_eq!(logged.collect::<BTreeSet<_>>(), approved.collect());

    let other = Board::new();
    for taken in ["3 taken, 0", "0 taken, 3"] {
        let said = other.import(&archive).done();
        assert!(said.contains(&format!("messages: {taken} already there, 0 not taken")));
        assert_eq!(Content::of(&other.export()), content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_without_a_row_that_cannot_be_read_says_so() {
    let board = Board::new();
    for text in ["a", "b", "c"] {
        post(&board.open(), text, None).await;
    }
    let database = board.data.path().join("data/corkboard.sqlite");
    let database = rusqlite::Connection::open(database).unwrap();
    let update = "UPDATE message SET picture_format = 'bmp' WHERE text = 'b' RETURNING id";
    let id: String = database.query_row(update, [], |row| row.get(0)).unwrap();
    let insert = "INSERT INTO message (id, status, text) VALUES ('\u{1b}[2J', 'posted', '')";
    database.execute(insert, []).unwrap();
    let file = board.data.path().join("board.tar");
    let said = board.run(&["export", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let expected = format!(
        "message \\u{{1b}}[2J was not taken: its row cannot be read\n\
         message {id} was not taken: its row cannot be read\n\
         messages: 2 taken, 0 already there, 2 not taken\n{NO_PICTURES}"
    );
    let mut lines: Vec<_> = said.stdout.lines().collect();
    lines.sort_unstable();
    let mut wanted: Vec<_> = expected.lines().collect();
    wanted.sort_unstable();
    assert_eq!(lines, wanted);
    assert!(
        said.stderr
            .contains("lacks messages that cannot be read (2)"),
        "{said:?}"
    );
    assert_eq!(Content::of(&file).texts(), ["a", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_before_whose_line_breaks_would_be_others_today_is_the_same() {
    let board = Board::new();
    post(&board.open(), "a\nb", None).await;
    let database = board.data.path().join("data/corkboard.sqlite");
    let database = rusqlite::Connection::open(database).unwrap();
    let written = database.execute("UPDATE message SET text = 'a' || char(8232) || 'b'", []);
    assert_eq!(written, Ok(1));
    let archive = board.export();
    assert_eq!(Content::of(&archive).messages[0]["text"], "a\u{2028}b");
    let said = board.import(&archive).done();
    assert!(
        said.starts_with("messages: 0 taken, 1 already there, 0 not taken\n"),
        "{said}"
    );

    let other = Board::new();
    let said = other.import(&archive).done();
    assert!(
        said.starts_with("messages: 1 taken, 0 already there, 0 not taken\n"),
        "{said}"
    );
    assert_eq!(other.content().messages[0]["text"], "a\nb");
}

async fn assert_same_to_visitors(board: &Board, other: &Board) {
    let (board, other) = (board.open(), other.open());
    let get = async |url: String| reqwest::get(url).await.unwrap();
    let list = get(board.url("/api/messages?limit=50"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(
        get(other.url("/api/messages?limit=50"))
            .await
            .text()
            .await
            .unwrap(),
        list
    );
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    for message in list["messages"].as_array().unwrap() {
        let Some(url) = message["picture"]["url"].as_str() else {
            continue;
        };
        let (ours, theirs) = (get(board.url(url)).await, get(other.url(url)).await);
        for header in ["content-type", "cache-control"] {
            assert_eq!(theirs.headers()[header], ours.headers()[header], "{url}");
        }
        assert_eq!(
            theirs.bytes().await.unwrap(),
            ours.bytes().await.unwrap(),
            "{url}"
        );
    }
}

/// Imports, and kills that once so many objects have keys that begin so.
fn import_killed_at(board: &Board, archive: &Path, prefix: &str, objects: usize) {
    let mut run = board
        .command(&["import", archive.to_str().unwrap()])
        .spawn()
        .unwrap();
    while board.objects(prefix) < objects && run.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_is_completed_by_the_next() {
    let board = full_board().await;
    let archive = board.export();
    let other = Board::new();
    for pictures in [1, 10, 20] {
        import_killed_at(&other, &archive, "images/", pictures);
    }
    let said = other.import(&archive).done();
    assert_eq!(said.matches(" 0 not taken\n").count(), 2, "{said}");
    assert_eq!(
        fs::read(other.export()).unwrap(),
        fs::read(&archive).unwrap()
    );
}

/// It may be killed with the picture there or not, the message there or not, the row held or not yet.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_what_waits_that_was_killed_is_completed_by_the_next() {
    let board = Board::new().with("POSTING", "reviewed");
    {
        let running = board.open();
        for text in ["one", "two", "three", "four"] {
            send(&running, text, Some("small.jpg"), 202).await;
        }
    }
    let archive = board.export();
    let other = Board::new().with("POSTING", "reviewed");
    for objects in 1..=8 {
        import_killed_at(&other, &archive, "held/waiting/", objects);
        assert_eq!(
            other.objects("images/") + other.objects("board/messages/"),
            0
        );
    }
    let said = other.import(&archive).done();
    assert_eq!(said.matches(" 0 not taken\n").count(), 2, "{said}");
    assert_eq!(Content::of(&other.export()), Content::of(&archive));
    assert_eq!(other.objects("held/waiting/"), 8);
}

#[test]
fn an_empty_board_can_be_carried_over() {
    let board = Board::started();
    let archive = board.export();
    let other = Board::new();
    let nothing = format!("messages: 0 taken, 0 already there, 0 not taken\n{NO_PICTURES}");
    assert_eq!(other.import(&archive).done(), nothing);
    assert!(other.carrousel().is_empty());
    assert_eq!(other.content(), Content::of(&archive));
}

#[test]
fn what_an_archive_cannot_hold_is_told_with_why() {
    let board = Board::started();
    for key in [
        "images/readme.txt",
        "images/01ARZ3NDEKTSV4RRFFQ69G5FAV.png",
        "images/a\\b.png",
    ] {
        put(&board, key, &pictures::read("small.jpg"));
    }
    let file = board.data.path().join("board.tar");
    assert_eq!(
        board.run(&["export", file.to_str().unwrap()]).done(),
        "images/01ARZ3NDEKTSV4RRFFQ69G5FAV.png was not taken: its message is not on the board
images/a\\\\b.png was not taken: its name is no path
images/readme.txt was not taken: its name is not a picture's
messages: 0 taken, 0 already there, 0 not taken
pictures: 0 taken, 0 already there, 3 not taken
"
    );
    assert!(Content::of(&file).images.is_empty());
}

#[test]
fn an_archive_is_whole_or_not_there() {
    let board = Board::started();
    let folder = board.data.path().join("no/such/folder/board.tar");
    let line = board.run(&["export", folder.to_str().unwrap()]);
    assert!(
        line.stderr
            .contains("board.tar cannot be written: No such file"),
        "{line:?}"
    );
    assert_eq!(line.code, Some(1));

    // The disk is full; the archive of the day before stays as it was.
    let archive = board.export();
    let before = fs::read(&archive).unwrap();
    let partial = archive.with_extension("tar.partial");
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let said = board.run(&["export", archive.to_str().unwrap()]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(
        said.stderr
            .contains("board.tar cannot be written: No space left"),
        "{said:?}"
    );
    assert_eq!(fs::read(&archive).unwrap(), before);
    assert!(partial.symlink_metadata().is_err());
}

#[test]
fn nothing_is_imported_into_a_board_that_is_running() {
    let board = Board::started();
    let archive = board.export();
    let _running = board.open();
    let line = board.import(&archive).refused();
    assert!(
        line.contains("is in use by another corkboard: stop it first"),
        "{line}"
    );
}

#[test]
fn a_command_wants_one_source() {
    let board = Board::new();
    for arguments in [
        &["import"][..],
        &["import", "a.tar", "--from", "mysql://a@127.0.0.1/b"],
        &["import", "a.tar", "--timezone", "UTC"],
        &[
            "import",
            "--from",
            "mysql://a@127.0.0.1/b",
            "--timezone",
            "Mars/Base",
        ],
        &["export"],
    ] {
        assert_eq!(board.run(arguments).code, Some(2), "{arguments:?}");
    }
}
