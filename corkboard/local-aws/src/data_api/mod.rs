//! The RDS Data API over an embedded SQLite or any MySQL.
//!
//! In reading order: [`wire`] has the shapes of requests and responses, [`error`] those of errors;
//! [`parameters`] the values of a call, [`statement`] their places in its SQL, with [`tokens`] to read it;
//! [`call`] is what an engine is asked and answers, [`mod@column`] maps column types; [`engine`] chooses between
//! [`sqlite`] and [`mysql`]; [`transactions`] keeps what is open. This file routes and guards. Only [`wire`] and this
//! file know JSON, only the engines know a driver.
//!
//! What is not emulated is refused with `BadRequestException`, never ignored: result formats other than
//! the default, array parameters, `schema`, several statements in one call.
//!
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/Welcome.html>

mod call;
mod column;
mod engine;
mod error;
mod mysql;
mod parameters;
mod sqlite;
mod statement;
#[cfg(test)]
mod tests;
mod tokens;
mod transactions;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tower::ServiceExt as _;
use ulid::Ulid;

use crate::connections::limits::counted;
use crate::connections::memory::{Memory, Taken};
use crate::connections::{self, Listener, Peer};
use crate::guard;
use crate::signature::{self, Credentials};

pub use engine::Engine;
pub use error::Error;

use call::{Call, MAX_RESPONSE_BYTES, StatementResult};
use statement::Statement;
use transactions::Transactions;
use wire::Field;

const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// How long a request may take to come.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How long a call may take. Its statement is cut off as well, unless `continueAfterTimeout` is set.
const CALL_LIMIT: Duration = Duration::from_secs(45);

struct Api {
    engine: Engine,
    transactions: Arc<Transactions>,
    credentials: Credentials,
    bound: SocketAddr,
    memory: Memory,
}

/// The endpoint that listens on `bound` and believes requests signed with `credentials`. Requests from the network take
/// of `memory`.
pub fn router(
    engine: Engine,
    credentials: Credentials,
    bound: SocketAddr,
    memory: Memory,
) -> Router {
    let api = Api {
        engine,
        transactions: Arc::default(),
        credentials,
        bound,
        memory,
    };
    let api = Arc::new(api);
    Router::new()
        .route("/Execute", post(execute))
        .route("/BatchExecute", post(batch_execute))
        .route("/BeginTransaction", post(begin_transaction))
        .route("/CommitTransaction", post(commit_transaction))
        .route("/RollbackTransaction", post(rollback_transaction))
        .method_not_allowed_fallback(async || Error::unknown_operation())
        .fallback(async || Error::unknown_operation())
        .layer(middleware::from_fn_with_state(Arc::clone(&api), admit))
        // The router's own limit is off, since `check` has a larger one.
        .layer(DefaultBodyLimit::disable())
        .with_state(api)
}

/// Serves the endpoint until `shutdown` completes, then lets the requests under way finish.
pub async fn serve(listener: Listener, router: Router, shutdown: impl Future<Output = ()>) {
    let answer = move |request: hyper::Request<Incoming>, peer: Peer| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    };
    connections::serve(listener, answer, shutdown).await;
}

/// Lets a request in that no browser sent and whose signature is right.
async fn admit(
    State(api): State<Arc<Api>>,
    peer: Option<Extension<Peer>>,
    request: Request,
    next: Next,
) -> Response {
    let peer = peer.map_or(Peer::OwnCall, |Extension(peer)| peer);
    let mut response = match check(&api, request, peer).await {
        Ok((request, _taken)) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&Ulid::generate().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// The request as it was signed, and the memory that its body has taken.
async fn check(api: &Api, request: Request, peer: Peer) -> Result<(Request, Option<Taken>), Error> {
    let (parts, body) = request.into_parts();
    if let Some(reason) = guard::refusal(&parts.headers, api.bound) {
        return Err(Error::forbidden("ForbiddenException", reason));
    }
    let most = body.size_hint().upper();
    let most = most.and_then(|most| usize::try_from(most).ok());
    if most.is_some_and(|most| most > MAX_REQUEST_BYTES) {
        return Err(Error::request_too_large());
    }
    let taken = match peer {
        Peer::OwnCall => None,
        Peer::Network(peer) => {
            let most = most.unwrap_or(MAX_REQUEST_BYTES);
            let taken = api.memory.take(most, counted(peer.ip()));
            Some(taken.await.ok_or_else(Error::busy)?)
        }
    };
    let reading = timeout(
        REQUEST_LIMIT,
        Limited::new(body, MAX_REQUEST_BYTES).collect(),
    )
    .await;
    let body = reading
        .map_err(|_| Error::bad_request("the request does not end"))?
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                Error::request_too_large()
            } else {
                Error::bad_request("the request ended early")
            }
        })?;
    let body = body.to_bytes();
    let now = SystemTime::now();
    signature::verify(&parts, &body, &api.credentials, "rds-data", now)
        .map_err(|refusal| Error::forbidden(refusal.code(), refusal.to_string()))?;
    Ok((Request::from_parts(parts, Body::from(body)), taken))
}

