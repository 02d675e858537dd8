//! What is fixed for every query, and in what releases and editions differ.

use super::limits::Limits;
use crate::options::{FileListing, Options, TimeSpelling};

/// No batch has more rows than this.
pub(crate) const MAX_BATCH_ROWS: usize = 8192;
/// The catalog that holds all schemas of a database.
pub(crate) const CATALOG: &str = "public";
/// The schema that holds a database's tables.
pub(super) const TABLES: &str = "iox";

/// In what releases and editions differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) spelling: TimeSpelling,
    pub(super) listing: FileListing,
    pub(super) limits: Limits,
}

impl Rules {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            spelling: options.time_spelling,
            listing: options.file_listing,
            limits: Limits::of(options),
        }
    }

    pub(super) fn without_limits(self) -> Self {
        Self { limits: Limits::default(), ..self }
    }
}
