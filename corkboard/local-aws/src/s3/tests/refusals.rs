//! Who and what is turned away, and that nothing changes by it.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketCannedAcl, BucketLocationConstraint, CreateBucketConfiguration, ObjectCannedAcl,
    ServerSideEncryption, StorageClass,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use md5::Digest as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{BUCKET, client, failure, refusal, running, signed};

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
async fn what_is_done_anyway_may_be_asked_for() {
    let (_directory, s3) = running().await;
    let put = || s3.client.put_object().bucket(BUCKET).key("images/a");
    put()
        .storage_class(StorageClass::Standard)
        .acl(ObjectCannedAcl::Private)
        .send()
        .await
        .unwrap();
    let create = || {
        s3.client
            .create_multipart_upload()
            .bucket(BUCKET)
            .key("images/b")
    };
    create()
        .storage_class(StorageClass::Standard)
        .acl(ObjectCannedAcl::Private)
        .send()
        .await
        .unwrap();
    let copy = || {
        s3.client
            .copy_object()
            .bucket(BUCKET)
            .key("images/c")
            .copy_source(format!("{BUCKET}/images/a"))
    };
    copy()
        .storage_class(StorageClass::Standard)
        .acl(ObjectCannedAcl::Private)
        .send()
        .await
        .unwrap();
    s3.client
        .create_bucket()
        .bucket(BUCKET)
        .acl(BucketCannedAcl::Private)
        .send()
        .await
        .unwrap();
    assert_eq!(s3.keys().await, ["images/a", "images/c"]);
    s3.events();
    let elsewhere = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    let created = s3.client.create_bucket().bucket(BUCKET);
    let created = created.create_bucket_configuration(elsewhere);
    assert_eq!(
        failure(created.send().await),
        (409, "BucketAlreadyOwnedByYou".to_owned())
    );

    let refused = (501, "NotImplemented".to_owned());
    for class in [
        StorageClass::ReducedRedundancy,
        StorageClass::Glacier,
        StorageClass::IntelligentTiering,
    ] {
        assert_eq!(
            failure(put().storage_class(class.clone()).send().await),
            refused
        );
        assert_eq!(
            failure(create().storage_class(class.clone()).send().await),
            refused
        );
        assert_eq!(failure(copy().storage_class(class).send().await), refused);
    }
    for acl in [
        ObjectCannedAcl::PublicRead,
        ObjectCannedAcl::BucketOwnerFullControl,
    ] {
        assert_eq!(failure(put().acl(acl.clone()).send().await), refused);
        assert_eq!(failure(create().acl(acl).send().await), refused);
    }
    let granted = put().grant_read("uri=http://acs.amazonaws.com/groups/global/AllUsers");
    assert_eq!(failure(granted.send().await), refused);
    assert_eq!(s3.events(), []);
}

#[tokio::test]
async fn a_body_that_is_not_the_signed_one_is_refused() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"first").await;
    s3.events();
    let mismatch = (400, "XAmzContentSHA256Mismatch".to_owned());
    let request = |method, path: &str, body: &[u8]| signed(s3.address, method, path, body, &[]);
    let object = format!("/{BUCKET}/images/a");
    for (signed, sent) in [
        (&b"second"[..], &b"other!"[..]),
        (b"second", b""),
        (b"", b"second"),
    ] {
        let put = request(Method::PUT, &object, signed).body(sent.to_vec());
        assert_eq!(refusal(put).await, mismatch);
    }
    let created = s3.client.create_multipart_upload().bucket(BUCKET);
    let created = created.key("images/a").send().await.unwrap();
    let part = format!(
        "{object}?partNumber=1&uploadId={}",
        created.upload_id().unwrap()
    );
    let part = request(Method::PUT, &part, b"part").body("trap");
    assert_eq!(refusal(part).await, mismatch);
    let delete = "<Delete><Object><Key>images/a</Key></Object></Delete>";
    let other = delete.replace("images/a", "images/b");
    let post = request(Method::POST, &format!("/{BUCKET}?delete"), other.as_bytes());
    assert_eq!(refusal(post.body(delete)).await, mismatch);
    let post = request(Method::POST, &format!("/{BUCKET}?delete"), other.as_bytes());
    assert_eq!(refusal(post.body(other)).await.0, 200);
    assert_eq!(s3.get("images/a").await, b"first");
    assert_eq!(
        s3.events(),
        [("ObjectRemoved:Delete", "images/b".to_owned())]
    );

    let put = request(Method::PUT, &object, b"second").body("second");
    assert_eq!(refusal(put).await.0, 200);
    assert_eq!(s3.get("images/a").await, b"second");
}

#[tokio::test]
async fn a_digest_is_checked_also_of_a_request_whose_body_is_not_read() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"first").await;
    s3.events();
    let object = format!("/{BUCKET}/images/a");
    let mismatch = (400, "XAmzContentSHA256Mismatch".to_owned());
    for method in [Method::GET, Method::DELETE] {
        let request = signed(s3.address, method, &object, b"other", &[]);
        assert_eq!(refusal(request).await, mismatch);
    }
    let copy = ("x-amz-copy-source", &*object);
    let path = format!("/{BUCKET}/images/b");
    let copied = signed(s3.address, Method::PUT, &path, b"other", &[copy]);
    assert_eq!(refusal(copied).await, mismatch);

    let delete = b"<Delete><Object><Key>images/a</Key></Object></Delete>";
    let post = async |name: &str, value: &str| {
        let path = format!("/{BUCKET}?delete");
        let post = signed(s3.address, Method::POST, &path, delete, &[(name, value)]);
        refusal(post.body(&delete[..])).await
    };
    let bad = (400, "BadDigest".to_owned());
    assert_eq!(post("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==").await, bad);
    let invalid = (400, "InvalidDigest".to_owned());
    assert_eq!(post("content-md5", "YWJj").await, invalid);
    for (name, wrong) in [
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-sha1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    ] {
        assert_eq!(post(name, wrong).await, bad, "{name}");
    }
    assert_eq!(s3.get("images/a").await, b"first");
    assert_eq!(s3.events(), []);
    let right = BASE64_STANDARD.encode(md5::Md5::digest(delete));
    assert_eq!(post("content-md5", &right).await.0, 200);
    assert_eq!(s3.keys().await, [""; 0]);
}

