//! The media bucket: posted pictures and those that the operator put there, and what is made of them.
//!
//! - [`Bucket`]: what is read and written;
//! - [`listing`]: every key under `images/`;
//! - [`front_page`]: the front page, and marks of its changes;
//! - [`address`]: the bucket's name, and where its objects are served.
//!
//! This crate knows nothing of the ledger, and of messages only what a key needs.

mod address;
mod bucket;
mod front_page;
mod listing;

pub use address::{PublicBaseUrl, bucket_name};
pub use bucket::{
    Bucket, BucketError, CARROUSEL, CARROUSEL_CACHE_CONTROL, Carrousel, IMAGES, Object,
};
pub use front_page::{Swap, Version};
