//! An index that cannot be read.

use std::fs;
use std::path::Path;

use super::{Running, failure, running};

const LARGE: &[u8] = &[7; 100_000];
const SHORTER: &[u8] = &[8; 50_000];

async fn filled() -> tempfile::TempDir {
    let (directory, s3) = running().await;
    for number in 0..40 {
        s3.put(&format!("images/large-{number:02}.jpg"), LARGE)
            .await;
        s3.put(&format!("images/small-{number:02}.jpg"), &[7; 3_000])
            .await;
    }
    s3.put("images/large-00.jpg", SHORTER).await;
    let delete = s3
        .client
        .delete_object()
        .bucket(super::BUCKET)
        .key("images/large-01.jpg");
    delete.send().await.unwrap();
    s3.end().await;
    directory
}

async fn check_large(s3: &Running) {
    let keys = s3.keys().await;
    let large: Vec<_> = keys.iter().filter(|key| key.contains("large")).collect();
    assert_eq!(large.len(), 39);
    assert!(!keys.contains(&"images/large-01.jpg".to_owned()));
    assert_eq!(s3.get("images/large-00.jpg").await, SHORTER);
    for key in &large[1..] {
        assert_eq!(s3.get(key).await, LARGE);
    }
}

fn damage(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = directory.join("index.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn an_index_that_is_none_is_rebuilt_from_the_files() {
    for text in ["", "this is no database, however long one looks at it"] {
        let directory = filled().await;
        damage(directory.path(), |bytes| {
            *bytes = text.repeat(200).into_bytes();
        });
        let s3 = Running::on(directory.path()).await;
        check_large(&s3).await;
        s3.put("images/after.jpg", b"small").await;
        assert_eq!(s3.get("images/after.jpg").await, b"small");
    }
}

#[tokio::test]
async fn what_can_be_read_of_it_is_kept() {
    let directory = filled().await;
    // The leaf with one of the keys.
    let key = b"images/small-20.jpg";
    damage(directory.path(), |bytes| {
        let places: Vec<_> = (0..bytes.len() - key.len())
            .filter(|place| bytes[*place..].starts_with(key))
            .collect();
        for place in places {
            let page = place / 4_096 * 4_096;
            bytes[page..page + 4_096].fill(0xff);
        }
    });
    let s3 = Running::on(directory.path()).await;
    // Whoever meets the damage marks it.
    let list = s3.client.list_objects_v2().bucket(super::BUCKET);
    assert_eq!(failure(list.send().await).0, 500);
    s3.end().await;
    let s3 = Running::on(directory.path()).await;
    check_large(&s3).await;
    let keys = s3.keys().await;
    let small: Vec<_> = keys.iter().filter(|key| key.contains("small")).collect();
    assert!(
        (30..40).contains(&small.len()),
        "those on other pages are kept: {small:?}"
    );
    for key in small {
        assert_eq!(s3.get(key).await, [7; 3_000]);
    }
    assert!(directory.path().join("index.damaged-0.sqlite").exists());
}

/// Killed between any two of its steps, a rebuild begins again from the same source.
#[tokio::test]
async fn a_rebuild_can_be_interrupted() {
    let directory = filled().await;
    let root = directory.path();
    let index = root.join("index.sqlite");
    fs::copy(&index, root.join("index.damaged-0.sqlite")).unwrap();
    fs::write(root.join("index.damaged"), "index.damaged-0.sqlite").unwrap();
    for step in 0..3 {
        match step {
            // The draft is half written; the index is gone; the draft is in place, and empty.
            0 => fs::write(root.join("index.rebuilt.sqlite"), "half").unwrap(),
            1 => fs::remove_file(&index).unwrap(),
            _ => drop(super::super::index::connect(&index).unwrap()),
        }
        if step > 0 {
            fs::write(root.join("index.damaged"), "index.damaged-0.sqlite").unwrap();
        }
        let s3 = Running::on(root).await;
        check_large(&s3).await;
        assert_eq!(s3.get("images/small-07.jpg").await, [7; 3_000], "{step}");
        s3.end().await;
        assert!(!root.join("index.damaged").exists());
        let _ = fs::remove_file(root.join("index.rebuilt.sqlite"));
    }
}

/// A whole index knows what was deleted, or never acknowledged.
#[tokio::test]
async fn a_rebuild_brings_nothing_back() {
    let (directory, s3) = running().await;
    s3.put("images/gone.jpg", LARGE).await;
    let bodies = directory.path().join("bodies");
    let file = fs::read_dir(&bodies)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let kept = fs::read(&file).unwrap();
    let delete = s3
        .client
        .delete_object()
        .bucket(super::BUCKET)
        .key("images/gone.jpg");
    delete.send().await.unwrap();
    s3.put("images/there.jpg", LARGE).await;
    s3.end().await;
    fs::write(file, kept).unwrap();
    fs::write(directory.path().join("index.damaged"), "").unwrap();
    let s3 = Running::on(directory.path()).await;
    assert_eq!(s3.keys().await, ["images/there.jpg"]);
    assert_eq!(s3.get("images/there.jpg").await, LARGE);
}
