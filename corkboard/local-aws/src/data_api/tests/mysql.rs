//! What only a MySQL server can show.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row};

use super::Endpoint;

#[tokio::test]
async fn types_that_sqlite_does_not_have_come_back_in_their_fields() {
    let endpoint = Endpoint::mysql().await;
    for (declared, literal, field) in [
        ("FLOAT", "1.1", json!({"doubleValue": 1.1})),
        ("TIME", "'-09:05:00'", json!({"stringValue": "-09:05:00"})),
        (
            "TIME(1)",
            "'838:59:58.5'",
            json!({"stringValue": "838:59:58.500"}),
        ),
        (
            "DATETIME(6)",
            "'2026-11-22 00:00:00.000001'",
            json!({"stringValue": "2026-11-22 00:00:00.000001"}),
        ),
        (
            "TIMESTAMP NULL",
            "'2026-11-22 10:00:00'",
            json!({"stringValue": "2026-11-22 10:00:00"}),
        ),
        ("ENUM('a','b')", "'b'", json!({"stringValue": "b"})),
        ("JSON", "'{\"a\": 1}'", json!({"stringValue": "{\"a\": 1}"})),
        (
            "LONGTEXT COLLATE utf8mb4_bin",
            "'é🙂'",
            json!({"stringValue": "é🙂"}),
        ),
        (
            "CHAR(3) CHARACTER SET ascii COLLATE ascii_bin",
            "'abc'",
            json!({"stringValue": "abc"}),
        ),
        ("BINARY(2)", "'a'", json!({"blobValue": "YQA="})),
        (
            "INT UNSIGNED",
            "4294967295",
            json!({"longValue": 4_294_967_295_u32}),
        ),
        ("MEDIUMINT", "-8388608", json!({"longValue": -8_388_608})),
        ("SMALLINT", "-1", json!({"longValue": -1})),
        ("TINYINT(1)", "NULL", json!({"isNull": true})),
    ] {
        endpoint
            .run(&format!("CREATE TABLE t (v {declared})"))
            .await;
        endpoint
            .run(&format!("INSERT INTO t VALUES ({literal})"))
            .await;
        assert_eq!(
            endpoint.run("SELECT v FROM t").await["records"],
            json!([[field]]),
            "{declared}"
        );
        endpoint.run("DROP TABLE t").await;
    }
    for (declared, literal) in [
        ("BIGINT UNSIGNED", "18446744073709551615"),
        ("BIT(1)", "1"),
        ("YEAR", "2026"),
    ] {
        endpoint
            .run(&format!("CREATE TABLE t (v {declared})"))
            .await;
        endpoint
            .run(&format!("INSERT INTO t VALUES ({literal})"))
            .await;
        let answer = endpoint
            .post("/Execute", json!({"sql": "SELECT v FROM t"}))
            .await;
        assert_eq!(
            answer.error.as_deref(),
            Some("UnsupportedResultException"),
            "{declared}"
        );
        endpoint.run("DROP TABLE t").await;
    }
    assert_eq!(endpoint.run("SHOW TABLES").await["records"], json!([]));
    assert_eq!(
        endpoint
            .run("SELECT @@time_zone, @@character_set_connection")
            .await["records"],
        json!([[{"stringValue": "+00:00"}, {"stringValue": "utf8mb4"}]])
    );
    endpoint.stop().await;
}

#[tokio::test]
async fn lost_connections_are_replaced_and_lose_their_transactions() {
    let endpoint = Endpoint::mysql().await;
    endpoint.run("CREATE TABLE t (id INT PRIMARY KEY)").await;
    let id = endpoint.post("/BeginTransaction", json!({})).await.body["transactionId"].take();
    let insert = json!({"sql": "INSERT INTO t VALUES (1)", "transactionId": id});
    assert_eq!(endpoint.post("/Execute", insert.clone()).await.status, 200);

    let (url, name) = endpoint.database.as_ref().unwrap();
    let mut server = MySqlConnection::connect(url).await.unwrap();
    let sql = format!("SELECT id FROM information_schema.processlist WHERE db = '{name}'");
    for row in server.fetch_all(AssertSqlSafe(sql)).await.unwrap() {
        let connection: i64 = row.get_unchecked(0);
        server
            .execute(AssertSqlSafe(format!("KILL {connection}")))
            .await
            .unwrap();
    }

    assert_eq!(
        endpoint.run("SELECT COUNT(*) FROM t").await["records"],
        json!([[{"longValue": 0}]])
    );
    let lost = endpoint.post("/Execute", insert.clone()).await;
    assert_eq!(
        (lost.status, lost.error.as_deref()),
        (504, Some("DatabaseUnavailableException"))
    );
    let gone = endpoint.post("/Execute", insert).await;
    assert_eq!(
        (gone.status, gone.error.as_deref()),
        (400, Some("BadRequestException"))
    );
    endpoint.stop().await;
}

#[tokio::test]
async fn the_victim_of_a_deadlock_has_lost_its_transaction() {
    let endpoint = Endpoint::mysql().await;
    endpoint
        .run("CREATE TABLE t (id INT PRIMARY KEY, n INT)")
        .await;
    endpoint.run("INSERT INTO t VALUES (1, 0), (2, 0)").await;
    let begin =
        async || endpoint.post("/BeginTransaction", json!({})).await.body["transactionId"].take();
    let ids = [begin().await, begin().await];
    let update = |transaction: usize, row: i32| {
        let sql = format!("UPDATE t SET n = n + 1 WHERE id = {row}");
        endpoint.post(
            "/Execute",
            json!({"sql": sql, "transactionId": ids[transaction]}),
        )
    };
    assert_eq!(update(0, 1).await.status, 200);
    assert_eq!(update(1, 2).await.status, 200);
    let (first, second) = tokio::join!(update(0, 2), update(1, 1));
    let mut victims = 0;
    for (answer, id) in [(first, &ids[0]), (second, &ids[1])] {
        let commit = endpoint
            .post("/CommitTransaction", json!({"transactionId": id}))
            .await;
        if answer.status == 200 {
            assert_eq!(commit.status, 200);
        } else {
            victims += 1;
            let message = answer.body["message"].as_str().unwrap().to_owned();
            assert!(
                message.ends_with("; Error code: 1213; SQLState: 40001"),
                "{message}"
            );
            assert_eq!(commit.error.as_deref(), Some("BadRequestException"));
        }
    }
    assert_eq!(victims, 1);
    endpoint.stop().await;
}
