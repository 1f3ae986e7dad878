//! What a start finds after a process that was killed between any two steps.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::files::sidecars;
use super::super::object::STAGED;
use super::{BUCKET, Running, running};

const KEY: &str = "images/a.jpg";

/// A directory in which `new` was written over `old`, and the process then killed: with the record of
/// the write or before it, and after the first `moved` files were in place.
async fn killed(recorded: bool, moved: usize) -> TempDir {
    let (directory, s3) = running().await;
    let put = async |key: &str, body: &'static [u8]| {
        let put = s3
            .client
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .content_type(str::from_utf8(body).unwrap());
        put.body(body.to_vec().into()).send().await.unwrap();
    };
    put(KEY, b"text/old").await;
    put("new", b"text/new").await;
    drop(s3);
    let root = directory.path();
    let of = |bucket: &str, key: &str| {
        let [headers, checksums] = sidecars(root, bucket, key);
        [headers, checksums, root.join(bucket).join(key)]
    };
    for (from, to) in of(BUCKET, "new").iter().zip(of(STAGED, "0")) {
        fs::rename(from, to).unwrap();
    }
    if recorded {
        fs::write(root.join(STAGED).join("0.commit"), format!("{KEY}\n")).unwrap();
    }
    for (from, to) in of(STAGED, "0").iter().zip(of(BUCKET, KEY)).take(moved) {
        fs::rename(from, to).unwrap();
    }
    directory
}

async fn content_after_restart(root: &Path) -> String {
    let s3 = Running::on(root).await;
    assert_eq!(s3.keys().await, [KEY]);
    let got = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key(KEY)
        .send()
        .await
        .unwrap();
    let (content_type, e_tag) = (
        got.content_type().unwrap().to_owned(),
        got.e_tag().unwrap().to_owned(),
    );
    let body = got.body.collect().await.unwrap().to_vec();
    assert_eq!(body, content_type.as_bytes());
    assert_eq!(e_tag, format!("\"{}\"", super::super::md5_hex(&body)));
    assert_eq!(fs::read_dir(root.join(STAGED)).unwrap().count(), 0);
    assert_eq!(
        fs::read_dir(root).unwrap().count(),
        4,
        "two directories, and the object's two sidecars"
    );
    content_type
}

#[tokio::test]
async fn a_write_that_was_recorded_is_finished() {
    for moved in 0..=3 {
        let directory = killed(true, moved).await;
        assert_eq!(
            content_after_restart(directory.path()).await,
            "text/new",
            "{moved} files moved"
        );
    }
}

#[tokio::test]
async fn a_write_that_was_not_recorded_never_was() {
    let directory = killed(false, 0).await;
    assert_eq!(content_after_restart(directory.path()).await, "text/old");

    let directory = killed(false, 0).await;
    let half_a_record = directory.path().join(STAGED).join("0.commit");
    fs::write(half_a_record, "images/").unwrap();
    fs::write(directory.path().join(".tmp.3.internal.part"), "half a body").unwrap();
    assert_eq!(content_after_restart(directory.path()).await, "text/old");
}

#[tokio::test]
async fn a_file_put_there_by_hand_is_an_object_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let images = directory.path().join(BUCKET).join("images");
    fs::create_dir_all(images.join("empty")).unwrap();
    fs::write(images.join("a.jpg"), "pixels").unwrap();
    let s3 = Running::on(directory.path()).await;
    assert_eq!(s3.keys().await, [KEY]);
    assert_eq!(s3.get(KEY).await, b"pixels");
    s3.put("images/empty", b"1").await;
    let copy = s3
        .client
        .copy_object()
        .bucket(BUCKET)
        .key("images/b.jpg")
        .copy_source(format!("{BUCKET}/{KEY}"));
    copy.send().await.unwrap();
    assert_eq!(s3.get("images/b.jpg").await, b"pixels");
}
