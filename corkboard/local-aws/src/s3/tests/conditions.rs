//! Preconditions, and readers and writers at once.

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::MetadataDirective;
use http::Method;

use super::{BUCKET, failure, running, signed};

#[tokio::test]
async fn reads_obey_their_preconditions() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"1").await;
    let head = s3
        .client
        .head_object()
        .bucket(BUCKET)
        .key("images/a")
        .send()
        .await
        .unwrap();
    let e_tag = head.e_tag().unwrap();
    let modified = *head.last_modified().unwrap();
    let before = DateTime::from_secs(modified.secs() - 1);
    let get = || s3.client.get_object().bucket(BUCKET).key("images/a");
    let not_changed = (304, String::new());
    let failed = (412, "PreconditionFailed".to_owned());

    let not_modified = get().if_none_match(e_tag).send().await.unwrap_err();
    let response = not_modified.raw_response().unwrap();
    assert_eq!(response.status().as_u16(), 304);
    assert_eq!(response.headers().get("etag"), Some(e_tag));
    assert!(response.headers().get("last-modified").is_some());
    assert_eq!(response.body().bytes(), Some(&b""[..]));

    assert_eq!(
        failure(get().if_modified_since(modified).send().await),
        not_changed
    );
    assert_eq!(failure(get().if_match("\"other\"").send().await), failed);
    assert_eq!(
        failure(get().if_unmodified_since(before).send().await),
        failed
    );
    assert!(
        get()
            .if_match(e_tag)
            .if_unmodified_since(before)
            .send()
            .await
            .is_ok()
    );
    assert!(
        get()
            .if_none_match("\"other\"")
            .if_modified_since(modified)
            .send()
            .await
            .is_ok()
    );
    assert!(get().if_modified_since(before).send().await.is_ok());
    let listed = format!("\"other\", W/{e_tag} , \"third\"");
    let unlisted = "\"other\", \"third\"";
    assert!(get().if_match(&listed).send().await.is_ok());
    assert_eq!(failure(get().if_match(unlisted).send().await), failed);
    assert!(get().if_none_match(unlisted).send().await.is_ok());
    assert_eq!(
        failure(get().if_none_match(&listed).send().await),
        not_changed
    );
    let head = s3
        .client
        .head_object()
        .bucket(BUCKET)
        .key("images/a")
        .if_none_match(e_tag)
        .send()
        .await;
    assert_eq!(failure(head).0, 304);
    let copy = s3
        .client
        .copy_object()
        .bucket(BUCKET)
        .key("images/b")
        .copy_source(format!("{BUCKET}/images/a"));
    assert_eq!(
        failure(copy.copy_source_if_none_match(e_tag).send().await),
        failed
    );
}

#[tokio::test]
async fn a_range_is_answered_alone_only_of_the_object_that_it_is_asked_of() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"0123456789").await;
    let head = s3.client.head_object().bucket(BUCKET).key("images/a");
    let head = head.send().await.unwrap();
    let e_tag = head.e_tag().unwrap();
    let modified = *head.last_modified().unwrap();
    let date = |seconds: i64| {
        let date = DateTime::from_secs(modified.secs() + seconds);
        date.fmt(DateTimeFormat::HttpDate).unwrap()
    };
    let get = async |range: &str, if_range: Option<&str>| {
        let mut headers = vec![("range", range)];
        headers.extend(if_range.map(|value| ("if-range", value)));
        let path = format!("/{BUCKET}/images/a");
        let answer = signed(s3.address, Method::GET, &path, b"", &headers);
        let answer = answer.send().await.unwrap();
        let range = answer.headers().get("content-range");
        let range = range.map(|range| range.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        (
            status,
            range,
            if status < 300 { body } else { String::new() },
        )
    };
    let part = (206, Some("bytes 2-3/10".to_owned()), "23".to_owned());
    let whole = (200, None, "0123456789".to_owned());
    assert_eq!(get("bytes=2-3", None).await, part);
    assert_eq!(get("bytes=2-3", Some(e_tag)).await, part);
    assert_eq!(get("bytes=2-3", Some(&date(0))).await, part);
    let weak = format!("W/{e_tag}");
    for other in ["\"other\"", &weak, &date(-1), &date(1), "nonsense"] {
        assert_eq!(get("bytes=2-3", Some(other)).await, whole, "{other}");
        assert_eq!(get("bytes=10-", Some(other)).await, whole, "{other}");
    }
    // What the signature does not cover and is no range.
    let path = format!("/{BUCKET}/images/a");
    for ignored in [
        "bytes=5-2",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=",
        "bytes=a-b",
    ] {
        let get = signed(s3.address, Method::GET, &path, b"", &[]);
        let answer = get.header("range", ignored).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{ignored}");
        assert_eq!(answer.text().await.unwrap(), whole.2);
    }
    let beyond = (416, Some("bytes */10".to_owned()), String::new());
    for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
        assert_eq!(get(range, None).await, beyond, "{range}");
        assert_eq!(get(range, Some(e_tag)).await, beyond, "{range}");
    }
}

