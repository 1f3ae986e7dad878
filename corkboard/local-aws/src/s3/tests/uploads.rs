//! Uploads in parts.

use std::path::Path;

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{BUCKET, Running, failure, running};

const KEY: &str = "images/a panorama+é.jpg";
const PART: usize = 5 * 1024 * 1024;

async fn begin(s3: &Running) -> String {
    let create = s3
        .client
        .create_multipart_upload()
        .bucket(BUCKET)
        .key(KEY)
        .content_type("image/jpeg")
        .send();
    create.await.unwrap().upload_id().unwrap().to_owned()
}

async fn upload(s3: &Running, id: &str, number: i32, body: Vec<u8>) -> CompletedPart {
    let part = s3
        .client
        .upload_part()
        .bucket(BUCKET)
        .key(KEY)
        .upload_id(id)
        .part_number(number)
        .body(body.into());
    let e_tag = part.send().await.unwrap().e_tag().unwrap().to_owned();
    CompletedPart::builder()
        .part_number(number)
        .e_tag(e_tag)
        .build()
}

fn of(parts: &[&CompletedPart]) -> CompletedMultipartUpload {
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts.iter().copied().cloned().collect()))
        .build()
}

/// Of bodies and parts.
fn files(directory: &Path) -> usize {
    std::fs::read_dir(directory.join("bodies")).unwrap().count()
}

