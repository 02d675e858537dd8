//! A local warehouse: one SQLite file that holds what a connector sent, as Fivetran would hold it.
//!
//! Each source table is one table of the file, under its own name (`schema.table` where tables come grouped in schemas). SQLite tells
//! names apart without regard to case and keeps `sqlite_` for itself; a name that is taken gets a number. Beside the source's columns,
//! each table has `_fivetran_synced` (UTC, as text), `_fivetran_deleted` (0 or 1) and, where it has no key, `_fivetran_id`: a hash of
//! the row's values, so that equal rows are one.
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
//! Times always have nine digits after the second, so that nothing is lost and text order is the order of time.
//! What does not fit its column (a breach) is kept as it came; a time out of range becomes NULL.

mod catalog;
mod cell;
mod pending;
mod read;
mod statement;
mod write;

pub use read::{Row, Warehouse, WarehouseColumn, WarehouseTable};
pub(crate) use write::{Changed, Scope, Writer};
