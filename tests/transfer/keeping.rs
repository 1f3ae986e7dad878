//! What is done with a board that goes on meanwhile: it is exported, backed up and checked.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;
use support::mariadb::Server;
use support::png;

use crate::parts::corkboard::{Board, Content, Running};
use crate::parts::pictures;

/// Posts a picture that is larger than what the index keeps, another each time, and gives what was answered.
async fn post(board: &Running, text: &str) -> Value {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let picture = png::noise(40, SEED.fetch_add(1, Ordering::Relaxed));
    let part = reqwest::multipart::Part::bytes(picture).file_name("a");
    let form = reqwest::multipart::Form::new().text("text", text.to_owned());
    let request = reqwest::Client::new()
        .post(board.url("/api/messages"))
        .multipart(form.part("picture", part));
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let answer = answer.text().await.unwrap();
    assert_eq!(status, 201, "{text}: {answer}");
    serde_json::from_str(&answer).unwrap()
}

async fn post_text(board: &Running, text: &str) {
    let form = reqwest::multipart::Form::new().text("text", text.to_owned());
    let request = reqwest::Client::new().post(board.url("/api/messages"));
    assert_eq!(request.multipart(form).send().await.unwrap().status(), 201);
}

async fn delete(board: &Running, posted: &Value) {
    let text = |field: &str| posted[field].as_str().unwrap();
    let request = reqwest::Client::new()
        .delete(board.url(&format!("/api/messages/{}", text("id"))))
        .bearer_auth(text("deleteToken"));
    assert_eq!(request.send().await.unwrap().status(), 204);
}

