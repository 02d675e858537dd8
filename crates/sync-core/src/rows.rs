//! Rows, lent one at a time.

use crate::Value;

/// A lending cursor over rows.
///
/// The values of a row come in the order of the table's columns and live until the next call, so
/// that a source can hand out slices of the very buffers it received.
pub trait Rows {
    /// The next row, or `None` after the last one.
    ///
    /// # Errors
    ///
    /// A value that its column cannot hold. The rows before it were good; the cursor must not be
    /// used after it.
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError>;
}

/// A value that its column cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?} of table {table:?} cannot hold {value}: {reason}")]
pub struct RowError {
    /// The table's name.
    pub table: String,
    /// The column's name.
    pub column: String,
    /// The value, as text, cut to a length that fits a message.
    pub value: String,
    /// Why it does not fit.
    pub reason: String,
}
