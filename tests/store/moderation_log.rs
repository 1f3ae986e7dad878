//! The log of what moderators did, by whichever way the store reaches its database.

use std::time::{Duration, SystemTime};

use domain::{MessageId, Posting};
use store::{Act, Action, LogEntry, Subject};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::samples::{id_aged, insert_of, sender, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_a_board(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    what_moderators_did_is_listed_newest_first_in_pages,
    what_is_older_than_90_days_is_forgotten,
    refused_senders_are_listed_in_pages_and_counted,
}

fn act(moderator: Option<&str>, action: Action, subject: Subject) -> Act {
    Act {
        moderator: moderator.map(|name| name.parse().unwrap()),
        action,
        subject,
    }
}

async fn what_moderators_did_is_listed_newest_first_in_pages(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let ids: Vec<_> = (0..100).map(|_| MessageId::generate()).collect();
    let many = act(Some("Ada-2"), Action::Reject, Subject::Messages(ids));
    let logged = store.log(&many).await.unwrap();
    assert_eq!(logged.len(), 100);
    let (kept, undone) = logged.split_at(1);
    store.unlog(undone).await.unwrap();
    store.unlog(&[]).await.unwrap();
    let picture = Subject::Picture("images/山.jpg".into());
    for other in [
        act(None, Action::TakePictureDown, picture),
        act(None, Action::SetPosting(Posting::Reviewed), Subject::Board),
    ] {
        // Of one millisecond, entries are in no order.
        while MessageId::generate().created_at() == kept[0].created_at() {}
        store.log(&other).await.unwrap();
    }
    let (all, none) = store.moderation_log(3, None, now).await.unwrap();
    assert_eq!((all.len(), none), (3, None));
    let mut actions: Vec<_> = all.iter().map(|it| it.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["posting-reviewed", "reject", "take-picture-down"]);
    let first = &all[2];
    assert_eq!(
        (first.id, first.moderator.as_deref()),
        (kept[0], Some("Ada-2"))
    );
    assert!(first.message.is_some() && first.picture.is_none());
    let pictures = all.iter().filter_map(|it| it.picture.as_deref());
    assert_eq!(pictures.collect::<Vec<_>>(), ["images/山.jpg"]);

    let of_before = LogEntry {
        id: id_aged(Duration::from_hours(24), 1),
        ..first.clone()
    };
    for is_new in [true, false] {
        assert_eq!(store.import_log(&of_before).await.unwrap(), is_new);
        assert!(!store.import_log(&all[0]).await.unwrap());
    }
    let all = [&all[..], &[of_before]].concat();
    assert_eq!(
        store.moderation_log(5, None, now).await.unwrap(),
        (all.clone(), None)
    );
    store.unlog(&[all[3].id]).await.unwrap();

    let (page, next) = store.moderation_log(2, None, now).await.unwrap();
    assert_eq!((&page[..], next), (&all[..2], Some(all[1].id)));
    let (rest, next) = store.moderation_log(2, next, now).await.unwrap();
    assert_eq!((&rest[..], next), (&all[2..3], None));
}

async fn what_is_older_than_90_days_is_forgotten(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let opened = act(None, Action::SetPosting(Posting::Open), Subject::Board);
    store.log(&opened).await.unwrap();
    let day = Duration::from_hours(24);
    for (later, kept) in [(day * 89, 1), (day * 91, 0)] {
        // Also before it is forgotten.
        let (log, _) = store.moderation_log(5, None, now + later).await.unwrap();
        assert_eq!(log.len(), kept);
        store.forget_log(now + later).await.unwrap();
        assert_eq!(
            store.moderation_log(5, None, now).await.unwrap().0.len(),
            kept
        );
    }
}

async fn refused_senders_are_listed_in_pages_and_counted(backend: &Backend) {
    let (store, now) = (backend.store(), SystemTime::now());
    let mut newest = Vec::new();
    for number in 1..=3 {
        let sender = sender(number, now);
        let ids = [0, 1].map(|at| MessageId::from_parts((2 * u64::from(number) + at) << 20, 0));
        for id in ids {
            insert_of(&store, &text(id, "spam"), Some(&sender)).await;
        }
        store.refuse(&sender).await.unwrap();
        newest.insert(0, ids[1]);
    }
    assert_eq!(store.count_refused(now).await.unwrap(), 3);
    let (page, next) = store.refused(2, None, now).await.unwrap();
    assert_eq!((&page[..], next), (&newest[..2], Some(newest[1])));
    let rest = store.refused(2, next, now).await.unwrap();
    assert_eq!(rest, (newest[2..].to_vec(), None));
}
