//! What a call of the Data API makes of its session: nothing of it reaches another call.

use aws_sdk_rdsdata::error::DisplayErrorContext;
use serde_json::json;

use crate::corkboard::{CLUSTER_ARN, Corkboard, SECRET_ARN};
use support::mariadb::{OwnDatabase, Server};

/// Refused, in whatever way it is written.
const REFUSED: [&str; 26] = [
    "SET autocommit = 0",
    "SET @@session.autocommit = OFF",
    "SET STATEMENT sql_mode = '' FOR SELECT 1",
    "/*! SET autocommit = 0 */",
    "/*!40101 SET autocommit = 0 */",
    "/*M! SET autocommit = 0 */",
    "/*M!100100 SET autocommit = 0 */",
    "/*!100100 SET */ autocommit = 0",
    "/*! /* */ SET autocommit = 0 */",
    "/*!99999 a /* b */ c */ SET autocommit = 0",
    "-- a\nSET autocommit = 0",
    "# a\nSET autocommit = 0",
    "SELECT 1; SET autocommit = 0",
    "SELECT 1 /*! ; SET autocommit = 0 */",
    "BEGIN",
    "BEGIN NOT ATOMIC SET autocommit = 0; END",
    "START TRANSACTION",
    "XA START 'a'",
    "SAVEPOINT a",
    "LOCK TABLES message READ",
    "PREPARE a FROM 'SET autocommit = 0'",
    "EXECUTE IMMEDIATE 'SET autocommit = 0'",
    "CALL cunning()",
    "HANDLER message OPEN",
    "USE information_schema",
    "LOAD DATA INFILE '/tmp/a' INTO TABLE message",
];

/// Taken, and over with the call.
const TAKEN: [&str; 10] = [
    "DO @a := 1",
    "SELECT 1 INTO @a",
    "SELECT @a := 1",
    "SELECT LAST_INSERT_ID(7)",
    "DO GET_LOCK('corkboard', 0)",
    "SELECT GET_LOCK('corkboard', 0)",
    "SELECT cunning_too()",
    "CREATE TEMPORARY TABLE message (id INT)",
    "/*!40101 CREATE TEMPORARY TABLE sender (id INT) */",
    "SELECT SQL_CALC_FOUND_ROWS id FROM message LIMIT 1",
];

#[tokio::test]
async fn nothing_that_a_call_does_to_its_session_reaches_another() {
    let server = Server::shared().await;
    let own = server.database().await;
    let board = Corkboard::start(|command| {
        command.arg("--database").arg(&own.url);
    });
    let name = &own.name;
    let cunning = "SET autocommit = 0, sql_mode = '', time_zone = '+05:00'";
    let cunning_too = "SET @a = 1, sql_mode = '', time_zone = '+05:00'";
    let root = server.root().await;
    run(
        root,
        &format!("CREATE PROCEDURE {name}.cunning() {cunning}"),
    )
    .await;
    let function = format!("{name}.cunning_too() RETURNS INT DETERMINISTIC");
    let body = format!("BEGIN {cunning_too}; RETURN 1; END");
    run(
        server.root().await,
        &format!("CREATE FUNCTION {function} {body}"),
    )
    .await;

    let data_api = board.rds_data().await;
    let execute = async |sql: &str| {
        let call = data_api.execute_statement();
        let call = call.resource_arn(CLUSTER_ARN).secret_arn(SECRET_ARN);
        call.sql(sql).send().await
    };
    let state = async || {
        let sql = "SELECT CONCAT_WS(' ', @@autocommit, @@in_transaction, @@time_zone, @@character_set_client, \
                   DATABASE(), CAST(IFNULL(@a, 'unset') AS CHAR), LAST_INSERT_ID(), IS_FREE_LOCK('corkboard'), \
                   @@sql_mode)";
        let records = execute(sql).await.unwrap().records.unwrap();
        records[0][0].as_string_value().unwrap().clone()
    };
    let untouched = state().await;
    assert!(
        untouched.starts_with(&format!("ON 0 +00:00 utf8mb4 {name} unset 0 1 ")),
        "{untouched}"
    );
    for sql in REFUSED.iter().chain(&TAKEN) {
        let answer = execute(sql).await;
        let is_refused = answer.is_err();
        if let Err(error) = answer {
            let error = DisplayErrorContext(&error).to_string();
            assert!(error.contains("BadRequestException"), "{sql}: {error}");
        }
        assert_eq!(is_refused, REFUSED.contains(sql), "{sql}");
        assert_eq!(state().await, untouched, "{sql}");
    }
    assert_every_post_is_kept(&board, &own).await;
}

/// What was answered with 201 is there for every other connection.
async fn assert_every_post_is_kept(board: &Corkboard, own: &OwnDatabase) {
    let http = reqwest::Client::new();
    for number in 0..12 {
        let post = http.post(format!("{}/api/messages", board.site()));
        let post = post.json(&json!({ "text": format!("message {number}") }));
        assert_eq!(post.send().await.unwrap().status(), 201);
    }
    let count = format!(
        "SELECT COUNT(*) FROM {}.message WHERE status = 'posted'",
        own.name
    );
    let mut root = Server::shared().await.root().await;
    let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
        .fetch_one(&mut root)
        .await
        .unwrap();
    assert_eq!(count, 12);
}

async fn run(mut connection: sqlx::MySqlConnection, sql: &str) {
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    sql.execute(&mut connection).await.unwrap();
}
