//! The endpoint through the real client, `aws-sdk-rdsdata`.

use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::error::ProvideErrorMetadata;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementError;
use aws_sdk_rdsdata::operation::execute_statement::builders::ExecuteStatementFluentBuilder;
use aws_sdk_rdsdata::primitives::Blob;
use aws_sdk_rdsdata::types::{Field, SqlParameter, TypeHint};

use super::{CLUSTER, Endpoint, SECRET};

pub fn statement(client: &Client, sql: impl Into<String>) -> ExecuteStatementFluentBuilder {
    client
        .execute_statement()
        .resource_arn(CLUSTER)
        .secret_arn(SECRET)
        .sql(sql)
}

fn parameter(name: &str, value: Field) -> SqlParameter {
    SqlParameter::builder().name(name).value(value).build()
}

#[tokio::test]
async fn every_type_comes_back_in_its_field() {
    for endpoint in Endpoint::all().await {
        let client = endpoint.sdk();
        let create = "CREATE TABLE everything (\
                      yes BOOLEAN, flag TINYINT(1), tiny TINYINT, big BIGINT, ratio DOUBLE, price DECIMAL(10,2), \
                      name VARCHAR(40) /*!40101 CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */, body TEXT, \
                      bytes VARBINARY(16), picture BLOB, day DATE, at DATETIME(3), hour TIME, absent INT) \
                      /*!40101 DEFAULT CHARACTER SET utf8mb4 */";
        statement(&client, create).send().await.unwrap();
        let hinted = |name, text: &str, hint| {
            let value = Field::StringValue(text.into());
            SqlParameter::builder()
                .name(name)
                .value(value)
                .type_hint(hint)
                .build()
        };
        let inserted = statement(
            &client,
            "INSERT INTO everything VALUES (:yes, :flag, :tiny, :big, :ratio, :price, :name, :body, \
             :bytes, :picture, :day, :at, :hour, :absent)",
        )
        .parameters(parameter("yes", Field::BooleanValue(true)))
        .parameters(parameter("flag", Field::LongValue(0)))
        .parameters(parameter("tiny", Field::LongValue(-7)))
        .parameters(parameter("big", Field::LongValue(i64::MAX)))
        .parameters(parameter("ratio", Field::DoubleValue(0.25)))
        .parameters(hinted("price", "12.50", TypeHint::Decimal))
        .parameters(parameter("name", Field::StringValue("Ada ':x' 🙂".into())))
        .parameters(parameter("body", Field::StringValue("你好\\ \" ;".into())))
        .parameters(parameter("bytes", Field::BlobValue(Blob::new([0, 255]))))
        .parameters(parameter("picture", Field::BlobValue(Blob::new("text"))))
        .parameters(hinted("day", "2026-11-22", TypeHint::Date))
        .parameters(hinted("at", "2026-11-22 10:00:00.120", TypeHint::Timestamp))
        .parameters(hinted("hour", "09:05:00", TypeHint::Time))
        .parameters(parameter("absent", Field::IsNull(true)))
        .send()
        .await
        .unwrap();
        assert_eq!(inserted.number_of_records_updated(), 1);
        assert!(inserted.records.is_none());

        let selected = statement(&client, "SELECT * FROM everything")
            .send()
            .await
            .unwrap();
        let text = |text: &str| Field::StringValue(text.into());
        assert_eq!(
            selected.records(),
            [vec![
                Field::BooleanValue(true),
                Field::BooleanValue(false),
                Field::LongValue(-7),
                Field::LongValue(i64::MAX),
                Field::DoubleValue(0.25),
                text("12.50"),
                text("Ada ':x' 🙂"),
                text("你好\\ \" ;"),
                Field::BlobValue(Blob::new([0, 255])),
                Field::BlobValue(Blob::new("text")),
                text("2026-11-22"),
                text("2026-11-22 10:00:00.120"),
                text("09:05:00"),
                Field::IsNull(true),
            ]]
        );

        let midnight =
            "UPDATE everything SET at = '2026-01-02 00:00:00', yes = 0 WHERE tiny = :tiny";
        let updated =
            statement(&client, midnight).parameters(parameter("tiny", Field::LongValue(-7)));
        assert_eq!(updated.send().await.unwrap().number_of_records_updated(), 1);
        let selected = statement(
            &client,
            "SELECT at, COUNT(*) FROM everything GROUP BY at LIMIT 5",
        );
        assert_eq!(
            selected.send().await.unwrap().records(),
            [vec![text("2026-01-02 00:00:00"), Field::LongValue(1)]]
        );
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_duplicate_key_has_the_code_and_words_of_mysql() {
    for endpoint in Endpoint::all().await {
        let client = endpoint.sdk();
        let create =
            "CREATE TABLE message (id CHAR(26) PRIMARY KEY, idempotency_key VARCHAR(64) UNIQUE)";
        statement(&client, create).send().await.unwrap();
        let insert = |id: &str, key: &str| {
            statement(&client, "INSERT INTO message VALUES (:id, :key)")
                .parameters(parameter("id", Field::StringValue(id.into())))
                .parameters(parameter("key", Field::StringValue(key.into())))
                .send()
        };
        insert("a", "x").await.unwrap();
        for (id, key, name) in [("a", "y", "PRIMARY"), ("b", "x", "idempotency_key")] {
            let error = insert(id, key).await.unwrap_err().into_service_error();
            assert!(
                matches!(error, ExecuteStatementError::DatabaseErrorException(_)),
                "{error:?}"
            );
            let message = error.message().unwrap();
            assert!(message.starts_with("Duplicate entry '"), "{message}");
            let key_name = message.split("for key '").nth(1).unwrap();
            assert!(
                key_name.split('\'').next().unwrap().ends_with(name),
                "{message}"
            );
            assert!(
                message.ends_with("; Error code: 1062; SQLState: 23000"),
                "{message}"
            );
        }
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn what_does_not_exist_or_parse_has_mysqls_code() {
    for endpoint in Endpoint::all().await {
        let client = endpoint.sdk();
        for (sql, ending) in [
            (
                "SELECT * FROM nowhere",
                "; Error code: 1146; SQLState: 42S02",
            ),
            ("SELECT absent", "; Error code: 1054; SQLState: 42S22"),
            ("SELEC 1", "; Error code: 1064; SQLState: 42000"),
        ] {
            let error = statement(&client, sql)
                .send()
                .await
                .unwrap_err()
                .into_service_error();
            assert!(
                matches!(error, ExecuteStatementError::DatabaseErrorException(_)),
                "{error:?}"
            );
            assert!(error.message().unwrap().ends_with(ending), "{error:?}");
        }
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn metadata_comes_where_it_is_asked_for() {
    for endpoint in Endpoint::all().await {
        let client = endpoint.sdk();
        let asked = statement(&client, "SELECT 1 AS one")
            .include_result_metadata(true)
            .send()
            .await;
        let columns = asked.unwrap().column_metadata.unwrap();
        assert_eq!(columns.len(), 1);
        assert_eq!(columns[0].label(), Some("one"));
        assert_eq!(columns[0].table_name(), Some(""));
        let unasked = statement(&client, "SELECT 1 AS one").send().await.unwrap();
        assert_eq!(unasked.column_metadata, None);
        endpoint.stop().await;
    }
}
