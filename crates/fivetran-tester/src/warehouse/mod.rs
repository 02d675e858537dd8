//! A local warehouse: an SQLite file that holds what a connector sent, as Fivetran would hold it.
//!
//! Each table of the source is a table of the file with the same name, or `schema.table` where
//! tables are grouped in schemas. SQLite ignores case in names, and reserves `sqlite_`; a name that
//! it cannot have gets a number. Beside the columns of the source, each table has
//! `_fivetran_synced` (UTC, as text) and `_fivetran_deleted` (0 or 1). A table without a key has
//! `_fivetran_id`, a hash of the row's values, so that equal rows are stored once.
//!
//! | on the wire | in SQLite |
//! |---|---|
//! | `BOOLEAN` | integer, 0 or 1 |
//! | `SHORT`, `INT`, `LONG` | integer |
//! | `FLOAT`, `DOUBLE` | real; NaN becomes NULL |
//! | `DECIMAL`, `STRING`, `JSON`, `XML` | text, as it came |
//! | `UTC_DATETIME` | text, `2026-01-31T23:59:59.000000001Z` |
//! | `NAIVE_DATETIME`, `NAIVE_DATE`, `NAIVE_TIME` | text, likewise, without the `Z` |
//! | `BINARY` | blob |
//!
//! Times always have nine digits after the second, so that nothing is lost and texts sort as the
//! times do. A value that does not fit its column (a breach) is stored as it came. A time out of
//! range becomes NULL.

mod catalog;
mod cell;
mod pending;
mod read;
mod statement;
mod write;

pub use read::{Row, Warehouse, WarehouseColumn, WarehouseTable};
pub(crate) use write::{Changed, Scope, Writer};
