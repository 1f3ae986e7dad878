//! A database with the rows of code of before is brought up to date, by whichever way it is reached: nothing is lost,
//! and each row is found by what is to be done with it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::{Message, MessageId};
use store::{Mark, Status, Todo};

use crate::backend::{Backend, Kind, on_every_backend};
use crate::migrations::{assert_usable, migrated};
use crate::samples::{id_aged, milliseconds, picture, picture_of_before, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_nothing(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    an_upgrade_from_the_first_version_keeps_the_data,
    an_upgrade_from_the_version_that_published_nothing_keeps_the_data_and_knows_what_is_to_be_done,
    each_step_of_an_upgrade_may_be_run_again,
    code_of_before_goes_on_beside_this,
}

const BOOKKEEPING: &str = "CREATE TABLE schema_migration (version INT NOT NULL PRIMARY KEY, \
     name VARCHAR(100) NOT NULL, least_code INT NOT NULL)";

/// The schema as it was released, by version: files that are never changed.
const RELEASED: [(&str, &str); 4] = [
    (
        "message",
        include_str!("../../shared/store/src/migrations/0001_message.sql"),
    ),
    (
        "message_by_sender",
        include_str!("../../shared/store/src/migrations/0002_message_by_sender.sql"),
    ),
    (
        "message_pending_since",
        include_str!("../../shared/store/src/migrations/0003_message_pending_since.sql"),
    ),
    (
        "sender",
        include_str!("../../shared/store/src/migrations/0004_sender.sql"),
    ),
];
/// And by this code.
const NEW: [(&str, &str); 7] = [
    (
        "message_since",
        include_str!("../../shared/store/src/migrations/0005_message_since.sql"),
    ),
    (
        "message_cleared_at",
        include_str!("../../shared/store/src/migrations/0006_message_cleared_at.sql"),
    ),
    (
        "message_by_since",
        include_str!("../../shared/store/src/migrations/0007_message_by_since.sql"),
    ),
    (
        "message_picture_animated",
        include_str!("../../shared/store/src/migrations/0008_message_picture_animated.sql"),
    ),
    (
        "message_generation",
        include_str!("../../shared/store/src/migrations/0009_message_generation.sql"),
    ),
    (
        "moderation_log",
        include_str!("../../shared/store/src/migrations/0010_moderation_log.sql"),
    ),
    (
        "sender_counted_keys",
        include_str!("../../shared/store/src/migrations/0011_sender_counted_keys.sql"),
    ),
];

/// Has the schema be that of an earlier version.
async fn schema(backend: &Backend, versions: &[(&str, &str)]) {
    backend.sql(BOOKKEEPING).await;
    for (version, (name, statement)) in (1..).zip(versions) {
        backend.sql(statement).await;
        backend
            .sql(&format!(
                "INSERT INTO schema_migration VALUES ({version}, '{name}', 1)"
            ))
            .await;
    }
}

/// The messages of code that published nothing.
struct Before {
    text: Message,
    picture: Message,
    deleted: Message,
    pending: Message,
    clearing: Message,
}

impl Before {
    fn new() -> Self {
        let id = |which| id_aged(Duration::from_hours(24 * 30), which);
        let mut text = text(id(1), "🌉");
        text.author = Some("Ada".into());
        Self {
            text,
            picture: picture_of_before(id(2)),
            deleted: picture_of_before(id(3)),
            pending: picture_of_before(id(4)),
            clearing: picture_of_before(id(5)),
        }
    }

    /// Writes them as that code did.
    async fn write(&self, backend: &Backend) {
        for (message, status) in [
            (&self.text, "posted"),
            (&self.picture, "posted"),
            (&self.deleted, "posted"),
            (&self.pending, "pending"),
            (&self.clearing, "clearing"),
        ] {
            backend.sql(&inserted(message, status)).await;
        }
        backend.sql(&tombstone(self.deleted.id)).await;
    }

    fn todos(&self) -> BTreeMap<MessageId, Todo> {
        BTreeMap::from([
            (self.deleted.id, Todo::Adopt(Mark::DeletingForGood)),
            (self.pending.id, Todo::Adopt(Mark::Taken)),
            (self.clearing.id, Todo::Clear),
        ])
    }
}

/// As code of before inserted a message.
fn inserted(message: &Message, status: &str) -> String {
    let Message { id, text, .. } = message;
    let picture = match &message.picture {
        Some(_) => "'jpg', 1600, 1200, 'a red bridge'",
        None => "NULL, NULL, NULL, NULL",
    };
    format!(
        "INSERT INTO message (id, author, text, picture_format, picture_width, picture_height, picture_alt, status, \
         pending_since, sender, idempotency_key, request_digest) \
         SELECT '{id}', 'Ada', '{text}', {picture}, '{status}', NULL, NULL, '{id}', 'digest' FROM (SELECT 1) AS one"
    )
}

/// As code of before deleted one.
fn tombstone(id: MessageId) -> String {
    format!(
        "UPDATE message SET status = 'deleted', author = NULL, text = '', picture_width = NULL, \
         picture_height = NULL, picture_alt = NULL WHERE id = '{id}'"
    )
}

async fn todos(backend: &Backend) -> BTreeMap<MessageId, Todo> {
    let found = backend.store().leftovers(SystemTime::now()).await.unwrap();
    let pair = found
        .into_iter()
        .map(|leftover| (leftover.name.id, leftover.todo));
    pair.collect()
}

async fn an_upgrade_from_the_first_version_keeps_the_data(backend: &Backend) {
    schema(backend, &RELEASED[..1]).await;
    for statement in [
        "INSERT INTO message (id, status, text) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'posted', '🌉')",
        "INSERT INTO message (id, status, text, author, picture_format, picture_width, picture_height, picture_alt) \
         VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAW', 'posted', 'hello', 'Ada', 'jpg', 1600, 1200, 'a red bridge'), \
         ('01ARZ3NDEKTSV4RRFFQ69G5FAX', 'pending', 'hello', 'Ada', 'jpg', 1600, 1200, 'a red bridge'), \
         ('01ARZ3NDEKTSV4RRFFQ69G5FAY', 'deleted', '', NULL, NULL, NULL, NULL, NULL)",
    ] {
        backend.sql(statement).await;
    }
    let before = backend.sql("SELECT * FROM message ORDER BY id").await;

    let upgraded = migrated(backend).await;
    assert!(!upgraded.applied.contains(&"message"), "{upgraded:?}");
    assert_eq!(
        i64::try_from(upgraded.applied.len()).unwrap() + 1,
        upgraded.version
    );
    assert_kept(backend, &before).await;

    let id = |text: &str| text.parse::<MessageId>().unwrap();
    let (first, second) = (
        text(id("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "🌉"),
        picture_of_before(id("01ARZ3NDEKTSV4RRFFQ69G5FAW")),
    );
    let store = backend.store();
    let page = store.page_after(20, None).await.unwrap();
    assert_eq!(page, [Ok(first.clone()), Ok(second.clone())]);
    let unpublished = store.unpublished(20).await.unwrap();
    assert_eq!(unpublished, [Ok(second), Ok(first)]);
    let expected = [
        (id("01ARZ3NDEKTSV4RRFFQ69G5FAX"), Todo::Adopt(Mark::Taken)),
        (
            id("01ARZ3NDEKTSV4RRFFQ69G5FAY"),
            Todo::Adopt(Mark::DeletingForGood),
        ),
    ];
    assert_eq!(todos(backend).await, BTreeMap::from(expected));
    assert_usable(backend).await;
}

/// That every column that there was has what it had.
async fn assert_kept(backend: &Backend, before: &[Vec<String>]) {
    let after = backend.sql("SELECT * FROM message ORDER BY id").await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after[..before.len()], before[..]);
        // What nobody knew nobody invents; nothing was ever restored.
        let (generation, unknown) = after[before.len()..].split_last().unwrap();
        assert_eq!(generation, "0");
        assert!(unknown.iter().all(|value| value == "NULL"));
    }
    assert_eq!(before.len(), after.len());
}

async fn an_upgrade_from_the_version_that_published_nothing_keeps_the_data_and_knows_what_is_to_be_done(
    backend: &Backend,
) {
    schema(backend, &RELEASED).await;
    let before = Before::new();
    before.write(backend).await;
    let kept = backend.sql("SELECT * FROM message ORDER BY id").await;
    let upgraded = migrated(backend).await;
    assert_eq!(upgraded.applied, NEW.map(|(name, _)| name));
    assert_kept(backend, &kept).await;

    let store = backend.store();
    assert_eq!(todos(backend).await, before.todos());
    let posted = [before.picture.clone(), before.text.clone()].map(Ok);
    assert_eq!(store.unpublished(20).await.unwrap(), posted);
    store.mark_published(&posted).await.unwrap();
    assert_eq!(store.unpublished(20).await.unwrap(), []);
    assert_eq!(todos(backend).await, before.todos());
    for (message, status) in [
        (&before.text, Status::Posted),
        (&before.deleted, Status::Deleted),
        (&before.pending, Status::Pending),
        (&before.clearing, Status::Clearing),
    ] {
        let entry = store.entry(message.id).await.unwrap().unwrap();
        assert_eq!(entry.status, status);
        let is_tombstone = status == Status::Deleted;
        assert_eq!(entry.message.as_ref(), (!is_tombstone).then_some(message));
    }
    assert_usable(backend).await;
}

/// A run that died after a statement and before its record runs the statement again.
async fn each_step_of_an_upgrade_may_be_run_again(backend: &Backend) {
    for done in 1..=NEW.len() {
        schema(backend, &RELEASED).await;
        let before = Before::new();
        before.write(backend).await;
        let kept = backend.sql("SELECT * FROM message ORDER BY id").await;
        for (_, statement) in &NEW[..done] {
            backend.sql(statement).await;
        }
        assert_eq!(migrated(backend).await.applied, NEW.map(|(name, _)| name));
        assert_kept(backend, &kept).await;
        assert_eq!(todos(backend).await, before.todos());
        assert_usable(backend).await;
        backend.drop_tables().await;
    }
}

/// During a deployment, and after one that was taken back.
async fn code_of_before_goes_on_beside_this(backend: &Backend) {
    schema(backend, &RELEASED).await;
    migrated(backend).await;
    let (store, now) = (backend.store(), SystemTime::now());
    let [text_of_before, with_picture, ours] = [
        text(id_aged(Duration::ZERO, 1), "hello"),
        picture_of_before(id_aged(Duration::ZERO, 2)),
        picture(id_aged(Duration::ZERO, 3)),
    ];
    backend.sql(&inserted(&text_of_before, "posted")).await;
    backend.sql(&inserted(&with_picture, "pending")).await;
    // A look of this code in the middle of its post.
    assert_eq!(todos(backend).await, BTreeMap::new());
    backend
        .sql(&format!(
            "UPDATE message SET status = 'posted' WHERE id = '{}' AND status = 'pending'",
            with_picture.id
        ))
        .await;
    let unpublished = store.unpublished(20).await.unwrap();
    let ids: Vec<_> = unpublished
        .iter()
        .flatten()
        .map(|message| message.id)
        .collect();
    assert_eq!(ids, [with_picture.id, text_of_before.id]);
    store.mark_published(&unpublished).await.unwrap();

    // It deletes what was published, of which it knows nothing, and what this code posted.
    store
        .insert(&ours, store::Status::Pending, None, None, now)
        .await
        .unwrap();
    assert!(store.mark(ours.id, Mark::Posted, now).await.unwrap());
    for id in [with_picture.id, ours.id] {
        backend.sql(&tombstone(id)).await;
    }
    let adopt = Todo::Adopt(Mark::DeletingForGood);
    assert_eq!(
        todos(backend).await,
        BTreeMap::from([(with_picture.id, adopt)])
    );
    let since = format!("SELECT since FROM message WHERE id = '{}'", ours.id);
    assert_eq!(backend.sql(&since).await, [[milliseconds(now).to_string()]]);
    // What this code posted is not known to be deleted by that one: it goes when its time is over.
    let later = now + Duration::from_mins(15) + Duration::from_millis(1);
    let found = store.leftovers(later).await.unwrap();
    let ours = found.iter().find(|leftover| leftover.name.id == ours.id);
    assert_eq!(ours.unwrap().todo, Todo::Remove);
}
