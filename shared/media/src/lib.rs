//! The media bucket: posted pictures and those that the operator put there, published messages, and what is made of
//! them.
//!
//! - [`Bucket`]: what is read and written;
//! - [`pictures`]: posted pictures;
//! - [`messages`]: published messages;
//! - [`held`]: what waits for a moderator or was taken down;
//! - [`operators`]: pictures that the operator put there, and what was taken down of them;
//! - [`told`]: what came in, and which of it the operator was told of;
//! - [`carrousel`]: the lists of pictures;
//! - [`small`]: small versions of pictures;
//! - [`extension`]: which objects are pictures;
//! - [`listing`]: what there is under a prefix;
//! - [`address`]: the bucket's name, and where its objects are served.
//!
//! This crate knows nothing of the ledger, and of messages only what a key needs.

mod address;
mod bucket;
mod carrousel;
mod extension;
mod held;
mod listing;
mod messages;
mod operators;
mod pictures;
mod small;
mod told;

pub use address::{PublicBaseUrl, bucket_name};
pub use bucket::{Bucket, BucketError, ETag, IMAGES, Object, PICTURE_CACHE_CONTROL, Put};
pub use carrousel::{CARROUSEL, CARROUSEL_CACHE_CONTROL, Carrousel, NEWEST_PICTURES};
pub use extension::is_picture;
pub use held::HeldPicture;
pub use listing::{HEADS_OF_A_PAGE, Listed};
pub use messages::Published;
pub use operators::{Copied, OperatorsPicture, RemovedPicture};
pub use small::{Attempt, Derived, Small, SmallPicture};
pub use told::{CAME_UNDER, Came};
