//! Keys of all kinds, and listing them.

use aws_sdk_s3::types::EncodingType;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{BUCKET, Running, failure, running};

const UNUSUAL: [&str; 12] = [
    "!",
    "images/%41.jpg",
    "images/&<>\"'.jpg",
    "images/.hidden",
    "images/a b.jpg",
    "images/a+b.jpg",
    "images/a?b=c#d.jpg",
    "images/e\u{301}.jpg",
    "images/é.jpg",
    "images/中文.jpg",
    "images/～.jpg",
    "images/🌉.jpg",
];

#[tokio::test]
async fn unusual_keys_are_kept_as_they_are() {
    let (directory, s3) = running().await;
    for key in UNUSUAL {
        s3.put(key, key.as_bytes()).await;
    }
    let running_again = Running::on(directory.path()).await;
    for s3 in [&s3, &running_again] {
        assert_eq!(s3.keys().await, UNUSUAL);
        for key in UNUSUAL {
            assert_eq!(s3.get(key).await, key.as_bytes());
        }
    }
    assert!(s3.events().into_iter().map(|(_, key)| key).eq(UNUSUAL));
}

#[tokio::test]
async fn a_listing_is_encoded_on_request() {
    let (_directory, s3) = running().await;
    s3.put("images/a b+é/c.jpg", b"1").await;
    s3.put("images/a b.jpg", b"1").await;
    let list = s3
        .client
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("images/a b")
        .delimiter("/");
    let listed = list.encoding_type(EncodingType::Url).send().await.unwrap();
    assert_eq!(listed.contents()[0].key(), Some("images/a+b.jpg"));
    assert_eq!(
        listed.common_prefixes()[0].prefix(),
        Some("images/a+b%2B%C3%A9/")
    );
    assert_eq!(listed.prefix(), Some("images/a+b"));
}

/// What a directory tree could not hold.
#[tokio::test]
async fn a_key_is_any_text_of_up_to_1024_bytes() {
    let (directory, s3) = running().await;
    let longest = "é".repeat(512);
    let mut keys = [
        "images/",
        "images//a",
        "images/a",
        "images/a/",
        "images/a/b",
        "images/./b",
        "images/../b",
        "../.bucket-x",
        "/",
        "..",
        "images/a\\b",
        "images/\u{e9}",
        "images/e\u{301}",
        &longest,
    ];
    keys.sort_unstable();
    for key in keys {
        s3.put(key, key.as_bytes()).await;
    }
    drop(s3);
    let s3 = Running::on(directory.path()).await;
    assert_eq!(s3.keys().await, keys);
    for key in keys {
        assert_eq!(s3.get(key).await, key.as_bytes(), "{key}");
        let copy = s3.client.copy_object().bucket(BUCKET).key("copy");
        let source = utf8_percent_encode(key, NON_ALPHANUMERIC);
        copy.copy_source(format!("{BUCKET}/{source}"))
            .send()
            .await
            .unwrap();
        assert_eq!(s3.get("copy").await, key.as_bytes(), "{key}");
        let delete = s3.client.delete_object().bucket(BUCKET).key(key);
        delete.send().await.unwrap();
    }
    assert_eq!(s3.keys().await, ["copy"]);
    let too_long = format!("{longest}a");
    let put = s3.client.put_object().bucket(BUCKET).key(&too_long);
    let refused = failure(put.body(b"1".to_vec().into()).send().await);
    assert_eq!(refused, (400, "KeyTooLongError".to_owned()));
}

#[tokio::test]
async fn control_characters_are_listed_by_an_encoding() {
    let (_directory, s3) = running().await;
    let keys = ["a\u{1}b", "a\tb", "a\nb", "a\u{7f}b"];
    for key in keys {
        s3.put(key, b"1").await;
        assert_eq!(s3.get(key).await, b"1");
    }
    let list = s3.client.list_objects_v2().bucket(BUCKET);
    let listed = list.encoding_type(EncodingType::Url).send().await.unwrap();
    let listed: Vec<_> = listed
        .contents()
        .iter()
        .map(|it| it.key().unwrap())
        .collect();
    assert_eq!(listed, ["a%01b", "a%09b", "a%0Ab", "a%7Fb"]);
}

#[tokio::test]
async fn thousands_of_keys_are_listed_in_pages() {
    let (_directory, s3) = running().await;
    let mut expected = Vec::new();
    for batch in 0..50 {
        let keys: Vec<_> = (0..50).map(|n| format!("images/{batch}-{n}.jpg")).collect();
        futures_util::future::join_all(keys.iter().map(|key| s3.put(key, b"1"))).await;
        expected.extend(keys);
    }
    s3.put("other/z", b"1").await;
    expected.sort_unstable();

    let mut pages = s3
        .client
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("images/")
        .into_paginator()
        .send();
    let (mut listed, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.key_count().unwrap());
        for object in page.contents() {
            assert_eq!(object.e_tag(), Some("\"c4ca4238a0b923820dcc509a6f75849b\""));
            assert_eq!(object.size(), Some(1));
            assert!(object.last_modified().is_some());
            listed.push(object.key().unwrap().to_owned());
        }
    }
    assert_eq!(sizes, [1000, 1000, 500]);
    assert_eq!(listed, expected);

    let first = s3
        .client
        .list_objects()
        .bucket(BUCKET)
        .prefix("images/")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (first.contents().len(), first.is_truncated()),
        (1000, Some(true))
    );
    let rest = s3
        .client
        .list_objects()
        .bucket(BUCKET)
        .prefix("images/")
        .marker(&expected[999]);
    assert_eq!(
        rest.send().await.unwrap().contents()[0].key(),
        Some(expected[1000].as_str())
    );
    let start_after = s3
        .client
        .list_objects_v2()
        .bucket(BUCKET)
        .start_after(expected.last().unwrap());
    assert_eq!(
        start_after.send().await.unwrap().contents()[0].key(),
        Some("other/z")
    );
    let wrong = s3
        .client
        .list_objects_v2()
        .bucket(BUCKET)
        .continuation_token("?")
        .send()
        .await;
    assert_eq!(failure(wrong), (400, "InvalidArgument".to_owned()));
}
