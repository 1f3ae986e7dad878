//! What an engine is asked and what it answers, the same for both engines.

use super::error::Error;
use super::statement::Statement;
use super::wire::{ColumnMetadata, Field};

/// A row may have 64 KB and a response 1 MiB.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html>
const MAX_ROW_BYTES: usize = 64 * 1024;
pub const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// One statement, run once for each set of values.
pub struct Call {
    pub statement: Statement,
    /// Values in the order of the statement's parameters.
    pub sets: Vec<Vec<Field>>,
    pub wants_metadata: bool,
    /// Whether the statement is left running when nobody waits for it any more.
    pub continue_after_timeout: bool,
}

/// What one run of a statement did.
#[derive(Default)]
pub struct StatementResult {
    /// `Some`, though perhaps empty, where the statement returns records.
    pub records: Option<Vec<Vec<Field>>>,
    /// The metadata of the columns; empty unless the call asks for it.
    pub columns: Vec<ColumnMetadata>,
    pub updated: u64,
    /// The first id that an INSERT made.
    pub generated: Option<i64>,
}

/// Records, collected up to the limits.
#[derive(Default)]
pub struct Records {
    pub rows: Vec<Vec<Field>>,
    bytes: usize,
}

impl Records {
    pub fn push(&mut self, row: Vec<Field>) -> Result<(), Error> {
        let bytes: usize = row.iter().map(Field::size).sum();
        if bytes > MAX_ROW_BYTES {
            return Err(Error::bad_request(
                "Packet for query is too large: a row has more than 64 KB",
            ));
        }
        self.bytes += bytes;
        if self.bytes > MAX_RESPONSE_BYTES {
            return Err(Error::response_too_large());
        }
        self.rows.push(row);
        Ok(())
    }
}
