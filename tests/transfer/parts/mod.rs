//! What the tests stand on.

pub mod corkboard;
pub mod forged;
pub mod mariadb;
pub mod namespace;
pub mod pictures;
