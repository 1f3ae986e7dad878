//! The Data API's errors, in AWS's shape: a status, `x-amzn-ErrorType` and `{"message": …}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt as _, RetryAfter};
use http::StatusCode;
use serde_json::json;

use crate::connections::memory::RETRY_AFTER;

/// An error as the API reference lists it, or one that AWS answers before an operation is reached.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What `x-amzn-ErrorType` says.
    pub(crate) code: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Error {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
        }
    }

    /// The call itself is wrong, or asks for something that this endpoint does not do.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestException", message)
    }

    /// The database refused the statement; the text ends as Aurora MySQL's does.
    pub(crate) fn database(message: &str, number: u16, sql_state: &str) -> Self {
        let message = format!("{message}; Error code: {number}; SQLState: {sql_state}");
        Self::new(StatusCode::BAD_REQUEST, "DatabaseErrorException", message)
    }

    pub(crate) fn response_too_large() -> Self {
        Self::bad_request("Database returned more than the allowed response size limit")
    }

    pub(crate) fn lock_wait_timeout() -> Self {
        Self::database(
            "Lock wait timeout exceeded; try restarting transaction",
            1205,
            "HY000",
        )
    }

    /// The transaction is in use by another request.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html>
    pub(crate) fn transaction_busy() -> Self {
        let message = "Transaction is still running a query";
        Self::new(StatusCode::BAD_REQUEST, "DatabaseErrorException", message)
    }

    pub(crate) fn database_unavailable(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "DatabaseUnavailableException",
            message,
        )
    }

    pub(crate) fn statement_timeout() -> Self {
        let message = "The call was cut off after 45 seconds";
        Self::new(
            StatusCode::BAD_REQUEST,
            "StatementTimeoutException",
            message,
        )
    }

    /// The result holds a value that the API has no field for.
    pub(crate) fn unsupported_result(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "UnsupportedResultException",
            message,
        )
    }

    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn request_too_large() -> Self {
        let message = "the request is larger than 4 MiB";
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            message,
        )
    }

    /// Other requests have taken the memory.
    pub(crate) fn busy() -> Self {
        let message = "too much is asked at once";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableError",
            message,
        )
    }

    pub(crate) fn unknown_operation() -> Self {
        let message = "this endpoint has no such operation";
        Self::new(StatusCode::NOT_FOUND, "UnknownOperationException", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "InternalServerErrorException", message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let error_type = [("x-amzn-errortype", self.code)];
        let body = Json(json!({ "message": self.message }));
        let mut response = (self.status, error_type, body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let later = RetryAfter::delay(RETRY_AFTER);
            response.headers_mut().typed_insert(later);
        }
        response
    }
}
