//! How a schema comes up to date, by whichever way its database is reached.

use std::time::{Duration, SystemTime};

use domain::MessageId;
use store::{Migrated, Store, StoreError};
use tokio::time::Instant;

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{picture, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_nothing(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    an_empty_database_gets_the_whole_schema_and_a_second_run_nothing,
    two_runs_at_once_both_succeed_and_apply_each_migration_once,
    an_upgrade_from_the_first_version_keeps_the_data,
    a_run_that_died_before_its_records_is_completed,
    a_lease_that_is_over_is_taken_over_at_once,
    a_lease_that_is_held_is_waited_for,
    a_lease_that_is_held_beyond_the_deadline_is_an_error_that_says_so,
    a_run_that_failed_leaves_no_lease_behind,
    a_schema_that_shuts_this_code_out_is_not_touched,
    a_newer_schema_that_still_takes_this_code_is_used,
    a_database_without_a_schema_is_unavailable_until_it_has_one,
}

const NEWER: &str = "INSERT INTO schema_migration (version, name, least_code) VALUES (999, 'later'";

async fn migrated(backend: &Backend) -> Migrated {
    backend.database.migrate(soon()).await.unwrap()
}

/// Forgets that the last migration was applied.
async fn forget_the_last(backend: &Backend) {
    let Migrated { version, .. } = migrated(backend).await;
    backend
        .sql(&format!(
            "DELETE FROM schema_migration WHERE version = {version}"
        ))
        .await;
}

/// The time in milliseconds, as a lease has it.
fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since_1970.unwrap().as_millis()).unwrap()
}

/// A lease of another run, until then.
async fn lease(backend: &Backend, until: i64) {
    backend
        .sql(&format!(
            "UPDATE schema_lease SET holder = '01ARZ3NDEKTSV4RRFFQ69G5FAV', held_until = {until}"
        ))
        .await;
}

/// That the board works.
async fn assert_usable(backend: &Backend) {
    let store = backend.store();
    let messages = [
        text(MessageId::generate(), "hello"),
        picture(MessageId::generate()),
    ];
    for message in &messages {
        store.insert(message, None, None).await.unwrap();
    }
    store.mark_posted(messages[1].id).await.unwrap();
    for message in messages {
        assert_eq!(store.find(message.id).await.unwrap(), Some(message));
    }
}

async fn an_empty_database_gets_the_whole_schema_and_a_second_run_nothing(backend: &Backend) {
    let first = migrated(backend).await;
    assert_eq!(first.applied[..2], ["message", "message_by_sender"]);
    assert_eq!(i64::try_from(first.applied.len()).unwrap(), first.version);
    assert_usable(backend).await;

    let records = "SELECT version, name, least_code FROM schema_migration ORDER BY version";
    let recorded = backend.sql(records).await;
    assert_eq!(recorded.len(), first.applied.len());
    assert_eq!(recorded[0], ["1", "message", "1"]);

    let again = Migrated {
        version: first.version,
        applied: vec![],
    };
    assert_eq!(migrated(backend).await, again);
    assert_eq!(backend.sql(records).await, recorded);
    assert_usable(backend).await;
}

async fn two_runs_at_once_both_succeed_and_apply_each_migration_once(backend: &Backend) {
    let elsewhere = backend.elsewhere(1).await;
    let (here, there) = tokio::join!(backend.database.migrate(soon()), elsewhere.migrate(soon()));
    let (here, there) = (here.unwrap(), there.unwrap());
    assert_eq!(here.version, there.version);
    let mut applied = [here.applied, there.applied].concat();
    applied.sort_unstable();
    let count = applied.len();
    applied.dedup();
    assert_eq!(applied.len(), count, "{applied:?}");
    assert_eq!(i64::try_from(count).unwrap(), here.version);
    assert_usable(backend).await;
}

