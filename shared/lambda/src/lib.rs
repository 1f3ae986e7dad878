//! What every bootstrap needs.
//!
//! In reading order:
//!
//! - [`bootstrap`]: how a function's process begins and ends;
//! - [`aws`]: the configuration of the AWS SDK, and the one HTTP client of its services;
//! - [`telemetry`]: logs as JSON lines;
//! - [`metrics`]: what is counted in such lines;
//! - [`origin`]: by what a function knows that CloudFront asks;
//! - [`notification`]: what S3 and the schedule say that happened.
//!
//! This crate knows nothing of messages, the ledger or the bucket.

pub mod aws;
pub mod bootstrap;
pub mod metrics;
pub mod notification;
pub mod origin;
pub mod telemetry;
