//! What a start finds after a process that was killed between any two steps.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{Running, running};

/// More than the index takes.
const LARGE: &[u8] = &[7; 100_000];

fn bodies(directory: &Path) -> usize {
    fs::read_dir(directory.join("bodies")).unwrap().count()
}

#[tokio::test]
async fn a_file_that_the_index_does_not_have_goes() {
    let (directory, s3) = running().await;
    s3.put("images/a.jpg", LARGE).await;
    s3.put("images/b.jpg", b"small").await;
    drop(s3);
    let kept = fs::read_dir(directory.path().join("bodies"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    // Written in full, and killed before the commit; half of it; and a note of somebody.
    fs::copy(
        kept.path(),
        directory.path().join("bodies/01KAZZZZZZZZZZZZZZZZZZZZZZ"),
    )
    .unwrap();
    fs::write(
        directory.path().join("bodies/01KAZZZZZZZZZZZZZZZZZZZZZ0"),
        "half",
    )
    .unwrap();
    fs::write(directory.path().join("bodies/note.txt"), "mine").unwrap();

    let s3 = Running::on(directory.path()).await;
    let until = Instant::now() + Duration::from_secs(30);
    while bodies(directory.path()) > 2 {
        assert!(Instant::now() < until, "files are swept in the background");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(s3.keys().await, ["images/a.jpg", "images/b.jpg"]);
    assert_eq!(s3.get("images/a.jpg").await, LARGE);
    assert_eq!(
        fs::read_to_string(directory.path().join("bodies/note.txt")).unwrap(),
        "mine"
    );
}

#[tokio::test]
async fn what_is_replaced_or_deleted_leaves_no_file() {
    let (directory, s3) = running().await;
    for body in [LARGE, b"small", LARGE, LARGE] {
        s3.put("a", body).await;
        assert_eq!(s3.get("a").await, body);
    }
    assert_eq!(bodies(directory.path()), 1);
    let delete = s3.client.delete_object().bucket(super::BUCKET).key("a");
    delete.send().await.unwrap();
    assert_eq!(bodies(directory.path()), 0);
    // Not even in the index and its log, a moment later, and while it runs.
    s3.put("a", b"a secret in the index").await;
    let delete = s3.client.delete_object().bucket(super::BUCKET).key("a");
    delete.send().await.unwrap();
    let is_there = |file| {
        let bytes = fs::read(directory.path().join(file)).unwrap();
        bytes.windows(8).any(|bytes| bytes == b"a secret")
    };
    let until = Instant::now() + Duration::from_secs(30);
    while is_there("index.sqlite") || is_there("index.sqlite-wal") {
        assert!(Instant::now() < until, "the log is emptied");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A reader goes on reading what it began to read.
#[tokio::test]
async fn a_deleted_object_is_read_to_its_end() {
    let (_directory, s3) = running().await;
    s3.put("a", LARGE).await;
    let get = s3.client.get_object().bucket(super::BUCKET).key("a");
    let got = get.send().await.unwrap();
    let delete = s3.client.delete_object().bucket(super::BUCKET).key("a");
    delete.send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), LARGE);
}
