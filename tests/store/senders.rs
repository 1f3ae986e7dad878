//! What a sender has, and who may not post, by whichever way the store reaches its database.

use std::time::{Duration, SystemTime};

use domain::{MessageId, Name, Sender};
use store::{Admission, Inserted, Mark, Post, Status, Store, Summary};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{
    delete, id_aged, id_at, insert, insert_of, mark, milliseconds, picture, posted, sender, text,
};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    a_refused_sender_stays_refused,
    a_sender_s_posts_go_together_and_nobody_else_s,
    a_sender_s_messages_go_whatever_they_wait_for,
    what_a_sender_has_is_summed_up,
    senders_are_forgotten_a_few_at_a_time,
}

const LIMIT: u32 = 10;
const COUNTED: Admission = Admission::Admitted { is_counted: true };
const KNOWN: Admission = Admission::Admitted { is_counted: false };

async fn a_refused_sender_stays_refused(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (known, new) = (sender(1, now), sender(2, now));
    let admit = async |sender, limit| store.admit(sender, None, limit, now).await.unwrap();
    assert_eq!(admit(&known, LIMIT).await, COUNTED);
    for sender in [&known, &new, &new] {
        store.refuse(sender).await.unwrap();
        assert_eq!(admit(sender, LIMIT).await, Admission::Refused);
        assert_eq!(admit(sender, 1).await, Admission::Refused);
        // Where nothing is counted, the insert says so.
        assert_eq!(admit(sender, 0).await, KNOWN);
        // Also where it was admitted before.
        for message in [
            text(MessageId::generate(), "late"),
            picture(MessageId::generate()),
        ] {
            let inserted = store
                .insert(&message, store::Status::Pending, Some(sender), None, now)
                .await;
            assert_eq!(inserted.unwrap(), Inserted::Refused);
        }
    }
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
    // What has no sender, or another one, comes in.
    insert(&store, &text(MessageId::generate(), "of nobody")).await;
    let other = sender(3, now);
    insert_of(&store, &text(MessageId::generate(), "x"), Some(&other)).await;
    let later = now + Duration::from_mins(5);
    let admission = store.admit(&known, None, LIMIT, later).await.unwrap();
    assert_eq!(admission, Admission::Refused);
}

async fn a_sender_s_posts_go_together_and_nobody_else_s(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (bad, good) = (sender(1, now), sender(2, now));
    let (unknown, kept, pending) = (
        text(id_at(now, 1), "unknown"),
        text(id_at(now, 2), "kept"),
        picture(id_at(now, 3)),
    );
    insert_of(&store, &kept, Some(&good)).await;
    insert_of(&store, &pending, Some(&bad)).await;
    let mut expected = vec![Post {
        name: pending.id.into(),
        status: Status::Deleting,
        picture: Some("jpg".parse().unwrap()),
    }];
    for which in 0..60 {
        let spam = text(id_at(now, 100 + which), "spam");
        insert_of(&store, &spam, Some(&bad)).await;
        assert!(mark(&store, spam.id, Mark::Posted).await);
        expected.push(Post {
            name: spam.id.into(),
            status: Status::Deleting,
            picture: None,
        });
    }
    insert(&store, &unknown).await;
    for message in [&unknown, &kept] {
        assert!(mark(&store, message.id, Mark::Posted).await);
    }
    assert_eq!(store.sender_of(kept.id).await.unwrap(), Some(good.clone()));
    assert_eq!(store.sender_of(unknown.id).await.unwrap(), None);
    assert_eq!(store.sender_of(MessageId::generate()).await.unwrap(), None);

    let present = present_of(&store, &bad).await;
    assert_eq!(present.len(), 61);
    let names: Vec<_> = present.iter().map(|post| post.name).collect();
    let mark_all = async |mark| store.mark_all(&names, mark, now).await.unwrap();
    assert_eq!(mark_all(Mark::DeletingForGood).await, 61);
    // All are off the board at once.
    let rest = [unknown, kept];
    assert_eq!(posted(&store).await, rest);
    assert_eq!(present_of(&store, &good).await.len(), 1);
    let (mut rounds, mut after) = (vec![], None);
    loop {
        let posts = store.present_of(&bad, after).await.unwrap();
        let Some(last) = posts.last() else {
            break;
        };
        after = Some(last.name.id);
        rounds.push(posts);
    }
    assert_eq!(mark_all(Mark::Deleted).await, 61);
    // Twice, too.
    assert_eq!(mark_all(Mark::Deleted).await, 0);
    assert_eq!(present_of(&store, &bad).await, []);
    let sizes: Vec<_> = rounds.iter().map(Vec::len).collect();
    assert_eq!(sizes, [50, 11]);
    assert_eq!(rounds.concat(), expected);
    assert_eq!(posted(&store).await, rest);
    assert!(!mark(&store, pending.id, Mark::Posted).await);
    // Also of one that is deleted.
    assert_eq!(store.sender_of(pending.id).await.unwrap(), Some(bad));
    let blank = "SELECT DISTINCT status, since, text, author, picture_width FROM message WHERE status = 'deleted'";
    let since = milliseconds(now).to_string();
    assert_eq!(
        backend.sql(blank).await,
        [["deleted", &since, "", "NULL", "NULL"]]
    );
}

/// All that a sender has, in pages.
async fn present_of(store: &Store, sender: &Sender) -> Vec<Post> {
    let (mut present, mut after) = (vec![], None);
    loop {
        let page = store.present_of(sender, after).await.unwrap();
        let Some(last) = page.last() else {
            return present;
        };
        after = Some(last.name.id);
        present.extend(page);
    }
}

