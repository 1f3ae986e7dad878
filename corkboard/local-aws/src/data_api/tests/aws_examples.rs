//! Requests and responses as AWS's own documentation writes them, byte shape for byte shape, so that this
//! endpoint is checked against AWS and not against our own store.
//!
//! The examples: <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.calling.cli.html>
//! and <https://docs.aws.amazon.com/cli/latest/reference/rds-data/> (the command line's options are the
//! request's members). The shapes:
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html> and its
//! neighbours.

use serde_json::{Value, json};

use super::{Answer, CLUSTER, Endpoint, SECRET, Signed};

/// Sends the members exactly as documented.
async fn documented(endpoint: &Endpoint, path: &str, request: Value) -> Value {
    let answer = endpoint
        .send(&Signed::new(endpoint.address, path, request.to_string()))
        .await;
    assert_eq!(
        (answer.status, answer.error),
        (200, None),
        "{request}: {}",
        answer.body
    );
    answer.body
}

/// The examples of UPDATE and INSERT leave the empty `generatedFields` out, that of ALTER shows it; AWS
/// sends it.
fn without_empty_generated_fields(mut response: Value) -> Value {
    assert_eq!(response["generatedFields"], json!([]));
    response.as_object_mut().unwrap().remove("generatedFields");
    response
}

#[tokio::test]
async fn running_a_batch_and_a_select_answers_as_documented() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE mytable (id INT PRIMARY KEY, val VARCHAR(100))")
            .await;

        // "Running a batch SQL statement over an array of data"
        let response = documented(
            &endpoint,
            "/BatchExecute",
            json!({
                "resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET,
                "sql": "insert into mytable values (:id, :val)",
                "parameterSets": [
                    [{"name": "id", "value": {"longValue": 1}}, {"name": "val", "value": {"stringValue": "ValueOne"}}],
                    [{"name": "id", "value": {"longValue": 2}}, {"name": "val", "value": {"stringValue": "ValueTwo"}}],
                    [{"name": "id", "value": {"longValue": 3}}, {"name": "val", "value": {"stringValue": "ValueThree"}}]
                ]
            }),
        )
        .await;
        let nothing_generated = json!({"generatedFields": []});
        assert_eq!(
            response,
            json!({"updateResults": [nothing_generated, nothing_generated, nothing_generated]})
        );

        // "Running a SQL statement"
        let response = documented(
            &endpoint,
            "/Execute",
            json!({
                "resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET,
                "sql": "select * from mytable"
            }),
        )
        .await;
        assert_eq!(
            response,
            json!({
                "numberOfRecordsUpdated": 0,
                "records": [
                    [{"longValue": 1}, {"stringValue": "ValueOne"}],
                    [{"longValue": 2}, {"stringValue": "ValueTwo"}],
                    [{"longValue": 3}, {"stringValue": "ValueThree"}]
                ]
            })
        );
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_statement_with_parameters_answers_as_documented() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE mytable (id INT PRIMARY KEY, val VARCHAR(100))")
            .await;
        let response = documented(
            &endpoint,
            "/Execute",
            json!({
                "resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET,
                "sql": "insert into mytable values (:id, :val)",
                "parameters": [
                    {"name": "id", "value": {"longValue": 1}},
                    {"name": "val", "value": {"stringValue": "value1"}}
                ]
            }),
        )
        .await;
        assert_eq!(
            without_empty_generated_fields(response),
            json!({"numberOfRecordsUpdated": 1})
        );
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn ddl_answers_as_documented() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE mytable (id INT PRIMARY KEY, job VARCHAR(100))")
            .await;
        endpoint.run("INSERT INTO mytable VALUES (1, 'x')").await;
        // The documented statement is MySQL's alone.
        let sql = if endpoint.is_mysql {
            "alter table mytable change column job role varchar(100)"
        } else {
            "alter table mytable rename column job to role"
        };
        let response = documented(
            &endpoint,
            "/Execute",
            json!({
                "resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET, "sql": sql,
                "continueAfterTimeout": true
            }),
        )
        .await;
        assert_eq!(
            response,
            json!({"generatedFields": [], "numberOfRecordsUpdated": 0})
        );
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_transaction_answers_as_documented() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE mytable (id INT PRIMARY KEY, quantity INT)")
            .await;
        endpoint.run("INSERT INTO mytable VALUES (201, 0)").await;

        for (path, status, quantity) in [
            ("/RollbackTransaction", "Rollback Complete", 0),
            ("/CommitTransaction", "Transaction Committed", 5),
        ] {
            let begun = documented(
                &endpoint,
                "/BeginTransaction",
                json!({"resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET}),
            )
            .await;
            let id = begun["transactionId"].as_str().unwrap();
            assert_eq!(begun, json!({"transactionId": id}));

            let response = documented(
                &endpoint,
                "/Execute",
                json!({
                    "resourceArn": CLUSTER, "database": "mydb", "secretArn": SECRET,
                    "sql": "update mytable set quantity=5 where id=201", "transactionId": id
                }),
            )
            .await;
            assert_eq!(
                without_empty_generated_fields(response),
                json!({"numberOfRecordsUpdated": 1})
            );

            let end = json!({"resourceArn": CLUSTER, "secretArn": SECRET, "transactionId": id});
            let ended = documented(&endpoint, path, end.clone()).await;
            assert_eq!(ended, json!({"transactionStatus": status}));
            let records = endpoint.run("select quantity from mytable").await["records"].take();
            assert_eq!(records, json!([[{"longValue": quantity}]]));

            // "Transaction <transaction_ID> is not found"
            let again = endpoint
                .send(&Signed::new(endpoint.address, path, end.to_string()))
                .await;
            let message = format!(
                "Transaction {id} is not found: it has expired, has ended, or never existed"
            );
            assert_eq!(again, Answer::refused(400, "BadRequestException", &message));
        }
        endpoint.stop().await;
    }
}

