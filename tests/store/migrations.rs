//! How a schema comes up to date, by whichever way its database is reached.

use std::time::{Duration, SystemTime};

use domain::MessageId;
use store::{Entry, Mark, Migrated, Status, Store, StoreError};
use tokio::time::Instant;

use crate::backend::{Backend, Kind, on_every_backend, soon};
use crate::samples::{milliseconds, picture, post, text};

async fn run(kind: Kind, test: impl AsyncFnOnce(&Backend)) {
    if let Some(backend) = Backend::to_nothing(kind).await {
        test(&backend).await;
        backend.end().await;
    }
}

on_every_backend! { run:
    an_empty_database_gets_the_whole_schema_and_a_second_run_nothing,
    two_runs_at_once_both_succeed_and_apply_each_migration_once,
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

pub async fn migrated(backend: &Backend) -> Migrated {
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
    milliseconds(SystemTime::now())
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
pub async fn assert_usable(backend: &Backend) {
    let store = backend.store();
    let messages = [
        text(MessageId::generate(), "hello"),
        picture(MessageId::generate()),
    ];
    for message in messages {
        post(&store, &message).await;
        let expected = Entry {
            status: Status::Posted,
            generation: 0,
            picture: message.picture.as_ref().map(|picture| picture.format),
            message: Some(message.clone()),
        };
        assert_eq!(store.entry(message.id).await.unwrap(), Some(expected));
    }
    store.leftovers(SystemTime::now()).await.unwrap();
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

async fn a_run_that_died_before_its_records_is_completed(backend: &Backend) {
    let first = migrated(backend).await;
    assert_usable(backend).await;
    let messages = backend.sql("SELECT * FROM message ORDER BY id").await;
    // After each of its statements, and before any record.
    let each = (1..=first.version).map(|version| format!("version = {version}"));
    for forgotten in each.chain(["version > 4".into(), "version > 0".into()]) {
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
    let earlier = Instant::now() + Duration::from_secs(45);
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
    let (id, now) = (message.id, SystemTime::now());
    let refused = [
        store.ping().await,
        store
            .insert(&message, store::Status::Pending, None, None, now)
            .await
            .map(drop),
        store.mark(id, Mark::Posted, now).await.map(drop),
        store.entry(id).await.map(drop),
        store.page_after(20, None).await.map(drop),
        store.newest().await.map(drop),
        store.leftovers(now).await.map(drop),
        store.begin_clearing(id, now).await.map(drop),
        store.mark_cleared(id, now).await,
        store.remove(id, Status::Clearing).await,
        store.unpublished(20).await.map(drop),
        store.mark_published(&[Ok(message)]).await,
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
    let page = backend.store().page_after(20, None).await;
    assert!(matches!(page, Err(StoreError::Unavailable(_))), "{page:?}");
    // The tables of the migrations alone, as a run that died at once leaves them.
    backend.sql("CREATE TABLE schema_migration (version INT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, least_code INT NOT NULL)").await;
    let page = backend.store().page_after(20, None).await;
    assert!(matches!(page, Err(StoreError::Unavailable(_))), "{page:?}");
    migrated(backend).await;
    assert_usable(backend).await;
}
