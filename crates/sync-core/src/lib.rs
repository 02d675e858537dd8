//! The nouns of a sync, and its two ports.
//!
//! A *source* reads some system and pushes what it finds into a *sink*; neither knows the other.
//! This crate holds the words they share: [`Table`] and [`Column`] say what a row looks like,
//! [`Value`] is one cell, borrowed from wherever the source keeps it, [`Rows`] lends one row at a
//! time, [`Selection`] says what the customer wants, and [`SyncError`] says who can mend a failure.
//!
//! It knows no database, no wire format and no runtime, so that any connector can be built on it:
//!
//! ```
//! use sync_core::{Column, DataType, RowError, Rows, Table, Value};
//!
//! /// Counts to three.
//! struct Counter(i64, [Value<'static>; 1]);
//!
//! impl Rows for Counter {
//!     fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
//!         self.0 += 1;
//!         self.1 = [Value::Long(self.0)];
//!         Ok((self.0 <= 3).then_some(&self.1))
//!     }
//! }
//!
//! let table = Table::new("numbers", vec![Column::key("n", DataType::Long)]);
//! let mut rows = Counter(0, [Value::Null]);
//! let mut seen = 0;
//! while let Some(row) = rows.next_row()? {
//!     assert_eq!(row.len(), table.columns.len());
//!     seen += 1;
//! }
//! assert_eq!(seen, 3);
//! # Ok::<(), RowError>(())
//! ```

mod error;
mod rows;
mod selection;
mod sink;
mod source;
mod table;
mod value;

pub use error::{Fault, SyncError};
pub use rows::{RowError, Rows};
pub use selection::{ColumnRules, Projection, Rules, SchemaRules, Selection, TableRules, Unlisted};
pub use sink::{CheckpointKind, Sink, SinkError};
pub use source::{SetupTest, Source, SyncRequest};
pub use table::{Catalog, Column, DataType, Schema, Table};
pub use value::{Timestamp, Value};
