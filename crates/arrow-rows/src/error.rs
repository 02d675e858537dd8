//! What can go wrong with a column, and with one of its values.

use std::borrow::Cow;
use std::fmt;

use arrow_schema::{ArrowError, DataType as ArrowType};
use sync_core::{DataType, RowError};

/// Why Arrow data cannot become the rows of a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table has a column that the data lacks.
    #[error("table {table:?} needs a column {column:?}, which the data lacks; it has {found:?}")]
    MissingColumn {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// The names of the columns that the data has.
        found: Vec<String>,
    },
    /// The data has several columns of the name.
    #[error("table {table:?} needs one column {column:?}, and the data has several of that name")]
    AmbiguousColumn {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
    /// The values of a column cannot become the type that the table declares.
    #[error(
        "column {column:?} of table {table:?} is {from} in Arrow's terms and cannot become {to}; \
         it can become {}",
        List(possible)
    )]
    NoCast {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// The Arrow type that the data has.
        from: ArrowType,
        /// The type that the table declares.
        to: DataType,
        /// The types that it could declare instead, the natural type first. Empty if this crate
        /// cannot read the Arrow type at all.
        possible: Vec<DataType>,
    },
    /// A record batch has another schema than [`ArrowRows`](crate::ArrowRows) was made for.
    #[error(
        "a record batch for table {table:?} should have a column {column:?} of {expected} \
         in place {index}, and has {found}"
    )]
    SchemaChanged {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// Its place in the schema, from 0.
        index: usize,
        /// The Arrow type that it should have.
        expected: ArrowType,
        /// The name and Arrow type of the column in that place.
        found: String,
    },
    /// Arrow could not unpack a dictionary or a run-end encoded column.
    #[error("column {column:?} of table {table:?} could not be decoded")]
    Decode {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// What Arrow said.
        source: ArrowError,
    },
}

/// Displays types as a list in a sentence: `LONG, DOUBLE or STRING`.
struct List<'a>(&'a [DataType]);

impl fmt::Display for List<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("nothing that a warehouse holds");
        }
        for (position, data_type) in self.0.iter().enumerate() {
            let separator = match position {
                0 => "",
                _ if position + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(formatter, "{separator}{data_type}")?;
        }
        Ok(())
    }
}

/// Why a column cannot hold a value. [`of`](Self::of) adds the names of table and column.
///
/// It is boxed, since it is rare and is part of the `Result` of every cell.
#[derive(Debug)]
pub(crate) struct CellError(Box<CellErrorDetail>);

#[derive(Debug)]
struct CellErrorDetail {
    value: String,
    reason: Cow<'static, str>,
}

/// How many characters of a value a message shows.
const SHOWN: usize = 100;

impl CellError {
    #[cold]
    pub(crate) fn new(value: impl fmt::Display, reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(CellErrorDetail { value: value.to_string(), reason: reason.into() }))
    }

    pub(crate) fn of(self, table: &str, column: &str) -> RowError {
        let CellErrorDetail { mut value, reason } = *self.0;
        if let Some((cut, _)) = value.char_indices().nth(SHOWN) {
            value.truncate(cut);
            value.push('…');
        }
        RowError {
            table: table.to_owned(),
            column: column.to_owned(),
            value,
            reason: reason.into_owned(),
        }
    }
}

/// For `write!` and its like, which cannot fail when they write to memory.
impl<E: std::error::Error> From<E> for CellError {
    #[cold]
    fn from(error: E) -> Self {
        Self::new("this value", format!("it could not be written: {error}"))
    }
}