/// `ColumnMetadata` has fourteen members; `type` and `nullable` are JDBC's numbers.
/// <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ColumnMetadata.html>
#[tokio::test]
async fn column_metadata_has_the_documented_members() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run(
                "CREATE TABLE mytable (id INTEGER PRIMARY KEY /*!40101 AUTO_INCREMENT */, \
                 price DECIMAL(10,2) NOT NULL, amount BIGINT UNSIGNED)",
            )
            .await;
        let request = json!({
            "sql": "select id, price as cost, amount from mytable", "includeResultMetadata": true
        });
        let response = endpoint.post("/Execute", request).await.body;
        let mut columns = response["columnMetadata"].clone();
        for column in columns.as_array_mut().unwrap() {
            // The one schema has no name in SQLite; MySQL's is the database. Widths that nobody
            // declared are the engine's.
            assert_eq!(
                column["schemaName"] == "main" || column["schemaName"] == "",
                !endpoint.is_mysql
            );
            column["schemaName"] = json!("");
            if column["name"] != "price" {
                column["precision"] = json!(0);
            }
        }
        let id_type = if endpoint.is_mysql { "INT" } else { "INTEGER" };
        let expected = |name: &str, label: &str, jdbc_type: i32, type_name: &str| {
            json!({
                "arrayBaseColumnType": 0, "isAutoIncrement": name == "id", "isCaseSensitive": false,
                "isCurrency": false, "isSigned": name != "amount", "label": label, "name": name,
                "nullable": i32::from(name == "amount"), "precision": if name == "price" { 10 } else { 0 },
                "scale": if name == "price" { 2 } else { 0 }, "schemaName": "", "tableName": "mytable",
                "type": jdbc_type, "typeName": type_name
            })
        };
        assert_eq!(
            columns,
            json!([
                expected("id", "id", 4, id_type),
                expected("price", "cost", 3, "DECIMAL"),
                expected("amount", "amount", -5, "BIGINT UNSIGNED")
            ])
        );
        assert_eq!(response["records"], json!([]));
        assert_eq!(response["numberOfRecordsUpdated"], 0);
        assert_eq!(response.as_object().unwrap().len(), 3);
        endpoint.stop().await;
    }
}

/// "Values for fields generated during a DML request": the ids.
#[tokio::test]
async fn generated_ids_stand_in_the_documented_members() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE mytable (id INTEGER PRIMARY KEY /*!40101 AUTO_INCREMENT */, val VARCHAR(9))")
            .await;
        assert_eq!(
            endpoint.run("insert into mytable (val) values ('a')").await,
            json!({"generatedFields": [{"longValue": 1}], "numberOfRecordsUpdated": 1})
        );
        let set = |val| json!([{"name": "val", "value": {"stringValue": val}}]);
        let request = json!({
            "sql": "insert into mytable (val) values (:val)", "parameterSets": [set("b"), set("c")]
        });
        assert_eq!(
            endpoint.post("/BatchExecute", request).await.body,
            json!({"updateResults": [
                {"generatedFields": [{"longValue": 2}]}, {"generatedFields": [{"longValue": 3}]}
            ]})
        );
        // The first of several, as MySQL's LAST_INSERT_ID has it.
        assert_eq!(
            endpoint
                .run("insert into mytable (val) values ('d'), ('e')")
                .await,
            json!({"generatedFields": [{"longValue": 4}], "numberOfRecordsUpdated": 2})
        );
        endpoint.stop().await;
    }
}