#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let (directory, s3) = running().await;
    s3.put(KEY, b"what was there before").await;
    s3.events();
    let before = files(directory.path());
    let id = begin(&s3).await;
    let two = upload(&s3, &id, 2, b"the end".to_vec()).await;
    let one = upload(&s3, &id, 1, vec![1; PART]).await;
    assert_eq!(s3.get(KEY).await, b"what was there before");

    // An upload outlives a restart.
    let s3 = Running::on(directory.path()).await;
    let complete = || {
        s3.client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(KEY)
            .upload_id(&id)
    };
    let completed = complete()
        .multipart_upload(of(&[&one, &two]))
        .send()
        .await
        .unwrap();
    assert!(
        completed.e_tag().unwrap().ends_with("-2\""),
        "{completed:?}"
    );
    let got = s3
        .client
        .get_object()
        .bucket(BUCKET)
        .key(KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("image/jpeg"));
    assert_eq!(got.e_tag(), completed.e_tag());
    let body = got.body.collect().await.unwrap().to_vec();
    assert_eq!(body, [&vec![1; PART][..], b"the end"].concat());
    assert_eq!(
        s3.events(),
        [("ObjectCreated:CompleteMultipartUpload", KEY.to_owned())]
    );
    assert_eq!(files(directory.path()), before + 1);

    // Whoever lost the answer asks again.
    let again = complete().multipart_upload(of(&[&one, &two])).send().await;
    assert_eq!(again.unwrap().e_tag(), completed.e_tag());
    assert_eq!(s3.events(), []);
    let part = s3
        .client
        .upload_part()
        .bucket(BUCKET)
        .key(KEY)
        .upload_id(&id);
    let late = part
        .part_number(3)
        .body(b"late".to_vec().into())
        .send()
        .await;
    assert_eq!(failure(late), (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn numbers_of_parts_may_have_gaps() {
    let (_directory, s3) = running().await;
    let id = begin(&s3).await;
    let three = upload(&s3, &id, 3, vec![3; PART]).await;
    let _unused = upload(&s3, &id, 4, vec![4; PART]).await;
    let seven = upload(&s3, &id, 7, b"7".to_vec()).await;
    let complete = s3
        .client
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key(KEY);
    let complete = complete
        .upload_id(&id)
        .multipart_upload(of(&[&three, &seven]));
    complete.send().await.unwrap();
    assert_eq!(s3.get(KEY).await, [&vec![3; PART][..], b"7"].concat());
}

#[tokio::test]
async fn parts_that_do_not_fit_together_are_refused() {
    let (directory, s3) = running().await;
    let before = files(directory.path());
    let id = begin(&s3).await;
    let one = upload(&s3, &id, 1, vec![1; 10]).await;
    let two = upload(&s3, &id, 2, vec![2; 10]).await;
    let absent = CompletedPart::builder()
        .part_number(3)
        .e_tag(one.e_tag().unwrap())
        .build();
    let complete = || {
        s3.client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(KEY)
            .upload_id(&id)
    };
    let cases = [
        (of(&[]), "MalformedXML"),
        (of(&[&one, &two]), "EntityTooSmall"),
        (of(&[&two, &one]), "InvalidPartOrder"),
        (of(&[&one, &one]), "InvalidPartOrder"),
    ];
    for (parts, code) in cases {
        assert_eq!(
            failure(complete().multipart_upload(parts).send().await).1,
            code
        );
    }
    upload(&s3, &id, 1, vec![1; PART]).await;
    upload(&s3, &id, 2, vec![2; PART]).await;
    let parts = of(&[&one, &two, &absent]);
    assert_eq!(
        failure(complete().multipart_upload(parts).send().await).1,
        "InvalidPart"
    );
    let other_key = complete().key("images/other").multipart_upload(of(&[&one]));
    assert_eq!(
        failure(other_key.send().await),
        (404, "NoSuchUpload".to_owned())
    );
    // The entity tag of what part 1 was at first.
    assert_eq!(
        failure(complete().multipart_upload(of(&[&one])).send().await).1,
        "InvalidPart"
    );
    assert_eq!(s3.keys().await, [""; 0]);
    assert_eq!(s3.events(), []);
    assert_eq!(files(directory.path()), before + 2, "the parts, once each");
}

#[tokio::test]
async fn a_part_with_a_wrong_digest_is_refused() {
    let (_directory, s3) = running().await;
    let id = begin(&s3).await;
    let part = s3
        .client
        .upload_part()
        .bucket(BUCKET)
        .key(KEY)
        .upload_id(&id)
        .part_number(1);
    let sent = part
        .body(b"part".to_vec().into())
        .checksum_crc32("AAAAAA==")
        .send()
        .await;
    assert_eq!(failure(sent), (400, "BadDigest".to_owned()));
    for id in [
        "no-such-upload",
        "../x",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let part = s3
            .client
            .upload_part()
            .bucket(BUCKET)
            .key(KEY)
            .upload_id(id)
            .part_number(1);
        assert_eq!(
            failure(part.send().await),
            (404, "NoSuchUpload".to_owned()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn an_abandoned_upload_leaves_nothing() {
    let (directory, s3) = running().await;
    let before = files(directory.path());
    let id = begin(&s3).await;
    upload(&s3, &id, 1, vec![1; 10]).await;
    let abort = || {
        s3.client
            .abort_multipart_upload()
            .bucket(BUCKET)
            .key(KEY)
            .upload_id(&id)
    };
    abort().send().await.unwrap();
    assert_eq!(
        failure(abort().send().await),
        (404, "NoSuchUpload".to_owned())
    );
    assert_eq!(files(directory.path()), before);
    assert_eq!(s3.events(), []);
}

/// By a client that does not wait for its first answer.
#[tokio::test]
async fn an_upload_that_is_completed_twice_at_once_is_one_object() {
    let (_directory, s3) = running().await;
    let id = begin(&s3).await;
    let one = upload(&s3, &id, 1, vec![1; PART]).await;
    let complete = || {
        let complete = s3
            .client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(KEY);
        complete.upload_id(&id).multipart_upload(of(&[&one])).send()
    };
    let answers = futures_util::future::join_all((0..8).map(|_| complete())).await;
    let e_tags: Vec<_> = answers
        .iter()
        .map(|it| it.as_ref().unwrap().e_tag().unwrap())
        .collect();
    assert!(e_tags.iter().all(|e_tag| *e_tag == e_tags[0]), "{e_tags:?}");
    assert_eq!(s3.events().len(), 1);
}