#[tokio::test]
async fn an_empty_object_has_no_range() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"").await;
    let path = format!("/{BUCKET}/images/a");
    for range in ["bytes=-5", "bytes=0-", "bytes=0-0"] {
        let get = signed(s3.address, Method::GET, &path, b"", &[("range", range)]);
        let answer = get.send().await.unwrap();
        assert_eq!(answer.status(), 416, "{range}");
        assert_eq!(answer.headers()["content-range"], "bytes */0");
    }
}

#[tokio::test]
async fn a_date_that_is_none_is_no_condition() {
    let (_directory, s3) = running().await;
    s3.put("images/a", b"1").await;
    let path = format!("/{BUCKET}/images/a");
    for name in ["if-modified-since", "if-unmodified-since"] {
        let get = signed(s3.address, Method::GET, &path, b"", &[]);
        let get = get.header(name, "garbage");
        assert_eq!(get.send().await.unwrap().status(), 200, "{name}");
    }
}

#[tokio::test]
async fn of_many_conditional_writes_at_once_exactly_one_succeeds() {
    let (_directory, s3) = running().await;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..20_u8 {
        let put = s3
            .client
            .put_object()
            .bucket(BUCKET)
            .key("images/once")
            .if_none_match("*");
        let put = put.body(vec![n; 10_000].into()).send();
        writers.spawn(async move { (n, put.await) });
    }
    let mut winners = Vec::new();
    while let Some(joined) = writers.join_next().await {
        match joined.unwrap() {
            (n, Ok(_)) => winners.push(n),
            (_, failed) => assert_eq!(failure(failed), (412, "PreconditionFailed".to_owned())),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(s3.get("images/once").await, vec![winners[0]; 10_000]);
    assert_eq!(
        s3.events(),
        [("ObjectCreated:Put", "images/once".to_owned())]
    );

    let put = || s3.client.put_object().bucket(BUCKET).key("images/once");
    assert_eq!(failure(put().if_match("\"other\"").send().await).0, 412);
    assert_eq!(
        failure(put().key("images/none").if_match("*").send().await),
        (404, "NoSuchKey".to_owned())
    );
    let copy = s3
        .client
        .copy_object()
        .bucket(BUCKET)
        .key("images/once")
        .copy_source(format!("{BUCKET}/images/once"));
    let copy = copy
        .metadata_directive(MetadataDirective::Replace)
        .if_none_match("*");
    assert_eq!(failure(copy.send().await).0, 412);
    let head = s3
        .client
        .head_object()
        .bucket(BUCKET)
        .key("images/once")
        .send()
        .await
        .unwrap();
    assert!(put().if_match(head.e_tag().unwrap()).send().await.is_ok());
}

#[tokio::test]
async fn readers_see_one_write_or_another_never_a_mixture() {
    let (_directory, s3) = running().await;
    let write = async |n: u8| {
        let put = s3
            .client
            .put_object()
            .bucket(BUCKET)
            .key("images/a")
            .content_type(format!("image/{n}"));
        put.body(vec![n; 50_000].into()).send().await.unwrap();
    };
    write(0).await;
    let writing = async {
        for n in 1..=50 {
            tokio::join!(write(n), write(n + 100));
        }
    };
    let reading = async {
        for _ in 0..100 {
            let got = s3
                .client
                .get_object()
                .bucket(BUCKET)
                .key("images/a")
                .send()
                .await
                .unwrap();
            let content_type = got.content_type().unwrap().to_owned();
            // The SDK checks the CRC-32 that came with the headers.
            let body = got.body.collect().await.unwrap().to_vec();
            assert_eq!(body, vec![body[0]; 50_000]);
            assert_eq!(content_type, format!("image/{}", body[0]));
        }
    };
    tokio::join!(writing, reading);
}
