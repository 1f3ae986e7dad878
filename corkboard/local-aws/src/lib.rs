//! The services of AWS that the functions use, on one machine.
//!
//! In reading order:
//!
//! - [`gateway`]: what API Gateway does between a request and a function;
//! - [`s3`]: the media bucket, in a folder;
//! - [`queue`]: from a change in the bucket to an event for `syncS3Bucket`;
//! - [`data_api`]: the RDS Data API, over an embedded `SQLite` or a MySQL;
//! - [`backup`]: a copy of all that is kept;
//! - [`files`]: what is done with files in several places;
//! - [`guard`] and [`signature`]: who may talk to S3 and the Data API;
//! - [`drive`]: whether there is room for what is new;
//! - [`connections`]: HTTP on a listener, and how much of it there may be.
//!
//! This crate knows nothing of the functions: what runs behind the gateway and the queue is handed in.

pub mod backup;
pub mod connections;
pub mod data_api;
pub mod drive;
pub mod files;
pub mod gateway;
mod guard;
pub mod queue;
pub mod s3;
mod signature;

pub use signature::Credentials;