/// The backup in `folder`, copied back.
fn restored(folder: &Path) -> Board {
    let board = Board::new();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(folder)
        .arg(board.data.path().join("data"))
        .status();
    assert!(copied.unwrap().success());
    board
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(fs::read(path).unwrap());
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_is_exported_while_it_runs() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    let running = board.open();
    for text in ["one", "two", "three"] {
        post(&running, text).await;
    }
    let meanwhile = board.content();
    assert_eq!(meanwhile.texts(), ["one", "two", "three"]);
    post(&running, "four").await;
    drop(running);
    let after = board.content();
    assert_eq!(after.texts(), ["one", "two", "three", "four"]);
    assert!(
        meanwhile
            .images
            .iter()
            .all(|(key, bytes)| after.images.get(key) == Some(bytes))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_busy_board_is_the_board_of_one_moment() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    let running = Arc::new(board.open());
    let mut kept = Vec::new();
    for number in 0..10 {
        kept.push(post(&running, &format!("kept {number}")).await);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..4)
        .map(|worker| {
            let (running, is_over) = (Arc::clone(&running), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let posted = post(&running, &format!("of {worker}")).await;
                    delete(&running, &posted).await;
                }
            })
        })
        .collect();
    let folder = board.data.path().join("backup");
    for _ in 0..3 {
        board.run(&["backup", folder.to_str().unwrap()]).done();
        let copy = restored(&folder);
        let checked = copy.run(&["check"]);
        let content = copy.content();
        // A message whose picture is gone already is on its way to be deleted.
        for line in checked.stdout.lines() {
            let id = line.strip_prefix("message ").unwrap();
            let id = id.strip_suffix(": its picture is missing").unwrap();
            assert!(kept.iter().all(|posted| posted["id"] != id), "{checked:?}");
        }
        for posted in &kept {
            let text = posted["text"].as_str().unwrap();
            assert!(content.texts().contains(&text));
            let key = &posted["picture"]["url"].as_str().unwrap()[1..];
            assert!(content.images.contains_key(key));
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for worker in busy {
        worker.await.unwrap();
    }
    // It deletes by the tokens of before.
    let copy = restored(&folder);
    let running = copy.open();
    delete(&running, &kept[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_what_is_new_and_nothing_of_what_is_gone() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    let running = board.open();
    let first = post(&running, "the first message").await;
    let folder = board.data.path().join("backup");
    let back_up = || board.run(&["backup", folder.to_str().unwrap()]).done();
    let said = |bodies, new, gone| {
        format!(
            "{} holds the board: both databases, and {bodies} larger bodies, {new} of them new; \
             {gone} of before are gone\n",
            folder.display()
        )
    };
    let has = |text: &str| {
        let text = text.as_bytes();
        let contains = |file: &Vec<u8>| file.windows(text.len()).any(|window| window == text);
        files(&folder).iter().any(contains)
    };
    assert_eq!(back_up(), said(1, 1, 0));
    assert!(has("the first message"));
    post(&running, "the second message").await;
    assert_eq!(back_up(), said(2, 1, 0));
    delete(&running, &first).await;
    assert_eq!(back_up(), said(1, 0, 1));
    assert!(has("the second message") && !has("the first message"));
    assert_eq!(back_up(), said(1, 0, 0));
    // Nobody else reads it.
    for path in [
        folder.clone(),
        folder.join("secret"),
        folder.join("corkboard.sqlite"),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    // Looked at, it stays a backup; started, it is one no more.
    let copy = restored(&folder);
    copy.run(&["check"]).done();
    assert_eq!(copy.content().texts(), ["the second message"]);
    let path = copy.data.path().join("data");
    let again = || board.run(&["backup", path.to_str().unwrap()]);
    again().done();
    drop(copy.open());
    let foreign = format!(
        "{} has something else in it than a backup: choose an empty folder",
        path.display()
    );
    assert_eq!(again().refused(), foreign);
    // Nothing is left in a folder that is somebody's.
    let other = board.data.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("mine"), "").unwrap();
    board.run(&["backup", other.to_str().unwrap()]).refused();
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
}

/// As the day before `kill -9`, with logs of databases that are not those of the backup.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_over_whatever_is_there() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    let data = board.data.path().join("data");
    let kept = board.data.path().join("backup");
    let running = board.open();
    post(&running, "kept").await;
    board.run(&["backup", kept.to_str().unwrap()]).done();
    for number in 0..20 {
        post(&running, &format!("later {number}")).await;
    }
    drop(running);
    fs::write(data.join("s3/index.damaged"), "index.damaged-0.sqlite").unwrap();
    fs::write(data.join("corkboard.sqlite-wal"), vec![7; 100_000]).unwrap();
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(kept.join(".")).arg(&data);
    assert!(copy.status().unwrap().success());
    drop(board.open());
    let checked = board.run(&["check"]);
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(0), ""));
    assert_eq!(board.content().texts(), ["kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_backup_does_not_go_for_what_is_damaged() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    {
        let running = board.open();
        for number in 0..200 {
            post_text(&running, &format!("kept {number}")).await;
        }
    }
    let kept = board.data.path().join("backup");
    let back_up = || board.run(&["backup", kept.to_str().unwrap()]);
    back_up().done();
    let data = board.data.path().join("data");
    for name in ["corkboard.sqlite", "s3/index.sqlite"] {
        let path = data.join(name);
        let whole = fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        let half = damaged.len() / 2;
        damaged[half / 2..half].fill(0);
        fs::write(&path, damaged).unwrap();
        let line = back_up().refused();
        let expected = format!("there is no new backup: {} is damaged (", path.display());
        assert!(line.starts_with(&expected), "{line}");
        assert!(
            line.ends_with("; the backup of before stays as it is"),
            "{line}"
        );
        fs::write(&path, whole).unwrap();
    }
    let mark = data.join("s3/index.damaged");
    fs::write(&mark, "").unwrap();
    assert!(
        back_up()
            .refused()
            .contains("the next start of the board rebuilds it")
    );
    fs::remove_file(mark).unwrap();
    assert_eq!(restored(&kept).content().messages.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_board_with_a_mysql_the_objects_are_backed_up() {
    let server = Server::shared().await;
    let url = server.database().await.url;
    let board = Board::new()
        .with("POSTS_PER_MINUTE", "0")
        .with("CORKBOARD_DATABASE", &url);
    {
        let running = board.open();
        post(&running, "kept").await;
    }
    let kept = board.data.path().join("backup");
    let said = format!(
        "{} holds the objects, without the messages, which are in a MySQL: 1 larger bodies, 1 of them new; \
         0 of before are gone\n",
        kept.display()
    );
    assert_eq!(board.run(&["backup", kept.to_str().unwrap()]).done(), said);
    let copy = restored(&kept).with("CORKBOARD_DATABASE", &url);
    assert_eq!(copy.run(&["check"]).done(), "");
}

#[test]
fn where_no_backup_can_be_is_said() {
    let board = Board::new();
    let data = board.data.path().join("data");
    let inside = data.join("backup");
    let other = board.data.path().join("other");
    let back_up = |folder: &Path| board.run(&["backup", folder.to_str().unwrap()]).refused();
    let none = format!(
        "there is no board in {}: start it once, or choose another with --data-dir",
        data.display()
    );
    assert_eq!(back_up(&other), none);
    drop(board.open());
    assert_eq!(
        back_up(&inside),
        format!("{} is in the board's own folder", inside.display())
    );
    board.run(&["backup", other.to_str().unwrap()]).done();
    fs::write(other.join("backup"), "incomplete\n").unwrap();
    let unusable = format!(
        "{} says that this backup is not whole: make it again, or take another",
        other.join("backup").display()
    );
    for command in [&["check"][..], &["export", "x"], &[]] {
        let command = Board::new()
            .command(command)
            .env("CORKBOARD_DATA_DIR", &other)
            .env("CORKBOARD_LISTEN", "127.0.0.1:0")
            .env("CORKBOARD_S3_LISTEN", "127.0.0.1:0")
            .env("CORKBOARD_DATA_API_LISTEN", "127.0.0.1:0")
            .output();
        let said: crate::parts::corkboard::Said = command.unwrap().into();
        assert_eq!(said.refused(), unusable);
    }
    board.run(&["backup", other.to_str().unwrap()]).done();
    let stranger = Board::started();
    let of_another = format!(
        "{} is a backup of another board: choose another folder",
        other.display()
    );
    assert_eq!(
        stranger.run(&["backup", other.to_str().unwrap()]).refused(),
        of_another
    );
    let around = data.join("none/../inside");
    let in_own = format!("{} is in the board's own folder", around.display());
    assert_eq!(back_up(&around), in_own);
    // Where there is no board, none is made.
    let typo = board.data.path().join("typo");
    let said = board
        .run(&["check", "--data-dir", typo.to_str().unwrap()])
        .refused();
    assert!(said.starts_with("there is no board in "), "{said}");
    assert!(!typo.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_does_not_fit_is_named() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    let running = board.open();
    let mut posted = Vec::new();
    for text in ["flipped", "truncated", "gone", "without its picture"] {
        posted.push(post(&running, text).await);
    }
    let key = |number: usize| posted[number]["picture"]["url"].as_str().unwrap()[1..].to_owned();
    let before = board.run(&["check"]);
    assert_eq!((before.code, before.stdout.as_str()), (Some(0), ""));
    let bodies = board.data.path().join("data/s3/bodies");
    let path = |number: usize| bodies.join(board.file_of(&key(number)));
    let (flipped, truncated, gone) = (path(0), path(1), path(2));
    let mut bytes = fs::read(&flipped).unwrap();
    bytes[1000] ^= 1;
    fs::write(&flipped, bytes).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&truncated).unwrap();
    file.set_len(500).unwrap();
    fs::remove_file(&gone).unwrap();
    board.remove_object(&key(3));
    let said = board.run(&["check"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(said.stdout.lines().count(), 6, "{said:?}");
    for line in [
        format!("{}: its bytes are not those that were put", key(0)),
        format!(
            "{}: {}: it is not whole, or another object's",
            key(1),
            truncated.display()
        ),
        format!(
            "{}: {}: No such file or directory (os error 2)",
            key(2),
            gone.display()
        ),
        format!(
            "message {}: its picture cannot be read",
            posted[1]["id"].as_str().unwrap()
        ),
        format!(
            "message {}: its picture cannot be read",
            posted[2]["id"].as_str().unwrap()
        ),
        format!(
            "message {}: its picture is missing",
            posted[3]["id"].as_str().unwrap()
        ),
    ] {
        assert!(
            said.stdout.lines().any(|said| said == line),
            "{line}\n{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_carries_what_its_parts_are() {
    let board = Board::new().with("POSTS_PER_MINUTE", "0");
    {
        let running = board.open();
        post(&running, "one").await;
        post(&running, "two").await;
    }
    let archive = board.export();
    let unpacked = board.data.path().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let shell = "tar -xf \"$1\" && sha256sum --check --strict --quiet SHA256SUMS";
    let checked = Command::new("sh")
        .args(["-euc", shell, "sh"])
        .arg(&archive)
        .current_dir(&unpacked)
        .status();
    assert!(checked.unwrap().success());

    let whole = fs::read(&archive).unwrap();
    let content = Content::of(&archive);
    let (key, picture) = content.images.first_key_value().unwrap();
    let at = whole
        .windows(picture.len())
        .position(|window| window == picture);
    let mut damaged = whole;
    damaged[at.unwrap() + picture.len() / 2] ^= 1;
    fs::write(&archive, damaged).unwrap();
    let other = Board::new();
    assert_eq!(
        other.import(&archive).refused(),
        format!(
            "{} cannot be imported: {key} is not what was written",
            archive.display()
        )
    );
    assert!(!other.data.path().join("data").exists());
}

#[test]
fn what_a_killed_export_left_is_gone_after_the_next() {
    let board = Board::started();
    let left = board.data.path().join("board.tar.partial");
    fs::write(&left, "left behind").unwrap();
    board.export();
    assert!(!left.exists());
}

#[tokio::test]
async fn what_waits_for_a_moderator_waits_where_it_is_imported() {
    let board = Board::new();
    let running = board.open();
    post_text(&running, "shown").await;
    drop(running);
    let board = board.with("POSTING", "reviewed");
    let running = board.open();
    for text in ["waits", "waits with a picture"] {
        let mut form = reqwest::multipart::Form::new().text("text", text);
        if text.ends_with("picture") {
            let picture = reqwest::multipart::Part::bytes(pictures::read("small.jpg"));
            form = form.part("picture", picture.file_name("small.jpg"));
        }
        let post = reqwest::Client::new().post(running.url("/api/messages"));
        assert_eq!(post.multipart(form).send().await.unwrap().status(), 202);
    }
    drop(running);
    let archive = board.export();
    let content = Content::of(&archive);
    assert_eq!(content.texts(), ["shown", "waits", "waits with a picture"]);
    content.assert_whole();

    let other = Board::new();
    for told in [
        "messages: 3 taken, 0 already there, 0 not taken\npictures: 1 taken, 0 already there, 0 not taken\n",
        "messages: 0 taken, 3 already there, 0 not taken\npictures: 0 taken, 1 already there, 0 not taken\n",
    ] {
        assert_eq!(other.import(&archive).done(), told);
        assert_eq!(other.content(), content);
    }
    let running = other.open();
    let shown = reqwest::get(running.url("/api/messages")).await.unwrap();
    let shown: Value = serde_json::from_slice(&shown.bytes().await.unwrap()).unwrap();
    let texts: Vec<_> = shown["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["text"])
        .collect();
    assert_eq!(texts, ["shown"]);
}
