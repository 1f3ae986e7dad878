//! Many clients at once, and the end of the process.

use aws_sdk_rdsdata::types::{Field, SqlParameter};
use futures_util::future::join_all;
use serde_json::json;

use super::sdk::statement;
use super::{CLUSTER, Endpoint, SECRET};
use crate::data_api::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_write_and_read_at_once_without_an_error() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE post (id VARCHAR(20) PRIMARY KEY)")
            .await;
        endpoint.run("CREATE TABLE counter (n INT NOT NULL)").await;
        endpoint.run("INSERT INTO counter VALUES (0)").await;
        let client = endpoint.sdk();
        join_all((0..50).map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                for round in 0..4 {
                    let id = Field::StringValue(format!("{number}/{round}"));
                    statement(&client, "INSERT INTO post VALUES (:id)")
                        .parameters(SqlParameter::builder().name("id").value(id).build())
                        .send()
                        .await
                        .unwrap();
                    statement(&client, "SELECT * FROM post ORDER BY id DESC LIMIT 20")
                        .send()
                        .await
                        .unwrap();
                }
                let begun = client
                    .begin_transaction()
                    .resource_arn(CLUSTER)
                    .secret_arn(SECRET)
                    .send()
                    .await;
                let transaction = begun.unwrap().transaction_id.unwrap();
                statement(&client, "UPDATE counter SET n = n + 1")
                    .transaction_id(&transaction)
                    .send()
                    .await
                    .unwrap();
                let commit = client
                    .commit_transaction()
                    .resource_arn(CLUSTER)
                    .secret_arn(SECRET);
                commit.transaction_id(transaction).send().await.unwrap();
            })
        }))
        .await
        .into_iter()
        .for_each(Result::unwrap);

        let counts = "SELECT COUNT(*), (SELECT n FROM counter) FROM post";
        assert_eq!(
            endpoint.run(counts).await["records"],
            json!([[{"longValue": 200}, {"longValue": 50}]])
        );
        endpoint.stop().await;
    }
}

/// What `kill -9` leaves is the files as they are at that moment; a copy of them is just that.
#[tokio::test]
async fn an_acknowledged_write_survives_a_sudden_end() {
    let endpoint = Endpoint::sqlite().await;
    endpoint
        .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .await;
    endpoint.run("INSERT INTO t VALUES (1)").await;
    let id = endpoint.post("/BeginTransaction", json!({})).await.body["transactionId"].take();
    endpoint
        .post(
            "/Execute",
            json!({"sql": "INSERT INTO t VALUES (2)", "transactionId": id}),
        )
        .await;

    let copy = tempfile::tempdir().unwrap();
    for file in endpoint
        .directory
        .as_ref()
        .unwrap()
        .path()
        .read_dir()
        .unwrap()
    {
        let file = file.unwrap();
        // The -shm file is shared memory, rebuilt from the log.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    let engine = Engine::sqlite(&copy.path().join("board.sqlite"))
        .await
        .unwrap();
    let restarted = Endpoint::start(engine, None, Some(copy)).await;
    assert_eq!(
        restarted.run("SELECT id FROM t").await["records"],
        json!([[{"longValue": 1}]])
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_one_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("board.sqlite");
    std::fs::write(
        &path,
        "not a database, but long enough to have a header of its own",
    )
    .unwrap();
    let error = Engine::sqlite(&path).await.err().unwrap().to_string();
    assert!(error.contains("board.sqlite cannot be opened: "), "{error}");
    let error = Engine::sqlite(&directory.path().join("missing/board.sqlite"))
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("cannot be opened: "), "{error}");
}

#[tokio::test]
async fn a_mysql_that_is_not_there_is_one_clear_error_without_the_password() {
    for url in [
        "mysql://me:hunter2@127.0.0.1:1/board",
        "mysql://me:hunter2@/",
        "postgres://me:hunter2@127.0.0.1/x",
    ] {
        let error = Engine::mysql(url).await.err().unwrap().to_string();
        assert!(
            !error.contains("hunter2") && !error.contains('\n'),
            "{error}"
        );
    }
}
