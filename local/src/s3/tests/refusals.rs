//! Who and what is turned away, and that nothing changes by it.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BUCKET, client, failure, running};

#[tokio::test]
async fn a_wrong_secret_or_key_is_refused() {
    let (_directory, s3) = running().await;
    let put = client(s3.address, "local", "a guess")
        .put_object()
        .bucket(BUCKET)
        .key("images/a")
        .send()
        .await;
    assert_eq!(failure(put), (403, "SignatureDoesNotMatch".to_owned()));
    let list = client(s3.address, "someone", "a secret")
        .list_objects_v2()
        .bucket(BUCKET)
        .send()
        .await;
    assert_eq!(failure(list).0, 403);
    let unsigned = reqwest::get(format!("http://{}/{BUCKET}/images/a", s3.address))
        .await
        .unwrap();
    assert_eq!(unsigned.status(), 403);
    assert_eq!(s3.keys().await, [""; 0]);
    assert_eq!(s3.events(), []);
}

#[tokio::test]
async fn a_web_page_is_refused() {
    let (_directory, s3) = running().await;
    let url = format!("http://{}/{BUCKET}", s3.address);
    for (name, value) in [
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "none"),
        ("host", "evil.example"),
    ] {
        let answer = reqwest::Client::new()
            .get(&url)
            .header(name, value)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403);
        assert_eq!(answer.headers()["content-type"], "application/xml");
        let body = answer.text().await.unwrap();
        assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
    }
}

#[tokio::test]
async fn what_is_not_emulated_is_refused() {
    let (_directory, s3) = running().await;
    let refused = (501, "NotImplemented".to_owned());
    let put = || s3.client.put_object().bucket(BUCKET).key("images/a");
    assert_eq!(failure(put().tagging("a=b").send().await), refused);
    assert_eq!(
        failure(put().acl(ObjectCannedAcl::PublicRead).send().await),
        refused
    );
    assert_eq!(
        failure(
            put()
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .send()
                .await
        ),
        refused
    );
    assert_eq!(
        failure(put().if_none_match("\"etag\"").send().await),
        refused
    );
    s3.put("images/a", b"1").await;
    s3.events();
    let get = || s3.client.get_object().bucket(BUCKET).key("images/a");
    assert_eq!(failure(get().version_id("v1").send().await), refused);
    assert_eq!(failure(get().part_number(1).send().await), refused);
    let delete = || s3.client.delete_object().bucket(BUCKET).key("images/a");
    assert_eq!(failure(delete().version_id("v1").send().await), refused);
    assert_eq!(failure(delete().if_match("*").send().await), refused);
    assert_eq!(
        failure(
            s3.client
                .get_object_tagging()
                .bucket(BUCKET)
                .key("images/a")
                .send()
                .await
        ),
        refused
    );
    assert_eq!(
        failure(s3.client.delete_bucket().bucket(BUCKET).send().await),
        refused
    );
    assert_eq!(
        failure(
            s3.client
                .create_bucket()
                .bucket("other-bucket")
                .send()
                .await
        ),
        refused
    );
    assert_eq!(s3.get("images/a").await, b"1");
    assert_eq!(s3.events(), []);
}

#[tokio::test]
async fn a_body_with_a_wrong_digest_changes_nothing() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"first").await;
    s3.events();
    let put = || {
        s3.client
            .put_object()
            .bucket(BUCKET)
            .key("images/a")
            .body(ByteStream::from_static(b"second"))
    };
    assert_eq!(
        failure(put().checksum_crc32("AAAAAA==").send().await),
        (400, "BadDigest".to_owned())
    );
    let md5_of_nothing = "1B2M2Y8AsgTpgAmY7PhCfg==";
    assert_eq!(
        failure(put().content_md5(md5_of_nothing).send().await),
        (400, "BadDigest".to_owned())
    );
    assert_eq!(s3.get("images/a").await, b"first");
    assert_eq!(s3.events(), []);
}

#[tokio::test]
async fn an_upload_that_breaks_off_changes_nothing_and_leaves_nothing() {
    let (directory, s3) = running().await;
    let presigning = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let put = s3
        .client
        .put_object()
        .bucket(BUCKET)
        .key("images/a")
        .presigned(presigning)
        .await
        .unwrap();
    let (_, path) = put.uri().split_once(&s3.address.to_string()).unwrap();
    let mut connection = TcpStream::connect(s3.address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000000\r\n\r\n",
        s3.address
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&vec![7; 500_000]).await.unwrap();
    connection.shutdown().await.unwrap();
    // The endpoint is done with the request once it closes the connection.
    let _ = connection.read_to_end(&mut Vec::new()).await;
    assert_eq!(s3.keys().await, [""; 0]);
    assert_eq!(s3.events(), []);
    let staged = std::fs::read_dir(directory.path().join(".staged"))
        .unwrap()
        .count();
    assert_eq!(staged, 0);
}