async fn an_upgrade_from_the_first_version_keeps_the_data(backend: &Backend) {
    for statement in [
        include_str!("../../shared/store/src/migrations/0001_message.sql"),
        "CREATE TABLE schema_migration (version INT NOT NULL PRIMARY KEY, \
         name VARCHAR(100) NOT NULL, least_code INT NOT NULL)",
        "INSERT INTO schema_migration VALUES (1, 'message', 1)",
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
    let after = backend.sql("SELECT * FROM message ORDER BY id").await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after[..before.len()], before[..]);
    }
    assert_eq!(before.len(), after.len());

    let id = |text: &str| text.parse::<MessageId>().unwrap();
    let (first, second) = (
        text(id("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "🌉"),
        picture(id("01ARZ3NDEKTSV4RRFFQ69G5FAW")),
    );
    let page = backend.store().page(20, None).await.unwrap();
    assert_eq!(page, [second, first]);
    let orphans = backend.store().orphans(SystemTime::now()).await.unwrap();
    assert_eq!(orphans.len(), 2);
    assert_usable(backend).await;
}

async fn a_run_that_died_before_its_records_is_completed(backend: &Backend) {
    let first = migrated(backend).await;
    assert_usable(backend).await;
    let messages = backend.sql("SELECT * FROM message ORDER BY id").await;
    // After its last statement, after its first, and after any.
    for forgotten in [
        format!("version = {}", first.version),
        "version = 1".into(),
        "version > 0".into(),
    ] {
        backend
            .sql(&format!("DELETE FROM schema_migration WHERE {forgotten}"))
            .await;
        let again = migrated(backend).await;
        assert_eq!(again.version, first.version, "{forgotten}");
        assert!(!again.applied.is_empty(), "{forgotten}");
        assert_eq!(
            backend.sql("SELECT * FROM message ORDER BY id").await,
            messages,
            "{forgotten}"
        );
    }
    assert_usable(backend).await;
}

async fn a_lease_that_is_over_is_taken_over_at_once(backend: &Backend) {
    forget_the_last(backend).await;
    lease(backend, now() - 1).await;
    assert_eq!(migrated(backend).await.applied.len(), 1);
}

async fn a_lease_that_is_held_is_waited_for(backend: &Backend) {
    forget_the_last(backend).await;
    let until = now() + 2_000;
    lease(backend, until).await;
    assert_eq!(migrated(backend).await.applied.len(), 1);
    assert!(now() >= until, "{} ms too early", until - now());
}

async fn a_lease_that_is_held_beyond_the_deadline_is_an_error_that_says_so(backend: &Backend) {
    forget_the_last(backend).await;
    lease(backend, now() + 3_600_000).await;
    let held = backend.sql("SELECT * FROM schema_lease").await;
    let deadline = Instant::now() + Duration::from_secs(5);
    let error = backend.database.migrate(deadline).await.unwrap_err();
    assert!(
        error.to_string().contains("another run migrates"),
        "{error}"
    );
    assert_eq!(backend.sql("SELECT * FROM schema_lease").await, held);
}

async fn a_run_that_failed_leaves_no_lease_behind(backend: &Backend) {
    // A table of somebody else is in the way of the index.
    backend.sql("CREATE TABLE message (somebody_s INT)").await;
    let error = backend.database.migrate(soon()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    backend.sql("DROP TABLE message").await;
    backend.sql("DELETE FROM schema_migration").await;
    // In less time than the failed run had.
    let earlier = Instant::now() + Duration::from_secs(20);
    let run = backend.database.migrate(earlier).await.unwrap();
    assert_eq!(i64::try_from(run.applied.len()).unwrap(), run.version);
}

async fn a_schema_that_shuts_this_code_out_is_not_touched(backend: &Backend) {
    migrated(backend).await;
    backend.sql(&format!("{NEWER}, 999)")).await;
    let error = backend
        .elsewhere(1)
        .await
        .migrate(soon())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("wants code of version 999"),
        "{error}"
    );

    let store = Store::new(backend.elsewhere(1).await, soon());
    let message = picture(MessageId::generate());
    let refused = [
        store.ping().await,
        store.insert(&message, None, None).await.map(drop),
        store.mark_posted(message.id).await.map(drop),
        store.find(message.id).await.map(drop),
        store.page(20, None).await.map(drop),
        store.make_tombstone(message.id).await,
        store.orphans(SystemTime::now()).await.map(drop),
        store.remove_orphan(message.id).await,
    ];
    for refused in refused {
        assert!(
            matches!(&refused, Err(StoreError::Unavailable(_))),
            "{refused:?}"
        );
    }
    assert_eq!(backend.sql("SELECT COUNT(*) FROM message").await, [["0"]]);
}

async fn a_newer_schema_that_still_takes_this_code_is_used(backend: &Backend) {
    let first = migrated(backend).await;
    backend.sql(&format!("{NEWER}, {})", first.version)).await;
    let run = migrated(backend).await;
    assert_eq!((run.version, run.applied.len()), (999, 0));
    assert_usable(backend).await;
}

async fn a_database_without_a_schema_is_unavailable_until_it_has_one(backend: &Backend) {
    let page = backend.store().page(20, None).await;
    assert!(matches!(page, Err(StoreError::Unavailable(_))), "{page:?}");
    // The tables of the migrations alone, as a run that died at once leaves them.
    backend.sql("CREATE TABLE schema_migration (version INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, least_code INT NOT NULL)").await;
    let page = backend.store().page(20, None).await;
    assert!(matches!(page, Err(StoreError::Unavailable(_))), "{page:?}");
    migrated(backend).await;
    assert_usable(backend).await;
}
