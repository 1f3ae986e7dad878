//! Reading, writing, copying, removing.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, Delete, MetadataDirective, ObjectIdentifier,
};

use super::{BUCKET, ObjectEvent, failure, running};

#[tokio::test]
async fn an_object_comes_back_with_its_bytes_and_headers() {
    let (_directory, s3) = running().await;
    let put = s3
        .client
        .put_object()
        .bucket(BUCKET)
        .key("images/a.jpg")
        .content_type("image/jpeg")
        .cache_control("public, max-age=86400, s-maxage=300")
        .metadata("camera", "a box")
        .body(ByteStream::from_static(b"pixels"))
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"d399848208da8b80a306af0fd62bb03f\""));

    let got = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key("images/a.jpg")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("image/jpeg"));
    assert_eq!(
        got.cache_control(),
        Some("public, max-age=86400, s-maxage=300")
    );
    assert_eq!(got.metadata().unwrap()["camera"], "a box");
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.content_length(), Some(6));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"pixels");

    let head = s3
        .client
        .head_object()
        .bucket(BUCKET)
        .key("images/a.jpg")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_length(), head.content_type()),
        (Some(6), Some("image/jpeg"))
    );
    assert_eq!(
        *s3.events.lock().unwrap(),
        [ObjectEvent {
            name: "ObjectCreated:Put",
            bucket: BUCKET.to_owned(),
            key: "images/a.jpg".to_owned(),
            size: Some(6),
            etag: Some("d399848208da8b80a306af0fd62bb03f".to_owned()),
        }]
    );
}

#[tokio::test]
async fn a_body_that_is_streamed_is_checked_and_stored_as_it_is() {
    let (directory, s3) = running().await;
    let file = directory.path().join("picture");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&file, &bytes).unwrap();
    let body = ByteStream::from_path(&file).await.unwrap();
    // The SDK sends this as aws-chunked with a CRC-32 trailer.
    let put = s3
        .client
        .put_object()
        .bucket(BUCKET)
        .key("images/large")
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(put.checksum_crc32().is_some());
    let got = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key("images/large")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_encoding(), None);
    assert_eq!(got.body.collect().await.unwrap().to_vec(), bytes);
}

#[tokio::test]
async fn checksums_are_told_to_those_who_ask_for_them() {
    let (_directory, s3) = running().await;
    let put = s3.client.put_object().bucket(BUCKET).key("images/a");
    let put = put.body(ByteStream::from_static(b"1"));
    let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256);
    put.content_encoding("deflate, gzip").send().await.unwrap();
    let head = || s3.client.head_object().bucket(BUCKET).key("images/a");
    let silent = head().send().await.unwrap();
    assert_eq!(
        (silent.checksum_sha256(), silent.checksum_type()),
        (None, None)
    );
    assert_eq!(silent.content_encoding(), Some("deflate, gzip"));
    let told = head().checksum_mode(ChecksumMode::Enabled).send().await;
    let told = told.unwrap();
    assert_eq!(
        told.checksum_sha256(),
        Some("a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=")
    );
    assert_eq!(told.checksum_type(), Some(&ChecksumType::FullObject));
}

#[tokio::test]
async fn a_range_is_a_part_of_the_object() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"0123456789").await;
    for (range, part, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = s3
            .client
            .get_object()
            .bucket(BUCKET)
            .key("images/a")
            .range(range)
            .send()
            .await
            .unwrap();
        assert_eq!(got.content_range(), Some(content_range), "{range}");
        assert_eq!(
            got.body.collect().await.unwrap().to_vec(),
            part.as_bytes(),
            "{range}"
        );
    }
    let beyond = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key("images/a")
        .range("bytes=10-")
        .send()
        .await;
    assert_eq!(failure(beyond), (416, "InvalidRange".to_owned()));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"1").await;
    for key in [
        "images/b",
        "images",
        "images/",
        "images//a",
        "images/../images/a",
        "../.staged",
    ] {
        let got = s3.client.get_object().bucket(BUCKET).key(key).send().await;
        assert_eq!(failure(got), (404, "NoSuchKey".to_owned()), "{key}");
        let head = s3.client.head_object().bucket(BUCKET).key(key).send().await;
        assert!(
            head.unwrap_err().into_service_error().is_not_found(),
            "{key}"
        );
    }
    let other = s3
        .client
        .get_object()
        .bucket("other-bucket")
        .key("images/a")
        .send()
        .await;
    assert_eq!(failure(other), (404, "NoSuchBucket".to_owned()));
    assert!(s3.client.head_bucket().bucket(BUCKET).send().await.is_ok());
    assert!(
        s3.client
            .head_bucket()
            .bucket("other-bucket")
            .send()
            .await
            .is_err()
    );
    let buckets = s3.client.list_buckets().send().await.unwrap();
    let names: Vec<_> = buckets
        .buckets()
        .iter()
        .map(|bucket| bucket.name().unwrap())
        .collect();
    assert_eq!(names, [BUCKET]);
}