type Answer = Result<Response, Error>;

async fn execute(State(api): State<Arc<Api>>, body: Bytes) -> Answer {
    let request: wire::ExecuteStatement = read(&body)?;
    request.check()?;
    let statement = Statement::parse(&request.sql, api.engine.dialect())?;
    let values = statement.bind(&parameters::values(request.parameters)?)?;
    let call = Call {
        statement,
        sets: vec![values],
        wants_metadata: request.include_result_metadata,
        continue_after_timeout: request.continue_after_timeout,
    };
    let outcome = run(&api, request.transaction_id, call)
        .await?
        .pop()
        .unwrap_or_default();
    let returns_records = outcome.records.is_some();
    answer(&wire::ExecuteStatementResult {
        column_metadata: (returns_records && request.include_result_metadata)
            .then_some(outcome.columns),
        generated_fields: (!returns_records).then(|| {
            outcome
                .generated
                .map(Field::LongValue)
                .into_iter()
                .collect()
        }),
        number_of_records_updated: outcome.updated,
        records: outcome.records,
    })
}

async fn batch_execute(State(api): State<Arc<Api>>, body: Bytes) -> Answer {
    let request: wire::BatchExecuteStatement = read(&body)?;
    request.target.check()?;
    let statement = Statement::parse(&request.sql, api.engine.dialect())?;
    let bind = |parameters| statement.bind(&parameters::values(parameters)?);
    let sets: Vec<_> = request
        .parameter_sets
        .into_iter()
        .map(bind)
        .collect::<Result<_, _>>()?;
    if sets.is_empty() {
        return Err(Error::bad_request(
            "parameterSets is empty: use ExecuteStatement",
        ));
    }
    let call = Call {
        statement,
        sets,
        wants_metadata: false,
        continue_after_timeout: false,
    };
    let outcomes = run(&api, request.transaction_id, call).await?;
    if outcomes.iter().any(|outcome| outcome.records.is_some()) {
        return Err(Error::bad_request(
            "a batch returns no records: use ExecuteStatement",
        ));
    }
    let update_results = outcomes
        .into_iter()
        .map(|outcome| wire::UpdateResult {
            generated_fields: outcome
                .generated
                .map(Field::LongValue)
                .into_iter()
                .collect(),
        })
        .collect();
    answer(&wire::BatchExecuteStatementResult { update_results })
}

async fn begin_transaction(State(api): State<Arc<Api>>, body: Bytes) -> Answer {
    let request: wire::BeginTransaction = read(&body)?;
    request.target.check()?;
    let session = api.engine.begin().await?;
    let transaction_id = api.transactions.open(session);
    answer(&wire::BeginTransactionResult { transaction_id })
}

async fn commit_transaction(State(api): State<Arc<Api>>, body: Bytes) -> Answer {
    let request: wire::EndTransaction = read(&body)?;
    request.target.check()?;
    let (session, _lease) = api.transactions.take(&request.transaction_id)?;
    session.commit().await?;
    answer(&wire::EndTransactionResult {
        transaction_status: "Transaction Committed",
    })
}

async fn rollback_transaction(State(api): State<Arc<Api>>, body: Bytes) -> Answer {
    let request: wire::EndTransaction = read(&body)?;
    request.target.check()?;
    let (session, _lease) = api.transactions.take(&request.transaction_id)?;
    session.rollback().await?;
    answer(&wire::EndTransactionResult {
        transaction_status: "Rollback Complete",
    })
}

/// Runs a call in the transaction or, where it names none, outside any.
async fn run(
    api: &Api,
    transaction: Option<String>,
    call: Call,
) -> Result<Vec<StatementResult>, Error> {
    let running = async {
        let Some(id) = transaction else {
            return api.engine.execute(call).await;
        };
        let (session, lease) = api.transactions.take(&id)?;
        let (session, outcomes) = session.execute(call).await;
        if let Some(session) = session {
            lease.give_back(session);
        }
        outcomes
    };
    timeout(CALL_LIMIT, running)
        .await
        .map_err(|_| Error::statement_timeout())?
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body)
        .map_err(|error| Error::bad_request(format!("the request body is not valid: {error}")))
}

fn answer(result: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(result).map_err(|error| Error::internal(error.to_string()))?;
    if body.len() > MAX_RESPONSE_BYTES {
        return Err(Error::response_too_large());
    }
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