/// A presigned `PUT`, with what its query says besides.
async fn presigned(s3: &super::Running, query: &'static str) -> String {
    let put = s3.client.put_object().bucket(BUCKET).key("images/a");
    let presigning = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let put = put.customize().mutate_request(move |request| {
        let uri = format!("{}&{query}", request.uri());
        request.set_uri(uri).unwrap();
    });
    put.presigned(presigning).await.unwrap().uri().to_owned()
}

#[tokio::test]
async fn what_a_presigned_url_says_counts_as_headers() {
    let (_directory, s3) = running().await;
    let put = async |query: &'static str| {
        let url = presigned(&s3, query).await;
        refusal(reqwest::Client::new().put(url).body("x")).await
    };
    for query in [
        "x-amz-storage-class=GLACIER",
        "X-Amz-Acl=public-read",
        "x-amz-server-side-encryption=aws%3Akms",
        "x-amz-tagging=a%3Db",
    ] {
        assert_eq!(
            put(query).await,
            (501, "NotImplemented".to_owned()),
            "{query}"
        );
    }
    let zeros =
        "X-Amz-Content-Sha256=0000000000000000000000000000000000000000000000000000000000000000";
    let mismatch = (400, "XAmzContentSHA256Mismatch".to_owned());
    assert_eq!(put(zeros).await, mismatch);
    let bad = (400, "BadDigest".to_owned());
    assert_eq!(put("x-amz-checksum-crc32=AAAAAA%3D%3D").await, bad);
    assert_eq!(s3.keys().await, [""; 0]);
    for query in [
        "x-amz-storage-class=STANDARD&x-amz-acl=private&x-amz-meta-a=b",
        "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
        "x-amz-checksum-crc32=jNwWgw%3D%3D&x-id=PutObject",
    ] {
        assert_eq!(put(query).await.0, 200, "{query}");
    }
    let head = s3.client.head_object().bucket(BUCKET).key("images/a");
    assert!(head.send().await.is_ok());
}

#[tokio::test]
async fn headers_of_s3s_own_are_refused_if_they_are_not_signed() {
    let (_directory, s3) = running().await;
    s3.put("images/secret", b"1").await;
    s3.events();
    let source = format!("/{BUCKET}/images/secret");
    let object = format!("/{BUCKET}/images/a");
    let denied = (403, "AccessDenied".to_owned());
    for (name, value) in [
        ("x-amz-copy-source", &*source),
        ("x-amz-meta-a", "b"),
        ("x-amz-checksum-crc32", "jNwW6w=="),
    ] {
        let url = presigned(&s3, "x-id=PutObject").await;
        let put = reqwest::Client::new().put(url).header(name, value);
        assert_eq!(refusal(put).await, denied, "{name}");
        let put = signed(s3.address, Method::PUT, &object, b"", &[]);
        assert_eq!(refusal(put.header(name, value)).await, denied, "{name}");
    }
    assert_eq!(s3.keys().await, ["images/secret"]);
    assert_eq!(s3.events(), []);
    let put = signed(
        s3.address,
        Method::PUT,
        &object,
        b"x",
        &[("x-amz-meta-a", "b")],
    );
    let put = put.header("x-amz-user-agent", "test").body("x");
    assert_eq!(refusal(put).await.0, 200);
}

/// Both signatures are right: what Version 2 covers holds neither the address nor the time of today.
#[tokio::test]
async fn signature_version_2_is_refused() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"1").await;
    let url = format!("http://{}/{BUCKET}/images/a", s3.address);
    let get = |url: String| reqwest::Client::new().get(url);
    let by_header = get(url.clone())
        .header("date", "Thu, 26 Nov 2026 00:00:00 GMT")
        .header("authorization", "AWS local:Xhbm0JEPaPhE3X5pZ8+HIrAI7Qw=");
    let signature = "oScKrmH0l1F6H%2B80NAgMofZ2zBk%3D";
    let by_query = |access_key: &str, name: &str| {
        get(format!(
            "{url}?{access_key}=local&Expires=4102444800&{name}={signature}"
        ))
    };
    for request in [
        by_header,
        get(url.clone()).header("authorization", "Bearer local"),
        by_query("AWSAccessKeyId", "Signature"),
        by_query("AWSAccessKeyI%64", "%53ignature"),
    ] {
        assert_eq!(refusal(request).await, (400, "InvalidRequest".to_owned()));
    }
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
    for no_md5 in ["YWJj", "not base64"] {
        assert_eq!(
            failure(put().content_md5(no_md5).send().await),
            (400, "InvalidDigest".to_owned()),
            "{no_md5}"
        );
    }
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
    let files = std::fs::read_dir(directory.path().join("bodies")).unwrap();
    assert_eq!(files.count(), 0);
}
