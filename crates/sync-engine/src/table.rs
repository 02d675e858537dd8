//! One table: what it becomes in the warehouse, where it stands, and how it is read.

mod catalog;
pub(crate) mod columns;
mod failure;
mod key_columns;
mod resume;
mod row_sender;
mod selected;
mod series_ids;
mod shape;
mod source_table;
mod sync;

pub(crate) use catalog::discover;
pub use catalog::{UnusableTable, catalog};
pub(crate) use failure::{TableFailure, sink_error};
pub(crate) use key_columns::KeyColumns;
pub(crate) use row_sender::{ReadStats, RowSender};
pub(crate) use selected::{Choice, SelectedTable};
pub(crate) use source_table::{SERIES_ID, SourceTable, TIME_NS};
pub(crate) use sync::sync_table;
