//! What is refused, and in which words.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Answer, CLUSTER, Endpoint, SECRET, Signed, credentials};
use crate::signature::Credentials;

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
                        Check your AWS Secret Access Key and signing method.";

fn select() -> String {
    json!({"resourceArn": CLUSTER, "secretArn": SECRET, "sql": "SELECT 1"}).to_string()
}

#[tokio::test]
async fn a_web_page_is_refused_before_its_signature_is_looked_at() {
    let endpoint = Endpoint::sqlite().await;
    let signed = || Signed::new(endpoint.address, "/Execute", select());
    let page = "this endpoint is for programs, not for web pages";
    for (header, value, message) in [
        ("origin", "http://127.0.0.1:8080", page),
        ("sec-fetch-site", "same-origin", page),
        (
            "host",
            "rebound.example:8082",
            "the Host header is not the address this endpoint is bound to",
        ),
    ] {
        let request = signed()
            .header(header, value)
            .header("authorization", "none");
        let expected = Answer::refused(403, "ForbiddenException", message);
        assert_eq!(endpoint.send(&request).await, expected);
    }
    assert_eq!(endpoint.send(&signed()).await.status, 200);
}

#[tokio::test]
async fn an_unsigned_request_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let mut request = Signed::new(endpoint.address, "/Execute", select());
    request.headers.retain(|(name, _)| name != "authorization");
    let code = "MissingAuthenticationTokenException";
    assert_eq!(
        endpoint.send(&request).await,
        Answer::refused(403, code, "Missing Authentication Token")
    );
}

#[tokio::test]
async fn a_tampered_body_or_path_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let expected = Answer::refused(403, "InvalidSignatureException", MISMATCH);

    let mut request = Signed::new(endpoint.address, "/Execute", select());
    request.body = request.body.replace("SELECT 1", "SELECT 2");
    assert_eq!(endpoint.send(&request).await, expected);

    let mut request = Signed::new(endpoint.address, "/Execute", select());
    request.path = "/BeginTransaction".into();
    assert_eq!(endpoint.send(&request).await, expected);
}

#[tokio::test]
async fn a_payload_that_is_declared_unsigned_or_wrongly_hashed_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let now = SystemTime::now();
    for hash in [
        "UNSIGNED-PAYLOAD",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        let declared = [("x-amz-content-sha256", hash)];
        let request = Signed::with(
            endpoint.address,
            "/Execute",
            select(),
            &credentials(),
            now,
            &declared,
        );
        let expected = Answer::refused(403, "InvalidSignatureException", MISMATCH);
        assert_eq!(endpoint.send(&request).await, expected);
    }
}

#[tokio::test]
async fn a_wrong_key_or_secret_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let sign = |access_key_id: &str, secret_access_key: &str| {
        let credentials = Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
        };
        Signed::with(
            endpoint.address,
            "/Execute",
            select(),
            &credentials,
            SystemTime::now(),
            &[],
        )
    };
    assert_eq!(
        endpoint.send(&sign("local", "wrong")).await,
        Answer::refused(403, "InvalidSignatureException", MISMATCH)
    );
    let message = "The security token included in the request is invalid.";
    assert_eq!(
        endpoint.send(&sign("other", "corkboard-local")).await,
        Answer::refused(403, "UnrecognizedClientException", message)
    );
}

#[tokio::test]
async fn an_old_or_future_date_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let hour = Duration::from_hours(1);
    for time in [SystemTime::now() - hour, SystemTime::now() + hour] {
        let request = Signed::with(
            endpoint.address,
            "/Execute",
            select(),
            &credentials(),
            time,
            &[],
        );
        let message = "Signature expired or not yet current";
        let expected = Answer::refused(403, "InvalidSignatureException", message);
        assert_eq!(endpoint.send(&request).await, expected);
    }
}

