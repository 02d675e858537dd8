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
    /// The data has several columns of a name, and no telling which one is meant.
    #[error("table {table:?} needs one column {column:?}, and the data has several of that name")]
    AmbiguousColumn {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
    /// The values of a column cannot become what the table declares.
    #[error(
        "column {column:?} of table {table:?} is {from} in Arrow's terms and cannot become {to}; it can become {}",
        List(possible)
    )]
    NoCast {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// What the data has.
        from: ArrowType,
        /// What the table declares.
        to: DataType,
        /// What it could declare instead, the natural type first; empty if this crate cannot read the Arrow type at all.
        possible: Vec<DataType>,
    },
    /// A record batch is not of the schema that was announced.
    #[error(
        "a record batch for table {table:?} should have a column {column:?} of {expected} in place {index}, and has {found}"
    )]
    SchemaChanged {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
        /// Its place in the schema, from 0.
        index: usize,
        /// Its announced Arrow type.
        expected: ArrowType,
        /// The name and Arrow type of what is there.
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

/// Types as words in a sentence.
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

/// A value that its column cannot hold; which column that is, the caller knows.
///
/// Boxed, since it is rare and travels in the `Result` of every cell.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Refused>);

#[derive(Debug)]
struct Refused {
    value: String,
    reason: Cow<'static, str>,
}

/// How much of a value a message shows, in characters.
const SHOWN: usize = 100;

impl Refusal {
    #[cold]
    pub(crate) fn new(value: impl fmt::Display, reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Refused { value: value.to_string(), reason: reason.into() }))
    }

    pub(crate) fn of(self, table: &str, column: &str) -> RowError {
        let Refused { mut value, reason } = *self.0;
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

/// For what cannot fail while writing to memory, but might by its signature.
impl<E: std::error::Error> From<E> for Refusal {
    #[cold]
    fn from(error: E) -> Self {
        Self::new("this value", format!("it could not be written: {error}"))
    }
}
