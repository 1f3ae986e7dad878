//! Transactions: what others see of them, and every way in which they end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::Endpoint;
use crate::data_api::Engine;
use crate::data_api::transactions::Transactions;

async fn begin(endpoint: &Endpoint) -> String {
    let answer = endpoint.post("/BeginTransaction", json!({})).await;
    answer.body["transactionId"].as_str().unwrap().to_owned()
}

async fn count(endpoint: &Endpoint) -> Value {
    endpoint.run("SELECT COUNT(*) FROM t").await["records"][0][0]["longValue"].take()
}

#[tokio::test]
async fn nobody_sees_a_transaction_before_its_commit() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            .await;
        let id = begin(&endpoint).await;
        let sql = "INSERT INTO t VALUES (1)";
        endpoint
            .post("/Execute", json!({"sql": sql, "transactionId": id}))
            .await;
        assert_eq!(count(&endpoint).await, 0);
        let inside = json!({"sql": "SELECT COUNT(*) FROM t", "transactionId": id});
        let inside = endpoint.post("/Execute", inside).await.body;
        assert_eq!(inside["records"], json!([[{"longValue": 1}]]));
        endpoint
            .post("/CommitTransaction", json!({"transactionId": id}))
            .await;
        assert_eq!(count(&endpoint).await, 1);
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_failed_statement_leaves_the_transaction_open() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            .await;
        let id = begin(&endpoint).await;
        let insert = json!({"sql": "INSERT INTO t VALUES (1)", "transactionId": id});
        assert_eq!(endpoint.post("/Execute", insert.clone()).await.status, 200);
        let error = endpoint.post("/Execute", insert).await.error;
        assert_eq!(error.as_deref(), Some("DatabaseErrorException"));
        let answer = endpoint
            .post("/CommitTransaction", json!({"transactionId": id}))
            .await;
        assert_eq!(
            answer.body,
            json!({"transactionStatus": "Transaction Committed"})
        );
        assert_eq!(count(&endpoint).await, 1);
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn ddl_commits_the_transaction_that_it_is_in() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            .await;
        let id = begin(&endpoint).await;
        for sql in [
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE u (id INT)",
            "INSERT INTO t VALUES (2)",
        ] {
            let answer = endpoint
                .post("/Execute", json!({"sql": sql, "transactionId": id}))
                .await;
            assert_eq!(answer.status, 200, "{:?}", answer.body);
        }
        let answer = endpoint
            .post("/RollbackTransaction", json!({"transactionId": id}))
            .await;
        assert_eq!(
            answer.body,
            json!({"transactionStatus": "Rollback Complete"})
        );
        assert_eq!(count(&endpoint).await, 2);
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_schema_changed_on_another_connection_is_seen_at_once() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            .await;
        endpoint.run("INSERT INTO t VALUES (1)").await;
        endpoint.run("SELECT * FROM t").await;
        let id = begin(&endpoint).await;
        let sql = "ALTER TABLE t ADD COLUMN yes BOOLEAN NOT NULL DEFAULT 1";
        let answer = endpoint
            .post("/Execute", json!({"sql": sql, "transactionId": id}))
            .await;
        assert_eq!(answer.status, 200);
        let select = json!({"sql": "SELECT * FROM t", "includeResultMetadata": true});
        let body = endpoint.post("/Execute", select).await.body;
        assert_eq!(
            body["records"],
            json!([[{"longValue": 1}, {"booleanValue": true}]])
        );
        assert_eq!(body["columnMetadata"][1]["label"], "yes");
        endpoint.stop().await;
    }
}

/// Counts for a minute or two, unless somebody stops it.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000000) SELECT COUNT(*) FROM n";

#[tokio::test]
async fn a_client_that_goes_away_takes_its_transaction_and_statement_with_it() {
    let endpoint = Endpoint::sqlite().await;
    endpoint
        .run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        .await;
    let id = begin(&endpoint).await;
    let insert = json!({"sql": "INSERT INTO t VALUES (1)", "transactionId": id});
    endpoint.post("/Execute", insert.clone()).await;
    let busy = json!({"message": "Transaction is still running a query"});
    {
        let mut endless = std::pin::pin!(async {
            // The call below may be there first.
            loop {
                let body = json!({"sql": ENDLESS, "transactionId": id});
                let answer = endpoint.post("/Execute", body).await;
                if answer.body != busy {
                    return answer;
                }
            }
        });
        // Until the endpoint says that the statement runs; its request is dropped after that.
        loop {
            let body = json!({"sql": "SELECT 1", "transactionId": id});
            tokio::select! {
                answer = &mut endless => panic!("the endless statement ended: {answer:?}"),
                answer = endpoint.post("/Execute", body) => {
                    if answer.status == 200 { continue }
                    assert_eq!(answer.error.as_deref(), Some("DatabaseErrorException"));
                    assert_eq!(answer.body, busy);
                    break;
                }
            }
        }
    }
    // Waits for the writer's turn, which the transaction has until it is gone.
    endpoint.run("INSERT INTO t VALUES (2)").await;
    assert_eq!(
        endpoint.run("SELECT id FROM t").await["records"],
        json!([[{"longValue": 2}]])
    );
    let answer = endpoint.post("/Execute", insert).await;
    assert_eq!(answer.error.as_deref(), Some("BadRequestException"));
    assert!(
        answer.body["message"]
            .as_str()
            .unwrap()
            .contains("is not found")
    );
}

#[tokio::test(start_paused = true)]
async fn a_transaction_expires_three_minutes_after_its_last_call() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::sqlite(&directory.path().join("board.sqlite"))
        .await
        .unwrap();
    let transactions = Arc::<Transactions>::default();
    let id = transactions.open(engine.begin().await.unwrap());
    for _ in 0..3 {
        advance(Duration::from_secs(179)).await;
        let (session, lease) = transactions.take(&id).unwrap();
        lease.give_back(session);
    }
    advance(Duration::from_secs(181)).await;
    // Its task has been woken; the write lock is free as soon as it has run.
    let next = engine.begin().await.unwrap();
    let message = transactions.take(&id).err().unwrap().message;
    assert!(
        message.starts_with(&format!("Transaction {id} is not found")),
        "{message}"
    );
    next.rollback().await.unwrap();
}