#[tokio::test]
async fn an_unknown_operation_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    for path in ["/", "/ExecuteSql", "/execute", "/Execute/"] {
        let expected = Answer::refused(
            404,
            "UnknownOperationException",
            "this endpoint has no such operation",
        );
        assert_eq!(endpoint.post(path, json!({})).await, expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_emulated_is_refused_and_not_ignored() {
    let endpoint = Endpoint::sqlite().await;
    let array = json!([{"name": "a", "value": {"arrayValue": {"longValues": [1]}}}]);
    let hint = json!([{"name": "a", "typeHint": "XML", "value": {"stringValue": "1"}}]);
    for (request, message) in [
        (
            json!({"schema": "public"}),
            "The schema parameter isn't supported for MySQL.",
        ),
        (
            json!({"formatRecordsAs": "JSON"}),
            "formatRecordsAs other than NONE is not supported here",
        ),
        (
            json!({"resultSetOptions": {"longReturnType": "STRING"}}),
            "resultSetOptions other than decimalReturnType STRING and longReturnType LONG are not supported here",
        ),
        (
            json!({"parameters": array}),
            "parameter a: Array parameters are not supported.",
        ),
        (
            json!({"parameters": hint}),
            "parameter a: typeHint XML is not one of DATE, DECIMAL, JSON, TIME, TIMESTAMP, UUID",
        ),
        (json!({"sql": "SELECT :a, :b"}), "Cannot find parameter: a"),
        (
            json!({"sql": "SELECT 1; SELECT 2"}),
            "Multistatements aren't supported.",
        ),
        (
            json!({"sql": "COMMIT"}),
            "COMMIT is not supported here. Transactions have the operations BeginTransaction, \
             CommitTransaction and RollbackTransaction.",
        ),
        (
            json!({"sql": "SET character_set_client = latin1"}),
            "SET is not supported here. It is about a session, and a session ends with its call or its \
             transaction: what it is like cannot be changed.",
        ),
        (
            json!({"sql": "CREATE TEMP TABLE message (id INT)"}),
            "Temporary tables, views and triggers are not supported here: a session ends with its call.",
        ),
        (
            json!({"sql": "CREATE VIEW temp.message AS SELECT 1"}),
            "Temporary tables, views and triggers are not supported here: a session ends with its call.",
        ),
        (
            json!({"sql": 1}),
            "the request body is not valid: invalid type: integer `1`, expected a string",
        ),
    ] {
        let mut body = json!({"sql": "SELECT 1"});
        body.as_object_mut()
            .unwrap()
            .extend(request.as_object().unwrap().clone());
        let answer = endpoint.post("/Execute", body).await;
        let said = answer.body["message"].as_str().unwrap().to_owned();
        assert_eq!(
            (answer.status, answer.error.as_deref()),
            (400, Some("BadRequestException"))
        );
        assert!(said.starts_with(message), "{said}");
    }
    let defaults = json!({
        "sql": "SELECT 1", "formatRecordsAs": "NONE",
        "resultSetOptions": {"decimalReturnType": "STRING", "longReturnType": "LONG"}
    });
    assert_eq!(endpoint.post("/Execute", defaults).await.status, 200);
}

#[tokio::test]
async fn a_call_without_proper_arns_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    for (body, message) in [
        (
            json!({"sql": "SELECT 1", "secretArn": SECRET}),
            "the request body is not valid: missing field `resourceArn`",
        ),
        (
            json!({"sql": "SELECT 1", "resourceArn": CLUSTER}),
            "the request body is not valid: missing field `secretArn`",
        ),
        (
            json!({"sql": "SELECT 1", "resourceArn": "mydb", "secretArn": SECRET}),
            "resourceArn is not an ARN of the form arn:aws:rds:region:account:cluster:name",
        ),
        (
            Value::Null,
            "the request body is not valid: invalid type: null",
        ),
    ] {
        let answer = endpoint
            .send(&Signed::new(endpoint.address, "/Execute", body.to_string()))
            .await;
        assert_eq!(
            (answer.status, answer.error.as_deref()),
            (400, Some("BadRequestException"))
        );
        let said = answer.body["message"].as_str().unwrap();
        assert!(said.starts_with(message), "{said}");
    }
}

#[tokio::test]
async fn results_beyond_the_limits_are_refused() {
    for endpoint in Endpoint::all().await {
        endpoint
            .run("CREATE TABLE big (id INTEGER PRIMARY KEY, body LONGTEXT)")
            .await;
        let insert = async |id: i64, length: usize| {
            let parameters = json!([
                {"name": "id", "value": {"longValue": id}},
                {"name": "body", "value": {"stringValue": "x".repeat(length)}}
            ]);
            let sql = "INSERT INTO big VALUES (:id, :body)";
            endpoint
                .post("/Execute", json!({"sql": sql, "parameters": parameters}))
                .await
        };
        for id in 0..17 {
            assert_eq!(insert(id, 64 * 1024 - 8).await.status, 200);
        }
        let rows = async |count: u32| {
            endpoint
                .post(
                    "/Execute",
                    json!({"sql": format!("SELECT * FROM big LIMIT {count}")}),
                )
                .await
        };
        assert_eq!(rows(15).await.body["records"].as_array().unwrap().len(), 15);
        let message = "Database returned more than the allowed response size limit";
        assert_eq!(
            rows(16).await,
            Answer::refused(400, "BadRequestException", message)
        );
        assert_eq!(
            rows(17).await,
            Answer::refused(400, "BadRequestException", message)
        );

        // What goes in may be larger than what comes out.
        assert_eq!(insert(100, 3 * 1024 * 1024).await.status, 200);
        let one = endpoint
            .post(
                "/Execute",
                json!({"sql": "SELECT * FROM big WHERE id = 100"}),
            )
            .await;
        let message = "Packet for query is too large: a row has more than 64 KB";
        assert_eq!(one, Answer::refused(400, "BadRequestException", message));
        let length = endpoint
            .run("SELECT LENGTH(body) FROM big WHERE id = 100")
            .await;
        assert_eq!(length["records"], json!([[{"longValue": 3 * 1024 * 1024}]]));
        endpoint.stop().await;
    }
}

#[tokio::test]
async fn a_request_over_4_mib_is_refused() {
    let endpoint = Endpoint::sqlite().await;
    let body = |length| format!("{}{}", select(), " ".repeat(length - select().len()));
    let limit = 4 * 1024 * 1024;
    let request = Signed::new(endpoint.address, "/Execute", body(limit));
    assert_eq!(endpoint.send(&request).await.status, 200);
    let request = Signed::new(endpoint.address, "/Execute", body(limit + 1));
    let expected = Answer::refused(
        413,
        "RequestEntityTooLargeException",
        "the request is larger than 4 MiB",
    );
    assert_eq!(endpoint.send(&request).await, expected);
}
