//! What a query reads of stored tables, by which faults find their queries.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// One scan of a stored table. What touches no point has none: a query of a catalog, or `LIMIT 0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The half-open range of time that is left after pruning, in nanoseconds.
    pub(crate) times: Range<i128>,
    pub(crate) rows: usize,
    pub(crate) files: usize,
}

/// The scans of a query, collected while it is planned.
#[derive(Clone, Debug, Default)]
pub(super) struct Scans(Arc<Mutex<Vec<Scan>>>);

impl Scans {
    pub(super) fn add(&self, scan: Scan) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scan);
    }

    pub(super) fn take(&self) -> Vec<Scan> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
