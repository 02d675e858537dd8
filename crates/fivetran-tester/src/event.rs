//! The events of a sync.

use fivetran_wire::RecordType;

use crate::TableName;

/// What happens in a sync, for a progress bar or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Consecutive records of one table and one type were loaded.
    Records {
        /// The table.
        table: &'a TableName,
        /// Their type.
        kind: RecordType,
        /// How many.
        count: u64,
    },
    /// A checkpoint was kept: the rows are committed and the state is written.
    Checkpoint {
        /// Counts from 1 in this sync.
        number: u64,
        /// Rows of this sync so far.
        rows: u64,
    },
    /// The connector warns.
    Warning(&'a str),
    /// The connector asks the customer to do something, and stops.
    Task(&'a str),
}
