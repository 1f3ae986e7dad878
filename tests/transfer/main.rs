//! `corkboard import` and `corkboard export`, run as a person runs them: on an old board in a real MariaDB
//! with its pictures on a web server, on archives good and bad, on the local board and on a deployed one; and a board that is kept: backed up, checked.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod addresses;
mod archives;
mod deployed;
mod hostile;
mod keeping;
mod notices;
mod old_boards;
mod parts;
