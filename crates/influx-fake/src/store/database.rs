//! One database: its tables, and what its queries may still see.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::table::Table;

#[derive(Clone, Debug, Default)]
pub(super) struct Database {
    /// Its number, in the paths of its files.
    pub(super) id: u32,
    /// Shared with what nodes that lag still see, until it changes.
    pub(super) tables: BTreeMap<String, Arc<Table>>,
    pub(super) next_table: u32,
    /// As in [`State`].
    pub(super) either: Option<u64>,
    /// Queries see no older points.
    pub(super) retained_from: Option<i64>,
    /// Dropped tables under their new names, with the time of their deletion.
    pub(super) dropped: BTreeMap<String, DateTime<Utc>>,
}