async fn a_sender_s_messages_go_whatever_they_wait_for(backend: &Backend) {
    let (store, start) = (backend.store(), SystemTime::now());
    let (bad, good) = (sender(1, start), sender(2, start));
    let rows = [
        ("pending", "1"),
        ("pending", "NULL"),
        ("posted", "1"),
        ("posted", "NULL"),
        ("clearing", "1"),
        ("deleting", "1"),
        ("deleted", "1"),
        // Code of before may have deleted it after it was published.
        ("deleted", "NULL"),
        ("deleted", "0"),
    ];
    let mut ids = vec![];
    for (which, (status, since)) in (0..).zip(rows) {
        for (which, sender) in [(which, &bad), (100 + which, &good)] {
            let message = picture(id_at(start, which));
            insert_of(&store, &message, Some(sender)).await;
            backend
                .sql(&format!(
                    "UPDATE message SET status = '{status}', since = {since} WHERE id = '{}'",
                    message.id
                ))
                .await;
            ids.push(message.id);
        }
    }
    let of = async |sender: &Sender| {
        let rows = format!(
            "SELECT status, since FROM message WHERE sender = '{}' ORDER BY id",
            sender.as_str()
        );
        backend.sql(&rows).await
    };
    let others = of(&good).await;
    let now = start + Duration::from_secs(1);
    let names: Vec<_> = present_of(&store, &bad).await;
    let names: Vec<_> = names.iter().map(|post| post.name).collect();
    let marked = store.mark_all(&names, Mark::DeletingForGood, now).await;
    assert_eq!(marked.unwrap(), 8);
    let deleting = ["deleting".to_owned(), milliseconds(now).to_string()];
    let mut expected = vec![deleting.to_vec(); rows.len()];
    expected[6] = vec!["deleted".into(), "1".into()];
    assert_eq!(of(&bad).await, expected);
    assert_eq!(of(&good).await, others);

    // What is not to be deleted is none, also where it is named.
    let names: Vec<_> = ids.iter().map(|&id| Name::from(id)).collect();
    store.mark_all(&names, Mark::Deleted, now).await.unwrap();
    let mut deleted = vec![vec!["deleted".to_owned(), milliseconds(now).to_string()]; rows.len()];
    deleted[6] = vec!["deleted".into(), "1".into()];
    assert_eq!(of(&bad).await, deleted);
    let mut others = others;
    others[5].clone_from(&deleted[5]);
    assert_eq!(of(&good).await, others);
}

async fn what_a_sender_has_is_summed_up(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (bad, good) = (sender(1, now), sender(2, now));
    let mut number = 0;
    let mut post = async |sender: &Sender, author: Option<&str>| {
        number += 1;
        let mut message = text(id_aged(Duration::from_hours(1), number), "x");
        message.author = author.map(str::to_owned);
        insert_of(&store, &message, Some(sender)).await;
        assert!(mark(&store, message.id, Mark::Posted).await);
        message
    };
    let nothing = Summary {
        messages: 0,
        anonymous: 0,
        authors: vec![],
        other_authors: 0,
        first: None,
    };
    assert_eq!(store.summary_of(&bad).await.unwrap(), nothing);

    post(&good, Some("Ada")).await;
    let gone = post(&bad, Some("gone")).await;
    delete(&store, gone.id).await;
    let going = post(&bad, Some("going")).await;
    assert!(mark(&store, going.id, Mark::Deleting).await);
    let first = post(&bad, None).await;
    // Names are told apart by every character.
    for author in ["ada", "Ada", "Adá", "Ada", "字"] {
        post(&bad, Some(author)).await;
    }
    let pending = picture(id_aged(Duration::from_hours(1), 1_000));
    insert_of(&store, &pending, Some(&bad)).await;
    let expected = Summary {
        messages: 7,
        anonymous: 1,
        authors: ["Ada", "ada", "Adá", "字"].map(str::to_owned).into(),
        other_authors: 0,
        first: Some(first.id),
    };
    assert_eq!(store.summary_of(&bad).await.unwrap(), expected);

    for number in 0..18 {
        post(&bad, Some(&format!("name {number:02}"))).await;
    }
    let summary = store.summary_of(&bad).await.unwrap();
    assert_eq!((summary.messages, summary.other_authors), (25, 2));
    assert_eq!(summary.authors.len(), 20);
    assert_eq!(
        summary.authors[4..],
        (0..16).map(|n| format!("name {n:02}")).collect::<Vec<_>>()
    );
}

async fn senders_are_forgotten_a_few_at_a_time(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let (today, before) = (sender(1, now), now - Duration::from_hours(48));
    let new = text(MessageId::generate(), "new");
    insert_of(&store, &new, Some(&today)).await;
    store.admit(&today, None, LIMIT, now).await.unwrap();
    for address in 10..110 {
        let sender = sender(address, before);
        let old = text(MessageId::generate(), "old");
        insert_of(&store, &old, Some(&sender)).await;
        store.admit(&sender, None, LIMIT, before).await.unwrap();
    }
    let known = async || {
        let count = |rows: Vec<Vec<String>>| rows[0][0].parse::<u32>().unwrap();
        let messages = backend
            .sql("SELECT COUNT(*) FROM message WHERE sender IS NOT NULL")
            .await;
        (
            count(messages),
            count(backend.sql("SELECT COUNT(*) FROM sender").await),
        )
    };
    assert_eq!(known().await, (101, 101));
    store.forget_senders(now).await.unwrap();
    if backend.kind != Kind::DataApiOverSqlite {
        assert_eq!(known().await, (37, 37));
    }
    for _ in 0..2 {
        store.forget_senders(now).await.unwrap();
    }
    assert_eq!(known().await, (1, 1));
    assert_eq!(store.sender_of(new.id).await.unwrap(), Some(today));
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["101"]]);
}
