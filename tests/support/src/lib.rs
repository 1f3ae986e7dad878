//! What the tests of several crates stand on.
//!
//! - [`process`]: programs that end with the tests, and folders that go with them;
//! - [`mariadb`]: private MariaDB servers;
//! - [`png`]: pictures of any size;
//! - [`corkboard`]: how the binary is started, and where it can be reached.
//!
//! The Python files beside this crate are the same for the tests in Python.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

pub mod corkboard;
pub mod mariadb;
pub mod png;
pub mod process;
