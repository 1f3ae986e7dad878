//! CloudFormation's requests through migrate-database.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_rdsdata::types::Field;
use aws_sdk_s3::Client;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::put;
use http::{HeaderMap, StatusCode, Uri};
use media::Bucket;
use migrate_database::{Answers, MigrateDatabase, Work};
use serde_json::{Value, json};
use settings::SettingError;
use store::Database;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::event;
use crate::board::{BUCKET, Board, CLUSTER, SECRET, database, s3};
use crate::lambda::Lambda;

pub const EVENTS: [&str; 3] = [
    "cloudformation-create.json",
    "cloudformation-delete.json",
    "cloudformation-update.json",
];

/// The time that Lambda gives the function in the template.
const TIME: Duration = Duration::from_mins(1);

#[derive(Clone, Default)]
struct Received {
    /// Given to the next answers, then 200.
    refusals: Arc<Mutex<VecDeque<StatusCode>>>,
    answers: Arc<Mutex<Vec<(String, HeaderMap, Value)>>>,
}

/// Where CloudFormation waits for an answer.
struct CloudFormation {
    url: String,
    received: Received,
    server: AbortHandle,
}

impl Drop for CloudFormation {
    fn drop(&mut self) {
        self.server.abort();
    }
}

const PATH: &str = "/arn%3Aaws%3Acloudformation/corkboard%7CDatabaseSchema?X-Amz-Signature=2074";

impl CloudFormation {
    async fn start() -> Self {
        let received = Received::default();
        let app = Router::new()
            .route("/{*path}", put(receive))
            .with_state(received.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
        let server = tokio::spawn(axum::serve(listener, app).into_future()).abort_handle();
        Self {
            url,
            received,
            server,
        }
    }

    /// A request whose answer comes here.
    fn request(&self, file: &str) -> Value {
        let mut request = event(file);
        request["ResponseURL"] = self.url.as_str().into();
        request
    }

    /// The one answer that was given since this was last asked.
    #[track_caller]
    fn answer(&self) -> Value {
        let mut answers = std::mem::take(&mut *self.received.answers.lock().unwrap());
        assert_eq!(answers.len(), 1, "{answers:?}");
        let (path, headers, answer) = answers.remove(0);
        assert_eq!(path, PATH);
        // The URL's signature allows for none.
        assert_eq!(headers.get("content-type"), None);
        answer
    }
}

async fn receive(
    State(received): State<Received>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if let Some(refusal) = received.refusals.lock().unwrap().pop_front() {
        return refusal;
    }
    let answer = (
        uri.to_string(),
        headers,
        serde_json::from_slice(&body).unwrap(),
    );
    received.answers.lock().unwrap().push(answer);
    StatusCode::OK
}

fn function(database: Result<Database, SettingError>) -> MigrateDatabase {
    function_over(s3("http://127.0.0.1:1"), database)
}

fn function_over(s3: Client, database: Result<Database, SettingError>) -> MigrateDatabase {
    let work = database.map(|database| Work {
        database,
        media: Bucket::new(|| s3, BUCKET),
        user: None,
    });
    MigrateDatabase::new(work, Answers::new(lambda::aws::connector()))
}

/// The answer to `request`, but for its outcome.
fn answer_to(request: &Value, outcome: Value) -> Value {
    let mut answer = outcome;
    answer["PhysicalResourceId"] = "corkboard-database-schema".into();
    for field in ["StackId", "RequestId", "LogicalResourceId"] {
        answer[field] = request[field].clone();
    }
    answer
}

async fn sql(board: &Board, sql: &str) -> Vec<Vec<Field>> {
    let statement = board.data_api().execute_statement();
    let statement = statement.resource_arn(CLUSTER).secret_arn(SECRET);
    let answer = statement.database("corkboard").sql(sql).send().await;
    answer.unwrap().records.unwrap_or_default()
}

#[tokio::test]
async fn the_schema_is_made_brought_up_to_date_and_left_alone() {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table'";
    for table in sql(&board, tables).await {
        let [Field::StringValue(table)] = &table[..] else {
            panic!("{table:?}");
        };
        sql(&board, &format!("DROP TABLE {table}")).await;
    }
    let cloudformation = CloudFormation::start().await;
    let function = function_over(board.s3(), Ok(board.database()));
    let handle = |request: &Value| function.handle(request.clone(), Instant::now() + TIME);

    // A delete has nothing to delete, and makes nothing.
    let delete = cloudformation.request("cloudformation-delete.json");
    handle(&delete).await.unwrap();
    let success = json!({"Status": "SUCCESS"});
    assert_eq!(cloudformation.answer(), answer_to(&delete, success.clone()));
    assert_eq!(sql(&board, tables).await, [] as [Vec<Field>; 0]);

    let create = cloudformation.request("cloudformation-create.json");
    handle(&create).await.unwrap();
    let version = sql(&board, "SELECT MAX(version) FROM schema_migration").await;
    let [Field::LongValue(version)] = version[0][..] else {
        panic!("{version:?}");
    };
    let migrated = json!({"Status": "SUCCESS", "Data": {"SchemaVersion": version.to_string()}});
    assert_eq!(
        cloudformation.answer(),
        answer_to(&create, migrated.clone())
    );
    let insert = "INSERT INTO message (id, status, text) VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'posted', 'kept')";
    sql(&board, insert).await;
    assert!(board.messages().await.is_empty());

    // What CloudFormation sends again, and what changes nothing.
    let update = cloudformation.request("cloudformation-update.json");
    for request in [&update, &create] {
        handle(request).await.unwrap();
        assert_eq!(
            cloudformation.answer(),
            answer_to(request, migrated.clone())
        );
    }
    handle(&delete).await.unwrap();
    assert_eq!(cloudformation.answer(), answer_to(&delete, success));
    let kept = sql(&board, "SELECT text FROM message").await;
    assert_eq!(kept, [[Field::StringValue("kept".into())]]);
    // It was posted by code that published nothing.
    let published = board.messages().await;
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["text"], "kept");
    // The id that a later request carries is the one that was answered.
    for request in [&update, &delete] {
        assert_eq!(request["PhysicalResourceId"], "corkboard-database-schema");
    }
}

