//! A directory of an earlier version, which kept each object as a file with two sidecars.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tempfile::TempDir;

use super::super::store::ObjectStore;
use super::{BUCKET, Running};

const LARGE: &[u8] = &[7; 100_000];
const CRC32_OF_LARGE: &str = "O3HfiA==";

fn sidecar(root: &Path, bucket: &str, key: &str, kind: &str) -> std::path::PathBuf {
    let encode = |name| BASE64_URL_SAFE_NO_PAD.encode(name);
    root.join(format!(
        ".bucket-{}.object-{}.{kind}.json",
        encode(bucket),
        encode(key)
    ))
}

fn write(root: &Path, bucket: &str, key: &str, body: &[u8]) {
    let data = root.join(bucket).join(key);
    fs::create_dir_all(data.parent().unwrap()).unwrap();
    fs::write(data, body).unwrap();
    let headers =
        r#"{"user_metadata":{"who":"Ada"},"content_type":"image/jpeg","cache_control":"no-store"}"#;
    fs::write(sidecar(root, bucket, key, "metadata"), headers).unwrap();
    let internal = if body == LARGE {
        format!(r#"{{"e_tag":"0123-2","checksum_crc32":"{CRC32_OF_LARGE}"}}"#)
    } else {
        r#"{"e_tag":"4567"}"#.to_owned()
    };
    fs::write(sidecar(root, bucket, key, "internal"), internal).unwrap();
}

fn old_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(root, BUCKET, "images/large.jpg", LARGE);
    write(root, BUCKET, "images/small.jpg", b"small");
    // One write that counted, and one that did not.
    write(root, ".staged", "0", b"new");
    fs::write(root.join(".staged/0.commit"), "images/small.jpg\n").unwrap();
    write(root, ".staged", "1", b"never");
    fs::write(root.join(".upload-x.json"), "null").unwrap();
    fs::write(root.join(".upload_id-x.part-1"), "part").unwrap();
    directory
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("index.sqlite-"))
        .collect();
    names.sort_unstable();
    names
}

async fn is_taken_over(s3: &Running) {
    assert_eq!(s3.keys().await, ["images/large.jpg", "images/small.jpg"]);
    assert_eq!(s3.get("images/small.jpg").await, b"new");
    let get = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key("images/large.jpg");
    let got = get.checksum_mode("ENABLED".into()).send().await.unwrap();
    assert_eq!(got.content_type(), Some("image/jpeg"));
    assert_eq!(got.cache_control(), Some("no-store"));
    assert_eq!(got.e_tag(), Some("\"0123-2\""));
    assert_eq!(got.checksum_crc32(), Some(CRC32_OF_LARGE));
    assert_eq!(got.metadata().unwrap()["who"], "Ada");
    assert_eq!(got.body.collect().await.unwrap().to_vec(), LARGE);
}

#[tokio::test]
async fn all_is_taken_over_once() {
    let directory = old_directory();
    for _ in 0..2 {
        let s3 = Running::on(directory.path()).await;
        is_taken_over(&s3).await;
        assert_eq!(
            names(directory.path()),
            ["bodies", "index.sqlite", "reserve"]
        );
        assert_eq!(names(&directory.path().join("bodies")).len(), 1);
        assert_eq!(s3.events(), []);
    }
}

/// Killed between any two of its steps, it is done by the next start: the folder is as it was at that moment, and
/// so is the index.
#[tokio::test]
async fn it_can_be_interrupted() {
    let whole = old_directory();
    drop(Running::on(whole.path()).await);
    // The index has everything, and no file has gone yet; then some have.
    for gone in 0..3 {
        let directory = old_directory();
        fs::remove_dir_all(directory.path().join(".staged")).unwrap();
        write(directory.path(), BUCKET, "images/small.jpg", b"new");
        for name in ["index.sqlite", "index.sqlite-wal"] {
            let _ = fs::copy(whole.path().join(name), directory.path().join(name));
        }
        fs::create_dir(directory.path().join("bodies")).unwrap();
        for name in names(&whole.path().join("bodies")) {
            let path = Path::new("bodies").join(name);
            fs::copy(whole.path().join(&path), directory.path().join(&path)).unwrap();
        }
        let files = [
            directory.path().join(BUCKET).join("images/large.jpg"),
            sidecar(directory.path(), BUCKET, "images/large.jpg", "metadata"),
        ];
        for file in files.iter().take(gone) {
            fs::remove_file(file).unwrap();
        }
        let s3 = Running::on(directory.path()).await;
        assert_eq!(
            s3.keys().await,
            ["images/large.jpg", "images/small.jpg"],
            "{gone}"
        );
        assert_eq!(s3.get("images/small.jpg").await, b"new");
        assert_eq!(s3.get("images/large.jpg").await, LARGE);
        assert_eq!(
            names(directory.path()),
            ["bodies", "index.sqlite", "reserve"]
        );
    }
}

/// Where a file has lost its sidecars, or one is empty, the object is there all the same.
#[tokio::test]
async fn a_file_without_sidecars_is_an_object_too() {
    let directory = old_directory();
    let root = directory.path();
    fs::write(sidecar(root, BUCKET, "images/large.jpg", "metadata"), "").unwrap();
    fs::write(sidecar(root, BUCKET, "images/large.jpg", "internal"), "{").unwrap();
    fs::create_dir_all(root.join(BUCKET).join("images/empty")).unwrap();
    fs::write(root.join(BUCKET).join("images/by hand.jpg"), "pixels").unwrap();
    let s3 = Running::on(root).await;
    assert_eq!(s3.get("images/by hand.jpg").await, b"pixels");
    assert_eq!(s3.get("images/large.jpg").await, LARGE);
    let head = s3
        .client
        .head_object()
        .bucket(BUCKET)
        .key("images/large.jpg");
    let head = head.send().await.unwrap();
    assert_eq!(
        head.e_tag(),
        Some(format!("\"{}\"", super::super::md5_hex(LARGE)).as_str())
    );
}

#[test]
fn its_progress_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let images = directory.path().join(BUCKET).join("images");
    fs::create_dir_all(&images).unwrap();
    for number in 0..450 {
        fs::write(images.join(number.to_string()), "pixels").unwrap();
    }
    let mut told = Vec::new();
    let mut progress = |done, total| told.push((done, total));
    ObjectStore::open(directory.path(), |_| {}, &mut progress).unwrap();
    assert_eq!(told, [(200, 450), (400, 450), (450, 450)]);
}
