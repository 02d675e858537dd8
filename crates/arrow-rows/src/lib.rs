//! Arrow record batches as rows of a table, borrowed, without an allocation per row.
//!
//! [`column_type`] tells which type an Arrow type has in a warehouse, and [`casts()`] which others
//! can be chosen. [`ArrowRows`] chooses the conversion of each column once, and then lends the rows
//! of each batch as [`sync_core::Rows`]. Text and bytes are slices of Arrow's buffers. Decimals,
//! times as text and JSON documents are written column by column, into memory that every batch uses
//! again. A value that its column cannot hold is an error that names it, and never becomes another
//! value.
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray};
//! use arrow_rows::{ArrowRows, LossKind, TimeText, column_type};
//! use sync_core::{Column, DataType, Rows, Table, Value};
//!
//! let time: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![-1, 0]));
//! let load: ArrayRef = Arc::new(Float64Array::from(vec![0.5, f64::NAN]));
//! let batch = RecordBatch::try_from_iter([("time", time), ("load", load)])?;
//!
//! // A column has its natural type, or one that was chosen.
//! let load = column_type(batch.schema().field(1).data_type()).ok_or("a type without a form")?;
//! let columns = vec![Column::new("load", load), Column::key("time", DataType::String)];
//! let table = Table::new("cpu", columns);
//!
//! let mut rows = ArrowRows::new(&batch.schema(), &table, TimeText::Nanoseconds)?;
//! let mut lent = rows.of(&batch)?;
//! let first = [Value::Double(0.5), Value::String("1969-12-31T23:59:59.999999999Z")];
//! let second = [Value::Null, Value::String("1970-01-01T00:00:00.000000000Z")];
//! assert_eq!(lent.next_row()?, Some(&first[..]));
//! assert_eq!(lent.next_row()?, Some(&second[..]));
//! assert_eq!(lent.next_row()?, None);
//! drop(lent);
//!
//! let lost: Vec<_> = rows.losses().map(|loss| (loss.column, loss.kind, loss.count)).collect();
//! assert_eq!(lost, [("load", LossKind::NotFinite, 1)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod casts;
mod column;
mod conversion;
mod error;
mod logical_array;
mod loss;
mod reader;
mod rows;
mod text;
mod value;

pub use casts::{can_become, casts, column_type};
pub use error::Error;
pub use loss::{Loss, LossKind};
pub use rows::{ArrowRows, BatchRows};
pub use text::TimeText;