#[tokio::test]
async fn a_removed_object_is_gone_and_removing_it_again_succeeds() {
    let (_directory, s3) = running().await;
    s3.put("images/deep/a", b"1").await;
    s3.events();
    for _ in 0..2 {
        s3.client
            .delete_object()
            .bucket(BUCKET)
            .key("images/deep/a")
            .send()
            .await
            .unwrap();
        assert_eq!(
            s3.events(),
            [("ObjectRemoved:Delete", "images/deep/a".to_owned())]
        );
    }
    assert_eq!(s3.keys().await, [""; 0]);
}

#[tokio::test]
async fn many_objects_are_removed_at_once() {
    let (_directory, s3) = running().await;
    for key in ["images/a", "images/b b+é", "images/c"] {
        s3.put(key, b"1").await;
    }
    s3.events();
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let versioned = ObjectIdentifier::builder()
        .key("images/c")
        .version_id("v1")
        .build()
        .unwrap();
    let delete = Delete::builder()
        .objects(object("images/a"))
        .objects(object("images/b b+é"))
        .objects(object("images/none"))
        .objects(versioned);
    let removed = s3
        .client
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete.build().unwrap())
        .send()
        .await
        .unwrap();
    let deleted: Vec<_> = removed
        .deleted()
        .iter()
        .map(|object| object.key().unwrap())
        .collect();
    assert_eq!(deleted, ["images/a", "images/b b+é", "images/none"]);
    assert_eq!(removed.errors()[0].code(), Some("NotImplemented"));
    assert_eq!(removed.errors()[0].key(), Some("images/c"));
    assert_eq!(s3.keys().await, ["images/c"]);
    let events = ["images/a", "images/b b+é", "images/none"]
        .map(|key| ("ObjectRemoved:Delete", key.to_owned()));
    assert_eq!(s3.events(), events);
}

#[tokio::test]
async fn a_copy_has_the_bytes_and_the_headers_of_its_source_or_new_ones() {
    let (_directory, s3) = running().await;
    let put = s3
        .client
        .put_object()
        .bucket(BUCKET)
        .key("images/a b+é")
        .content_type("image/png");
    put.body(ByteStream::from_static(b"1"))
        .send()
        .await
        .unwrap();
    s3.events();
    let copy = |key: &str| {
        s3.client
            .copy_object()
            .bucket(BUCKET)
            .key(key)
            .copy_source(format!("{BUCKET}/images/a%20b%2B%C3%A9"))
    };
    copy("images/copy").send().await.unwrap();
    let replaced = copy("images/new")
        .metadata_directive(MetadataDirective::Replace)
        .content_type("image/gif");
    replaced.send().await.unwrap();
    for (key, content_type) in [("images/copy", "image/png"), ("images/new", "image/gif")] {
        let got = s3
            .client
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
        assert_eq!(got.content_type(), Some(content_type));
        assert_eq!(got.body.collect().await.unwrap().to_vec(), b"1");
    }
    let events = ["images/copy", "images/new"].map(|key| ("ObjectCreated:Copy", key.to_owned()));
    assert_eq!(s3.events(), events);

    let onto_itself = copy("images/a b+é").send().await;
    assert_eq!(failure(onto_itself), (400, "InvalidRequest".to_owned()));
    let missing = s3
        .client
        .copy_object()
        .bucket(BUCKET)
        .key("images/x")
        .copy_source(format!("{BUCKET}/none"));
    assert_eq!(failure(missing.send().await), (404, "NoSuchKey".to_owned()));
    assert_eq!(s3.events(), []);
}

#[tokio::test]
async fn presigned_urls_work_without_credentials_until_changed() {
    let (_directory, s3) = running().await;
    let hour = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    let put = s3
        .client
        .put_object()
        .bucket(BUCKET)
        .key("images/a b.jpg")
        .presigned(hour.clone())
        .await
        .unwrap();
    let get = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key("images/a b.jpg")
        .presigned(hour)
        .await
        .unwrap();
    let http = reqwest::Client::new();
    assert_eq!(
        http.put(put.uri())
            .body(&b"pixels"[..])
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let got = http.get(get.uri()).send().await.unwrap();
    assert_eq!(
        got.headers()["content-type"],
        "binary/octet-stream",
        "S3's own default"
    );
    assert_eq!(got.text().await.unwrap(), "pixels");
    let changed = get.uri().replace("a%20b", "b");
    assert_eq!(http.get(changed).send().await.unwrap().status(), 403);
    assert_eq!(
        s3.events(),
        [("ObjectCreated:Put", "images/a b.jpg".to_owned())]
    );
}
