//! What the tests stand on.

pub mod apart;
pub mod corkboard;
pub mod forged;
pub mod mariadb;
pub mod pictures;
