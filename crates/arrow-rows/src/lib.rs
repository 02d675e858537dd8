//! Arrow record batches as rows of a table, borrowed, without an allocation per row.
//!
//! [`column_type`] says what an Arrow type is in a warehouse, and [`casts()`] what else it can become. [`ArrowRows`] settles once how each
//! column is converted, and then lends the rows of each batch as [`sync_core::Rows`]: text and bytes are slices of Arrow's own
//! buffers, and what needs a text of its own (decimals, times as text, JSON) is written column by column into memory that
//! every batch reuses. A value that cannot be held is an error that names it, never another value.
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
//! // Columns have their natural type, or one that was asked for.
//! let load = column_type(batch.schema().field(1).data_type()).ok_or("a type without a form")?;
//! let table = Table::new("cpu", vec![Column::new("load", load), Column::key("time", DataType::String)]);
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
mod encoded;
mod error;
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
