//! The API described by OpenAPI 3.1.
//!
//! - [`vocabulary`]: what the descriptions beside the handlers are made of;
//! - [`document`]: all of them together.

pub mod document;
pub mod vocabulary;