#[tokio::test]
async fn a_database_that_is_down_is_a_failure_and_a_delete_succeeds_all_the_same() {
    let cloudformation = CloudFormation::start().await;
    let function = function(Ok(database("http://127.0.0.1:1")));
    for file in ["cloudformation-create.json", "cloudformation-update.json"] {
        let request = cloudformation.request(file);
        function
            .handle(request.clone(), Instant::now() + TIME)
            .await
            .unwrap();
        let answer = cloudformation.answer();
        let reason = answer["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the database is unavailable: "),
            "{reason}"
        );
        let failed = json!({"Status": "FAILED", "Reason": reason});
        assert_eq!(answer, answer_to(&request, failed));
    }
    let delete = cloudformation.request("cloudformation-delete.json");
    function
        .handle(delete.clone(), Instant::now() + TIME)
        .await
        .unwrap();
    let success = json!({"Status": "SUCCESS"});
    assert_eq!(cloudformation.answer(), answer_to(&delete, success));
}

#[tokio::test]
async fn a_database_that_hangs_is_a_failure_before_lambdas_deadline() {
    // Connections are taken by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let cloudformation = CloudFormation::start().await;
    let function = function(Ok(database(&endpoint)));
    let request = cloudformation.request("cloudformation-create.json");
    // Ten seconds of it are kept for the answer.
    let deadline = Instant::now() + Duration::from_secs(11);
    function.handle(request.clone(), deadline).await.unwrap();
    assert!(Instant::now() < deadline);
    let answer = cloudformation.answer();
    let failed = json!({"Status": "FAILED", "Reason": answer["Reason"]});
    assert_eq!(answer, answer_to(&request, failed));
}

#[tokio::test]
async fn a_wrong_setting_is_a_failure_that_names_it() {
    let cloudformation = CloudFormation::start().await;
    let error = SettingError {
        variable: "DATABASE_NAME",
        missing: true,
        expected: "the database's name",
    };
    let function = function(Err(error));
    let request = cloudformation.request("cloudformation-create.json");
    function
        .handle(request.clone(), Instant::now() + TIME)
        .await
        .unwrap();
    let failed = json!({"Status": "FAILED", "Reason": "DATABASE_NAME is missing: expected the database's name"});
    assert_eq!(cloudformation.answer(), answer_to(&request, failed));

    let mut unknown = cloudformation.request("cloudformation-create.json");
    unknown["RequestType"] = "Rename".into();
    function
        .handle(unknown.clone(), Instant::now() + TIME)
        .await
        .unwrap();
    let failed = json!({"Status": "FAILED", "Reason": "unknown request type"});
    assert_eq!(cloudformation.answer(), answer_to(&unknown, failed));
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_again() {
    let cloudformation = CloudFormation::start().await;
    let refusals = [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    cloudformation
        .received
        .refusals
        .lock()
        .unwrap()
        .extend(refusals);
    let function = function(Ok(database("http://127.0.0.1:1")));
    let request = cloudformation.request("cloudformation-delete.json");
    function
        .handle(request.clone(), Instant::now() + TIME)
        .await
        .unwrap();
    let success = json!({"Status": "SUCCESS"});
    assert_eq!(cloudformation.answer(), answer_to(&request, success));

    // Where it is never taken, Lambda is to try again.
    let forever = [StatusCode::FORBIDDEN; 1_000];
    cloudformation
        .received
        .refusals
        .lock()
        .unwrap()
        .extend(forever);
    let soon = Instant::now() + Duration::from_secs(2);
    assert!(function.handle(request, soon).await.is_err());
    let event = event("s3-test-event.json");
    assert!(function.handle(event, Instant::now() + TIME).await.is_err());
}
